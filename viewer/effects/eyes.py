"""Gives irises another colour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from morph.arrays import Floats, Indices
from morph.errors import MorphError
from morph.model import MorphableModel
from morph.rendering.colour import GAMMA
from viewer.effects.colour import blurred, luminance, smooth_step, to_lab
from viewer.effects.face import PlateFace
from viewer.effects.irises import Iris, find_iris
from viewer.effects.settings import EyeColour

EYES = ("left_eye", "right_eye")
RADIUS = 5.6  # millimetres of an iris; people hardly differ
FRONT = 25.0  # degrees off the axis of an eyeball whose vertices tell where its iris is
PUPIL = (0.20, 0.55)  # of the iris's radius, where the pupil ends
BRIGHTEN = 2.6  # times as bright as before, at most: dark eyes hold little more than noise


@dataclass(frozen=True, eq=False)
class _Eyeball:
    """Rows of the triangles of an eyeball, and of vertices around its iris; they lie round its ``centre`` in the mean head."""

    region: int
    front: Indices
    back: Indices


class EyeRecolouring:
    """Recolours the irises of faces of one model.

    Args:
        settings: the colour.
        model: whose faces will come.

    Raises:
        MorphError: the model has no eyeballs.
    """

    def __init__(self, settings: EyeColour, model: MorphableModel) -> None:
        missing = [name for name in EYES if name not in model.region_names]
        if missing:
            raise MorphError(f"model {model.name!r} has no region {missing[0]}, which eye_colour needs; use the default model")
        self.settings = settings
        self.eyes = [_eyeball(model, model.region_names.index(name)) for name in EYES]

    def __call__(self, plate: Floats, face: PlateFace) -> Floats:
        """The box of the face, ``(h, w, 3)`` display RGB 0..1, with other eyes."""
        out = plate.copy()
        for eye in self.eyes:
            iris = self.iris(plate, face, eye)
            if iris is not None:
                _recolour(out, face, iris, self.settings)
        return np.asarray(out)

    def iris(self, plate: Floats, face: PlateFace, eye: _Eyeball) -> Iris | None:
        """Where the iris is in the box; None where the eye is shut, turned away or hidden."""
        assert face.box is not None
        corner = np.array([face.box[1].start, face.box[0].start, 0], np.float32)
        front, back = ((face.points[rows] - corner).mean(axis=0) for rows in (eye.front, eye.back))
        axis = (front - back) / max(float(np.linalg.norm(front - back)), 1e-6)
        opening = face.model.regions[face.fragments.triangle_id] == eye.region
        opening &= face.fragments.covered
        return find_iris(plate, opening, front[:2], axis, RADIUS * face.millimetre)


def _eyeball(model: MorphableModel, region: int) -> _Eyeball:
    rows = np.unique(model.triangles[model.regions == region])
    points = model.mean[rows].astype(np.float64)
    away = points - (points.min(axis=0) + points.max(axis=0)) / 2
    angle = np.degrees(np.arctan2(np.hypot(away[:, 0], away[:, 1]), away[:, 2]))
    return _Eyeball(region, rows[angle < FRONT], rows[np.abs(angle - 90) < FRONT])


def _recolour(plate: Floats, face: PlateFace, iris: Iris, settings: EyeColour) -> None:
    """Paint one iris into the box; its own pattern, catchlights and the shade of the lids stay."""
    crop = iris.crop(plate.shape[:2], 2.6)
    if crop is None:
        return
    small = plate[crop]
    distance = iris.distance(crop)
    opening = iris.opening[crop]
    soft = max(0.12, 0.7 / iris.radius)
    disc = smooth_step(distance, 1.0 + soft, 1.0 - soft) * opening
    core = (distance < 0.9) & (opening > 0.5)
    if core.sum() < 6:
        return
    lab, bright = to_lab(small), luminance(small)
    own_light, own = float(np.median(lab[core][:, 0])), float(np.median(bright[core]))
    white = (distance > 1.15) & (opening > 0.6)
    light = float(np.percentile(bright[white], 80)) / 0.6 if white.sum() >= 6 else 5 * own
    keep_light = smooth_step(lab[..., 0], own_light + 26.0, own_light + 14.0)  # catchlights, and white within the disc
    sharp = float(smooth_step(iris.radius, 3.0, 8.0))  # few pixels show no pupil
    keep_pupil = 1 - sharp * (1 - smooth_step(distance, *PUPIL))
    share = settings.strength * iris.open * disc * keep_light * keep_pupil * _not_lid(lab, iris, crop)
    share = blurred(share.astype(np.float32), 0.06 * iris.radius)
    target = np.asarray(settings.colour, np.float32) ** GAMMA
    weight = float(target @ np.array([0.2126, 0.7152, 0.0722])) + 1e-4
    level = np.clip(weight * light, 0.5 * own, BRIGHTEN * own)
    pattern = np.clip(bright / max(own, 1e-5), 0.05, 2.0) * (1 - 0.4 * smooth_step(distance, 0.65, 1.05))  # a darker rim
    painted = np.clip(target / weight * level * pattern[..., None], 0, 1) ** (1 / GAMMA)
    plate[crop] = small + share[..., None] * (painted - small)


def _not_lid(lab: Floats, iris: Iris, crop: tuple[slice, slice]) -> Floats:
    """1 where a pixel has not the colour of the skin under the eye."""
    skin = iris.skin
    away = np.hypot((lab[..., 0] - skin[0]) / 9.0, np.linalg.norm((lab[..., 1:] - skin[1:]) / 5.0, axis=-1))
    return smooth_step(away, 0.9, 2.0)
