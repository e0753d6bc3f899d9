"""The 52 ARKit shapes from the Face Units pack, fitted to the proportions of the mean head."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from head import Head
from makehuman import MakeHuman

Floats = npt.NDArray[np.float64]

FOLDER = "faceunits01/targets/faceunits"

# Typical root mean square of each weight in natural footage, in four steps; a weight is its z-score times this.
STRONG = ("eyeBlink", "eyeLook", "jawOpen", "mouthSmile", "eyeSquint", "browInnerUp", "browDown")
WEAK = ("tongueOut", "cheekPuff", "jawForward", "jawLeft", "jawRight", "mouthLeft", "mouthRight", "mouthFunnel")
RMS = {"strong": 0.4, "usual": 0.3, "weak": 0.2}


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
    return {
        name: 0.5 * (shape + raw[_partner(name)][head.mirror] * [-1.0, 1.0, 1.0]) for name, shape in sorted(raw.items())
    }
