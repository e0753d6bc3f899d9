"""Planes for encoders are those that FFmpeg's own conversion gives."""

from __future__ import annotations

import av
import cv2
import numpy as np
import pytest
from av.video.reformatter import VideoReformatter

from morph.export.planes import bt709_frame


@pytest.mark.parametrize("size", [(48, 64), (50, 38)])  # 38 columns: rows of a plane are longer in memory than in the picture
def test_planes_are_those_of_ffmpeg(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(2)
    noise = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
    image = np.asarray(cv2.GaussianBlur(noise, (0, 0), 2))
    mine = bt709_frame(image).to_ndarray()
    picture = av.VideoFrame.from_ndarray(image, format="rgb24")
    theirs = VideoReformatter().reformat(picture, format="yuv420p", dst_colorspace=1, dst_color_range=1).to_ndarray()
    apart = np.abs(mine.astype(int) - theirs)
    assert apart.max() <= 2
    assert apart.mean() < 0.3


def test_black_and_white_are_the_ends_of_the_limited_range() -> None:
    for level, bright in ((0, 16), (255, 235)):
        planes = bt709_frame(np.full((4, 6, 3), level, np.uint8)).to_ndarray().reshape(-1)
        assert set(planes[:24]) == {bright}
        assert set(planes[24:]) == {128}
