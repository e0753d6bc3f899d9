"""What ``morph track`` left in a folder, read back for looking at it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Doubles, Indices
from morph.errors import MorphError
from morph.model import Coefficients, Lens, MorphableModel
from morph.npz import read_npz
from morph.tracking.resting import RestingFace

ARRAYS = ("frame", "time", "id", "shape", "expression", "rotation", "scale", "translation")


@dataclass(frozen=True, eq=False)
class Track:
    """Every face of every frame of a track; rows are sorted by frame.

    Attributes:
        frame: ``(N,)`` number of the picture in the clip, from 0.
        time: ``(N,)`` seconds.
        id: ``(N,)`` which person.
        coefficients: of the N faces; pose in pixels of the clip.
        model_identity, model_name: of the model that the coefficients are for ("" where the track does not say).
        size: width and height of the clip in pixels, or None where the track does not say.
        folder: where it was read from.
        score: ``(N,)`` how sure the tracker was, 0..1, or None where the track does not say.
        lens: of the first face; None where the track does not say.
        pose: ``(N, 4, 4)`` model frame to camera frame in millimetres, see docs/conventions.md; None as ``lens``.
        metric: ``(N,)`` true millimetres of one of the model's; None as ``lens``.
        resting: by the number of a person, what exported weights are counted from; without it from the model's neutral face.
    """

    frame: Indices
    time: Doubles
    id: Indices
    coefficients: Coefficients
    model_identity: str = ""
    model_name: str = ""
    size: tuple[int, int] | None = None
    folder: Path = Path()
    score: Doubles | None = None
    resting: dict[int, RestingFace] = field(default_factory=dict)
    lens: Lens | None = None
    pose: Doubles | None = None
    metric: Doubles | None = None

    @property
    def first(self) -> int:
        """Number of the first frame with a face."""
        return int(self.frame[0])

    @property
    def last(self) -> int:
        """Number of the last frame with a face."""
        return int(self.frame[-1])

    @property
    def fps(self) -> float:
        """Frames a second, from the times; 25 where there is only one."""
        frames, seconds = self.last - self.first, float(self.time[-1] - self.time[0])
        return frames / seconds if frames > 0 and seconds > 0 else 25.0

    def rows(self, frame: int) -> Indices:
        """Rows of the faces in a frame; none where the frame has none."""
        start, stop = np.searchsorted(self.frame, [frame, frame + 1])
        return np.arange(start, stop)

    def check_model(self, model: MorphableModel) -> None:
        """See that the coefficients are for ``model``.

        Raises:
            MorphError: they are for another model.
        """
        want = (self.coefficients.shape.shape[-1], self.coefficients.expression.shape[-1])
        if self.model_identity and self.model_identity != model.identity:
            name = f"{self.model_name!r} ({self.model_identity})" if self.model_name else self.model_identity
            raise MorphError(
                f"{self.folder} was tracked with the model {name}, this is {model.name!r} ({model.identity}); "
                "give the right one with `model=`"
            )
        if want != (model.n_shape, model.n_expression):
            raise MorphError(
                f"{self.folder} holds {want[0]} shape and {want[1]} expression coefficients, model {model.name!r} has "
                f"{model.n_shape} and {model.n_expression}; give the right one with `model=`"
            )


def load_track(folder: str | os.PathLike[str]) -> Track:
    """Read ``coefficients.npz`` (and the size of the clip from ``summary.json``) of a folder of ``morph track``.

    Raises:
        MorphError: no such folder or file, a damaged file, or no face in it.

    Example:
        >>> import tempfile
        >>> from morph import Tracker, open_source, track_to_folder
        >>> from morph.cli.demo import demo_files
        >>> from morph.track_folder import TrackOptions
        >>> folder = tempfile.TemporaryDirectory()
        >>> options = TrackOptions(mesh=False, overlay=False, frames=3)
        >>> summary = track_to_folder(open_source(demo_files()[1]), Tracker(level=0), folder.name, options)
        >>> track = load_track(folder.name)
        >>> track.first, track.last
        (0, 2)
        >>> folder.cleanup()
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise MorphError(f"no folder {folder}; give the one that `morph track INPUT out=DIR` wrote")
    path = folder / "coefficients.npz"
    if not path.is_file():
        raise MorphError(f"{folder} has no coefficients.npz; give a folder that `morph track INPUT out=DIR` wrote")
    arrays = _read_arrays(path)
    missing = [name for name in ARRAYS if name not in arrays]
    if missing:
        raise MorphError(f"{path} has no {', '.join(missing)}; track the clip again with `morph track`")
    count = len(arrays["frame"]) if arrays["frame"].ndim == 1 else -1
    odd = [name for name in ARRAYS if arrays[name].shape[:1] != (count,) or arrays[name].dtype.kind not in "fiu"]
    odd += [name for name in ARRAYS if name not in odd and not np.isfinite(arrays[name]).all()]
    if odd:
        raise MorphError(f"{path} is damaged: {', '.join(odd)} cannot be right; track the clip again with `morph track`")
    if not count:
        raise MorphError(f"{folder} holds no face; track a clip in which one is seen")
    order = np.lexsort((arrays["id"], arrays["frame"]))
    values = {name: arrays[name][order] for name in ARRAYS}
    try:
        coefficients = Coefficients(*(values[name] for name in ARRAYS[3:]))
    except (MorphError, IndexError) as error:
        raise MorphError(f"{path} is damaged: {error}; track the clip again with `morph track`") from None
    summary = _read_summary(folder / "summary.json")
    lens, pose, metric = _space(arrays, _size(arrays, summary), order)
    return Track(
        values["frame"].astype(np.int64),
        values["time"].astype(np.float64),
        values["id"].astype(np.int64),
        coefficients,
        str(arrays.get("model_identity", "")),
        str(arrays.get("model_name", "")),
        _size(arrays, summary),
        folder,
        arrays["score"][order].astype(np.float64) if arrays.get("score", np.zeros(0)).shape == (count,) else None,
        _resting(arrays, path),
        lens,
        pose,
        metric,
    )


