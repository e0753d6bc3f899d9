from pathlib import Path

import numpy as np
import pytest

from morph.cli.demo import demo_files
from morph.errors import MorphError
from morph.evaluation.clips.lens import ClipLens, LensReport, measure_lenses
from morph.export import VideoWriter
from morph.frames import open_source


def test_figures_are_of_the_clips_that_were_solved() -> None:
    clips = [
        ClipLens("a", 30, 1.1, 10.0, 0.9, 1.3, True),
        ClipLens("b", 40, 1.0, -20.0, 0.7, 0.9, True),
        ClipLens("c", 5, 1.0, -60.0, 0.0, 0.0, False),
    ]
    figures = LensReport(clips).figures
    assert figures == {"clips": 3, "solved": 2, "error": [15.0, 20.0, -5.0], "within_15": 0.5, "inside": 0.5}
    assert "not solved" in LensReport(clips).as_text()
    assert LensReport(clips[2:]).figures == {"clips": 1, "solved": 0}


def test_a_clip_is_tracked_and_compared_with_what_lies_beside_it(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "000.mp4", 25) as video:
        for frame, _ in zip(open_source(demo_files()[1]), range(2), strict=False):
            video.write(frame.image, frame.time)
    size = max(frame.image.shape[:2])
    np.savez(tmp_path / "000.npz", camera_focal=np.full(2, 25 / 36 * size))
    (clip,) = measure_lenses(tmp_path).clips
    assert not clip.solved
    assert clip.error == pytest.approx(100)  # 50 mm assumed, twice the truth
    np.savez(tmp_path / "000.npz", landmarks=np.zeros(1))
    with pytest.raises(MorphError, match="does not say its camera"):
        measure_lenses(tmp_path)
    with pytest.raises(MorphError, match="holds no clip"):
        measure_lenses(tmp_path / "none")
