"""The second round of labels: several looks agree or not, and a network's share grows with the yaw."""

from __future__ import annotations

import numpy as np
import pytest

from morph.crop.geometry import crop_similarity
from morph.fitting.profiling.profiling import head_yaw
from morph.fitting.vote import LOOKS, MOST, Looks, look_several_times, networks_share, vote
from morph.model import Coefficients, MorphableModel, load_default_model, model_symmetry
from morph.model.decoder import landmark_decoder
from morph.model.rotation import euler_to_matrix

SIZE = 96


@pytest.fixture(scope="module")
def model() -> MorphableModel:
    return load_default_model(0)


def faces(model: MorphableModel, yaws: list[float], side: float = 144.0) -> Coefficients:
    n = len(yaws)
    return Coefficients(
        np.zeros((n, model.n_shape)),
        np.zeros((n, model.n_expression)),
        euler_to_matrix(np.radians([[3.0, yaw, 5.0] for yaw in yaws])),
        np.full(n, 0.6),
        np.full((n, 2), side / 2),
    )


class Oracle:
    """Answers the whole picture, then the four looks, with the truth; ``wobble`` turns every second look."""

    def __init__(self, truth: Coefficients, model: MorphableModel, wobble: float = 0.0) -> None:
        self.truth, self.model, self.wobble, self.calls = truth, model, wobble, 0

    def __call__(self, crops: np.ndarray) -> np.ndarray:
        face = self.truth[self.calls // 2 : self.calls // 2 + 1]
        first = self.calls % 2 == 0
        self.calls += 1
        if first:
            corners = np.array([[0, 0], [143.0, 143.0]]) / np.sqrt(2) + 144.0 * (0.5 - 0.5 / np.sqrt(2))
            return face.transform(crop_similarity(corners, SIZE)[None]).flatten()
        marks = landmark_decoder(self.model).project(face)[0, :, :2]
        answers = []
        for number, (zoom, mirrored) in enumerate(LOOKS):
            seen = face.transform(crop_similarity(marks, SIZE, zoom=zoom)[None])
            turn = euler_to_matrix([0.0, self.wobble * (number % 2), 0.0])
            seen = Coefficients(seen.shape, seen.expression, seen.rotation @ turn, seen.scale, seen.translation)
            answers.append((seen.mirror(model_symmetry(self.model), SIZE) if mirrored else seen).flatten()[0])
        return np.stack(answers)


def test_looks_that_agree_give_the_face_in_the_picture(model: MorphableModel) -> None:
    truth = faces(model, [0.0, 70.0])
    pictures = np.zeros((2, 144, 144, 3), np.uint8)
    looks = look_several_times(Oracle(truth, model), pictures, model, SIZE)
    assert looks.spread == pytest.approx([0, 0], abs=1e-4)
    assert looks.coefficients.flatten() == pytest.approx(truth.flatten(), abs=1e-3)


def test_looks_that_contradict_each_other_spread(model: MorphableModel) -> None:
    pictures = np.zeros((1, 144, 144, 3), np.uint8)
    looks = look_several_times(Oracle(faces(model, [20.0]), model, wobble=0.3), pictures, model, SIZE)
    assert looks.spread[0] > 0.02


def test_the_networks_share_grows_with_the_yaw() -> None:
    share = networks_share([0.0, -20.0, 40.0, -60.0, 90.0])
    assert share[:2] == pytest.approx([0, 0])
    assert 0 < share[2] < MOST
    assert share[3:] == pytest.approx([MOST, MOST])


def test_a_vote_is_between_the_two_and_says_how_far_apart_they_are(model: MorphableModel) -> None:
    fitted, seen = faces(model, [0.0, 60.0]), faces(model, [4.0, 70.0])
    both, apart = vote(fitted, Looks(seen, np.zeros(2)), model)
    yaw = np.abs(np.degrees(head_yaw(both.rotation)))
    assert both[:1].flatten() == pytest.approx(fitted[:1].flatten(), abs=1e-6)
    low, high = np.abs(np.degrees(head_yaw(fitted.rotation)))[1], np.abs(np.degrees(head_yaw(seen.rotation)))[1]
    assert yaw[1] == pytest.approx((1 - MOST) * low + MOST * high, abs=0.2)
    assert (apart > 0.005).all()
    assert vote(fitted, Looks(fitted, np.zeros(2)), model)[1] == pytest.approx([0, 0], abs=1e-6)
