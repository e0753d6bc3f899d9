"""Measures on held-out renders, where every coefficient is known: landmarks, pose, eyelids, lips, blinks, identity."""

from __future__ import annotations

import dataclasses
import math
import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Bools, Reals
from morph.evaluation.aflw2000.pose import nearest_euler
from morph.evaluation.renders.held_out import read_held_out, smaller_euler
from morph.evaluation.renders.identity import pooled_shape_error, shape_error
from morph.model.coefficients import Coefficients
from morph.model.decoder import landmark_decoder
from morph.model.ibug68 import LEFT_LIDS, LOWER_INNER_LIP, LOWER_LIDS, RIGHT_LIDS, UPPER_INNER_LIP, UPPER_LIDS
from morph.model.morphable_model import MorphableModel
from morph.tracking.options import TrackerOptions

BINS = ((0, 30), (30, 60), (60, 180))
LEANS = ((0, 30), (30, 60), (60, 75), (75, 90), (90, 180))
FRONTAL = 45.0  # degrees of yaw up to which eyes and mouth are judged
SHUT, OPEN = 0.15, 0.7  # opening of the lids over that of the same person's rest

PROTOCOL = """\
nme        mean distance of the 68 projected landmarks over sqrt(w h) of their true box, in %, by true |yaw|
yaw        mean absolute error in degrees, as pitch and roll; of the two sets of Euler angles of a rotation the smaller one
           is the truth and the nearer one the prediction, so yaws may pass 90
yaw_lean   mean signed error of yaw in degrees by true |yaw|, bins {leans}: + is turned too far,
           - too little
eyelids    correlation of the lids' opening (4 pairs of landmarks, model frame, mm) with the truth, |yaw| < {frontal:.0f};
           eyelids_visible: of the eyes whose four lid landmarks nothing hides (the set's own `visibility`)
lips       the same of the gap between the inner lips (3 pairs)
blink      opening over that of the same predicted person at rest, median over eyes that are truly shut (< {shut} of rest);
           open: the same over eyes that are truly open (> {open})
shape_mm   mean distance of the face's vertices of the neutral heads after rigid alignment, per picture; mean_head_mm: of
           the model's mean in place of the prediction; shape_gain: 1 - shape_mm / mean_head_mm
pooled     shape_pooled_mm and shape_pooled_gain: the same of persons, each with the mean of the shapes predicted in all their
           pictures (the set's own `group`), weighed by the error that the network expects as frames of a track are, or all
           alike where it expects none; `-` where every person has one picture
crops      centred on the true landmarks, as in training, without augmentation
"""


@dataclass(frozen=True)
class RendersReport:
    """Measures of weights on a crop set of ``morph synth``; see ``PROTOCOL``.

    Attributes:
        weights: file name; ``experts``, ``expressions``: what read expressions; ``identity``: what read the shapes.
        pictures: how many.
        nme: by bin of |yaw| 0-30, 30-60, 60 and more; ``nme_balanced``: their mean.
        yaw, pitch, roll: mean absolute errors in degrees.
        yaw_lean: mean signed error of yaw in degrees by bin of |yaw| in ``LEANS``, + where heads are turned too far.
        eyelids, eyelids_visible, lips: correlations; of visible eyes NaN where the set does not say which they are.
        blink, open: shares of the rest opening.
        shape_mm, mean_head_mm, shape_gain: of identity.
        shape_pooled_mm, shape_pooled_gain: of identity pooled over each person's pictures; NaN where every person has one.
    """

    weights: str
    pictures: int
    nme: tuple[float, ...]
    nme_balanced: float
    yaw: float
    pitch: float
    roll: float
    yaw_lean: tuple[float, ...]
    eyelids: float
    eyelids_visible: float
    lips: float
    blink: float
    open: float
    shape_mm: float
    mean_head_mm: float
    shape_gain: float
    shape_pooled_mm: float
    shape_pooled_gain: float
    experts: str = "none"
    expressions: str = "none"
    identity: str = "none"

    def as_json(self) -> dict[str, Any]:
        """All measures and the protocol."""
        return dataclasses.asdict(self) | {"protocol": _protocol()}

    def as_text(self) -> str:
        """A table and the protocol."""
        rows = []
        for name, value in dataclasses.asdict(self).items():
            values = value if isinstance(value, tuple) else (value,)
            rows.append(f"{name:<18}" + " ".join(_shown(value) for value in values))
        return "\n".join([*rows, "", _protocol()])


