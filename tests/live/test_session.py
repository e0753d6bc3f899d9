"""A session by callback, by hand and as an async iterator."""

import asyncio
import gc

import pytest
from clips import portrait, write_clip
from standins import sheet_model, write_weights

pytest.importorskip("onnx")

from morph import LiveSession, Tracker
from morph.errors import MorphError
from morph.frames import open_source


@pytest.fixture(scope="module")
def tracker(tmp_path_factory):
    model = sheet_model()
    return Tracker(write_weights(tmp_path_factory.mktemp("weights") / "w.onnx", model), model)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", [portrait(400, 300)] * 5)


def test_a_callback_gets_every_frame_that_is_tracked(clip, tracker):
    seen = []
    with LiveSession(clip, tracker, limit=3) as session:
        session.run(lambda frame, faces: seen.append((frame.index, len(faces))))
    assert len(seen) == session.count == session.with_face == 3
    assert session.last == seen[-1][0]
    assert all(faces == 1 for _, faces in seen)


def test_frames_wait_neither_for_the_garbage_collector_nor_for_the_clock(clip, tracker):
    with LiveSession(clip, tracker, limit=3) as session:
        assert gc.get_freeze_count() > 1000
        session.run()
        assert (session.tracker.stopwatch.calls["network"] >= 3, dict(session.tracker.stopwatch.seconds)) == (True, {})
    assert gc.get_freeze_count() == 0


def test_an_async_iterator_leaves_the_loop_free(clip, tracker):
    async def follow():
        ticks, frames = 0, []

        async def tick():
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0)

        beside = asyncio.create_task(tick())
        with LiveSession(open_source(clip), tracker) as session:
            async for frame, faces in session:
                frames.append((frame.index, len(faces)))
        beside.cancel()
        return ticks, frames

    ticks, frames = asyncio.run(follow())
    assert frames[-1] == (4, 1)
    assert ticks > len(frames)


def test_an_async_iterator_that_is_left_stops_reading(clip, tracker):
    async def first():
        with LiveSession(clip, tracker) as session:
            iterator = aiter(session)
            found = await anext(iterator)
            await iterator.aclose()
            return found

    assert len(asyncio.run(first())[1]) == 1


def test_streams_may_be_addresses(clip, tracker):
    with LiveSession(clip, tracker, ["vmc://127.0.0.1:9", "udp://127.0.0.1:9"], limit=2) as session:
        session.run()
        assert [stream.sent for stream in session.streams] == [2, 2]
        assert "vmc://127.0.0.1:9: 2 sent" in session.summary()


def test_mistakes_are_one_line(clip, tracker, tmp_path):
    with pytest.raises(MorphError, match="no file"):
        LiveSession(tmp_path / "gone.mp4", tracker)
    with pytest.raises(MorphError, match="cannot stream by 'tcp'"):
        LiveSession(clip, tracker, ["tcp://127.0.0.1:9"])
