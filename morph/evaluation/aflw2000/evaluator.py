"""Runs a regressor over AFLW2000-3D: crops are cut once, then each evaluation is one pass of the network and the decoder."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from morph.arrays import Image, Reals
from morph.crop.geometry import apply_affine, invert_affine
from morph.datasets.published.aflw2000 import Aflw2000
from morph.datasets.published.mat import FaceMat, read_face_mat
from morph.errors import MorphError
from morph.evaluation.aflw2000.crops import BenchmarkCrops, cut_benchmark
from morph.evaluation.aflw2000.dense import dense_errors
from morph.evaluation.aflw2000.nme import NmeScores, score_points
from morph.evaluation.aflw2000.points import Aflw2000Report, evaluate_points
from morph.evaluation.aflw2000.pose import pose_errors
from morph.inference.face_reader import FaceReader, Look, first_look
from morph.model.coefficients import Coefficients, FlatLayout, stack
from morph.model.decoder import Decoder, landmark_decoder
from morph.model.ibug68 import MIRRORED_68
from morph.model.morphable_model import MorphableModel
from morph.model.point_sets import POINT_SETS, has_point_set, point_set
from morph.model.rest_pose import rest_turn
from morph.stopwatch import Stopwatch

CROPS = {
    "ground-truth": "published roi_box (from the labels) resized to the input",
    "detector": "whole picture through the detector and a second look; the found face that overlaps the labels most",
}
Predictor = Callable[[Image], Any]


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a regressor says of the benchmark's faces, in pixels of each face's own crop.

    Attributes:
        coefficients: of all N faces; NaN for a face that was not found.
        matrices: ``(N, 2, 3)`` picture to crop.
        points: ``(N, 68, 2)`` landmarks in picture pixels (averaged with those of the mirrored crop, if asked for).
    """

    coefficients: Coefficients
    matrices: Reals
    points: Reals


def predict_flat(predictor: Predictor, crops: Image, batch: int = 64) -> Reals:
    """Flattened coefficients ``(N, K)`` of ``(N, S, S, 3)`` uint8 RGB crops.

    Args:
        predictor: takes ``(B, S, S, 3)`` uint8 and gives ``(B, K)``, or a tuple that begins with it; NumPy or PyTorch. A
            PyTorch module is given tensors on its own device, in evaluation mode, without gradients.
        crops: all crops.
        batch: crops at a time.
    """
    return np.concatenate([np.asarray(out[0], np.float64) for out in _answers(predictor, crops, batch)])


def predict_judged(predictor: Predictor, crops: Image, batch: int = 64) -> tuple[Reals, Reals | None]:
    """:func:`predict_flat`, and the landmark error ``(N,)`` that the predictor expects, as a share of the crop's side.

    The log of that error ``(B,)`` is the second entry of the predictor's tuple; None where there is none.
    """
    answers = list(_answers(predictor, crops, batch))
    flat = np.concatenate([np.asarray(out[0], np.float64) for out in answers])
    if any(len(out) < 2 or out[1] is None for out in answers):
        return flat, None
    return flat, np.exp(np.concatenate([np.asarray(out[1], np.float64) for out in answers]))


def _answers(predictor: Predictor, crops: Image, batch: int) -> Iterator[Sequence[Any]]:
    call = _torch_predictor(predictor) or predictor
    for start in range(0, len(crops), batch):
        out = call(crops[start : start + batch])
        yield out if isinstance(out, tuple | list) else (out,)


def _torch_predictor(predictor: Predictor) -> Predictor | None:
    """Wraps a PyTorch module; None for anything else. PyTorch is not imported unless the caller did."""
    if not (hasattr(predictor, "state_dict") and hasattr(predictor, "eval")):
        return None
    import torch

    module: torch.nn.Module = predictor  # type: ignore[assignment]
    first = next(module.parameters(), None)

    def call(crops: Image) -> Sequence[Any]:
        mode = module.training
        module.eval()
        try:
            with torch.no_grad():
                batch = torch.from_numpy(np.ascontiguousarray(crops))
                out = module(batch if first is None else batch.to(first.device))
        finally:
            module.train(mode)
        entries = out if isinstance(out, tuple | list) else (out,)
        return [part.float().cpu().numpy() if torch.is_tensor(part) else part for part in entries]

    return call


