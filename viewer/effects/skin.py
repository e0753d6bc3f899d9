"""Smooths skin, and nothing else."""

from __future__ import annotations

import cv2
import numpy as np

from morph.arrays import Floats, Reals
from morph.model import MorphableModel
from viewer.effects.colour import blurred, smooth_step, to_lab, typical
from viewer.effects.face import PlateFace
from viewer.effects.settings import SmoothSkin
from viewer.effects.zones import check_zones, skin_zone

REACH = 4.0  # millimetres over which skin is made even
EDGE = 0.07  # contrast (display, 0..1) from which on an edge is kept
PORES = 0.45  # millimetres: what is finer stays, by a half
FEATHER = 1.5  # millimetres


class SkinSmoothing:
    """Smooths the skin of faces of one model.

    Args:
        settings: how much.
        model: whose faces will come.

    Raises:
        MorphError: the model does not say where its skin is.
    """

    def __init__(self, settings: SmoothSkin, model: MorphableModel) -> None:
        check_zones(model, "smooth_skin")
        self.settings, self._zone = settings, skin_zone(model)

    def __call__(self, plate: Floats, face: PlateFace) -> Floats:
        """The box of the face, ``(h, w, 3)`` display RGB 0..1, smoothed."""
        base = guided(plate, REACH * face.millimetre, EDGE)
        fine = plate - blurred(plate, PORES * face.millimetre)
        share = self.mask(plate, face)[..., None] * self.settings.strength
        return np.asarray(plate + share * (base + 0.5 * fine - plate), np.float32)

    def mask(self, plate: Floats, face: PlateFace) -> Floats:
        """``(h, w)`` 1 on skin: where the mesh has it, and where the picture has its colour."""
        zone = blurred(face.at_pixels(self._zone[:, None])[..., 0], FEATHER * face.millimetre)
        lab = to_lab(blurred(plate, 0.8 * face.millimetre))
        middle, spread = typical(lab.reshape(-1, 3), zone.ravel())
        away = np.linalg.norm((lab - middle) / np.maximum(spread, [7.0, 3.0, 3.0]), axis=-1)
        return np.asarray(zone * blurred(smooth_step(away, 4.0, 2.2), 0.8 * face.millimetre), np.float32)


def guided(picture: Floats, radius: float, edge: float) -> Floats:
    """Edge-preserving smoothing: the guided filter of He et al. (2010), each channel guided by itself.

    Args:
        picture: ``(H, W, C)``.
        radius: half the width of the windows, in pixels.
        edge: standard deviation within a window from which on it is left as it is.
    """
    side = 2 * max(round(radius), 1) + 1

    def mean(values: Reals) -> Floats:
        return np.asarray(cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT), np.float32)

    middle = mean(picture)
    variance = np.maximum(mean(picture * picture) - middle * middle, 0)
    slope = variance / (variance + edge * edge)
    return mean(slope) * picture + mean(middle - slope * middle)
