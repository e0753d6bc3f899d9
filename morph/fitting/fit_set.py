"""A data set of landmarks into a crop set with coefficients: read, blend, fit, write."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from morph.errors import MorphError
from morph.fitting.data_set import FittedSet, fit_data_set, fit_point_set, write_crop_set, write_mat_files
from morph.fitting.landmark_sets import LandmarkSet, open_landmark_set, open_point_set
from morph.fitting.options import Contour, FitOptions
from morph.fitting.point_table import read_point_table
from morph.fitting.prior import jaw_weighted, read_centre
from morph.fitting.spread import Spread, spread
from morph.fitting.weak_labels import blend_weak_labels, read_weak_labels
from morph.model import MorphableModel
from morph.model.readers import open_model

FilePath = str | os.PathLike[str]


@dataclass(frozen=True)
class FitPlan:
    """How a set is fitted.

    Attributes:
        model: any model that :func:`morph.model.readers.read_model` reads, or "default".
        std: text file of standard deviations, for models that have none.
        mean: text file of raw mean coefficients, the middle of the prior; None is 0. Landmarks only.
        contour: "move", "fixed" or "ignore", see :class:`morph.fitting.options.FitOptions`. Landmarks only.
        jaw_weight: weight of jaw points against the others. Landmarks only.
        weak_labels: npz of ``name`` and ``pts68 (N, 68, 3)`` that a published network sees: blended with the annotations, which
            fixes the contour. Landmarks only.
        weak_shares: share of the annotation in that blend, of inner points and of the jaw.
        points: table of vertices; a labeller's points are fitted instead of 68 landmarks.
        most: of a labeller's points: faces that are farther from theirs are left out, per cent of the face's size.
        max_bad: share of the faces that may be unusable. Landmarks only.
        mat: write ``mat/NAME.jpg`` and ``.mat`` in the layout of 300W-LP too.
    """

    model: str = "default"
    std: FilePath | None = None
    mean: FilePath | None = None
    contour: Contour = "move"
    jaw_weight: float = 1.0
    weak_labels: FilePath | None = None
    weak_shares: tuple[float, float] = (0.65, 0.4)
    points: FilePath | None = None
    most: float = 1.3
    max_bad: float = 0.01
    mat: bool = False


@dataclass(frozen=True, eq=False)
class FitReport:
    """What came of a fit.

    Attributes:
        folder: the crop set that was written.
        bad: one line for each face that was left out.
        counts: how many faces, in what time, how exact.
        spread: of the coefficients about the prior.
        written: what lies in the folder.
    """

    folder: Path
    bad: list[str]
    counts: str
    spread: Spread
    written: str

    def as_text(self) -> str:
        """Three lines."""
        return f"{self.counts}\n{self.spread}\n{self.folder}: {self.written}\n"


@dataclass(frozen=True, eq=False)
class _Fit:
    """Faces that were fitted, of which set; what meta.json says of it, and one line for the user."""

    fitted: FittedSet
    data: LandmarkSet
    meta: dict[str, Any]
    counts: str
    spread: Spread


def fit_set(data: FilePath, out: FilePath, plan: FitPlan | None = None) -> FitReport:
    """Fit every face of a data set and write a crop set with coefficients.

    Args:
        data: crop set, or folder of ``labels.npz`` with ``images/`` beside it.
        out: folder of the crop set to write.
        plan: see :class:`FitPlan`; None is all at its defaults.

    Raises:
        MorphError: set, model or tables cannot be read or do not belong together, too many faces are unusable, or the folder
            cannot be written.
    """
    plan, out = plan or FitPlan(), Path(out)
    model = open_model(plan.model, std=plan.std)
    fit = (_fit_landmarks if plan.points is None else _fit_points)(Path(data), plan, model)
    write_crop_set(fit.fitted, fit.data, fit.meta, out)
    if plan.mat:
        write_mat_files(fit.fitted, fit.data, model, out / "mat")
    written = f"crop set with coefficients of {model.name}" + (", 300W-LP files in mat/" if plan.mat else "")
    return FitReport(out, fit.fitted.bad, fit.counts, fit.spread, written)


def _fit_landmarks(folder: Path, plan: FitPlan, model: MorphableModel) -> _Fit:
    data = jaw_weighted(open_landmark_set(folder), plan.jaw_weight)
    centre, contour = read_centre(Path(plan.mean), model) if plan.mean else None, plan.contour
    start = time.perf_counter()
    if plan.weak_labels is not None:
        weak = read_weak_labels(plan.weak_labels, data)
        share, jaw_share = plan.weak_shares
        data, contour = blend_weak_labels(data, weak, model, share=share, jaw_share=jaw_share), "fixed"
    fitted = fit_data_set(data, model, FitOptions(contour, centre=centre), max_bad=plan.max_bad)
    seconds, error = time.perf_counter() - start, fitted.result.error
    about: dict[str, Any] = {
        "contour": contour,
        "jaw_weight": plan.jaw_weight,
        "mean_error_px": round(float(error.mean()), 4),
    }
    if plan.weak_labels is not None:
        about |= {"weak_labels": Path(plan.weak_labels).name, "weak_shares": list(plan.weak_shares)}
    counts = f"{len(fitted.rows)} faces in {seconds:.1f} s, {error.mean():.3f} px mean on visible points"
    meta = {**data.meta, **_named(model), "fit": about}
    return _Fit(fitted, data, meta, counts, spread(fitted.result.coefficients, centre))


def _fit_points(folder: Path, plan: FitPlan, model: MorphableModel) -> _Fit:
    if plan.points is None:
        raise MorphError("a labeller's points need a table of vertices; give `points=`")
    table = read_point_table(plan.points, model)
    data = open_point_set(folder, len(table))
    start = time.perf_counter()
    fitted = fit_point_set(data, model, table, most=plan.most / 100)
    seconds = time.perf_counter() - start
    middle, ninth = np.percentile(100 * fitted.labels["fit_error"], [50, 90])
    about = {"points": len(table), "most_percent": plan.most, "left_out": len(fitted.bad)}
    counts = f"{len(fitted.rows)} faces in {seconds:.1f} s, {len(fitted.bad)} left out; of the face: "
    counts += f"median {middle:.2f}, 90 % below {ninth:.2f} %"
    return _Fit(fitted, data, {**_named(model), "fit": about}, counts, spread(fitted.result.coefficients, None))


def _named(model: MorphableModel) -> dict[str, Any]:
    return {"model": {"name": model.name, "identity": model.identity}}
