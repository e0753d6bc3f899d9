"""Mapping files, and points that a mapping leaves out."""

from __future__ import annotations

import numpy as np
import pytest

from morph.errors import MorphError
from morph.model import load_default_model
from morph.model.readers import read_model
from morph.model.readers.basel import NAMED
from morph.model.readers.landmarks import complete_landmarks, read_landmarks


def test_plain_numbers_as_text_and_npy(sketch_model, tmp_path):
    np.save(tmp_path / "68.npy", sketch_model.landmarks)
    (tmp_path / "68.txt").write_text(", ".join(str(i) for i in sketch_model.landmarks) + "  # iBUG order")
    for name in ("68.npy", "68.txt"):
        np.testing.assert_array_equal(read_landmarks(tmp_path / name, sketch_model.mean), sketch_model.landmarks)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("1 2 3", "holds 3 vertex numbers; 68 are needed"),
        ("69 = 4", "there is no iBUG point 69"),
        ("1 = 285", "names vertex 285, but the model has 285"),
        ("1 = nose", "the model has no vertex named 'nose'"),
        ("1 = 4\n2 = 5", "only 2 of the 68 landmarks are known; 12 are needed"),
        ("hello world", "is no landmark file"),
        ("", "is no landmark file"),
    ],
)
def test_bad_mappings_are_named(sketch_model, tmp_path, content, message):
    path = tmp_path / "map.txt"
    path.write_text(content)
    with pytest.raises(MorphError, match=message):
        read_landmarks(path, sketch_model.mean)


def test_binary_is_no_mapping(sketch_model, tmp_path):
    (tmp_path / "map.txt").write_bytes(bytes(range(128, 256)))
    with pytest.raises(MorphError, match="no text file of landmarks"):
        read_landmarks(tmp_path / "map.txt", sketch_model.mean)


def test_whole_mappings_are_left_alone(sketch_model):
    known = dict(enumerate(sketch_model.landmarks.tolist()))
    np.testing.assert_array_equal(complete_landmarks(sketch_model.mean, known), sketch_model.landmarks)


def test_a_turned_and_scaled_copy_is_completed_exactly():
    head = load_default_model(0)
    reference = head.mean[head.landmarks]
    copy = 2.5 * head.mean @ np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1.0]]) + [10, 20, 30]
    known = {i: int(head.landmarks[i]) for i in NAMED.values()}
    got = complete_landmarks(copy, known, reference)
    np.testing.assert_allclose(copy[got], copy[head.landmarks], atol=1e-3)


def test_the_jaw_of_the_bfm_is_inferred_from_its_face(research_data):
    model = read_model(research_data / "BFM" / "bfm53215_40_10.npz")
    known = {i: int(model.landmarks[i]) for i in (8, *range(17, 68))}
    got = complete_landmarks(model.mean, known)
    error = np.linalg.norm(model.mean[got] - model.mean[model.landmarks], axis=1)[np.r_[:8, 9:17]] / 1000
    assert error.mean() < 12  # mm, on a jaw line of 250 mm; the two models place it differently
    np.testing.assert_array_equal(got[17:], model.landmarks[17:])
