"""The AFLW2000-3D benchmark on points: anyone's 68 points against both label sets, with the protocol beside the numbers."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Reals
from morph.atomic import atomic_path
from morph.datasets.published.aflw2000 import Aflw2000
from morph.errors import MorphError
from morph.evaluation.aflw2000.nme import FAILURE, NOT_FOUND, YAW_BINS, NmeScores, score_points
from morph.marks import GENERATOR
from morph.npz import read_npz


@dataclass(frozen=True, eq=False)
class Aflw2000Report:
    """Scores of one set of predictions.

    Attributes:
        original, reannotated: scores against the two label sets, predictions taken as given.
        original_from_1: the same points moved by (+1, +1) pixel, against the original labels: those count pixels from 1,
            so this is what points with 0-based pixels mean. Beside the headline, never in its place.
        others: scores of the same predictions with the 68 points of other named sets, original and re-annotated labels each.
        protocol: how the numbers were made, in words.
        extra: further measures by name, plain numbers (pose in degrees, share of shape, dense error).
    """

    original: NmeScores
    reannotated: NmeScores
    original_from_1: NmeScores
    protocol: dict[str, Any]
    extra: dict[str, Any] = field(default_factory=dict)
    others: dict[str, tuple[NmeScores, NmeScores]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """What ``morph bench aflw2000`` writes as JSON."""
        return {
            "original": self.original.as_json(),
            "reannotated": self.reannotated.as_json(),
            "original_from_1": self.original_from_1.as_json(),
            "point_sets": {
                name: {"original": first.as_json(), "reannotated": second.as_json()}
                for name, (first, second) in self.others.items()
            },
            **self.extra,
            "protocol": self.protocol,
        }

    def as_text(self) -> str:
        """A table and the protocol, as ``morph bench`` prints them."""
        head = "".join(f"{title:>10}" for title in (*YAW_BINS, "balanced", "plain", "fail %"))
        lines = [f"{'NME %':<20}{head}"]
        rows = (
            ("original", self.original),
            ("re-annotated", self.reannotated),
            ("original, +1 px", self.original_from_1),
            *((f"original, {name}", first) for name, (first, _) in self.others.items()),
            *((f"re-ann., {name}", second) for name, (_, second) in self.others.items()),
        )
        for title, scores in rows:
            numbers = (*scores.by_bin, scores.balanced, scores.plain, scores.failure_rate)
            lines.append(f"{title:<20}" + "".join(f"{number:10.3f}" for number in numbers))
        counts = self.original.as_json()
        lines.append(
            f"{'faces':<20}" + "".join(f"{count:>10}" for count in counts["counts"]) + f"{'':10}{sum(counts['counts']):>10}"
        )
        missing = self.original.not_found
        lines.append(f"{'not found':<20}" + "".join(f"{count:>10}" for count in missing) + f"{'':10}{sum(missing):>10}")
        if sum(missing):
            found = self.original.found_only()
            numbers = (*found.by_bin, found.balanced, found.plain, found.failure_rate)
            lines.append(f"{'original, found only':<20}" + "".join(f"{number:10.3f}" for number in numbers))
        curve = self.original.curve([2, 3, 4, 5, 7, 10])
        shares = ", ".join(f"{share:.1f} % <= {level}" for level, share in zip((2, 3, 4, 5, 7, 10), curve, strict=True))
        lines.append(f"cumulative, original: {shares}")
        lines += _flat_lines(self.extra)
        lines.append("protocol: " + "; ".join(f"{key}: {value}" for key, value in self.protocol.items()))
        return "\n".join(lines)


def _flat_lines(extra: dict[str, Any]) -> list[str]:
    out = []
    for name, value in extra.items():
        if isinstance(value, dict):
            inner = ", ".join(f"{key} {_short(item)}" for key, item in value.items())
            out.append(f"{name.replace('_', ' ')}: {inner}")
        else:
            out.append(f"{name.replace('_', ' ')}: {_short(value)}")
    return out


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(f"{key} {_short(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return " / ".join(_short(item) for item in value)
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def align(benchmark: Aflw2000, names: npt.ArrayLike, points: npt.ArrayLike) -> tuple[Reals, int]:
    """Put predictions in the benchmark's order.

    Args:
        benchmark: N faces.
        names: ``(M,)`` picture names; folders and suffixes are ignored.
        points: ``(M, 68, 2)`` or ``(M, 68, 3)`` (the depth is ignored); a face that was not found is left out or NaN.

    Returns:
        ``(N, 68, 2)`` with NaN where there is no prediction, and how many predictions are for other pictures.

    Raises:
        MorphError: wrong shapes, a name twice, or not one name of the benchmark.
    """
    names, points = np.asarray(names).astype(str), np.asarray(points)
    if names.ndim != 1 or points.ndim != 3 or points.shape[:2] != (len(names), 68) or points.shape[2] not in (2, 3):
        raise MorphError(f"predictions must be names (N,) and pts68 (N, 68, 2), got {names.shape} and {points.shape}")
    place = {Path(name).stem: i for i, name in enumerate(benchmark.names.tolist())}
    out = np.full((len(benchmark), 68, 2), np.nan)
    seen: set[int] = set()
    for name, face in zip(names.tolist(), points, strict=True):
        i = place.get(Path(name).stem)
        if i is None:
            continue
        if i in seen:
            raise MorphError(f"predictions name {name} twice; give one face a picture")
        seen.add(i)
        if np.isfinite(face[:, :2]).all():
            out[i] = face[:, :2]
    if not seen:
        raise MorphError(f"no prediction is for a picture of the benchmark (its first is {benchmark.names[0]!r})")
    return out, len(names) - len(seen)


def read_predictions(path: str | os.PathLike[str]) -> tuple[npt.NDArray[np.str_], Reals]:
    """``names (N,)`` and ``pts68 (N, 68, 2)`` in picture pixels from an ``.npz``.

    Raises:
        MorphError: missing, damaged, or without these two arrays.
    """
    path = Path(path)
    if not path.is_file():
        raise MorphError(f"no predictions file {path}")
    arrays = read_npz(path, "an .npz of names and pts68 without pickled objects", "write it again")
    if "names" not in arrays or "pts68" not in arrays:
        raise MorphError(f"{path} needs names (N,) and pts68 (N, 68, 2), it has {', '.join(arrays) or 'nothing'}")
    return arrays["names"].astype(str), arrays["pts68"]


def save_predictions(path: str | os.PathLike[str], names: npt.ArrayLike, points: npt.ArrayLike) -> None:
    """Write ``names (N,)`` and ``pts68 (N, 68, 2)`` in picture pixels, NaN for a face not found; the file scores the same."""
    arrays = {"names": np.asarray(names).astype(str), "pts68": np.asarray(points, np.float32), "generator": np.array(GENERATOR)}
    with atomic_path(Path(path).with_suffix(".npz")) as temporary:
        np.savez_compressed(temporary, **arrays)  # type: ignore[arg-type]


def evaluate_points(
    benchmark: Aflw2000, names: npt.ArrayLike, points: npt.ArrayLike, protocol: dict[str, Any] | None = None
) -> Aflw2000Report:
    """Score 68 points in picture pixels against both label sets.

    Args:
        benchmark: the faces.
        names: ``(M,)`` picture names.
        points: ``(M, 68, 2)``; a face not found is left out or NaN, and is counted with an error of 100 %.
        protocol: what is known of how the points were made (crop, averaging); goes into the report.

    Raises:
        MorphError: wrong shapes, a name twice, or no name of the benchmark.
    """
    predicted, others = align(benchmark, names, points)
    original = benchmark.original[..., :2]
    return Aflw2000Report(
        score_points(predicted, original, benchmark.yaw),
        score_points(predicted, benchmark.reannotated, benchmark.yaw),
        score_points(predicted + 1.0, original, benchmark.yaw),
        {
            "benchmark": "AFLW2000-3D",
            "faces": len(benchmark),
            "points": "68, x and y",
            "normaliser": "sqrt(w h) of the box of the labels' 68 points",
            "bins": "|yaw| in [0, 30], (30, 60], (60, 90] degrees; balanced = mean of the three; plain = mean of all faces",
            "labels": "as published; predictions as given",
            "original_from_1": "beside the headline: points moved by +1 px, as the original labels count pixels from 1",
            "not_found": f"counted with NME {NOT_FOUND:g} %",
            "failure": f"NME > {FAILURE:g} %",
            "other_pictures_in_predictions": others,
            **(protocol or {}),
        },
    )
