"""The light of footage, told from the skin of the faces in it: nine spherical harmonics a channel and a key light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from morph.arrays import Bools, Doubles, Image
from morph.rendering.colour import GAMMA
from morph.rendering.harmonics import FACTORS, harmonic_basis
from viewer.draw.lighting import Lighting
from viewer.plate.skin import SkinSamples

# Linear reflectance of skin from the palest to the darkest, and what is expected between them (0..1) and how firmly.
PALE, DARK = np.log([0.62, 0.42, 0.33]), np.log([0.085, 0.045, 0.030])
TONE, TONE_SPREAD = 0.22, 0.22
EXPOSURE, EXPOSURE_SPREAD = np.log(0.75), 0.35  # light of a camera that exposes well, and how firmly (natural logarithms)
# How far light may be off white: much from warm to cool, little from green to purple; and how far skin of one tone is.
CASTS = np.array([[1, 0, -1], [1, -2, 1]]).T / np.sqrt([2, 6])
CAST_SPREAD, HUE_SPREAD = np.array([0.08, 0.03]), 0.12
NEARLY_GREY, SOME_GREY = 0.30, 0.02  # casts that grey things may seem to have, and their share of a picture that tells half
# What is expected of 1 of light: some from everywhere, more from above and from the camera's side.
EXPECTED = np.array([0.62, 0.24, 0.18, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]) / np.array(FACTORS, np.float32)
SPREAD = np.array([0.5, 0.45, 0.35, 0.45, 0.14, 0.14, 0.08, 0.14, 0.14]) / np.array(FACTORS, np.float32)
COLOUR_SPREAD = SPREAD * 0.12  # of a channel about the grey of all three; more would be the redness of skin in the shade
SKIN_SPREAD = 0.16  # skin differs so much from one place to the next
COUNT = 150.0  # independent places that a whole face is worth
FEWEST = 60  # places below which only the exposure is told
LIGHT_SECONDS, TONE_SECONDS = 0.4, 4.0  # over which light and skin are averaged
CUT = 0.45  # change of light (natural logarithm) that is taken for another shot
BRIGHTEST = 1.5  # key light
GLINT = 0.8  # of the key light's strength that highlights get: it is spread out, not a point


@dataclass
class _Person:
    """What is known of a person's skin."""

    tone: float
    time: float


class LightEstimator:
    """Follows the light of a clip.

    The light is told in the camera's frame, where it mostly stands still while heads turn, so that evidence of several
    tenths of a second counts together.

    Attributes:
        light: the newest estimate; the expected light at first.
    """

    def __init__(self) -> None:
        self.light = as_lighting(np.exp(EXPOSURE) * EXPECTED[:, None].repeat(3, axis=1))
        self._people: dict[int, _Person] = {}
        self._system: tuple[Doubles, Doubles] | None = None
        self._time = 0.0
        self._gain: Doubles | None = None
        self._casts: Doubles | None = None

    def observe(self, faces: dict[int, SkinSamples], time: float, casts: npt.ArrayLike = (0.0, 0.0)) -> Lighting:
        """Take the faces of a frame into account; returns the light.

        Args:
            faces: by the person's number, see :class:`viewer.plate.skin.SkinReader`; may be empty.
            casts: of what is grey in the picture, see :func:`grey_casts`.
            time: seconds in the clip; a step back, or of more than a second, begins anew.
        """
        if not 0 <= time - self._time <= 1:
            self._system = self._casts = None
        keep = float(np.exp(-(time - self._time) / LIGHT_SECONDS)) if self._system is not None else 0.0
        casts = np.asarray(casts, np.float64)
        self._casts = casts if self._casts is None else keep * self._casts + (1 - keep) * casts
        systems, gains = [], []
        for person, skin in faces.items():
            if not len(skin.colours):
                continue
            gain, albedo = self._expose(person, skin, time)
            gains.append(gain)
            good = ~skin.clipped
            if good.sum() >= FEWEST:
                systems.append(_equations(skin, good, albedo, gain))
        self._time = time
        if not gains:
            return self.light
        gain = np.exp(np.mean(np.log(gains), axis=0))
        matrix, right = (sum((s[k] for s in systems), np.zeros(shape)) for k, shape in ((0, (9, 9)), (1, (9, 3))))
        if self._system is not None and self._gain is not None:
            if np.abs(np.log(gain / self._gain)).max() > CUT:
                keep = 0.0
            matrix = keep * self._system[0] + (1 - keep) * matrix
            right = keep * self._system[1] + (1 - keep) * right
            gain = np.exp(keep * np.log(self._gain) + (1 - keep) * np.log(gain))
        self._system, self._gain = (matrix, right), gain
        self.light = as_lighting(_solve(matrix, right, gain))
        return self.light

    def _expose(self, person: int, skin: SkinSamples, time: float) -> tuple[Doubles, Doubles]:
        """``(3,)`` light and ``(3,)`` reflectance that explain the mean colour of a face best."""
        good = ~skin.clipped if (~skin.clipped).sum() >= FEWEST else np.ones(len(skin.clipped), bool)
        expected = harmonic_basis(skin.normals[good]) @ EXPECTED * skin.open[good]
        mean = np.log(np.clip(np.median(skin.colours[good] / expected[:, None], axis=0), 2e-3, 2.0))
        casts = np.zeros(2) if self._casts is None else self._casts
        tone = skin_tone(mean, casts)
        known = self._people.get(person)
        if known is not None and time >= known.time:
            keep = float(np.exp(-(time - known.time) / TONE_SECONDS))
            tone = keep * known.tone + (1 - keep) * tone
        self._people[person] = _Person(tone, time)
        albedo = PALE + tone * (DARK - PALE)
        grey = (mean - albedo).mean()
        share = CAST_SPREAD**2 / (CAST_SPREAD**2 + HUE_SPREAD**2)  # the rest is the person's own hue
        cast = CASTS @ (casts + share * ((mean - albedo) @ CASTS - casts))
        return np.exp(np.clip(grey + cast, -4, 1.2)), np.exp(mean - np.clip(grey + cast, -4, 1.2))