def nearest_similarities(matrices: Reals) -> Reals:
    """``(N, 2, 3)`` without the stretch that rounding gave the benchmark's boxes; the shift stays."""
    out = np.array(matrices, np.float64)
    scale = np.sqrt(np.abs(np.linalg.det(out[:, :, :2])))
    out[:, :, :2] = scale[:, None, None] * np.eye(2)
    return out


class Aflw2000Evaluator:
    """The benchmark for one model and input size, ready to be called often.

    Args:
        benchmark: labels and pictures.
        model: the morphable model whose coefficients the regressor gives.
        size: side of the crop in pixels.
        crops: the crops; by default the published ones (about 1.5 s for 1000 faces).
    """

    def __init__(
        self, benchmark: Aflw2000, model: MorphableModel, size: int = 120, crops: BenchmarkCrops | None = None
    ) -> None:
        self.benchmark, self.model, self.size = benchmark, model, size
        self._given, self._landmarks = crops, landmark_decoder(model)

    @functools.cached_property
    def crops(self) -> BenchmarkCrops:
        """The crops; cut once, when asked for."""
        return self._given or cut_benchmark(self.benchmark, self.size)

    @functools.cached_property
    def labels(self) -> list[FaceMat]:
        """Pose and coefficients of the faces, from their ``.mat`` files; read once, when asked for."""
        return [read_face_mat((self.benchmark.pictures / str(name)).with_suffix(".mat")) for name in self.benchmark.names]

    def points(self, coefficients: Coefficients, matrices: Reals) -> Reals:
        """68 points ``(N, 68, 2)`` in picture pixels from coefficients in crop pixels."""
        return apply_affine(invert_affine(matrices), self._landmarks.project(coefficients)[..., :2])

    def predict(self, predictor: Predictor, *, flip: bool = False, batch: int = 64) -> Predictions:
        """Run a regressor on the crops; ``flip`` averages the points with those of the mirrored crops."""
        found = self.as_coefficients(predict_flat(predictor, self.crops.images, batch))
        points = self.points(found, self.crops.matrices)
        if flip:
            mirrored = self.as_coefficients(predict_flat(predictor, self.crops.images[:, :, ::-1], batch))
            inside = self._landmarks.project(mirrored)[:, MIRRORED_68, :2] * [-1.0, 1.0] + [self.size - 1.0, 0.0]
            points = (points + self.crops.to_picture(inside)) / 2
        return Predictions(found, self.crops.matrices, points)

    def look(self, reader: FaceReader, *, flip: bool = False, batch: int = 64) -> Predictions:
        """Have the published crops looked at, and the pictures themselves by what a reader has beyond a first look.

        Args:
            reader: of the evaluator's model and input size, as a tracker has one.
            flip: average the points of the first look with those of the mirrored crops.
            batch: faces at a time.
        """
        first = self.predict(lambda crops: reader.regressor(np.ascontiguousarray(crops))[0].flatten(), flip=flip, batch=batch)
        if reader.passes == 1 and not reader.refines:
            return first
        placed = first.coefficients.transform(nearest_similarities(invert_affine(first.matrices)))
        seen: list[Look] = []
        for start in range(0, len(self.benchmark), batch):
            rows = range(start, min(start + batch, len(self.benchmark)))
            pictures = [self.benchmark.picture(row) for row in rows]
            looks = [first_look(placed[row], first.points[row].astype(np.float64), self.crops.images[row]) for row in rows]
            seen += reader.look_on(pictures, looks, Stopwatch(), every=True)
        found = stack([look.coefficients for look in seen])
        if reader.passes == 2:
            same = np.tile(np.array([[1.0, 0, 0], [0, 1.0, 0]]), (len(seen), 1, 1))
            return Predictions(found, same, self.points(found, same))
        better = dataclasses.replace(first.coefficients, shape=found.shape, expression=found.expression)
        return Predictions(better, first.matrices, self.points(better, first.matrices))

    def as_coefficients(self, flat: Reals) -> Coefficients:
        """The regressor's ``(N, K)`` numbers, checked.

        Raises:
            MorphError: another K than the model's, or numbers that are not finite.
        """
        want = FlatLayout(self.model.n_shape, self.model.n_expression).size
        if flat.ndim != 2 or flat.shape[1] != want:
            raise MorphError(
                f"the regressor gives {flat.shape[1:]} numbers a face, model {self.model.name!r} has {want}; "
                "name the model that the weights were trained for"
            )
        if not np.isfinite(flat).all():
            raise MorphError("the regressor gives numbers that are not finite; its weights are damaged")
        return Coefficients.from_flat(flat, self.model.n_shape)

    def quick(self, predictor: Predictor, batch: int = 64) -> Aflw2000Report:
        """Points alone: what a trainer calls after each epoch."""
        points = self.predict(predictor, batch=batch).points
        return evaluate_points(self.benchmark, self.benchmark.names, points, self._protocol("ground-truth", False))

    def report(
        self, predictions: Predictions, *, crop: str = "ground-truth", flip: bool = False, more: dict[str, Any] | None = None
    ) -> Aflw2000Report:
        """Everything: points, pose in degrees, the share of shape, and dense error where the model is that of the labels."""
        protocol = self._protocol(crop, flip) | (more or {})
        report = evaluate_points(self.benchmark, self.benchmark.names, predictions.points, protocol)
        for name in POINT_SETS:
            if name != "ibug68" and has_point_set(self.model, name):
                report.others[name] = self._other_points(predictions, name)
                report.protocol["point_sets"] = "; ".join(f"{key} {text}" for key, text in POINT_SETS.items())
        report.extra["shape_share"] = self.shape_share(predictions)
        if (self.benchmark.pictures / str(self.benchmark.names[0])).with_suffix(".mat").is_file():
            angles, found = np.stack([face.pose[:3] for face in self.labels]), predictions.coefficients
            report.extra["pose_degrees"] = pose_errors(found.rotation @ rest_turn(self.model), angles)
            dense = dense_errors(self.model, found, predictions.matrices, self.labels, self.crops.heights)
            if dense is not None:
                report.extra["dense_nme"] = dense
        return report

    def _other_points(self, predictions: Predictions, name: str) -> tuple[NmeScores, NmeScores]:
        """Scores against both label sets of another set's points, averaged and corrected as those of the predictions are."""
        way, found = invert_affine(predictions.matrices), predictions.coefficients
        decoders = Decoder(self.model, point_set(self.model, name)), self._landmarks
        there, here = (apply_affine(way, decoder.project(found)[..., :2]) for decoder in decoders)
        points = predictions.points + (there - here)
        labels, yaw = self.benchmark, self.benchmark.yaw
        return score_points(points, labels.original[..., :2], yaw), score_points(points, labels.reannotated, yaw)

    def _protocol(self, crop: str, flip: bool) -> dict[str, Any]:
        return {
            "crop": CROPS.get(crop, crop),
            "input_size": self.size,
            "flip_averaging": flip,
            "model": self.model.name,
        }

    def shape_share(self, predictions: Predictions) -> dict[str, float]:
        """NME (original labels, plain mean of faces found, predicted pose) with and without shape and expression.

        ``mean_face`` is the error of the mean face in the predicted pose, ``no_shape`` and ``no_expression`` leave one of
        them out, ``share`` is what shape and expression together take off the mean face's error.
        """
        c = predictions.coefficients
        found = np.isfinite(c.scale)

        def error(shape: Reals, expression: Reals) -> float:
            part = Coefficients(shape, expression, c.rotation, c.scale, c.translation)[found]
            points = self.points(part, predictions.matrices[found])
            faces = self.benchmark.subset(found)
            return score_points(points, faces.original[..., :2], faces.yaw).plain

        none_s, none_e = np.zeros_like(c.shape), np.zeros_like(c.expression)
        full, mean_face = error(c.shape, c.expression), error(none_s, none_e)
        return {
            "full": full,
            "mean_face": mean_face,
            "no_shape": error(none_s, c.expression),
            "no_expression": error(c.shape, none_e),
            "share": 1.0 - full / mean_face,
        }
