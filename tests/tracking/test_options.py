"""Options of a tracker: checked when they are made, told by the contents of the networks, the same however they are given."""

from __future__ import annotations

import argparse
import dataclasses
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")

from standins import sheet_model, write_weights

from morph import SmoothingConfig, Tracker, TrackerOptions
from morph.cli.demo import demo_files
from morph.cli.options import tracker_options
from morph.errors import MorphError
from morph.inference.experts import default_experts
from morph.inference.identity import default_identity
from morph.inference.onnx_session import load_onnxruntime
from morph.inference.regressor import default_weights, shipped_weights
from morph.stopwatch import Stopwatch


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"level": 3}, "level must be 0, 1 or 2, got 3"),
        ({"level": True}, "level must be a whole number, got True"),
        ({"max_faces": 0}, "max_faces must be at least 1, got 0"),
        ({"max_faces": 1.5}, "max_faces must be a whole number, got 1.5"),
        ({"detect_every": 0}, "detect_every must be at least 1, got 0"),
        ({"passes": 3}, "passes must be 1 or 2, got 3"),
        ({"threads": 0}, "threads must be at least 1, got 0"),
        ({"threads": "2"}, "threads must be a whole number, got '2'"),
        ({"device": "abacus"}, "device must be one of cpu, cuda, coreml, directml, auto, got 'abacus'"),
        ({"smoothing": "online"}, "smoothing must be a SmoothingConfig or None, got str"),
        ({"neutral": 1.5}, "neutral must be none, auto, the number of a frame, or a picture, got 1.5"),
        ({"neutral": ""}, "neutral must be none, auto, the number of a frame, or a picture, got ''"),
        ({"neutral": -1}, "neutral must not be a negative frame, got -1"),
        ({"gains": "many"}, "gains must be one of none, auto, got 'many'"),
        ({"weights": 1.0}, "weights must be a file or a name, got float"),
        ({"experts": True}, "experts must be a file or a name, got bool"),
        ({"identity": b"none"}, "identity must be a file or a name, got bytes"),
        ({"model": np.zeros(3)}, "model must be a MorphableModel or its file, got ndarray"),
    ],
)
def test_a_value_out_of_its_range_is_said_at_once(given: dict[str, Any], said: str) -> None:
    with pytest.raises(MorphError, match=f"^{re.escape(said)}$"):
        TrackerOptions(**given)
    with pytest.raises(MorphError, match=f"^{re.escape(said)}$"):
        Tracker(**given)


def test_options_do_not_change_and_numbers_of_numpy_are_numbers() -> None:
    options = TrackerOptions(max_faces=np.int64(2))  # type: ignore[arg-type]
    assert type(options.max_faces) is int
    with pytest.raises(dataclasses.FrozenInstanceError):
        options.max_faces = 3  # type: ignore[misc]


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    sheet_model().save(folder / "toy.npz")
    write_weights(folder / "toy.onnx", sheet_model())
    return folder


def test_a_tracker_takes_options_keywords_or_both(toy: Path) -> None:
    model = sheet_model()
    options = TrackerOptions(toy / "toy.onnx", toy / "toy.npz", max_faces=2)
    trackers = [
        Tracker(options),
        Tracker(toy / "toy.onnx", toy / "toy.npz", max_faces=2),
        Tracker(weights=toy / "toy.onnx", model=model, max_faces=2),
        Tracker(dataclasses.replace(options, max_faces=9), max_faces=2),
    ]
    assert {tracker.options.max_faces for tracker in trackers} == {2}
    assert {tracker.options.fingerprint() for tracker in trackers} == {options.fingerprint()}
    assert {str(tracker.options.experts) for tracker in trackers} == {"none"}
    with pytest.raises(TypeError, match="no option 'max_face'; there are weights, model, level, max_faces,"):
        Tracker(max_face=2)


class Mine:
    """A detector of one's own."""

    def detect(self, image: np.ndarray) -> Any:
        raise NotImplementedError


def test_what_a_tracker_was_told_names_a_detector_of_ones_own(toy: Path) -> None:
    usual, own = (Tracker(toy / "toy.onnx", toy / "toy.npz", detector) for detector in (None, Mine()))
    assert own.settings() == {**usual.settings(), "detector": "Mine"}
    assert usual.settings() == usual.options.settings()


