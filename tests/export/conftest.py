"""A made-up track of two people for tests of exports, and a way to run the Node programs that read them back."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from morph.export.performance import Performance
from morph.model import MorphableModel, load_default_model
from morph.track_folder.people import performance_of_track

FRAMES = np.array([3, 4, 5, 7, 8, 9])  # the face is lost in frame 6
SIZE = (320, 240)


@pytest.fixture(scope="session")
def coarse() -> MorphableModel:
    """The default model at its coarsest."""
    return load_default_model(0)


@pytest.fixture
def write_track(tmp_path: Path, coarse: MorphableModel) -> Callable[..., Path]:
    """Writes ``coefficients.npz`` as the tracker does; face 1 turns once round, face 0 is seen in one frame only."""

    def write(name: str = "track", **changes: Any) -> Path:
        rng = np.random.default_rng(3)
        count = len(FRAMES) + 1
        frame = np.append(FRAMES, FRAMES[0])
        turn = np.stack([np.linspace(-60, 300, count), rng.normal(0, 15, count), rng.normal(0, 15, count)], axis=1)
        arrays: dict[str, Any] = {
            "frame": frame,
            "time": frame / 30.0,
            "id": np.append(np.ones(len(FRAMES), int), 0),
            "shape": np.repeat(rng.normal(size=(2, coarse.n_shape)), [len(FRAMES), 1], axis=0),
            "expression": rng.normal(0, 0.8, (count, coarse.n_expression)),  # weights below 0 too
            "rotation": Rotation.from_euler("yxz", turn, degrees=True).as_matrix(),
            "scale": 0.9 + 0.1 * rng.random(count),
            "translation": rng.normal((160, 120), 40, (count, 2)),
            "size": np.array(SIZE),
            "model_identity": np.array(coarse.identity),
            "model_name": np.array(coarse.name),
        }
        arrays |= changes
        folder = tmp_path / name
        folder.mkdir()
        np.savez(folder / "coefficients.npz", **{key: value for key, value in arrays.items() if value is not None})
        return folder

    return write


@pytest.fixture
def performance(write_track: Callable[..., Path], coarse: MorphableModel) -> Performance:
    """Face 1 of that track."""
    from morph.track_folder.read import load_track

    return performance_of_track(load_track(write_track()), coarse)


@pytest.fixture
def placed(write_track: Callable[..., Path]) -> Performance:
    """Face 1 of that track before a pinhole camera, as the command exports it at level 0."""
    from morph.track_folder.export import ExportPlan
    from morph.track_folder.read import load_track

    return ExportPlan(level=0).performance(load_track(write_track("placed")), 1)


@pytest.fixture
def rested(write_track: Callable[..., Path], coarse: MorphableModel) -> Performance:
    """The same face with weights that are counted from a resting face, and stretched."""
    from morph.track_folder.read import load_track

    rest = np.random.default_rng(4).uniform(0, 0.6, (1, coarse.n_expression))
    reach = np.random.default_rng(5).uniform(0.4, 1.2, (1, coarse.n_expression))
    changes = {"resting_id": np.array([1]), "resting": rest, "reach": reach}
    return performance_of_track(load_track(write_track("rested", **changes)), coarse)


@pytest.fixture
def run_node(tmp_path: Path) -> Callable[..., str]:
    """Runs a script that uses npm packages, ``run_node(packages, script, *arguments)``; skips where they are not there."""
    node = shutil.which("node")
    modules = Path(os.environ.get("MORPH_NODE_MODULES", Path(__file__).resolve().parents[2] / "node_modules"))

    def run(packages: list[str], script: str, *arguments: object) -> str:
        if node is None:
            pytest.skip("Node.js is not installed")
        missing = [package for package in packages if not (modules / package).is_dir()]
        if missing:
            pytest.skip(f"npm package {missing[0]} is not in {modules}; `npm install {missing[0]}` or set MORPH_NODE_MODULES")
        (tmp_path / "script.mjs").write_text(script)
        if not (tmp_path / "node_modules").exists():
            (tmp_path / "node_modules").symlink_to(modules, target_is_directory=True)
        command = [node, str(tmp_path / "script.mjs"), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
