"""High dynamic range and wide gamuts brought to what an ordinary display shows: sRGB."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from morph.arrays import Doubles, Floats, Image, Reals
from morph.compiled import compiled
from morph.rendering.colour import decode_srgb, encode_srgb

WHITE = 203.0  # cd/m2 of a white page in HDR pictures (ITU-R BT.2408), which becomes white
PEAK = 1000.0  # cd/m2 of the display that HLG is shown on (ITU-R BT.2100)
KNEE = 0.8  # of white: up to here light is kept as it is, what is brighter is drawn together below white
LEVELS = 4096  # of a stored value
SHADES = 16384  # steps of linear light that are told apart
PQ, HLG = 16, 18  # transfers as FFmpeg numbers them (ITU-T H.273)
BT709 = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))  # x, y of red, green, blue
P3 = ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
BT2020 = ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
WIDER = {9: BT2020, 11: P3, 12: P3}  # by number of H.273
D65 = (0.3127, 0.3290)
LUMINANCE = (0.2627, 0.6780, 0.0593)  # of BT.2020's red, green, blue


@dataclass(frozen=True)
class Colours:
    """How the numbers of a clip are to be understood, as H.273 numbers it.

    Attributes:
        primaries: of its RGB.
        transfer: from light to numbers.
    """

    primaries: int
    transfer: int

    @property
    def is_hdr(self) -> bool:
        """Whether white is not its brightest colour."""
        return self.transfer in (PQ, HLG)

    @property
    def is_ordinary(self) -> bool:
        """Whether an ordinary display shows it as it is."""
        return not self.is_hdr and self.primaries not in WIDER


class WideColour:
    """Brings pictures of one kind to sRGB.

    Light up to :data:`KNEE` of a white page is kept as it is, so that skin has its own colours; highlights are drawn together
    below white, with their hue. Colours outside sRGB are cut off at its edge.

    Args:
        colours: of the pictures.
    """

    def __init__(self, colours: Colours) -> None:
        values = np.linspace(0, 1, LEVELS)
        wide = BT709 if colours.primaries == 1 else WIDER.get(colours.primaries, BT2020)  # HDR that does not say is BT.2020
        self._matrix = np.linalg.solve(to_xyz(BT709), to_xyz(wide)).astype(np.float32)
        self._system = np.float32(0.2 if colours.transfer == HLG else 0.0)
        light: Reals
        if colours.transfer == PQ:
            light = pq_light(values) / WHITE
        elif colours.transfer == HLG:
            light = hlg_scene(values)
        else:
            light = decode_srgb(values)
        self._light = light.astype(np.float32)
        self._knee = np.float32(KNEE if colours.is_hdr else 1.0)
        linear = np.linspace(0, 1, SHADES)
        self._shown = np.rint(255 * encode_srgb(linear)).astype(np.uint8)

    def __call__(self, picture: npt.NDArray[np.uint16]) -> Image:
        """``(H, W, 3)`` uint8 sRGB of ``(H, W, 3)`` uint16 RGB, whose full scale is 65535."""
        shown, gain = np.empty(picture.shape, np.uint8), np.float32(PEAK / WHITE)
        pixels, out = picture.reshape(-1, 3), shown.reshape(-1, 3)
        _convert(pixels, out, self._light, self._matrix, self._system, gain, self._knee, self._shown)
        return shown


def to_xyz(primaries: tuple[tuple[float, float], ...]) -> Doubles:
    """``(3, 3)`` from linear RGB of these primaries (x, y), whose white is D65, to CIE XYZ."""
    x, y = np.array([*primaries, D65]).T
    xyz = np.stack([x / y, np.ones(4), (1 - x - y) / y])
    return np.asarray(xyz[:, :3] * np.linalg.solve(xyz[:, :3], xyz[:, 3]))


def pq_light(values: Doubles) -> Doubles:
    """cd/m2 of values 0..1 in the PQ transfer (SMPTE ST 2084); 1 is 10 000.

    >>> round(float(pq_light(np.array(0.58))), 0)
    202.0
    """
    root = values ** (32 / 2523)
    return np.asarray(10000 * (np.maximum(root - 3424 / 4096, 0) / (2413 / 128 - 2392 / 128 * root)) ** (16384 / 2610))


def hlg_scene(values: Doubles) -> Doubles:
    """Light of the scene, 0..1, of values 0..1 in the HLG transfer (ITU-R BT.2100); 0.5 is 1/12."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(values <= 0.5, values**2 / 3, (np.exp((values - c) / a) + b) / 12)


@compiled
def _convert(  # noqa: PLR0913 - a compiled loop
    picture: npt.NDArray[np.uint16],
    shown: Image,
    light: Floats,
    matrix: Floats,
    system: np.float32,
    gain: np.float32,
    knee: np.float32,
    shades: Image,
) -> None:
    """Pixel by pixel: light, the display's own curve (HLG), primaries, highlights, and the curve of sRGB."""
    one, zero, room = np.float32(1), np.float32(0), np.float32(max(np.float32(1) - knee, np.float32(1e-6)))
    last = np.float32(len(shades) - 1)
    half = np.float32(0.5)
    for i in range(len(picture)):
        r, g, b = light[picture[i, 0] >> 4], light[picture[i, 1] >> 4], light[picture[i, 2] >> 4]
        if system > zero:
            luminance = np.float32(LUMINANCE[0] * r + LUMINANCE[1] * g + LUMINANCE[2] * b)
            bright = gain * luminance**system
            r, g, b = r * bright, g * bright, b * bright
        red = max(matrix[0, 0] * r + matrix[0, 1] * g + matrix[0, 2] * b, zero)
        green = max(matrix[1, 0] * r + matrix[1, 1] * g + matrix[1, 2] * b, zero)
        blue = max(matrix[2, 0] * r + matrix[2, 1] * g + matrix[2, 2] * b, zero)
        most = max(red, green, blue)
        scale = one
        if most > knee:
            over = (most - knee) / room
            scale = (knee + room * over / (one + over)) / most
        scale *= last
        shown[i, 0] = shades[int(min(red * scale, last) + half)]
        shown[i, 1] = shades[int(min(green * scale, last) + half)]
        shown[i, 2] = shades[int(min(blue * scale, last) + half)]
