"""A track is exported from Python as the command line does it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from morph.errors import MorphError
from morph.track_folder.export import ExportPlan, export_track


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"kind": "fbx"}, "unknown format 'fbx'; give `kind=` one of"),
        ({"over": "clip.mp4", "kind": "png", "level": 0}, "`level=` is for a mesh"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused_in_the_words_of_python(settings: dict[str, Any], line: str) -> None:
    with pytest.raises(MorphError, match=line):
        ExportPlan(**settings).kind_of(Path("a.glb"))


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"model": "a.npz", "level": 0}, "`level=` is for the default model; leave it out beside `model=`"),
        ({"delight": True}, "`delight=` is for a texture from footage"),
        ({"over": "clip.mp4", "texture": "a.png"}, "`texture=` and `over=` both give a texture"),
    ],
)
def test_options_of_a_mesh_that_do_not_go_together(settings: dict[str, Any], line: str) -> None:
    with pytest.raises(MorphError, match=line):
        ExportPlan(**settings).check_mesh()


def test_a_track_is_exported_from_another_resting_face(write_track: Callable[..., Path], tmp_path: Path) -> None:
    """Frame 1 opens the jaw: counted from there, frame 0 is below 0, which a table clips, and the mouth does not open."""
    track = write_track(list(range(40)), size=np.array((160, 120)))
    plans = ExportPlan(), ExportPlan(neutral="none"), ExportPlan(neutral=1), ExportPlan(neutral="auto")
    jaw = []
    for number, plan in enumerate(plans):
        out = tmp_path / f"{number}.csv"
        export_track(track, out, dataclasses.replace(plan, level=0))
        lines = [line.split(",") for line in out.read_text().splitlines()]
        jaw.append([float(line[lines[0].index("JawOpen")]) for line in lines[1:]])
    assert jaw[0] == jaw[1] == jaw[3]  # whose least is shut
    assert jaw[0][1] > 0.1
    assert max(jaw[2]) < 1e-6
    out = tmp_path / "gains.csv"
    export_track(track, out, ExportPlan(gains="auto", level=0))
    lines = [line.split(",") for line in out.read_text().splitlines()]
    assert max(float(line[lines[0].index("JawOpen")]) for line in lines[1:]) >= max(jaw[0])


@pytest.mark.parametrize(
    ("plan", "line"),
    [
        (ExportPlan(neutral="face.jpg"), "a picture is for `morph track`"),
        (ExportPlan(neutral=77), "face 0 is not in frame 77"),
        (ExportPlan(gains="many"), "gains must be one of none, auto"),
    ],
)
def test_resting_faces_that_a_track_cannot_have(
    write_track: Callable[..., Path], tmp_path: Path, plan: ExportPlan, line: str
) -> None:
    with pytest.raises(MorphError, match=line):
        export_track(write_track([0, 1], size=np.array((160, 120))), tmp_path / "a.csv", dataclasses.replace(plan, level=0))


def test_checkpoints_have_a_verb_of_their_own() -> None:
    with pytest.raises(MorphError, match="use `morph weights FILE"):
        export_track("runs/a/weights.safetensors", "a.onnx")


def test_a_track_is_exported_and_the_files_are_asked_about_first(write_track: Callable[..., Path], tmp_path: Path) -> None:
    asked: list[list[str]] = []
    track, out = write_track([0, 1], size=np.array((160, 120))), tmp_path / "out"
    out.mkdir()

    def check(named: Any, beside: Any) -> None:
        asked.append([file.name for file in (*named, *beside)])
        assert not list(out.iterdir())

    exported = export_track(track, out / "head.csv", ExportPlan(level=0, neutral_pose=True), check)
    assert asked == [["head.csv", "head.camera.json"]] == [[file.name for file in exported.files]]
    assert exported.as_text().startswith(f"{out / 'head.csv'}: face 0, 2 frames, 4054 vertices")
    assert len(json.loads((out / "head.camera.json").read_text())["frame"]) == 2
