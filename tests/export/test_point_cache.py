"""MDD and PC2, read back number by number as their published layouts say (Blender reads them in test_blender.py)."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from morph.errors import MorphError
from morph.export.performance import Performance
from morph.export.point_cache import write_mdd, write_pc2


def _check(points: np.ndarray, performance: Performance) -> None:
    assert len(points) == 7  # frames 3 to 9
    for row, frame in enumerate(performance.frame.tolist()):
        assert np.abs(points[frame - 3] - performance.vertices(row)).max() < 0.01


def test_mdd(performance: Performance, tmp_path: Path) -> None:
    write_mdd(tmp_path / "head.mdd", performance)
    data = (tmp_path / "head.mdd").read_bytes()
    frames, points = struct.unpack(">ii", data[:8])
    assert (frames, points) == (7, performance.model.n_vertices)
    np.testing.assert_allclose(np.frombuffer(data, ">f4", frames, 8), np.arange(3, 10) / 30, rtol=1e-6)
    _check(np.frombuffer(data, ">f4", offset=8 + 4 * frames).reshape(frames, points, 3), performance)


def test_pc2(performance: Performance, tmp_path: Path) -> None:
    write_pc2(tmp_path / "head.pc2", performance)
    data = (tmp_path / "head.pc2").read_bytes()
    assert data[:12] == b"POINTCACHE2\0"
    assert struct.unpack("<iiffi", data[12:32]) == (1, performance.model.n_vertices, 3.0, 1.0, 7)
    _check(np.frombuffer(data, "<f4", offset=32).reshape(7, -1, 3), performance)


def test_unwritable_is_one_line_and_leaves_nothing(performance: Performance, tmp_path: Path) -> None:
    with pytest.raises(MorphError, match="choose a folder that exists"):
        write_mdd(tmp_path / "none" / "head.mdd", performance)
