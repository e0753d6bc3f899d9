"""Focal lengths in EXIF, in both orders of bytes, and pictures that say none."""

from __future__ import annotations

import argparse
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from morph.cli.options import tracker_options
from morph.frames import open_source
from morph.frames.exif.focal_length import focal_35mm, sensor_side


def write_jpeg(path: Path, focal: int | None, order: str = "<") -> Path:
    """A small JPEG whose EXIF says a full-frame equivalent."""
    data = cv2.imencode(".jpg", np.full((60, 80, 3), 128, np.uint8))[1].tobytes()
    if focal is not None:
        head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
        outer = struct.pack(order + "HHHII", 1, 0x8769, 4, 1, 26) + b"\0" * 4
        inner = struct.pack(order + "HHHIHH", 1, 0xA405, 3, 1, focal, 0) + b"\0" * 4
        body = b"Exif\0\0" + head + outer + inner
        data = data[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[2:]
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_equivalent_is_read(tmp_path: Path, order: str) -> None:
    assert focal_35mm(write_jpeg(tmp_path / "a.jpg", 26, order)) == 26


def test_pictures_that_say_none_or_are_cut_off_have_none(tmp_path: Path) -> None:
    plain = write_jpeg(tmp_path / "plain.jpg", None)
    assert focal_35mm(plain) is None
    said = write_jpeg(tmp_path / "said.jpg", 26).read_bytes()
    for end in range(12, 60):
        (tmp_path / "cut.jpg").write_bytes(said[:end])
        assert focal_35mm(tmp_path / "cut.jpg") in (None, 26)
    assert focal_35mm(tmp_path / "nowhere.jpg") is None


def test_a_full_frame_has_a_full_frames_side() -> None:
    assert sensor_side(3000, 2000) == pytest.approx(36.0, abs=0.01)


def test_a_picture_brings_its_lens_unless_one_is_given(tmp_path: Path) -> None:
    source = open_source(write_jpeg(tmp_path / "a.jpg", 26))
    parser = argparse.ArgumentParser()
    tracker_options.add(parser)
    lens = tracker_options.read(parser.parse_args([]), source).lens.lens((80, 60))
    assert lens.focal == pytest.approx(26 / 43.2666 * 100, rel=1e-4)
    assert lens.how == "26 mm full frame, of the picture's EXIF"
    assert not lens.assumed
    given = tracker_options.read(parser.parse_args(["--fov", "60"]), source).lens
    assert given.focal is None
    assert given.fov == 60
