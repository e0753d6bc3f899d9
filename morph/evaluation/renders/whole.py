"""How far away and how turned heads are found in whole pictures, by a tracker that is given their lenses."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from morph.arrays import Array, Doubles
from morph.errors import MorphError
from morph.frames.picture import read_picture
from morph.model import Lens, interpupillary, place_heads
from morph.model.rotation import angle_between
from morph.npz import read_npz
from morph.tracking import Tracker, TrackerOptions
from morph.tracking.detection.boxes import overlap

TRUTH = "cameras.npz"
ARRAYS = ("name", "shape", "camera_rotation", "camera_position", "camera_focal", "camera_mm", "box")
SAME_FACE = 0.3  # least overlap of the boxes
LENSES = ((24, 35), (35, 50), (50, 85))  # millimetres
ASIDE = ((0, 10), (10, 20), (20, 45))  # degrees off the axis
PROTOCOL = """\
pictures     of data/synthetic/whole_pictures.py: 24 to 85 mm before a full frame, 25 cm to 3 m, the head anywhere
found        in how many the tracker's own detector found the face; the others are left out below
own          distance to the model's origin, in % of the true one, lens given, and the true distance of the eyeballs' middles:
             median, 90 % of the pictures, signed median (+ is too far)
head         the same where only the lens is given, and the head that is found counts
lenses       medians and 90 % of `own` by focal length: 24 to 35, 35 to 50, 50 to 85 mm
aside        the same by degrees off the axis: less than 10, 10 to 20, more
turn         angle between the true turn and that which is found, degrees, median and 90 %; flat: the one in the picture
"""


@dataclass(frozen=True)
class WholeReport:
    """Places of heads in whole pictures against the truth; see ``PROTOCOL``."""

    pictures: int
    found: int
    own: list[float]
    head: list[float]
    lenses: list[list[float]]
    aside: list[list[float]]
    turn: list[float]
    flat: list[float]

    def as_json(self) -> dict[str, Any]:
        """All measures and the protocol."""
        return dataclasses.asdict(self) | {"protocol": PROTOCOL}

    def as_text(self) -> str:
        """A table and the protocol."""
        return "\n".join([*(f"{name:<12}{value}" for name, value in dataclasses.asdict(self).items()), "", PROTOCOL])


def measure_whole(folder: str | os.PathLike[str], options: TrackerOptions | None = None) -> WholeReport:
    """Find heads in whole pictures and place them before their lenses.

    Args:
        folder: of data/synthetic/whole_pictures.py.
        options: of the tracker; None are the defaults.

    Raises:
        MorphError: the truth is missing or damaged, a picture cannot be read, or no face is found.
    """
    folder = Path(folder)
    truth = read_npz(folder / TRUTH, "cameras of whole pictures", "render them with data/synthetic/whole_pictures.py")
    missing = [name for name in ARRAYS if name not in truth]
    if missing:
        raise MorphError(f"{folder / TRUTH} has no {', '.join(missing)}; render it with data/synthetic/whole_pictures.py")
    tracker = Tracker(dataclasses.replace(options or TrackerOptions(), level=0))
    every = range(len(truth["name"]))
    rows = [row for number in every if (row := _measured(folder, truth, number, tracker)) is not None]
    if not rows:
        raise MorphError(f"no face was found in the pictures of {folder}")
    own, head, mm, aside, turn, flat = np.array(rows).T

    def bands(by: Doubles, edges: tuple[tuple[int, int], ...]) -> list[list[float]]:
        return [_spread(np.abs(own[(by >= low) & (by < high)])) for low, high in edges]

    return WholeReport(
        len(every),
        len(rows),
        [*_spread(np.abs(own)), round(float(np.median(own)), 2)],
        [*_spread(np.abs(head)), round(float(np.median(head)), 2)],
        bands(mm, LENSES),
        bands(aside, ASIDE),
        _spread(turn),
        _spread(flat),
    )


def _measured(folder: Path, truth: dict[str, Array], number: int, tracker: Tracker) -> tuple[float, ...] | None:
    """Errors of the distance in %, millimetres of the lens, degrees off its axis and of the turns; None: not found."""
    image = read_picture(folder / str(truth["name"][number]))
    tracker.forget()
    faces = tracker.process(image, float(number), number)
    shares = [float(overlap(face.box[None], truth["box"][number][None])[0, 0]) for face in faces]
    if not faces or max(shares) < SAME_FACE:
        return None
    pose, model = faces[int(np.argmax(shares))].coefficients, tracker.model
    height, width = image.shape[:2]
    found = place_heads(model, pose, Lens(float(truth["camera_focal"][number]), width, height))
    place, turn = truth["camera_position"][number], truth["camera_rotation"][number]
    away, distance = float(np.linalg.norm(place)), float(np.linalg.norm(found.position[0]))
    true, mine = (interpupillary(model, np.asarray(shape, np.float64)) for shape in (truth["shape"][number], pose.shape))
    errors = [100 * (distance * size / away - 1) for size in (true / mine, 1.0)]
    off = np.degrees(np.arctan2(np.hypot(place[0], place[1]), -place[2]))
    turns = (found.rotation[0], np.asarray(pose.rotation, np.float64))
    return (*errors, float(truth["camera_mm"][number]), float(off), *(float(np.degrees(angle_between(t, turn))) for t in turns))


def _spread(values: Doubles) -> list[float]:
    """Median and 90 %; nothing of nothing."""
    return [round(float(np.percentile(values, share)), 2) for share in (50, 90)] if len(values) else []
