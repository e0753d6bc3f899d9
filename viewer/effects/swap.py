"""Lays the texture of one face on another one's motion."""

from __future__ import annotations

import cv2
import numpy as np

from morph.arrays import Floats
from morph.errors import MorphError
from morph.model import MorphableModel
from morph.rendering.colour import GAMMA
from morph.rendering.harmonics import harmonic_basis, shading, solve_light
from viewer.draw.scene import doubled_areas
from viewer.draw.texture import Texture, sample
from viewer.effects.colour import blurred, from_lab, luminance, smooth_step, to_lab
from viewer.effects.face import PlateFace
from viewer.effects.settings import FaceSwap
from viewer.effects.zones import check_zones, face_zone

FEATHER = 2.0  # millimetres
GRAZING = (0.12, 0.40)  # cosines between which a surface that turns away fades
RELIT = (0.45, 2.2)  # how much darker and lighter the plate's light may make the texture
STRETCH = (0.7, 1.4)  # how much contrast may change
PLACES = 6000  # pixels that light is told from


class Swap:
    """Draws another face on faces of one model.

    Args:
        settings: the texture.
        model: whose faces will come.

    Raises:
        MorphError: no texture was given, it is for another model, or the model has no texture coordinates or masks.
    """

    def __init__(self, settings: FaceSwap, model: MorphableModel) -> None:
        if settings.texture is None:
            raise MorphError(
                "face_swap needs a face: `face=FACE.png` of `morph export TRACK over=CLIP out=FACE.png`, or a track"
            )
        if not len(model.uv_triangles):
            raise MorphError(f"model {model.name!r} has no texture coordinates, which face_swap needs; convert one that has")
        check_zones(model, "face_swap")
        if settings.identity and settings.identity != model.identity:
            raise MorphError(
                f"{settings.source} is a texture for model {settings.identity}, this track is of {model.name!r} "
                f"({model.identity}); export one from a track of the same model"
            )
        texture = settings.texture
        self._texture = Texture(np.dstack([texture, np.full(texture.shape[:2], 255, np.uint8)]))
        self._zone = face_zone(model)
        self._corners = model.uv[model.uv_triangles].astype(np.float32)

    def __call__(self, plate: Floats, face: PlateFace) -> Floats:
        """The box of the face, ``(h, w, 3)`` display RGB 0..1, with the other face."""
        alpha = self.mask(face)
        if (alpha > 0.5).sum() < 64:
            return plate
        drawn = self.drawn(face)
        drawn = _relit(drawn, plate, face, alpha)
        drawn = match_colours(drawn, plate, alpha)
        return np.asarray(plate + alpha[..., None] * (drawn - plate), np.float32)

    def drawn(self, face: PlateFace) -> Floats:
        """``(h, w, 3)`` the texture as the mesh carries it, unlit, 0..1."""
        seen = face.fragments.covered
        places = face.at_pixels(self._corners)[seen]
        out = np.zeros((*seen.shape, 3), np.float32)
        out[seen] = sample(self._texture.levels[self._level(face)], places)[:, :3]
        return out

    def mask(self, face: PlateFace) -> Floats:
        """``(h, w)`` how much of each pixel is exchanged."""
        seen = face.at_pixels(np.column_stack([self._zone, face.normals[:, 2]]))
        alpha = seen[..., 0] * smooth_step(seen[..., 1], *GRAZING)
        hard = cv2.erode(
            alpha, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, 2 * (2 * max(round(0.4 * FEATHER * face.millimetre), 0) + 1,))
        )
        return blurred(np.asarray(hard, np.float32), 0.5 * FEATHER * face.millimetre) * (seen[..., 0] > 0)

    def _level(self, face: PlateFace) -> int:
        """Of the texture, whose texels are about as large as pixels."""
        zone = self._zone[face.model.triangles].min(axis=1) > 0.5
        points, uv = face.points[face.model.triangles[zone], :2], self._corners[zone]
        pixels, texels = (doubled_areas(corners) for corners in (points, uv * len(self._texture.levels[0])))
        facing = pixels < 0
        facing = facing if facing.any() else ~facing
        return self._texture.level(float(np.sqrt(np.abs(texels[facing]).sum() / max(np.abs(pixels[facing]).sum(), 1e-9))))


def match_colours(drawn: Floats, plate: Floats, alpha: Floats) -> Floats:
    """``drawn`` with the mean and the spread that ``plate`` has in L*a*b*, weighted by ``alpha``; ``(h, w, 3)`` each."""
    weights = alpha[..., None] / max(float(alpha.sum()), 1e-6)
    ours, theirs = to_lab(drawn), to_lab(plate)
    means = [(weights * lab).sum(axis=(0, 1)) for lab in (ours, theirs)]
    spreads = [np.sqrt((weights * (lab - mean) ** 2).sum(axis=(0, 1))) for lab, mean in zip((ours, theirs), means, strict=True)]
    return from_lab((ours - means[0]) * np.clip(spreads[1] / np.maximum(spreads[0], 1e-3), *STRETCH) + means[1])


def _relit(drawn: Floats, plate: Floats, face: PlateFace, alpha: Floats) -> Floats:
    """``drawn`` with the smooth shading of the plate in the place of its own."""
    places = np.flatnonzero(alpha.ravel() > 0.5)
    some = places[:: max(len(places) // PLACES, 1)]
    normals = np.stack([blurred(face.at_pixels(face.normals)[..., k], 3 * face.millimetre) for k in range(3)], axis=-1)
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-6)
    basis = harmonic_basis(normals.reshape(-1, 3)[places])
    chosen, weights = harmonic_basis(normals.reshape(-1, 3)[some]), alpha.ravel()[some]
    shades = []
    for picture in (plate, drawn):
        light = solve_light(chosen, luminance(picture).ravel()[some, None], weights)
        shades.append(shading(light, basis, alpha.ravel()[places])[:, 0])
    ratio = np.ones(alpha.shape, np.float32)
    ratio.ravel()[places] = np.clip(shades[0] / shades[1], *RELIT)
    known = (alpha > 0.5).astype(np.float32)
    wide = 4 * face.millimetre
    spread = blurred(ratio * known, wide) / np.maximum(blurred(known, wide), 1e-3)
    ratio = np.where(known > 0, ratio, np.clip(spread, *RELIT))
    return np.asarray(np.clip(drawn * ratio[..., None] ** (1 / GAMMA), 0, 1), np.float32)
