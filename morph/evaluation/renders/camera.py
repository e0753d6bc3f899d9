"""How far away and how turned heads are found, on renders whose camera is known."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from morph.arrays import Reals
from morph.errors import MorphError
from morph.evaluation.renders.held_out import read_held_out
from morph.model import Lens, interpupillary, place_heads
from morph.model.rotation import angle_between
from morph.synthesis.sets.relabelling import CAMERA
from morph.tracking.options import TrackerOptions

NEAR, FAR = 250.0, 3000.0  # millimetres
BANDS = ((250, 420), (420, 900), (900, 3000))
PROTOCOL = """\
pictures     renders of `morph synth` whose head is 25 cm to 3 m from the camera; one look, crops about the true landmarks
distance     error of the distance to the model's origin, in % of the true one; the lens (focal length, axis) is given;
             own: and the true distance of the eyeballs' middles (`interpupillary`); found: the head that is found counts
             median, 90 % of the pictures, and the signed median (+ is too far); bands: medians of `own` by true distance, mm
turn         angle between the true turn before the camera and that which is found, degrees, median and 90 %; flat: the scaled
             orthographic turn in its place
focal        the assumed lens does not come in: with another focal length distances change by its ratio
"""


@dataclass(frozen=True)
class CameraReport:
    """Places of heads against the truth; see ``PROTOCOL``.

    Attributes:
        pictures: how many.
        own: distance error where lens and pupils are given: median, 90 %, signed median, in %.
        found: where only the lens is.
        bands: medians of ``own`` by true distance.
        turn, flat: degrees, median and 90 %.
    """

    pictures: int
    own: tuple[float, float, float]
    found: tuple[float, float, float]
    bands: tuple[float, ...]
    turn: tuple[float, float]
    flat: tuple[float, float]

    def as_json(self) -> dict[str, Any]:
        """All measures and the protocol."""
        return dataclasses.asdict(self) | {"protocol": PROTOCOL}

    def as_text(self) -> str:
        """A table and the protocol."""
        rows = []
        for name, value in dataclasses.asdict(self).items():
            rows.append(f"{name:<12}" + (" ".join(f"{v:.2f}" for v in value) if isinstance(value, tuple) else str(value)))
        return "\n".join([*rows, "", PROTOCOL])


def measure_camera(folder: str | os.PathLike[str], options: TrackerOptions | None = None) -> CameraReport:
    """Place the heads of a held-out crop set before their own lenses.

    Args:
        folder: a set of ``morph synth``.
        options: networks and model of a tracker; None are the defaults.

    Raises:
        MorphError: as :func:`morph.evaluation.renders.held_out.read_held_out`, or no picture has its camera.
    """
    held = read_held_out(folder, options)
    labels, model = held.crops.labels, held.model
    if any(name not in labels for name in CAMERA):
        raise MorphError(f"{folder} does not say its cameras; render a set with `morph synth`")
    turns, places, focals, centres = (np.asarray(labels[name], np.float64) for name in CAMERA)
    away = np.linalg.norm(places, axis=1)
    rows = np.flatnonzero((away >= NEAR) & (away <= FAR))
    if not len(rows):
        raise MorphError(f"{folder} has no head between {NEAR:g} and {FAR:g} mm; render another set")
    size = int(held.crops.images.shape[1])
    own, found, turned, flat = (np.zeros(len(rows)) for _ in range(4))
    for at, row in enumerate(rows):
        lens, pose = Lens(float(focals[row]), size, size, (centres[row, 0], centres[row, 1])), held.looks[row].coefficients
        head = place_heads(model, pose, lens)
        distance = float(np.linalg.norm(head.position[0]))
        true, mine = (
            interpupillary(model, np.asarray(shape, np.float64)) for shape in (held.crops.coefficients.shape[row], pose.shape)
        )
        found[at] = 100 * (distance / away[row] - 1)
        own[at] = 100 * (distance * true / mine / away[row] - 1)
        turned[at] = np.degrees(angle_between(head.rotation[0], turns[row]))
        flat[at] = np.degrees(angle_between(np.asarray(pose.rotation, np.float64), turns[row]))
    bands = [np.abs(own[(away[rows] >= low) & (away[rows] < high)]) for low, high in BANDS]
    return CameraReport(
        len(rows),
        _three(own),
        _three(found),
        tuple(float(np.median(band)) if len(band) else float("nan") for band in bands),
        _two(turned),
        _two(flat),
    )


def _two(values: Reals) -> tuple[float, float]:
    return float(np.median(values)), float(np.percentile(values, 90))


def _three(errors: Reals) -> tuple[float, float, float]:
    return *_two(np.abs(errors)), float(np.median(errors))
