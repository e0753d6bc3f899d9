import json

import pytest

pytest.importorskip("onnx")

from standins import shake_network, write_toy_tracking

from morph import Tracker
from morph.cli import main
from morph.errors import MorphError
from morph.evaluation.clips.smoothing_sweep import FACTORS, GROUPS, Recording, one_at_a_time, search
from morph.tracking import SmoothingConfig
from morph.tracking.smoothing.one_euro import Cutoffs


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return write_toy_tracking(tmp_path_factory.mktemp("sweep"))


@pytest.fixture(autouse=True)
def shaking_network(monkeypatch):
    shake_network(monkeypatch)


@pytest.fixture
def recording(files):
    tracker = Tracker(files / "toy.onnx", files / "toy.npz", smoothing=SmoothingConfig(online=False))
    return Recording(files / "clip.mp4", tracker)


def test_a_slower_filter_is_steadier_and_later(recording):
    slow, fast = (recording.score(SmoothingConfig(position=Cutoffs(hertz, 0.0, 1.0))) for hertz in (0.5, 20.0))
    assert slow.jitter_over_raw < 0.5 * fast.jitter_over_raw
    assert fast.jitter_over_raw < 1.0
    assert slow.lag > fast.lag + 0.5


def test_every_number_is_varied_once_by_each_factor():
    settings = dict(one_at_a_time(SmoothingConfig()))
    assert len(settings) == 1 + len(GROUPS) * 3 * len(FACTORS)
    assert settings["as it is"] == SmoothingConfig()
    assert settings["position.gain x 2.0"].position.gain == 2 * SmoothingConfig().position.gain
    assert settings["position.gain x 2.0"].rotation == SmoothingConfig().rotation


def test_the_search_finds_something_steadier_that_is_not_too_late(recording):
    start = SmoothingConfig(position=Cutoffs(20.0, 0.0, 1.0))
    best, (score,) = search([recording], start, 15)
    assert score.jitter_over_raw < recording.score(start).jitter_over_raw
    assert score.lag <= 1.0
    assert score == recording.score(best)
    assert search([recording], start, 15)[0] == best  # the same steps each time


@pytest.mark.slow
def test_the_verb_prints_a_line_a_setting_and_keeps_them_with_their_origin(files, capsys, tmp_path):
    words = ["--weights", files / "toy.onnx", "--model", files / "toy.npz"]
    told = ["bench", "smoothing", files / "clip.mp4", *words, "--json", tmp_path / "sweep.json"]
    assert main([str(word) for word in told]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + len(GROUPS) * 3 * len(FACTORS)
    assert lines[1].startswith("as it is")
    kept = json.loads((tmp_path / "sweep.json").read_text())
    assert len(kept["settings"]) == len(lines) - 1
    assert kept["settings"][0]["clips"][0]["jitter_over_raw"] == pytest.approx(float(lines[1].split()[3]), abs=0.01)
    assert kept["run"]["command"].startswith("morph bench smoothing clip.mp4 --weights toy.onnx")
    assert kept["protocol"]
    assert main([str(word) for word in ["bench", "smoothing", files / "grey.mp4", *words]]) == 2
    assert "no face for three frames" in capsys.readouterr().err


def test_no_face(files):
    with pytest.raises(MorphError, match="no face"):
        Recording(files / "grey.mp4", Tracker(files / "toy.onnx", files / "toy.npz"))
