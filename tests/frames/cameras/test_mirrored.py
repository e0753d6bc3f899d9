import pytest
from clips import portrait, write_clip

from morph import Tracker
from morph.cli.demo import demo_files
from morph.frames import open_source
from morph.frames.cameras.mirrored import MirroredSource


def test_pictures_are_mirrored_and_keep_numbers_and_times(tmp_path):
    source = open_source(write_clip(tmp_path / "clip.mp4", [portrait(128, 96)] * 3))
    mirrored = MirroredSource(source)
    assert (mirrored.kind, mirrored.rate, mirrored.name) == (source.kind, source.rate, source.name)
    for there, here in zip(source, mirrored, strict=True):
        assert (here.index, here.time) == (there.index, there.time)
        assert (here.image == there.image[:, ::-1]).all()


@pytest.mark.slow
def test_who_turns_left_turns_right_in_the_mirror():
    clip = open_source(demo_files()[1])
    yaw = [
        [face.euler_degrees["yaw"] for frame in source if frame.index < 27 for face in tracker.process(frame.image)][-1]
        for source, tracker in ((clip, Tracker(level=0)), (MirroredSource(clip), Tracker(level=0)))
    ]
    assert abs(yaw[0]) > 20
    assert yaw[1] == pytest.approx(-yaw[0], abs=6)
