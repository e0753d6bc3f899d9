"""Normalised mean error of 68 points: by yaw bin, balanced and plain, with failures and faces not found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Bools, Indices, Reals
from morph.errors import MorphError

YAW_BINS = ("0-30", "30-60", "60-90")
FAILURE = 10.0  # NME in percent above which a face counts as failed
NOT_FOUND = 100.0  # NME in percent that a face without a prediction is charged: counted, never dropped


def box_size(points: npt.ArrayLike) -> Reals:
    """``sqrt(w * h)`` of the box around ``(..., P, 2)`` points, in their unit: the normaliser of AFLW2000-3D."""
    points = np.asarray(points)
    return np.asarray(np.sqrt(np.prod(points.max(axis=-2) - points.min(axis=-2), axis=-1)))


def nme(predicted: npt.ArrayLike, truth: npt.ArrayLike, size: npt.ArrayLike | None = None) -> Reals:
    """Mean distance of points over the size of the face, in percent.

    Args:
        predicted: ``(..., P, 2)`` points in pixels; NaN for a face that was not found.
        truth: ``(..., P, 2)``.
        size: ``(...)`` normaliser in pixels; by default :func:`box_size` of the truth.

    Returns:
        ``(...)`` percent; NaN where the prediction is NaN.

    Raises:
        MorphError: shapes differ, or truth that is not finite.
    """
    predicted, truth = np.asarray(predicted, np.float64), np.asarray(truth, np.float64)
    if predicted.shape != truth.shape or truth.shape[-1:] != (2,):
        raise MorphError(f"points must have one shape (..., P, 2), got {predicted.shape} predicted and {truth.shape} true")
    if not np.isfinite(truth).all():
        raise MorphError("the true points hold numbers that are not finite; check the label file")
    size = box_size(truth) if size is None else np.asarray(size)
    if not (size > 0).all():
        raise MorphError("a face has true points without width or height; check the label file")
    return np.asarray(100.0 * np.linalg.norm(predicted - truth, axis=-1).mean(axis=-1) / size)


def yaw_bin(yaw: npt.ArrayLike) -> Indices:
    """Index of the bin, 0 for ``|yaw|`` in [0, 30], 1 for (30, 60], 2 above; ``yaw`` ``(N,)`` in degrees."""
    return np.searchsorted([30.0, 60.0], np.abs(np.asarray(yaw, np.float64)), side="left")


@dataclass(frozen=True, eq=False)
class NmeScores:
    """What a set of predictions scores against one set of labels. All errors are NME in percent.

    Attributes:
        errors: ``(N,)`` each face's; :data:`NOT_FOUND` where there is no prediction.
        found: ``(N,)`` whether there is one.
        bins: ``(N,)`` yaw bin of each face.
    """

    errors: Reals
    found: Bools
    bins: Indices

    def _mean(self, mask: Bools) -> float:
        return float(self.errors[mask].mean()) if mask.any() else float("nan")

    @property
    def by_bin(self) -> tuple[float, ...]:
        """Mean error of each yaw bin; NaN for a bin without faces."""
        return tuple(self._mean(self.bins == i) for i in range(len(YAW_BINS)))

    @property
    def balanced(self) -> float:
        """Mean of the bins that have faces: large poses count as much as frontal ones."""
        return float(np.nanmean(self.by_bin)) if len(self.errors) else float("nan")

    @property
    def plain(self) -> float:
        """Mean over all faces."""
        return self._mean(np.ones(len(self.errors), bool))

    @property
    def not_found(self) -> tuple[int, ...]:
        """Number of faces without a prediction, by bin."""
        return tuple(int((~self.found & (self.bins == i)).sum()) for i in range(len(YAW_BINS)))

    @property
    def failure_rate(self) -> float:
        """Share of faces with an error above :data:`FAILURE`, in percent; a face not found has failed."""
        return float(100.0 * (self.errors > FAILURE).mean()) if len(self.errors) else float("nan")

    def curve(self, thresholds: npt.ArrayLike) -> Reals:
        """Cumulative curve: share of all faces, in percent, with an error at or below each threshold."""
        return 100.0 * np.searchsorted(np.sort(self.errors), np.asarray(thresholds), side="right") / max(len(self.errors), 1)

    def found_only(self) -> NmeScores:
        """The scores of the faces that were found: to be shown beside the number of those that were not."""
        return NmeScores(self.errors[self.found], self.found[self.found], self.bins[self.found])

    def as_json(self) -> dict[str, Any]:
        """Plain numbers; a bin without faces is null."""
        thresholds = np.arange(0.0, FAILURE + 0.25, 0.5)
        out: dict[str, Any] = {
            "bins": [_number(value) for value in self.by_bin],
            "balanced": _number(self.balanced),
            "plain": _number(self.plain),
            "median": _number(float(np.median(self.errors)) if len(self.errors) else float("nan")),
            "counts": [int((self.bins == i).sum()) for i in range(len(YAW_BINS))],
            "not_found": list(self.not_found),
            "failure_rate": _number(self.failure_rate),
            "curve": {"nme": thresholds.tolist(), "share": [round(float(v), 3) for v in self.curve(thresholds)]},
        }
        if not self.found.all():
            found = self.found_only()
            out["found_only"] = {
                "bins": [_number(value) for value in found.by_bin],
                "balanced": _number(found.balanced),
                "plain": _number(found.plain),
            }
        return out


def _number(value: float) -> float | None:
    return round(value, 4) if np.isfinite(value) else None


def score_points(predicted: npt.ArrayLike, truth: npt.ArrayLike, yaw: npt.ArrayLike) -> NmeScores:
    """Score ``(N, P, 2)`` predictions (NaN: not found) against ``(N, P, 2)`` labels of faces with ``(N,)`` yaw in degrees.

    Protocol: NME over ``sqrt(w * h)`` of the true points' box, bins of ``|yaw|`` as in 3DDFA (Guo et al. 2020); a face
    without a prediction is charged :data:`NOT_FOUND`.

    Raises:
        MorphError: shapes that do not go together.
    """
    errors = nme(predicted, truth)
    bins = yaw_bin(yaw)
    if errors.ndim != 1 or bins.shape != errors.shape:
        raise MorphError(f"points must be (N, P, 2) and yaw (N,), got {np.shape(predicted)} and {np.shape(yaw)}")
    found = np.isfinite(errors)
    return NmeScores(np.where(found, errors, NOT_FOUND), found, bins)
