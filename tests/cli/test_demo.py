import pytest

pytest.importorskip("onnx")

from standins import write_weights

from morph.cli import main
from morph.cli.demo import demo_files
from morph.model import load_default_model


def test_the_portrait_ships():
    assert "astronaut.jpg" in [file.name for file in demo_files()]


@pytest.mark.slow
def test_the_demo_tracks_what_ships_and_says_where_to_look(tmp_path, capsys, monkeypatch):
    weights = write_weights(tmp_path / "mean.onnx", load_default_model(0))
    portrait = [file for file in demo_files() if file.name == "astronaut.jpg"]
    monkeypatch.setattr("morph.cli.demo.demo_files", lambda: portrait)
    assert main(["demo", "--out", str(tmp_path / "demo"), "--weights", str(weights)]) == 0
    out = capsys.readouterr().out
    assert "a face in 1 of 1 frames" in out
    assert "morph view" in out
    assert (tmp_path / "demo" / "astronaut" / "mesh" / "000000.obj").stat().st_size > 1e6
    assert (tmp_path / "demo" / "astronaut" / "overlay.png").is_file()
