"""The second look at the faces of a benchmark: crops about the landmarks of the first look, upright, in the mirror."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from morph.crop.face_crop import box_of, crop_of_box, cut, inverse, turned
from morph.crop.geometry import invert_affine
from morph.crop.roll import next_turn
from morph.datasets.aflw2000 import Aflw2000
from morph.evaluation.aflw2000.evaluator import Aflw2000Evaluator, Predictions, Predictor, predict_flat
from morph.model.coefficients import midway, model_symmetry

Array = npt.NDArray[np.floating]


def predict_twice(evaluator: Aflw2000Evaluator, predictor: Predictor, *, flip: bool = False, batch: int = 64) -> Predictions:
    """What ``Tracker(passes=2)`` does to a face, from the benchmark's own crops on.

    Args:
        evaluator: the benchmark for the regressor's model and input size.
        predictor: as for :meth:`Aflw2000Evaluator.predict`.
        flip: average the first look with that at the mirrored crop before the second is taken.
        batch: crops at a time.

    Returns:
        Predictions in picture pixels.
    """
    first = evaluator.predict(predictor, flip=flip, batch=batch)
    found = first.coefficients.transform(nearest_similarities(invert_affine(first.matrices)))
    ways, crops = second_crops(evaluator.benchmark, first.points, found.rotation, evaluator.size)
    flat = predict_flat(predictor, np.ascontiguousarray(crops[:, :, ::-1]), batch)
    mirrored = evaluator.as_coefficients(flat).mirror(model_symmetry(evaluator.model), evaluator.size)
    both = midway(found, mirrored.transform(np.stack([inverse(way) for way in ways])))
    same = np.tile(np.array([[1.0, 0, 0], [0, 1.0, 0]]), (len(crops), 1, 1))
    return Predictions(both, same, evaluator.points(both, same))


def second_crops(
    benchmark: Aflw2000, points: Array, rotations: Array, size: int
) -> tuple[list[npt.NDArray[np.float64]], npt.NDArray[np.uint8]]:
    """The crops that a first look asks for.

    Args:
        benchmark: N pictures.
        points: ``(N, 68, 2)`` of the first look, in picture pixels.
        rotations: ``(N, 3, 3)`` of the first look, in the picture.
        size: side of the crops.

    Returns:
        N similarities ``(2, 3)`` from picture to crop, and the crops ``(N, size, size, 3)``.
    """
    ways, crops = [], np.empty((len(points), size, size, 3), np.uint8)
    for row, (face, rotation) in enumerate(zip(points.astype(np.float64), rotations, strict=True)):
        turn = next_turn(0.0, rotation)
        ways.append(crop_of_box(box_of(turned(face, turn)), size, turn))
        crops[row] = cut(benchmark.picture(row), ways[-1], size)
    return ways, crops


def nearest_similarities(matrices: Array) -> Array:
    """``(N, 2, 3)`` without the stretch that rounding gave the benchmark's boxes; the shift stays."""
    out = np.array(matrices, np.float64)
    scale = np.sqrt(np.abs(np.linalg.det(out[:, :, :2])))
    out[:, :, :2] = scale[:, None, None] * np.eye(2)
    return out
