"""Frames are read ahead and files written behind in threads: nothing else may change."""

import dataclasses
import threading
import weakref

import numpy as np
import pytest

pytest.importorskip("onnx")

from clips import portrait, write_clip
from standins import sheet_model, write_weights

from morph import Tracker
from morph.errors import MorphError
from morph.export.obj import ObjWriter
from morph.frames import open_source
from morph.track_folder import TrackOptions, track_to_folder
from morph.track_folder.write import WAITING

MESHES = TrackOptions(overlay=False)


@pytest.fixture(scope="module")
def tracker(tmp_path_factory):
    model = sheet_model()
    return Tracker(write_weights(tmp_path_factory.mktemp("weights") / "toy.onnx", model), model)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_clip(tmp_path_factory.mktemp("clip") / "talk.mp4", [portrait(shift=2 * i) for i in range(16)])


def test_the_bytes_are_those_of_one_frame_after_another(tracker, clip, tmp_path):
    track_to_folder(open_source(clip), tracker, tmp_path / "out", MESHES)
    tracker.reset()
    writer = ObjWriter(tracker.model)
    for frame in open_source(clip):
        for face in tracker.process(frame.image, frame.time, frame.index):
            writer.write(tmp_path / "alone.obj", face.posed_vertices(*frame.image.shape[1::-1]))
            written = tmp_path / "out" / "mesh" / f"{frame.index:06d}.obj"
            assert written.read_bytes() == (tmp_path / "alone.obj").read_bytes(), frame.index
    assert len(list((tmp_path / "out" / "mesh").glob("*.obj"))) == 16


def test_a_full_disk_is_reported_and_no_track_pretends_to_be_whole(tracker, clip, tmp_path, monkeypatch):
    plain = ObjWriter.write

    def full(self, path, vertices):
        if path.name == "000005.obj":
            raise MorphError("cannot write 000005.obj: no space left on device")
        plain(self, path, vertices)

    monkeypatch.setattr(ObjWriter, "write", full)
    with pytest.raises(MorphError, match="no space left"):
        track_to_folder(open_source(clip), tracker, tmp_path / "out", MESHES)
    assert sorted(file.name for file in (tmp_path / "out" / "mesh").glob("0*.obj")) == [f"{i:06d}.obj" for i in range(5)]
    assert not (tmp_path / "out" / "summary.json").exists()
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith(("read ahead", "write behind"))]


def test_a_reader_that_fails_leaves_what_came_before_it_written(tracker, clip, tmp_path):
    source = open_source(clip)

    class Breaking(type(source)):
        def __iter__(self):
            for frame in super().__iter__():
                if frame.index == 7:
                    raise MorphError("the cable was pulled")
                yield frame

    with pytest.raises(MorphError, match="cable"):
        track_to_folder(Breaking(clip), tracker, tmp_path / "out", MESHES)
    assert len(list((tmp_path / "out" / "mesh").glob("0*.obj"))) == 7


@pytest.mark.parametrize("overlay", [False, True], ids=["meshes", "overlay"])
def test_only_a_few_frames_are_held(tracker, clip, tmp_path, monkeypatch, overlay):
    """However slow the disk is, pictures are held by the reader's queue, by what is drawn, and in hand."""
    source, plain, read, held = open_source(clip), ObjWriter.write, [], []

    class Counting(type(source)):
        def __iter__(self):
            for frame in super().__iter__():
                read.append(weakref.ref(frame.image))
                yield frame

    def slow(self, path, vertices):
        threading.Event().wait(0.05)
        held.append(sum(picture() is not None for picture in read))
        plain(self, path, vertices)

    monkeypatch.setattr(ObjWriter, "write", slow)
    track_to_folder(Counting(clip), tracker, tmp_path / "out", dataclasses.replace(MESHES, overlay=overlay))
    assert len(read) == 16
    assert np.max(held) <= (2 if overlay else 1) * WAITING + 4
