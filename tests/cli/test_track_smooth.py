"""``morph track --smooth`` and ``--offline``."""

import argparse

import numpy as np
import pytest

pytest.importorskip("onnx")

from clips import portrait, write_clip
from standins import sheet_model, write_weights

from morph.cli import main, track


@pytest.mark.parametrize(
    ("words", "smooth"),
    [([], "online"), (["--smooth", "none"], "none"), (["--smooth", "offline"], "offline"), (["--offline"], "offline")],
)
def test_flags(words, smooth):
    parser = argparse.ArgumentParser()
    track.add_arguments(parser)
    assert parser.parse_args(["a.mp4", "--out", "b", *words]).smooth == smooth


def test_another_word_is_refused(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["track", "a.mp4", "--out", "b", "--smooth", "much"])
    assert stop.value.code == 2
    assert "offline" in capsys.readouterr().err


@pytest.mark.parametrize("smooth", ["none", "online", "offline"])
def test_each_way_writes_the_whole_track(tmp_path, smooth, capsys):
    model = sheet_model()
    model.save(tmp_path / "toy.npz")
    weights = write_weights(tmp_path / "toy.onnx", model)
    clip = write_clip(tmp_path / "clip.mp4", [portrait()] * 5)
    words = [
        "track",
        str(clip),
        "--out",
        str(tmp_path / "out"),
        "--weights",
        str(weights),
        "--model",
        str(tmp_path / "toy.npz"),
    ]
    assert main([*words, "--smooth", smooth, "--frames", "4"]) == 0
    assert "a face in 4 of 4 frames" in capsys.readouterr().out
    assert len(list((tmp_path / "out" / "mesh").glob("*.obj"))) == 4
    assert (tmp_path / "out" / "overlay.mp4").stat().st_size > 500
    with np.load(tmp_path / "out" / "coefficients.npz") as archive:
        assert archive["frame"].tolist() == [0, 1, 2, 3]