def test_networks_are_told_by_their_contents(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    shutil.copy(default_identity(), tmp_path / "a" / "n.onnx")
    shutil.copy(shipped_weights("x0.5"), tmp_path / "b" / "n.onnx")
    shutil.copy(default_identity(), tmp_path / "b" / "same.onnx")
    first, second, same = (
        TrackerOptions(identity=tmp_path / name).fingerprint() for name in ("a/n.onnx", "b/n.onnx", "b/same.onnx")
    )
    assert first != second  # of one file name
    assert first == same == TrackerOptions(identity="default").fingerprint() == TrackerOptions().fingerprint()
    shutil.copy(shipped_weights("x0.5"), tmp_path / "a" / "n.onnx")
    assert TrackerOptions(identity=tmp_path / "a" / "n.onnx").fingerprint() == second  # exchanged under the same name
    own = tmp_path / "own.onnx"
    experts = []
    for rest in (b"", b"\0"):
        own.write_bytes(default_experts().read_bytes() + rest)
        experts.append(TrackerOptions(experts=own).fingerprint())
    assert experts[0] != experts[1]


@pytest.mark.parametrize(
    "change",
    [
        {"weights": "x0.5"},
        {"level": 0},
        {"max_faces": 2},
        {"detect_every": 9},
        {"passes": 2},
        {"experts": "none"},
        {"identity": "none"},
        {"neutral": "auto"},
        {"neutral": 3},
        {"neutral": demo_files()[0]},
        {"gains": "auto"},
        {"smoothing": None},
        {"smoothing": SmoothingConfig(online=False)},
    ],
)
def test_every_setting_is_in_the_fingerprint(change: dict[str, Any]) -> None:
    assert TrackerOptions(**change).fingerprint() != TrackerOptions().fingerprint()


def test_what_a_default_stands_for_is_the_same_as_its_name(tmp_path: Path) -> None:
    said = TrackerOptions(default_weights(), experts="eyes", identity="default", threads=2)
    assert said.fingerprint() == TrackerOptions().fingerprint()  # threads only decide how fast
    assert TrackerOptions().filled_in().fingerprint() == TrackerOptions().fingerprint()
    shutil.copy(default_weights(), tmp_path / "own.onnx")
    own = TrackerOptions(tmp_path / "own.onnx")
    assert own.fingerprint() == TrackerOptions(experts="none", expressions="none", identity="none").fingerprint()


def test_networks_that_are_not_there_are_one_line(tmp_path: Path) -> None:
    for name in ("weights", "experts", "identity"):
        with pytest.raises(MorphError, match=r"no file .*none\.onnx"):
            TrackerOptions(**{name: tmp_path / "none.onnx"}).fingerprint()


def test_a_device_that_this_runtime_lacks_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_onnxruntime(), "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(MorphError, match="cannot use 'cuda': replace onnxruntime by onnxruntime-gpu"):
        Tracker(level=0, device="cuda")
    assert Tracker(level=0).options.device == "cpu"


def test_a_stopwatch_is_given_with_a_reset(toy: Path) -> None:
    tracker, watch = Tracker(toy / "toy.onnx", toy / "toy.npz"), Stopwatch()
    first = tracker.stopwatch
    tracker.reset()
    assert tracker.stopwatch is first
    tracker.reset(watch)
    tracker.process(np.zeros((64, 64, 3), np.uint8))
    assert watch.calls["detect"] == 1
    assert not first.calls


def parsed(*words: str, **more: Any) -> TrackerOptions:
    parser = argparse.ArgumentParser()
    tracker_options.add(parser, **more)
    return tracker_options.read(parser.parse_args(words))


def test_the_command_line_reads_what_it_adds() -> None:
    assert parsed() == TrackerOptions()
    assert parsed(without=("level", "smoothing", "weights")) == TrackerOptions()
    words = ["--max-faces", "3", "--level", "2", "--passes", "2", "--experts", "none"]
    words += ["--neutral", "12", "--gains", "auto"]
    words += ["--identity", "default", "--weights", "x0.5", "--smooth", "none"]
    wanted = TrackerOptions(
        Path("x0.5"),
        level=2,
        max_faces=3,
        passes=2,
        experts="none",
        identity="default",
        neutral="12",
        gains="auto",
        smoothing=None,  # type: ignore[arg-type]
    )
    assert parsed(*words) == wanted
    flow = parsed("--smooth", "flow").smoothing
    assert flow is not None
    assert flow.flow is not None
    assert parsed("--smooth", "offline", smoothing=("online", "offline")).smoothing == SmoothingConfig(online=False)
    with pytest.raises(SystemExit):
        parsed("--smooth", "offline")
    with pytest.raises(MorphError, match="`level=` is for the default model"):
        parsed("--model", "own.npz", "--level", "0")


def test_one_place_on_the_command_line_makes_a_tracker() -> None:
    sources = [path.read_text() for path in sorted(Path(tracker_options.__file__).parents[1].rglob("*.py"))]
    assert sum(len(re.findall(r"\bTracker\((?!\))", text)) for text in sources) == 1  # `morph doctor` tries one without options


def test_nothing_outside_changes_a_tracker() -> None:
    root = Path(tracker_options.__file__).parents[3]
    files = [*(root / "morph").rglob("*.py"), *(root / "viewer").rglob("*.py")]
    assert [str(path) for path in files if re.search(r"\btracker\.\w+ *=[^=]", path.read_text())] == []