def grey_casts(plate: Image) -> Doubles:
    """``(2,)`` mean casts, from warm to cool and from green to purple, of what in a picture is nearly grey; 0 where little is.

    Args:
        plate: ``(H, W, 3)`` uint8 RGB.
    """
    few = plate[:: max(plate.shape[0] // 60, 1), :: max(plate.shape[1] // 80, 1)].reshape(-1, 3) / 255.0
    casts = GAMMA * np.log(np.maximum(few, 0.02)) @ CASTS
    grey = (few.max(axis=1) < 0.97) & (few.mean(axis=1) > 0.2) & (np.abs(casts) < NEARLY_GREY).all(axis=1)
    return np.asarray(casts[grey].sum(axis=0) / (grey.sum() + SOME_GREY * len(few)))


def skin_tone(mean: npt.ArrayLike, casts: npt.ArrayLike = (0.0, 0.0)) -> float:
    """How dark skin is, 0 (pale) to 1, from the logarithm ``(3,)`` of what it sends back under light of 1.

    The same picture shows pale skin in little light and dark skin in much; this is the likeliest of them (least squares
    over tone, light and its casts, each about what is expected).
    """
    columns = np.column_stack([DARK - PALE, np.ones(3), CASTS])  # unknown: tone, and grey and casts of the light
    spreads = np.array([TONE_SPREAD, EXPOSURE_SPREAD, *CAST_SPREAD])
    expected = np.array([TONE, EXPOSURE, *np.asarray(casts)])
    system = np.vstack([columns / HUE_SPREAD, np.diag(1 / spreads)])
    right = np.concatenate([(np.asarray(mean) - PALE) / HUE_SPREAD, expected / spreads])
    return float(np.clip(np.linalg.lstsq(system, right, rcond=None)[0][0], 0, 1))


def _equations(skin: SkinSamples, good: Bools, albedo: Doubles, gain: Doubles) -> tuple[Doubles, Doubles]:
    """Matrix ``(9, 9)`` and right side ``(9, 3)`` of weighted least squares for light over ``gain``; outliers count little."""
    system = harmonic_basis(skin.normals[good]) * skin.open[good, None]
    wanted = skin.colours[good] / (albedo * gain)
    grey = wanted.mean(axis=1)
    weights = np.ones(len(grey))
    worth = COUNT * min(1.0, len(grey) / 250)
    for _ in range(5):
        share = weights * (worth / max(weights.sum(), 1e-9) / SKIN_SPREAD**2)
        matrix = system.T @ (share[:, None] * system)
        light = np.linalg.solve(matrix + np.diag(SPREAD**-2.0), system.T @ (share * grey) + SPREAD**-2.0 * EXPECTED)
        error = grey - system @ light
        spread = 1.4826 * float(np.median(np.abs(error))) + 0.02
        weights = 1 / (1 + (error / (2 * spread)) ** 2) ** 2  # Geman and McClure
    return matrix, system.T @ (share[:, None] * wanted * gain)


def _solve(matrix: Doubles, right: Doubles, gain: Doubles) -> Doubles:
    """``(9, 3)`` light: grey first, about what is expected, then each channel about the grey."""
    relative = right / gain
    grey = np.linalg.solve(matrix + np.diag(SPREAD**-2.0), relative.mean(axis=1) + SPREAD**-2.0 * EXPECTED)
    if not matrix.any():
        return grey[:, None] * gain
    own = np.linalg.solve(matrix + np.diag(COLOUR_SPREAD**-2.0), relative + (COLOUR_SPREAD**-2.0 * grey)[:, None])
    return np.asarray(own * gain)


def as_lighting(harmonics: npt.ArrayLike) -> Lighting:
    """Light of nine harmonics ``(9, 3)`` and of the direction that most of it comes from, which only shines.

    A lamp adds a quarter of its light to the mean over all normals and half of it to what changes with them.
    """
    light = np.asarray(harmonics, np.float64)
    slope = FACTORS[1] * light[[3, 1, 2]]  # x, y, z
    grey = slope.mean(axis=1)
    steep = float(np.linalg.norm(grey))
    direction = grey / steep if steep > 1e-6 else np.array([0.0, 0.0, 1.0])
    key = np.clip(2 * direction @ slope, 0, np.maximum(4 * FACTORS[0] * light[0], 0))
    key *= min(1.0, BRIGHTEST / max(float(key.max()), 1e-9))
    none = np.zeros(3, np.float32)
    return Lighting(
        sky=none,
        ground=none,
        directions=direction[None].astype(np.float32),
        colours=(GLINT * key)[None].astype(np.float32),
        harmonics=light.astype(np.float32),
        matt=False,
    )
