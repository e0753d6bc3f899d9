import threading
import time

import numpy as np
import pytest
from clips import PORTRAIT, portrait, write_clip

from morph.errors import MorphError
from morph.frames import open_source
from morph.frames.frame import Frame, FrameSource
from morph.frames.latest import LatestFrames


class Pushed(FrameSource):
    """A camera that gives a frame when it is told to."""

    kind, name, rate, count = "camera", "pushed", 30.0, None

    def __init__(self, trouble: Exception | None = None) -> None:
        self._go, self._trouble = threading.Semaphore(0), trouble
        self.given, self._stop = 0, False

    def push(self, frames: int) -> None:
        for _ in range(frames):
            self._go.release()

    def end(self) -> None:
        self._stop = True
        self._go.release()

    def __iter__(self):
        while True:
            self._go.acquire()
            if self._stop:
                if self._trouble is not None:
                    raise self._trouble
                return
            self.given += 1
            yield Frame(self.given - 1, (self.given - 1) / 30, np.zeros((2, 2, 3), np.uint8), "")


def wait_for(true):
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_only_the_newest_frame_waits_and_the_others_are_counted_as_dropped():
    source = Pushed()
    with LatestFrames(source) as live:
        assert live.newest(0.0) is None  # begins to read
        taken = []
        for burst in (1, 1, 5, 1, 30):
            source.push(burst)
            wait_for(lambda: live.came == source.given and source._go._value == 0)
            taken.append(live.newest(5.0)[0].index)
            assert live.newest(0.0) is None  # nothing is queued behind it
        source.end()
        assert live.newest(5.0) is None
        assert live.ended
    assert taken == [0, 1, 6, 7, 37]
    assert (live.came, live.dropped) == (38, 33)


def test_nothing_is_read_before_it_is_asked_for():
    source = Pushed()
    source.push(3)
    with LatestFrames(source) as live:
        time.sleep(0.05)
        assert (source.given, live.came, live.ended) == (0, 0, False)
        assert live.newest(5.0) is not None
        source.end()


def test_waits_for_a_frame_as_long_as_it_is_told():
    source = Pushed()
    with LatestFrames(source) as live:
        start = time.monotonic()
        assert live.newest(0.15) is None
        assert 0.1 < time.monotonic() - start < 5
        threading.Timer(0.1, source.push, (1,)).start()
        assert live.newest(20.0)[0].index == 0
        source.end()


def test_trouble_of_the_source_reaches_whoever_asks():
    source = Pushed(MorphError("the cable is out"))
    source.push(1)
    with LatestFrames(source) as live:
        assert live.newest()[0].index == 0
        source.end()
        with pytest.raises(MorphError, match="cable"):
            live.newest()


def test_a_camera_that_gives_nothing_is_said():
    source = Pushed()
    source.end()
    with LatestFrames(source) as live, pytest.raises(MorphError, match="pushed gives no picture"):
        live.newest()


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Two seconds at 20 frames a second."""
    return write_clip(tmp_path_factory.mktemp("live") / "clip.mp4", [portrait(64, 48, shift=i) for i in range(40)], rate=20)


def test_a_clip_plays_at_its_own_speed_to_its_last_frame(clip):
    with LatestFrames(open_source(clip)) as live:
        late = [(frame.index, came - frame.time) for frame, came in live]
    assert late[-1][0] == 39
    assert live.came == 40
    assert len(late) + live.dropped == 40
    assert len(late) > 5
    assert min(second for _, second in late) > late[0][1] - 0.001  # none comes before its time
    assert np.median([second for _, second in late]) - late[0][1] < 0.5


def test_a_slow_consumer_gets_fresh_frames_and_skips_the_rest(clip):
    taken = []
    with LatestFrames(open_source(clip)) as live:
        for frame, came in live:
            taken.append((frame.index, came, time.perf_counter()))
            time.sleep(0.23)
    indices = [index for index, *_ in taken]
    assert indices == sorted(set(indices))
    assert indices[-1] == 39
    assert live.dropped == 40 - len(taken) >= 15  # 31 where nothing else keeps the reader from reading
    age = [got - came for _, came, got in taken]
    assert max(age) < 2.0  # a queue would be 7 s old at the end


def test_closing_stops_the_reader(clip):
    with LatestFrames(open_source(clip)) as live:
        live.newest()
    assert not live._thread.is_alive()
    assert live.came < 20


def test_pictures_do_not_move():
    with pytest.raises(MorphError, match="does not move"):
        LatestFrames(open_source(PORTRAIT))
