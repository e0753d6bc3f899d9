"""What Blender makes of the exports, where MORPH_BLENDER_PYTHON names a Python that has ``bpy`` (`pip install bpy`)."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from morph.export.formats import export_performance
from morph.export.head_mesh import split_at_seams
from morph.export.performance import Performance
from morph.export.shot.regions import regions_of
from morph.export.shot.shot import shot_of


@pytest.mark.parametrize("kind", ["glb", "usd", "ply", "mdd", "pc2"])
def test_blender_shows_what_was_tracked(performance: Performance, tmp_path: Path, kind: str) -> None:
    """Every frame to 0.01 mm, z up."""
    python = os.environ.get("MORPH_BLENDER_PYTHON")
    if not python:
        pytest.skip("MORPH_BLENDER_PYTHON is not set to a Python with bpy")
    path = tmp_path / f"head.{'usdc' if kind == 'usd' else kind}"
    export_performance(performance, kind, path)
    frames = performance.frame.tolist()[: 1 if kind == "ply" else None]
    command = [python, str(Path(__file__).with_name("blender_reader.py")), str(path), json.dumps(frames), "30"]
    done = subprocess.run([*command, str(tmp_path / "points.npy")], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    points = np.load(tmp_path / "points.npy")
    if kind != "ply":  # Blender's importer leaves PLY as it is
        points = np.stack([points[..., 0], points[..., 2], -points[..., 1]], axis=-1)
    order: Any = slice(None)
    if kind == "glb":  # Blender reads one material after the other
        origin, _, triangles = split_at_seams(performance.model)
        regions = regions_of(performance.model)
        order = origin[np.concatenate([np.unique(triangles[region.triangles]) for region in regions])]
    unit = 1000 if kind in ("glb", "usd") else 1  # their units are known, Blender counts in metres
    performance = shot_of(performance).standing(performance)
    for row in range(len(frames)):
        assert np.abs(points[row] * unit - performance.vertices(row)[order]).max() < 0.01
