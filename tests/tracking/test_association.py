from types import SimpleNamespace

import numpy as np
import pytest

from morph.inference.appearance import tone
from morph.tracking.association import Appearance, Motion, assign, crowded, misplaced, recalled

GREY, RED = (Appearance(tone(np.full((16, 16, 3), colour, np.uint8))) for colour in ([128, 128, 128], [200, 90, 80]))
BOX = np.array([0.0, 0.0, 100.0, 120.0])


def moved(right: float) -> np.ndarray:
    return BOX + np.array([right, 0, right, 0])


def lost(who: Appearance, time: float, box: np.ndarray = BOX, *, was_cut: bool = False) -> SimpleNamespace:
    return SimpleNamespace(motion=Motion(box, time), appearance=who, time=time, was_cut=was_cut)


def test_pairs_are_the_cheapest_in_all_and_not_one_by_one():
    assert assign(np.array([[0.1, 0.2], [0.2, 0.9]]), 1.0) == [(0, 1), (1, 0)]
    assert assign(np.array([[0.1, 0.2], [0.2, 0.9]]), 0.15) == [(0, 0)]
    assert assign(np.array([[0.5]]), 0.5) == [(0, 0)]
    assert assign(np.array([[0.5]]), 0.4) == assign(np.zeros((0, 3)), 1.0) == []


def test_a_face_goes_on_as_it_went_but_not_for_ever():
    motion = Motion(BOX, 0.0)
    for k in range(1, 26):
        motion.see(moved(10 * k), k / 25)
    assert motion.box(1.04) == pytest.approx(moved(260), abs=0.2)
    assert motion.box(9.0) == pytest.approx(motion.box(1.4))
    motion.restart(BOX, 2.0)
    assert motion.box(2.2).tolist() == BOX.tolist()


def test_a_face_counts_where_it_is_seen_and_where_it_was_going():
    cost, near = misplaced([BOX], [BOX + 1000], [BOX, BOX + 1000, BOX + 500])
    assert cost.tolist() == [[0.5, 0.5, 1.0]]
    assert near.tolist() == [[1.0, 1.0, 0.0]]


def test_likeness_is_of_colour_and_of_shape():
    head = np.array([1.0, 0.0])
    assert GREY.unlike(GREY) == 0.0
    assert GREY.unlike(RED) > 0.5
    one, same, other = (Appearance(GREY.tone, shape) for shape in (head, 2 * head, -head))
    assert one.unlike(same) == pytest.approx(0.0, abs=1e-9)
    assert one.unlike(other) == pytest.approx(2.0)
    assert one.unlike(Appearance(GREY.tone, 0 * head)) == 0.0  # which says nothing
    assert one.unlike(GREY) == 0.0
    assert one.blend(GREY).shape is head
    assert one.blend(other).shape.tolist() == [0.0, 0.0]


def test_who_comes_back_has_their_number():
    assert recalled([lost(GREY, 0.0), lost(RED, 0.0)], [RED, GREY], [BOX, BOX + 9], 20.0) == {0: 1, 1: 0}
    assert recalled([lost(GREY, 0.0)], [RED], [BOX], 0.2) == {}
    assert recalled([], [RED], [BOX], 0.2) == recalled([lost(GREY, 0.0)], [], [], 0.2) == {}


def test_at_once_and_near_a_face_may_look_less_alike():
    half = Appearance(GREY.tone + np.float32([0.2, 0.0, 0.0]))
    assert recalled([lost(GREY, 0.0)], [half], [BOX + 5], 0.5) == {0: 0}
    assert recalled([lost(GREY, 0.0)], [half], [BOX + 5], 1.5) == {}
    assert recalled([lost(GREY, 0.0)], [half], [BOX + 500], 0.5) == {}
    assert recalled([lost(GREY, 0.0, was_cut=True)], [half], [BOX + 5], 0.5) == {}


def test_faces_crowd_where_they_nearly_touch():
    assert not crowded([BOX], [])
    assert not crowded([BOX, moved(200)], [])
    assert crowded([BOX, moved(110)], [])
    assert crowded([BOX], [moved(110)])
    assert not crowded([BOX], [moved(500), moved(510)])  # others among themselves do not count
    assert crowded([BOX], [moved(180)], reach=1.0)
