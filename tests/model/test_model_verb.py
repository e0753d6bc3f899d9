"""`morph model`, as typed."""

from __future__ import annotations

import numpy as np
import pytest

from morph.cli import main
from morph.model import load_model


@pytest.fixture
def toy_file(sketch_model, tmp_path):
    path = tmp_path / "toy.npz"
    sketch_model.save(path)
    return path


def test_info(toy_file, capsys):
    assert main(["model", "info", str(toy_file)]) == 0
    out = capsys.readouterr().out
    for expected in ("toy", "CC0", "285", "504 triangles, 252 quads", "6 modes", "jawOpen, eyeBlinkLeft", "154 × 170 ×"):
        assert expected in out


def test_info_of_the_default_model(capsys):
    assert main(["model", "info", "default"]) == 0
    assert "52 modes" in capsys.readouterr().out


def test_convert_round_trip(toy_file, tmp_path, capsys):
    target = tmp_path / "out.npz"
    assert main(["model", "convert", str(toy_file), str(target), "--half"]) == 0
    assert "285 vertices, 6 + 5 modes" in capsys.readouterr().out
    assert load_model(target).identity == load_model(toy_file).identity


def test_convert_the_surrey_model(research_data, tmp_path, capsys):
    folder, target = research_data / "eos", tmp_path / "sfm.npz"
    extras = ["--landmarks", str(folder / "ibug_to_sfm.txt"), "--expressions", str(folder / "expression_blendshapes_3448.bin")]
    assert main(["model", "convert", str(folder / "sfm_shape_3448.bin"), str(target), *extras]) == 0
    model = load_model(target)
    assert (model.n_vertices, model.n_shape, model.n_expression) == (3448, 63, 6)


def refuse(capsys, *arguments: object) -> str:
    assert main(["model", *(str(a) for a in arguments)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("morph: ")
    assert captured.err.count("\n") == 1
    return captured.err


def test_one_line_for_each_mistake(toy_file, tmp_path, capsys):
    target = tmp_path / "out.npz"
    (tmp_path / "text.bin").write_text("this is not a model")
    (tmp_path / "empty.bin").write_bytes(b"")
    (tmp_path / "p.pkl").write_bytes(b"\x80\x04N.")
    (tmp_path / "cut.npz").write_bytes(toy_file.read_bytes()[:1000])
    np.save(tmp_path / "w_shp.npy", np.zeros(3))
    for name, message in (
        ("nothing.npz", "no model file"),
        ("text.bin", "no morphable model that morph knows"),
        ("empty.bin", "is empty"),
        ("p.pkl", "Python pickle"),
        ("cut.npz", "cut short or damaged"),
        ("w_shp.npy", "give the folder that holds the arrays"),
    ):
        assert message in refuse(capsys, "convert", tmp_path / name, target)
    assert "it is a" not in refuse(capsys, "convert", toy_file, tmp_path / "no" / "out.npz")
    assert "name it so" in refuse(capsys, "convert", toy_file, tmp_path / "out.obj")
    assert "takes no --landmarks" in refuse(capsys, "info", toy_file, "--landmarks", toy_file)
    assert "takes no --std" in refuse(capsys, "info", "default", "--std", toy_file)
    assert not target.exists()


def test_a_torch_checkpoint_is_a_pickle(tmp_path, capsys):
    import zipfile

    with zipfile.ZipFile(tmp_path / "weights.pth", "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02}q\x00.")
    assert "holds a Python pickle" in refuse(capsys, "info", tmp_path / "weights.pth")


def test_another_npz(tmp_path, capsys):
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    assert "is not a morph model" in refuse(capsys, "info", tmp_path / "other.npz")
