"""Open weights for measuring: an ONNX file, or a run's safetensors."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from morph.arrays import Image, Reals
from morph.datasets.published.aflw2000 import Aflw2000
from morph.errors import MorphError, needs_extra
from morph.evaluation.aflw2000.evaluator import Aflw2000Evaluator, predict_judged
from morph.evaluation.aflw2000.points import Aflw2000Report
from morph.inference.face_reader import CropRegressor
from morph.inference.regressor import Regressor, default_weights, find_weights
from morph.model.coefficients import Coefficients
from morph.model.default_model import load_default_model
from morph.model.morphable_model import MorphableModel
from morph.tracking.options import TrackerOptions


@dataclass(frozen=True, eq=False)
class MeasuredWeights:
    """A regressor and what travels with it.

    Attributes:
        predictor: ``(B, S, S, 3)`` uint8 RGB crops to flattened coefficients ``(B, K)``.
        judged: the same, and beside them the log of the expected landmark error ``(B,)``, or None where it expects none.
        input_size: S.
        model_name, model_identity: of the morphable model that the coefficients belong to.
        name: file name, for reports.
        reading: the same, as a :class:`morph.inference.face_reader.FaceReader` takes it.
    """

    predictor: Callable[[Image], Any]
    judged: Callable[[Image], Any]
    input_size: int
    model_name: str
    model_identity: str
    name: str
    reading: CropRegressor

    def find_model(self, path: MorphableModel | str | os.PathLike[str] | None = None) -> MorphableModel:
        """The model that the weights were trained for: a model or its file, or the default model.

        Raises:
            MorphError: it is another model.
        """
        from morph.model.readers import read_model

        # the default model as it is trained and tracked with
        given = load_default_model(1) if path is None else path
        model = given if isinstance(given, MorphableModel) else read_model(given)
        if model.identity != self.model_identity:
            hint = "name its file with `model=`" if path is None else "give the file that it was trained with"
            raise MorphError(
                f"{self.name} was trained for model {self.model_name!r} ({self.model_identity}), "
                f"not for {model.name!r} ({model.identity}); {hint}"
            )
        return model


class _Checkpoint:
    """A run's safetensors, called as an ONNX regressor is."""

    def __init__(self, path: Path, network: Any) -> None:
        self.path, self.input_size, self._network = path, int(network.info.input_size), network

    def __call__(self, crops: Image) -> tuple[Coefficients, Reals | None]:
        flat, error = predict_judged(self._network, crops)
        return Coefficients.from_flat(flat, self._network.info.n_shape), error


def open_weights(path: str | os.PathLike[str]) -> MeasuredWeights:
    """Open ``.onnx`` (ONNX Runtime, one thread) or ``.safetensors`` (PyTorch) weights.

    Raises:
        MorphError: missing, damaged, or not written by morph.
    """
    path = find_weights(path)
    if path.suffix.lower() == ".safetensors":
        with needs_extra("train", str(path)):
            from morph.network.regressor import load_weights
        network = load_weights(path)
        info, reading = network.info, _Checkpoint(path, network)
        return MeasuredWeights(network, network, info.input_size, info.model_name, info.model_identity, path.name, reading)
    regressor = Regressor(path)

    def predictor(crops: Image) -> Reals:
        return judged(crops)[0]

    def judged(crops: Image) -> tuple[Reals, Reals | None]:
        found, error = regressor(np.ascontiguousarray(crops))
        return found.flatten(), None if error is None else np.log(error)

    owner = regressor.model
    name, identity = str(owner.get("name")), str(owner.get("identity"))
    return MeasuredWeights(predictor, judged, regressor.input_size, name, identity, path.name, regressor)


def run_weights(
    benchmark: Aflw2000,
    options: TrackerOptions | None = None,
    *,
    crop: str = "ground-truth",
    flip: bool = False,
) -> tuple[Aflw2000Report, Reals]:
    """Run weights over AFLW2000-3D.

    Args:
        benchmark: the faces.
        options: of the tracker that looks at the faces; weights may be ``.safetensors``, too; None are the defaults. Not with
            experts and identity where ``flip`` averages points on the published crop.
        crop: "ground-truth" for the published crop, "detector" for the whole picture through the tracker's detector.
        flip: average the points with those of the mirrored crop.

    Returns:
        The report, and ``(N, 68, 2)`` points in picture pixels, NaN where no face was found.

    Raises:
        MorphError: files missing or damaged, or weights of another model.
    """
    options = options or TrackerOptions()
    if flip and crop == "ground-truth":
        options = _plain(options)
    regressor = open_weights(options.weights or default_weights())
    found = regressor.find_model(options.model)
    if crop not in ("ground-truth", "detector"):
        raise MorphError(f"no crop called {crop!r}; choose ground-truth or detector")
    evaluator = Aflw2000Evaluator(benchmark, found, regressor.input_size)
    reader = options.open_reader(found, regressor.reading)
    started = time.process_time()
    if crop == "ground-truth":
        predictions = evaluator.look(reader, flip=flip)
    else:
        if Path(regressor.name).suffix.lower() != ".onnx":
            raise MorphError(f"the detector's crop needs .onnx weights, not {regressor.name}; `morph export` writes them")
        from morph.evaluation.aflw2000.whole_picture import track_benchmark
        from morph.tracking.tracker import Tracker

        tracker = Tracker(options, found, max_faces=8)
        predictions = track_benchmark(benchmark, tracker, flip=flip)
    cost = 1000 * (time.process_time() - started) / len(benchmark)
    more = {"passes": options.passes, **reader.names, "weights": regressor.name}
    report = evaluator.report(predictions, crop=crop, flip=flip, more=more)
    report.extra["cpu_ms_per_picture"] = round(cost, 2)  # with reading the picture
    return report, predictions.points


def _plain(options: TrackerOptions) -> TrackerOptions:
    """Without what looks after the first network and corrects coefficients: points are averaged.

    Raises:
        MorphError: they were asked for all the same.
    """
    if any(choice not in (None, "none") for choice in (options.experts, options.identity, options.expressions)):
        raise MorphError(
            "`experts=`, `identity=` and `expressions=` correct coefficients, `flip=` averages points; leave some out, or use "
            "`passes=2`"
        )
    return dataclasses.replace(options, experts="none", identity="none", expressions="none")
