import json

import numpy as np
import pytest

from morph.cli import main
from morph.export.video import VideoWriter


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "clip.mp4"
    with VideoWriter(path, 30.0) as writer:
        for number in range(3):
            writer.write(np.full((120, 160, 3), 120, np.uint8), number / 30.0)
    return path


def test_measures_a_backend(write_track, clip, tmp_path, capsys, monkeypatch, coarse_model):
    monkeypatch.setattr("viewer.output.bench.load_default_model", lambda level: coarse_model)
    monkeypatch.setattr("viewer.output.bench._first_picture", lambda *words: 1.25)
    words = ["--track", str(write_track([0, 1])), "--backends", "software", "--rounds", "1", "--json", str(tmp_path / "a.json")]
    assert main(["bench", "viewer", str(clip), *words]) == 0
    printed = capsys.readouterr().out
    assert "software" in printed
    assert "CPU milliseconds" in printed
    said = json.loads((tmp_path / "a.json").read_text())
    assert said["frames"] == 3
    cost = said["backends"]["software"]
    assert cost["fps"] == pytest.approx(1000 / cost["frame_ms"], rel=0.05)
    assert cost["first_seconds"] == 1.25


@pytest.mark.parametrize(("words", "says"), [(["--rounds", "0"], "at least 1"), (["--prop", "beard"], "no prop beard")])
def test_mistakes(write_track, clip, capsys, words, says):
    assert main(["bench", "viewer", str(clip), "--track", str(write_track([0])), *words]) == 2
    complaint = capsys.readouterr().err
    assert says in complaint
    assert complaint.count("\n") == 1