def _shown(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    return "-" if math.isnan(value) else f"{value:.3f}"


def _protocol() -> str:
    leans = ", ".join(f"{low}-{high}" for low, high in LEANS[:-1]) + f", {LEANS[-1][0]} and more"
    return PROTOCOL.format(frontal=FRONTAL, shut=SHUT, open=OPEN, leans=leans)


def measure_renders(
    folder: str | os.PathLike[str],
    options: TrackerOptions | None = None,
) -> RendersReport:
    """Run weights over a crop set with coefficients that they did not see in training.

    Args:
        folder: a set of ``morph synth`` with a seed, or picture numbers, of its own.
        options: networks and model of a tracker; weights may be ``.safetensors``, too; None are the defaults.

    Raises:
        MorphError: files missing or damaged, or the set belongs to another model than the weights.
    """
    held = read_held_out(folder, options)
    crops, errors = held.crops, [look.error for look in held.looks]
    measures = compare(
        held.model,
        held.found,
        crops.coefficients,
        Shown(
            points=np.asarray(crops.labels["landmarks"], np.float64),
            visible=crops.labels.get("visibility"),
            group=crops.labels.get("group"),
            expected=None if any(error is None for error in errors) else np.array(errors, np.float64),
        ),
    )
    measures |= held.reader.names
    return RendersReport(weights=held.weights, pictures=len(crops), **measures)


@dataclass(frozen=True, eq=False)
class Shown:
    """What is known of N pictures.

    Attributes:
        points: ``(N, 68, 2)`` true landmarks.
        visible: ``(N, 68)`` which of them nothing hides; None where that is not known.
        group: ``(N,)`` who is seen; None: somebody else in each.
        expected: ``(N,)`` landmark errors that the network expects, as shares of the crop's side; None where it does not say.
    """

    points: Reals
    visible: Bools | None = None
    group: npt.NDArray[np.integer[Any]] | None = None
    expected: Reals | None = None


def compare(model: MorphableModel, got: Coefficients, want: Coefficients, pictures: Shown) -> dict[str, Any]:
    """The measures of :class:`RendersReport`.

    Args:
        model: of the coefficients.
        got: predicted.
        want: true.
        pictures: what is known of them.
    """
    points, visible, group, expected = pictures.points, pictures.visible, pictures.group, pictures.expected
    decoder = landmark_decoder(model)
    mine, true = (decoder(c.shape, c.expression).astype(np.float64) for c in (got, want))
    size = np.sqrt(np.ptp(points, axis=1).prod(axis=1))
    error = 100 * np.linalg.norm(got.camera.project(mine)[..., :2] - points, axis=2).mean(1) / size
    right = smaller_euler(want.rotation)
    turn = np.degrees(nearest_euler(got.rotation, right) - right)
    yaw = np.abs(np.degrees(right[:, 1]))
    nme = _by_bin(error, yaw, BINS)
    frontal = yaw < FRONTAL
    lids, true_lids = (_gap(p, UPPER_LIDS, LOWER_LIDS)[frontal] for p in (mine, true))
    lips, true_lips = (_gap(p, UPPER_INNER_LIP, LOWER_INNER_LIP)[frontal].mean(1) for p in (mine, true))
    rest, true_rest = (_gap(decoder(c.shape, 0 * c.expression), UPPER_LIDS, LOWER_LIDS)[frontal] for c in (got, want))
    opening = _eyes(lids) / _eyes(rest)
    true_opening = _eyes(true_lids) / _eyes(true_rest)
    shut, wide = true_opening < SHUT, true_opening > OPEN
    shown = np.zeros(len(opening), bool)
    if visible is not None:
        shown = np.concatenate([visible[frontal][:, rows].all(1) for rows in (RIGHT_LIDS, LEFT_LIDS)])
    mm, mean_mm = shape_error(model, got.shape, want.shape)
    group = np.arange(len(points)) if group is None else group
    pooled, of_mean = pooled_shape_error(model, got.shape, want.shape, group, expected)
    return {
        "nme": nme,
        "nme_balanced": float(np.mean(nme)),
        **dict(zip(("pitch", "yaw", "roll"), np.abs(turn).mean(0).tolist(), strict=True)),
        "yaw_lean": _by_bin(turn[:, 1] * np.sign(right[:, 1]), yaw, LEANS),
        "eyelids": _correlation(_eyes(lids), _eyes(true_lids)),
        "eyelids_visible": _correlation(_eyes(lids)[shown], _eyes(true_lids)[shown]),
        "lips": _correlation(lips, true_lips),
        "blink": float(np.median(opening[shut])) if shut.any() else float("nan"),
        "open": float(np.median(opening[wide])) if wide.any() else float("nan"),
        "shape_mm": mm,
        "mean_head_mm": mean_mm,
        "shape_gain": 1 - mm / mean_mm,
        "shape_pooled_mm": pooled,
        "shape_pooled_gain": 1 - pooled / of_mean,
    }


def _by_bin(values: Reals, yaw: Reals, bins: tuple[tuple[int, int], ...]) -> tuple[float, ...]:
    """Means of ``values`` ``(N,)`` where ``yaw`` ``(N,)`` lies in each bin; NaN where it never does."""
    rows = [values[(yaw >= low) & (yaw < high)] for low, high in bins]
    return tuple(float(row.mean()) if len(row) else float("nan") for row in rows)


def _gap(points: Reals, upper: tuple[int, ...], lower: tuple[int, ...]) -> Reals:
    """Signed heights ``(N, len(upper))`` of the upper over the lower landmarks in the model frame."""
    return points[:, upper, 1] - points[:, lower, 1]


def _eyes(gaps: Reals) -> Reals:
    """``(N, 4)`` gaps of two pairs an eye to ``(2 N,)`` openings of the eyes."""
    return np.concatenate([gaps[:, :2].mean(1), gaps[:, 2:].mean(1)])


def _correlation(a: Reals, b: Reals) -> float:
    return float(np.corrcoef(a, b)[0, 1]) if len(a) > 2 and a.std() > 0 and b.std() > 0 else float("nan")