def _space(
    arrays: dict[str, npt.NDArray[Any]], size: tuple[int, int] | None, order: Indices
) -> tuple[Lens | None, Doubles | None, Doubles | None]:
    """Lens, poses and sizes of the heads, by sorted rows; None where the track does not say them, or cannot be right."""
    wanted = {"pose": (4, 4), "focal": (), "principal": (2,), "k1": (), "lens_assumed": (), "metric": ()}
    if size is None or any(arrays.get(name, np.zeros(0)).shape != (len(order), *tail) for name, tail in wanted.items()):
        return None, None, None
    found = {name: arrays[name][order].astype(np.float64) for name in wanted}
    if not all(np.isfinite(values).all() for values in found.values()):
        return None, None, None
    x, y = found["principal"][0].tolist()
    focal, assumed = float(found["focal"][0]), bool(found["lens_assumed"][0])
    how = "assumed" if assumed else "of the track"
    return Lens(focal, *size, (x, y), float(found["k1"][0]), assumed, how), found["pose"], found["metric"]


def _resting(arrays: dict[str, npt.NDArray[Any]], path: Path) -> dict[int, RestingFace]:
    """The resting faces that a track says its weights are counted from."""
    if "resting_id" not in arrays:
        return {}
    people, shape = arrays["resting_id"], (len(arrays["resting_id"]), arrays["expression"].shape[-1])
    pair = [np.asarray(arrays.get(name, np.nan), np.float64) for name in ("resting", "reach")]
    if any(part.shape != shape or not np.isfinite(part).all() for part in pair) or (pair[1] <= 0).any():
        raise MorphError(f"{path} is damaged: resting faces cannot be right; track the clip again with `morph track`")
    return {int(person): RestingFace(rest, reach) for person, rest, reach in zip(people, *pair, strict=True)}


def _read_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    return read_npz(path, "the coefficients of a track", "track the clip again with `morph track`")


def _read_summary(path: Path) -> dict[str, Any]:
    """What the summary says; nothing where it is missing or damaged, for only the size of the clip is asked of it."""
    try:
        summary = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return summary if isinstance(summary, dict) else {}


def _size(arrays: dict[str, npt.NDArray[Any]], summary: dict[str, Any]) -> tuple[int, int] | None:
    if "size" in arrays and arrays["size"].shape == (2,):
        return int(arrays["size"][0]), int(arrays["size"][1])
    width, height = summary.get("width"), summary.get("height")
    return (int(width), int(height)) if isinstance(width, int) and isinstance(height, int) else None
