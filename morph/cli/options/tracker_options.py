"""The options of a tracker on the command line: where they are added, and where they are read."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from morph.errors import MorphError

if TYPE_CHECKING:
    from morph.frames import FrameSource
    from morph.model import LensOptions
    from morph.tracking import SmoothingConfig, Tracker, TrackerOptions

SMOOTHING = {
    "online": "as frames come",
    "flow": "the same, with head pose propagated by optical flow, which removes most of the lag",
    "offline": "without lag, in a second pass",
    "none": "as the network says",
}
ADDED: dict[str, dict[str, Any]] = {
    "max_faces": {
        "type": int,
        "default": 1,
        "metavar": "N",
        "help": "follow up to N faces; files are then 000000_ID.obj (default: 1)",
    },
    "level": {
        "type": int,
        "choices": (0, 1, 2),
        "default": 1,
        "help": "4,054, 16,005 or 63,619 vertices of the model that ships (default: 1)",
    },
    "passes": {
        "type": int,
        "choices": (1, 2),
        "default": 1,
        "help": "2 runs the network again on the mirrored, re-centred crop and averages: more accurate, half as fast (1)",
    },
    "experts": {
        "metavar": "{none,eyes,mouth,both,FILE}",
        "help": "look closer at eyes, mouth or both, and correct expressions; FILE: experts of `morph train-experts` (default: "
        "eyes with the weights that ship, else none)",
    },
    "expressions": {
        "metavar": "{default,none,FILE}",
        "help": "separate network that reads the expression in each frame (default: bundled, with the bundled weights, "
        "else none)",
    },
    "identity": {
        "metavar": "{default,none,FILE}",
        "help": "separate network that estimates the head's shape, averaged over the track (default: bundled, with the "
        "bundled weights, else none)",
    },
    "neutral": {
        "default": "none",
        "metavar": "auto|none|FRAME|PICTURE",
        "help": "resting face that weights are counted from: none, the model's own; auto, each person's, found over the track; "
        "a frame or a picture that shows it. Meshes and coefficients stay the same (default: none)",
    },
    "gains": {
        "choices": ("none", "auto"),
        "default": "none",
        "help": "auto: stretch each weight so that what the person does at the most is 1 (default: none)",
    },
    "device": {
        "choices": ("cpu", "cuda", "coreml", "directml", "auto"),
        "default": "cpu",
        "help": "where networks run; auto: the first that the ONNX Runtime that is installed can start (default: cpu)",
    },
    "weights": {"type": Path, "metavar": "FILE", "help": "ONNX weights, or x0.5, x1.0, x2.0 (default: x1.0)"},
    "model": {"type": Path, "metavar": "FILE", "help": "morphable model .npz of the weights (default: the one that ships)"},
}


def _millimetres(text: str) -> float:
    """A number; or why there is none."""
    if text == "auto":
        raise argparse.ArgumentTypeError("only `morph track` solves a lens, from a clip; give millimetres or leave it out")
    return float(text)


def _millimetres_or_auto(text: str) -> float | str:
    return text if text == "auto" else float(text)


LENS: dict[str, dict[str, Any]] = {
    "focal": {
        "type": _millimetres,
        "metavar": "MM",
        "help": "focal length of the lens in millimetres (default: as a picture's EXIF says it, else 50 is assumed)",
    },
    "sensor": {"type": float, "metavar": "MM", "help": "longer side of its sensor (default: 36, a full frame)"},
    "fov": {"type": float, "metavar": "DEG", "help": "its horizontal field of view in degrees, instead of --focal"},
    "focal_px": {"type": float, "metavar": "PX", "help": "its focal length in pixels, instead of --focal"},
    "k1": {"type": float, "metavar": "K", "help": "its radial distortion, as OpenCV's (default: 0)"},
    "interpupillary": {
        "type": float,
        "metavar": "MM",
        "help": "distance of the person's pupils in millimetres (default: that of the head that is found)",
    },
    "scale": {"type": float, "metavar": "S", "help": "heads are S times as large as the one that is found (default: 1)"},
}  # fields of LensOptions
AUTO: dict[str, Any] = {
    "type": _millimetres_or_auto,
    "metavar": "MM|auto",
    "help": f"{LENS['focal']['help']}; auto: solved from a clip in which a head turns by 25 degrees or more, and how "
    "sure that is (20 to 60 s of CPU time)",
}


UNWEIGHTED = ("neutral", "gains", "lens")  # of no meaning where no weights and places of people come out


def add(
    parser: argparse.ArgumentParser,
    without: Collection[str] = (),
    smoothing: Sequence[str] = ("online", "flow", "none"),
    solves_lens: bool = False,
) -> None:
    """Add the options that make a tracker.

    Args:
        parser: of a verb, or a group of it.
        without: names of :class:`morph.tracking.TrackerOptions` that the verb leaves at their defaults.
        smoothing: the first is what ``--smooth`` stands at; keys of :data:`SMOOTHING`.
        solves_lens: the verb reads a whole clip, and may solve its lens.
    """
    for name, keywords in ADDED.items():
        if name not in without:
            parser.add_argument(f"--{name.replace('_', '-')}", **keywords)
    if "lens" not in without:
        add_lens(parser, solves_lens)
    if "smoothing" in without:
        return
    said = "; ".join(f"{word}: {SMOOTHING[word]}" for word in smoothing)
    parser.add_argument("--smooth", choices=tuple(smoothing), default=smoothing[0], help=f"{said} (default: {smoothing[0]})")


def add_lens(parser: argparse.ArgumentParser, solves_lens: bool = False) -> None:
    """Add what says which lens there was, and how large a head is; see docs/conventions.md.

    Args:
        parser: of a verb.
        solves_lens: it may solve the focal length.
    """
    group = parser.add_argument_group("where heads are, in millimetres before the camera")
    for name, keywords in LENS.items():
        more = AUTO if solves_lens and name == "focal" else {}
        group.add_argument(f"--{name.replace('_', '-')}", **keywords | more)


def lens_given(options: argparse.Namespace) -> bool:
    """Whether the command line says anything of the focal length."""
    return any(getattr(options, name, None) is not None for name in ("focal", "fov", "focal_px"))


def lens_or_none(options: argparse.Namespace) -> LensOptions | None:
    """What was said of lens and head; None where nothing was."""
    return read_lens(options) if any(getattr(options, name, None) is not None for name in LENS) else None


def read_lens(options: argparse.Namespace) -> LensOptions:
    """What was said of the lens.

    Raises:
        MorphError: a value out of its range, or two that say the same.
    """
    from morph.model import LensOptions

    given = {name: value for name in LENS if (value := getattr(options, name, None)) is not None}
    if given.get("focal") == "auto":
        given = given | {"focal": None, "auto": True}
    return LensOptions(**given)


def read(options: argparse.Namespace, source: FrameSource | None = None) -> TrackerOptions:
    """What was given; what the verb has no option for stands at its default.

    Args:
        options: of the command line.
        source: what will be tracked; a picture may say its lens.

    Raises:
        MorphError: a value out of its range, or ``--level`` of a model that does not ship.
    """
    from morph.model.default_model import ONLY_DEFAULT
    from morph.tracking import TrackerOptions
    from morph.tracking.lens.of_picture import lens_of_picture

    given = {name: getattr(options, name) for name in ADDED if hasattr(options, name)}
    if given.get("model") and given.get("level", 1) != 1:
        raise MorphError(ONLY_DEFAULT)
    given["lens"] = read_lens(options)
    if source is not None:
        given["lens"] = lens_of_picture(given["lens"], source)
    if hasattr(options, "smooth"):
        given["smoothing"] = _smoothing(options.smooth)
    return TrackerOptions(**given)


def open_tracker(options: argparse.Namespace, source: FrameSource | None = None) -> Tracker:
    """The tracker that was asked for; arguments as of :func:`read`.

    Raises:
        MorphError: as :func:`read`, or networks and model cannot be read or do not belong together.
    """
    from morph.tracking import Tracker

    return Tracker(read(options, source))


def _smoothing(word: str) -> SmoothingConfig | None:
    from morph.tracking import FlowCutoffs, SmoothingConfig

    if word == "none":
        return None
    return SmoothingConfig(online=word != "offline", flow=FlowCutoffs() if word == "flow" else None)
