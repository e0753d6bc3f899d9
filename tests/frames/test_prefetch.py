import threading
import time

import pytest

from morph.frames.prefetch import read_ahead


def test_items_come_in_order_and_no_more_are_made_than_there_is_room_for():
    made = []

    def items():
        for i in range(40):
            made.append(i)
            yield i

    ahead = read_ahead(items(), 3)
    for i, item in enumerate(ahead):
        assert item == i
        assert len(made) <= i + 1 + 3 + 1  # taken, waiting, and one in hand


def test_they_are_made_in_another_thread():
    names = list(read_ahead((threading.current_thread().name for _ in range(3)), 2))
    assert set(names) == {"read ahead"}


def test_an_error_comes_where_its_item_would_have():
    def items():
        yield 1
        yield 2
        raise KeyError("third")

    ahead = read_ahead(items(), 5)
    assert [next(ahead), next(ahead)] == [1, 2]
    with pytest.raises(KeyError, match="third"):
        next(ahead)


def test_stopping_early_ends_the_thread_and_closes_what_it_read():
    closed = threading.Event()

    def items():
        try:
            while True:
                yield 0
        finally:
            closed.set()

    ahead = read_ahead(items(), 2)
    assert next(ahead) == 0
    ahead.close()
    assert closed.wait(2)
    time.sleep(0.01)
    assert "read ahead" not in {thread.name for thread in threading.enumerate()}
