"""Profile a whole crop set: which face is turned how far, and the crop set that comes of it."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from morph.arrays import Reals
from morph.datasets.crop_writer import Piece
from morph.datasets.crops import CropSet
from morph.errors import MorphError
from morph.fitting.mat_files import mat_folder, mat_variables, write_face_mat
from morph.fitting.profiling.profiling import Profiler, head_yaw
from morph.model.coefficients import Coefficients
from morph.model.morphable_model import MorphableModel
from morph.picture_file import save_picture

FARTHEST = 100.0  # degrees: beyond this the back of the head would be seen, which no photograph of a face shows
OWN = ("format", "count", "fingerprint", "images_crc32", "files", "bad")  # of the set that is read, not of what is made of it


@dataclass(frozen=True)
class ProfilingPlan:
    """Which turns are made; yaw about the head's own vertical axis, in degrees, away from frontal.

    Attributes:
        step: between pictures of one face; also the least turn.
        min_yaw, max_yaw: of the turned heads, without sign.
        start_yaw: faces that are turned farther already are left out.
        both_ways: up to this yaw a face is turned to either side, beyond it only farther.
        count: draw so many turns, as many of each face as of the others, evenly over the yaws; None makes every step.
        seed: of that draw.
        margin: side of the pictures over that of the published crop; None keeps that of the set.

    Raises:
        MorphError: numbers out of range.
    """

    step: float = 10.0
    min_yaw: float = 0.0
    max_yaw: float = 90.0
    start_yaw: float = 50.0
    both_ways: float = 10.0
    count: int | None = None
    seed: int = 0
    margin: float | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.step <= FARTHEST:
            raise MorphError(f"a step of {self.step} degrees is out of range; give 1 to {FARTHEST:g}")
        if not 0 <= self.min_yaw < self.max_yaw <= FARTHEST:
            raise MorphError(
                f"yaws of {self.min_yaw} to {self.max_yaw} degrees are out of range; 0 <= least < most <= {FARTHEST:g}"
            )
        if not 0 <= self.both_ways <= self.start_yaw <= FARTHEST:
            raise MorphError(f"a start at {self.start_yaw} and both ways up to {self.both_ways} degrees do not fit together")
        if self.count is not None and self.count < 1:
            raise MorphError(f"cannot make {self.count} pictures; give 1 or more")
        if self.margin is not None and not 0.8 <= self.margin <= 2:
            raise MorphError(f"a margin of {self.margin} is out of range; give 0.8 to 2")

    def turns(self, yaw: Reals) -> list[tuple[int, float]]:
        """Row and turn in degrees of every picture to make of heads whose ``yaw`` ``(N,)`` is given in degrees.

        Raises:
            MorphError: no head can be turned so.
        """
        sides = [
            (row, side) for row in np.flatnonzero(np.abs(yaw) <= self.start_yaw).tolist() for side in self._sides(yaw[row])
        ]
        starts = {(row, side): float(yaw[row]) * side for row, side in sides}
        starts = {key: start for key, start in starts.items() if start + self.step <= self.max_yaw}
        if not starts:
            raise MorphError(f"no face of the set is turned by {self.start_yaw:g} degrees or less; give a larger `start_yaw=`")
        if self.count is not None:
            return self._drawn(starts)
        out = []
        for (row, side), start in starts.items():
            reached = np.arange(start + self.step, self.max_yaw + 1e-6, self.step)
            out += [(row, side * (float(to) - start)) for to in reached if to >= self.min_yaw]
        return sorted(out)

    def _sides(self, yaw: float) -> tuple[int, ...]:
        return (-1, 1) if abs(yaw) <= self.both_ways else (int(np.sign(yaw)),)

    def _drawn(self, starts: dict[tuple[int, int], float]) -> list[tuple[int, float]]:
        rng = np.random.default_rng(self.seed)
        rows = np.array(sorted({row for row, _ in starts}))
        laps = [rng.permutation(rows) for _ in range(-(-self.count // len(rows)))]  # type: ignore[operator]
        out = []
        for row in np.concatenate(laps)[: self.count].tolist():
            side = int(rng.choice([side for side in (-1, 1) if (row, side) in starts]))
            start = starts[row, side]
            out.append((row, side * (rng.uniform(max(self.min_yaw, start + self.step), self.max_yaw) - start)))
        return sorted(out)


def open_fitted_set(folder: Path, model: MorphableModel) -> CropSet:
    """A crop set with coefficients of a model.

    Raises:
        MorphError: not a crop set, without coefficients, or with those of another model.
    """
    crops = CropSet.open(folder)
    _ = crops.coefficients
    crops.check_model(model, folder, "give its `model=`")
    return crops


def plan_files(crops: CropSet, plan: ProfilingPlan) -> list[str]:
    """The pictures to make, as :class:`ProfileMaker` reads them: ``ROW TURN``, degrees.

    Raises:
        MorphError: no face can be turned so.
    """
    yaw = np.degrees(head_yaw(crops.coefficients.rotation))
    files = [f"{row} {turn:+.3f}" for row, turn in plan.turns(yaw)]
    if not files:
        raise MorphError(f"no step of {plan.step:g} degrees leads to a yaw of {plan.min_yaw:g} to {plan.max_yaw:g}; widen them")
    return files


def set_margin(crops: CropSet) -> float:
    """By how much the pictures of a set are usually larger than the published crop; what is less than 5 % counts as none."""
    marks = crops.labels["landmarks"]
    sides = np.sqrt(2.0) * (marks.max(1) - marks.min(1)).max(-1)
    ratio = float(np.median(crops.images.shape[1] / np.maximum(sides, 1e-6)))
    return round(ratio, 2) if ratio > 1.05 else 1.0


def profiled_meta(crops: CropSet, folder: Path, plan: ProfilingPlan) -> dict[str, Any]:
    """``meta.json``: what the source says of itself, and how its faces were turned."""
    crc = 0
    for name in ("shape", "expression", "rotation", "scale", "translation"):
        crc = zlib.crc32(np.ascontiguousarray(crops.labels[name]).tobytes(), crc)
    meta = {key: value for key, value in crops.meta.items() if key not in OWN}
    of = {"set": folder.name, "count": len(crops), "coefficients_crc32": crc, "images_crc32": crops.meta.get("images_crc32")}
    return {**meta, "profiling": {**dataclasses.asdict(plan), "of": of}}


@dataclass(eq=False)
class ProfileMaker:
    """Makes pictures of :func:`plan_files`. Picklable: it goes to worker processes.

    Attributes:
        folder: of the crop set.
        model: of its coefficients.
        margin: side of the pictures over that of the published crop.
    """

    folder: Path
    model: MorphableModel
    margin: float
    _opened: tuple[CropSet, Profiler] | None = field(default=None, init=False, repr=False)

    def __call__(self, files: Sequence[str]) -> Piece:
        """Turn faces; one that cannot be turned goes into ``bad``."""
        cv2.setNumThreads(0)
        if self._opened is None:
            self._opened = open_fitted_set(self.folder, self.model), Profiler(self.model)
        crops, profiler = self._opened
        turns = [(int(row), float(turn)) for row, turn in (file.split() for file in files)]
        coefficients, size = crops.coefficients, crops.images.shape[1]
        names = crops.labels.get("name", np.array([f"{row:06d}" for row in range(len(crops))]))
        made, rows, angles, bad = [], [], [], []
        last, view = -1, None
        for row, turn in turns:
            try:
                if row != last:
                    last, view = row, None
                    view = profiler.view(np.asarray(crops.images[row]), coefficients[row])
                if view is not None:
                    made.append(view.turn(np.radians(turn), size, self.margin))
                    rows.append(row)
                    angles.append(turn)
            except MorphError as error:
                bad.append(f"{self.folder}: {names[row]}: {error}")
        if not made:
            return Piece(np.zeros((0, size, size, 3), np.uint8), {}, bad)
        index = np.array(rows)
        poses = {name: np.stack([getattr(face.coefficients, name) for face in made]) for name in _FIELDS}
        yaw = np.degrees(head_yaw(poses["rotation"]))
        labels = {
            "landmarks": np.stack([face.landmarks for face in made]),
            "landmark_weights": np.ones((len(made), 68)),  # points of the model: all known, hidden or not
            **poses,
            "yaw_deg": yaw,
            "yaw_turn_deg": np.array(angles),
        }
        out: dict[str, npt.NDArray[Any]] = {name: array.astype(np.float32) for name, array in labels.items()}
        if "fit_error" in crops.labels:
            out["fit_error"] = crops.labels["fit_error"][index]
        out["visibility"] = np.stack([face.visibility for face in made])
        out["group"] = crops.labels["group"][index] if "group" in crops.labels else index
        out["source_row"] = index
        longest = max(map(len, names.astype(str))) + 7
        out["name"] = np.array([f"{names[row]}_{to:+06.1f}" for row, to in zip(rows, yaw, strict=True)], f"<U{longest}")
        return Piece(np.stack([face.image for face in made]), out, bad)


def write_mat_pairs(crops: CropSet, model: MorphableModel, folder: Path) -> None:
    """Write ``NAME.jpg`` and ``NAME.mat`` of every picture of a set, in the layout of 300W-LP.

    Raises:
        MorphError: a folder that cannot be written.
    """
    folder = mat_folder(folder, [name.replace("/", "_") for name in crops.labels["name"].tolist()])
    coefficients, size = crops.coefficients, crops.images.shape[1:3]
    for row, name in enumerate(crops.labels["name"].tolist()):
        stem = name.replace("/", "_")
        save_picture(folder / f"{stem}.jpg", crops.images[row], [cv2.IMWRITE_JPEG_QUALITY, 97])
        write_face_mat(folder / f"{stem}.mat", mat_variables(model, coefficients[row], crops.labels["landmarks"][row], size))


_FIELDS = tuple(spec.name for spec in dataclasses.fields(Coefficients))
