"""Experts on the faces of a benchmark: what they see is cut from the whole pictures."""

from __future__ import annotations

import dataclasses

import numpy as np

from morph.datasets.affine import invert_affine
from morph.evaluation.evaluator import Aflw2000Evaluator, Predictions
from morph.evaluation.second_pass import nearest_similarities
from morph.tracking.experts import Experts


def look_closer(evaluator: Aflw2000Evaluator, predictions: Predictions, experts: Experts) -> Predictions:
    """Predictions with the expressions that experts correct.

    Args:
        evaluator: the benchmark.
        predictions: of all its faces, from the published crops; in pixels of crops or pictures.
        experts: bound to the evaluator's model.
    """
    found = predictions.coefficients
    placed = found.transform(nearest_similarities(invert_affine(predictions.matrices)))
    faces = [
        experts([evaluator.benchmark.picture(row)], placed[row : row + 1]).expression[0] for row in range(len(found.scale))
    ]
    better = dataclasses.replace(found, expression=np.stack(faces))
    return Predictions(better, predictions.matrices, evaluator.points(better, predictions.matrices))
