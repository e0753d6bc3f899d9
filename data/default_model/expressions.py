"""The 52 ARKit shapes from the Face Units pack, fitted to the proportions of the mean head."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from anatomy import Anatomy, fit_sphere
from head import Head
from makehuman import MakeHuman
from mouth import SMOOTHING, follow_jaw, smooth_cheeks

Floats = npt.NDArray[np.float64]

FOLDER = "faceunits01/targets/faceunits"

# Typical root mean square of each weight in natural footage, in three steps; a weight is its z-score times this.
STRONG = ("eyeBlink", "eyeLook", "jawOpen", "mouthSmile", "eyeSquint", "browInnerUp", "browDown")
WEAK = ("tongueOut", "cheekPuff", "jawForward", "jawLeft", "jawRight", "mouthLeft", "mouthRight", "mouthFunnel")
RMS = {"strong": 0.4, "usual": 0.3, "weak": 0.2}

OVERLAP = 0.6  # mm by which the closed upper lid covers the lower one
CLEARANCE = 0.9  # mm between eyeball and the lids
# Shapes that fall short of what people can do; raised brows of the pack move 5 mm at most.
GAIN = {"browInnerUp": 1.6, "browOuterUp": 1.4, "browDown": 1.2, "mouthLowerDown": 1.3}
# Turn of the eyeball at weight 1 in degrees: about x (down is positive), about y (to the subject's left is positive).
GAZE = {
    "eyeLookUpLeft": (-25, 0),
    "eyeLookDownLeft": (30, 0),
    "eyeLookInLeft": (0, -30),
    "eyeLookOutLeft": (0, 30),
    "eyeLookUpRight": (-25, 0),
    "eyeLookDownRight": (30, 0),
    "eyeLookInRight": (0, 30),
    "eyeLookOutRight": (0, -30),
}


def _partner(name: str) -> str:
    """Name of the mirror image of a shape; gaze in stays in, out stays out."""
    if name.endswith("Left"):
        return name[:-4] + "Right"
    return name[:-5] + "Left" if name.endswith("Right") else name


def expression_std(names: list[str]) -> Floats:
    """``(E,)`` typical root mean square of each weight."""
    steps = ["strong" if n.startswith(STRONG) else "weak" if n.startswith(WEAK) else "usual" for n in names]
    return np.array([RMS[step] for step in steps])


def read_shapes(data: MakeHuman, head: Head) -> dict[str, Floats]:
    """``(V, 3)`` offsets in millimetres of the base mesh by ARKit name, each the exact mirror image of its partner."""
    raw = {name: offsets[head.source] for name, offsets in data.targets(FOLDER)}
    return {name: mirror_pair(shape, raw[_partner(name)], head) for name, shape in sorted(raw.items())}


def mirror_pair(shape: Floats, partner: Floats, head: Head) -> Floats:
    """The mean of a shape and its partner's mirror image."""
    return 0.5 * (shape + partner[head.mirror] * [-1.0, 1.0, 1.0])


def fit_shapes(shapes: dict[str, Floats], mean: Floats, head: Head) -> dict[str, Floats]:
    """Corrects blinks, gaze, creases of the cheeks and the tongue for the mean head.

    Args:
        shapes: from :func:`read_shapes`, scaled to the mean head.
        mean: ``(V, 3)`` millimetres, symmetric.
        head: whose parts the vertices are.
    """
    anatomy = Anatomy.of(head)
    skin = np.zeros(len(mean), bool)
    skin[head.part("skin")] = True
    fitted = dict(shapes)
    for side, name in enumerate(("Left", "Right")):
        fitted[f"eyeBlink{name}"] = _close_lids(shapes[f"eyeBlink{name}"], mean, anatomy, side, skin)
    for name, (pitch, yaw) in GAZE.items():
        rows = anatomy.eyes[name.endswith("Right")]
        centre, _ = fit_sphere(mean[rows])
        fitted[name] = shapes[name].copy()
        fitted[name][rows] = (mean[rows] - centre) @ (_rotation(pitch, yaw) - np.eye(3)).T
    fitted["jawOpen"] = follow_jaw(shapes["jawOpen"], mean, head)
    for name, steps in SMOOTHING.items():
        fitted[name] = smooth_cheeks(shapes[name], head, steps)
    for name in fitted:
        fitted[name] = fitted[name] * next((gain for start, gain in GAIN.items() if name.startswith(start)), 1.0)
    return {name: mirror_pair(shape, fitted[_partner(name)], head) for name, shape in fitted.items()}


def _rotation(pitch: float, yaw: float) -> Floats:
    a, b = np.radians([pitch, yaw])
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    return about_y @ about_x


def _close_lids(shape: Floats, mean: Floats, anatomy: Anatomy, side: int, skin: npt.NDArray[np.bool_]) -> Floats:
    """A blink that just closes the mean head's eye: its travel is stretched column by column, and kept off the eyeball."""
    upper, lower = anatomy.upper_lid[side], anatomy.lower_lid[side]
    closing = shape[lower, 1] - shape[upper, 1]
    stretch = (anatomy.lid_gap(mean)[side] + OVERLAP) / closing
    order = np.argsort(mean[upper, 0])
    columns = np.interp(mean[:, 0], mean[upper[order], 0], stretch[order])
    closed = shape * columns[:, None]
    centre, radius = fit_sphere(mean[anatomy.eyes[side]])
    moved = skin & (np.abs(shape).max(axis=1) > 0) & (np.linalg.norm(mean - centre, axis=1) > radius)
    offset = mean[moved] + closed[moved] - centre
    distance = np.linalg.norm(offset, axis=1, keepdims=True)
    closed[moved] += offset / distance * np.maximum(radius + CLEARANCE - distance, 0.0)
    return closed
