import numpy as np
import pytest

from morph.errors import MorphError
from morph.evaluation.clips.blinks import (
    blinks_of_weights,
    eye_opening,
    find_blinks,
    join_scores,
    read_blinks,
    score_blinks,
    score_weights,
)


def eyes(opening: float) -> np.ndarray:
    """68 points whose eyes are 30 wide and ``opening`` of that high."""
    points = np.zeros((68, 2))
    for corner, x in ((36, 0), (42, 60)):
        points[[corner, corner + 3]] = [[x, 0], [x + 30, 0]]
        points[[corner + 1, corner + 2]] = [[x + 10, -15 * opening], [x + 20, -15 * opening]]
        points[[corner + 5, corner + 4]] = [[x + 10, 15 * opening], [x + 20, 15 * opening]]
    return points


def test_eye_opening_has_the_stated_value():
    assert eye_opening(np.array([eyes(0.3), 7 * eyes(0.1) + 100])) == pytest.approx([0.3, 0.1])


def test_blinks_are_found_against_the_usual_opening_whatever_that_is():
    times = np.arange(120) / 30
    opening = np.linspace(0.2, 0.4, 120)  # the head comes up slowly
    opening[20:24] *= 0.4
    opening[90:93] *= 0.4
    opening[60:63] *= 0.8  # a squint is none
    assert find_blinks(np.arange(120), times, opening) == [(20, 23), (90, 92)]
    kept = np.r_[0:21, 22:120]  # a frame without a face parts a blink
    assert find_blinks(kept, times[kept], opening[kept]) == [(20, 20), (22, 23), (90, 92)]
    assert find_blinks([], [], []) == []


def test_an_exported_blink_counts_from_a_half_of_both_eyes_together():
    weights = np.zeros((20, 2))
    weights[3:6] = 0.9
    weights[10] = [0.5, 0.5]
    weights[15] = [0.9, 0.05]  # a wink
    assert blinks_of_weights(np.arange(100, 120), weights) == [(103, 105), (110, 110)]
    names = ["jawOpen", "eyeBlinkLeft", "eyeBlinkRight"]
    scores = score_weights([(104, 106), (117, 118)], np.arange(100, 120), names, np.column_stack([np.ones(20), weights]))
    assert (scores.precision, scores.recall, scores.missed) == (0.5, 0.5, ((117, 118),))
    with pytest.raises(MorphError, match="no weight called eyeBlink"):
        score_weights([], [0], ["jawOpen"], [[0.0]])


def test_scores_of_clips_are_joined_by_their_counts():
    joined = join_scores([score_blinks([(1, 2)], [(1, 2)]), score_blinks([(1, 2), (8, 9), (20, 21)], [(50, 51)])])
    assert (joined.listed, joined.found, joined.precision, joined.recall) == (4, 2, 0.5, 0.25)
    assert join_scores([]) is None


def test_precision_and_recall_of_known_lists():
    scores = score_blinks([(10, 13), (50, 52)], [(14, 15), (30, 31), (55, 56)])
    assert (scores.listed, scores.found, scores.precision, scores.recall) == (2, 3, 0.333, 0.5)
    assert (scores.missed, scores.false) == (((50, 52),), ((30, 31), (55, 56)))
    assert score_blinks([], [(1, 2)]).recall is None
    assert score_blinks([(1, 2)], []).precision is None
    assert score_blinks([(1, 2)], [(1, 1), (2, 4)]).precision == 1.0


def test_a_list_for_many_clips(tmp_path):
    path = tmp_path / "blinks.csv"
    path.write_text("# by eye\nclip,first,last\nb.mp4,30,33\na.mp4,,\nb.mp4,3,5\n")
    assert read_blinks(path, "somewhere/b.mp4") == [(3, 5), (30, 33)]
    assert read_blinks(path, "a.mp4") == []
    assert read_blinks(path, "c.mp4") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [("first,last\n1,2\n", "columns clip,first,last"), ("clip,first,last\na.mp4,x,3\n", "whole frame numbers")],
)
def test_files_that_are_no_lists(tmp_path, text, message):
    (tmp_path / "b.csv").write_text(text)
    with pytest.raises(MorphError, match=message):
        read_blinks(tmp_path / "b.csv", "a.mp4")
    with pytest.raises(MorphError, match="cannot read"):
        read_blinks(tmp_path / "none.csv", "a.mp4")
