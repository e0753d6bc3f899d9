"""Weights of clips against a judge: figures of weights that were made up, and the verb."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from clips import portrait, write_clip

from morph.cli import main
from morph.evaluation.weights.clip_weights import ClipWeights
from morph.evaluation.weights.judge import Judgement
from morph.evaluation.weights.on_clips import ClipsWeights, compare_clips
from morph.model import load_default_model

NAMES = load_default_model(0).expression_names
COUNT = 120
ABOUT = {
    "regressor": "w.onnx",
    "experts": "none",
    "expressions": "none",
    "identity": "none",
    "smoothing": "online",
    "neutral": "none",
    "gains": "none",
}


def true(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 1, (COUNT, len(NAMES)))


def clip(weights: np.ndarray, frames: np.ndarray | None = None) -> ClipWeights:
    return ClipWeights(np.arange(len(weights)) if frames is None else frames, weights, NAMES, ABOUT)


def judged(weights: np.ndarray, names: tuple[str, ...] = NAMES) -> Judgement:
    return Judgement(np.arange(len(weights)), weights, ("_neutral", *names), "1")


def report(tracks: list[ClipWeights], said: list[np.ndarray]) -> ClipsWeights:
    judgements = [judged(np.column_stack([np.zeros(len(one)), one])) for one in said]
    frames = {str(row): len(track.frame) for row, track in enumerate(tracks)}
    rest = {str(row): track.medians() for row, track in enumerate(tracks)}
    return ClipsWeights(**ABOUT, judge="1", frames=frames, rest=rest, **compare_clips(tracks, judgements))


def test_the_judge_follows_itself() -> None:
    found = report([clip(true(0)), clip(true(1))], [true(0), true(1)])
    assert found.counts["follow"] == found.counts["judged"] == len(NAMES)
    assert found.counts["median_apart"] == pytest.approx(1)
    assert found.gaze == {way: pytest.approx((1, 1)) for way in ("horizontal", "vertical")}


def test_what_lies_between_clips_does_not_count() -> None:
    """Two people who rest differently, alike in both, and move as nobody says: pooled, that would correlate."""
    mine = [0.1 + 0.1 * true(5), 0.8 + 0.1 * true(6)]
    found = report([clip(one) for one in mine], [0.1 + 0.1 * true(0), 0.8 + 0.1 * true(1)])
    assert found.counts["follow"] < 3
    assert found.weights["jawOpen"].highest == pytest.approx(0.85, abs=0.03)


def test_strength_offset_and_what_the_judge_does_not_move() -> None:
    said = true()
    said[:, NAMES.index("cheekPuff")] = 0.004 * said[:, NAMES.index("cheekPuff")]
    found = report([clip(0.25 + 0.2 * said)], [said])
    assert found.weights["jawOpen"].correlation == pytest.approx(1)
    assert found.weights["jawOpen"].slope == pytest.approx(0.2)
    assert found.counts["follow"] == 0
    assert found.counts["judged"] == len(NAMES) - 1
    assert found.counts["gaze_horizontal_amplitude"] == pytest.approx(0.2)


def test_frames_are_met_by_their_numbers() -> None:
    said = true()
    rows = np.arange(10, COUNT, 2)
    assert report([clip(said[rows], rows)], [said]).counts["follow"] == len(NAMES)
    assert report([clip(said[rows])], [said]).counts["follow"] < 3


def test_the_verb_measures_clips_and_their_blinks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frames = [portrait(shift=shift) for shift in range(12)]
    clips = [str(write_clip(tmp_path / name, frames)) for name in ("one.mp4", "two.mp4")]
    (tmp_path / "blinks.csv").write_text("clip,first,last\none.mp4,4,6\n")
    out = tmp_path / "weights.json"
    assert main(["bench", "weights", *clips, "--blinks", str(tmp_path / "blinks.csv"), "--json", str(out)]) == 0
    text, report = capsys.readouterr().out, json.loads(out.read_text())
    assert "one.mp4 rests at" in text
    assert (report["counts"]["clips"], report["counts"]["frames"]) == (2, 24)
    assert report["blinks"] == {"one.mp4": {**report["blinks"]["one.mp4"], "listed": 1, "found": 0, "missed": [[4, 6]]}}
    assert report["rest"]["two.mp4"]["mouthSmileLeft"] > 0.1  # she smiles
    assert "judged" not in report["counts"]


def test_what_does_not_go_together_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clip = str(write_clip(tmp_path / "clip.mp4", [portrait()] * 3))
    assert main(["bench", "weights", clip, "--mediapipe", "python"]) == 2
    assert main(["bench", "weights", clip, clip]) == 2
    (tmp_path / "set").mkdir()
    for name in ("meta.json", "images.npy"):
        (tmp_path / "set" / name).write_text("{}")
    assert main(["bench", "weights", str(tmp_path / "set"), clip]) == 2
    error = capsys.readouterr().err.splitlines()
    assert len(error) == 3
    assert "--task" in error[0]
    assert "two clips are called clip.mp4" in error[1]
    assert "is a crop set" in error[2]
