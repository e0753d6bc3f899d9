"""A closer look at the faces of a benchmark: what it sees is cut from the whole pictures."""

from __future__ import annotations

import dataclasses

import numpy as np

from morph.crop.geometry import invert_affine
from morph.evaluation.aflw2000.evaluator import Aflw2000Evaluator, Predictions
from morph.evaluation.aflw2000.second_pass import nearest_similarities
from morph.inference.refinement import CloserLook


def look_closer(evaluator: Aflw2000Evaluator, predictions: Predictions, closer: CloserLook) -> Predictions:
    """Predictions with the shapes and expressions of a closer look.

    Args:
        evaluator: the benchmark.
        predictions: of all its faces, from the published crops; in pixels of crops or pictures.
        closer: at the evaluator's model.
    """
    found = predictions.coefficients
    placed = found.transform(nearest_similarities(invert_affine(predictions.matrices)))
    faces = [closer([evaluator.benchmark.picture(row)], placed[row : row + 1]) for row in range(len(found.scale))]
    better = dataclasses.replace(
        found, shape=np.stack([face.shape[0] for face in faces]), expression=np.stack([face.expression[0] for face in faces])
    )
    return Predictions(better, predictions.matrices, evaluator.points(better, predictions.matrices))
