import threading
import time

import pytest

from morph.errors import MorphError
from morph.track_folder.background_writer import WriteBehind


def fail() -> None:
    raise MorphError("the disk is full")


def test_work_is_done_in_order_in_one_other_thread_before_the_end():
    done = []

    def work(i: int) -> None:
        time.sleep(0.002 * (5 - i))
        done.append((i, threading.current_thread() is threading.main_thread()))

    with WriteBehind(3) as behind:
        for i in range(5):
            behind.submit(lambda i=i: work(i))
    assert done == [(i, False) for i in range(5)]


def test_no_more_than_the_depth_waits():
    gate, begun = threading.Event(), []
    with WriteBehind(2) as behind:
        for i in range(2):
            behind.submit(lambda i=i: (begun.append(i), gate.wait(5)))
        blocked = threading.Timer(0.05, gate.set)
        blocked.start()
        start = time.monotonic()
        behind.submit(lambda: None)
        assert time.monotonic() - start > 0.03
    assert begun == [0, 1]


def test_an_error_reaches_the_caller_and_what_comes_after_it_is_left_undone():
    done = []

    def write() -> None:
        with WriteBehind(2) as behind:
            behind.submit(fail)
            for i in range(9):
                behind.submit(lambda i=i: done.append(i))
                time.sleep(0.005)

    with pytest.raises(MorphError, match="disk is full"):
        write()
    assert done == []


def test_an_error_of_the_last_piece_is_raised_at_the_end():
    with pytest.raises(MorphError, match="disk is full"), WriteBehind(2) as behind:
        behind.submit(fail)


def test_where_the_caller_fails_what_it_gave_is_still_done():
    done = []

    def write() -> None:
        with WriteBehind(4) as behind:
            for i in range(3):
                behind.submit(lambda i=i: (time.sleep(0.01), done.append(i)))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert done == [0, 1, 2]
