"""A track is exported from Python as the command line does it."""

from __future__ import annotations

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
