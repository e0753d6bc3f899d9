"""Measures of tracks of landmarks: how much they shake, how late they come, and whether people keep their numbers."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from morph.arrays import Reals
from morph.tracking.detection.boxes import match

LAGS = 6  # frames to either side among which a lag is looked for
SAME_FACE = 0.3  # least overlap of one face's boxes in two neighbouring frames, or in two tracks of one clip
REACH = 3  # frames to either side over which speed is measured
STILL = 0.15  # face sizes a second: a head that is slower is still
KERNEL = np.array([1, 2, 3, 2, 1]) / 9  # low pass before lags are measured, symmetric in time
LEAST_MOTION = 1e-3  # standard deviation of a point's place, in face sizes, below which a shot has no lag
LEAST_FRAMES = 10  # from which a measure is given


def sides(points: Reals) -> Reals:
    """``(T,)`` the longer side of the box of ``(T, 68, 2)`` landmarks."""
    return np.asarray(np.ptp(points, axis=1).max(axis=-1))


def shaking(points: Reals) -> Reals:
    """``(T - 2,)`` mean length of the landmarks' second differences from frame to frame, over the side of their box.

    A point that jumps by one per cent of the box to and fro scores 0.02 in every frame; even motion scores nothing.
    """
    second = points[2:] - 2 * points[1:-1] + points[:-2]
    return np.asarray(np.linalg.norm(second, axis=-1).mean(-1) / sides(points)[1:-1])


def runs_of(frames: npt.ArrayLike) -> list[slice]:
    """Rows of the unbroken runs of growing frame numbers ``(T,)``."""
    frames = np.asarray(frames)
    cuts = [0, *(np.flatnonzero(np.diff(frames) != 1) + 1).tolist(), len(frames)]
    return [slice(start, stop) for start, stop in itertools.pairwise(cuts) if stop > start]


def speeds(points: Reals, times: Reals) -> Reals:
    """``(T,)`` mean speed of the landmarks in box sides a second, over three frames to either side."""
    index = np.arange(len(points))
    low, high = np.maximum(index - REACH, 0), np.minimum(index + REACH, len(points) - 1)
    path = np.linalg.norm(points[high] - points[low], axis=-1).mean(-1)
    return np.asarray(path / sides(points) / np.maximum(times[high] - times[low], 1e-9))


def lag(pairs: Iterable[tuple[Reals, Reals]]) -> float | None:
    """Frames by which one track comes after another: where their cross-correlation peaks, to parts of a frame.

    Both go through the same symmetric low pass first, which delays neither: noise that they share is not late.

    Args:
        pairs: the late and the prompt track ``(T, 68, 2)`` of each shot; means are taken out by shot.

    Returns:
        None where all shots are shorter than :data:`LEAST_FRAMES` and the frames to either side, or nothing moves.
    """
    shifts = np.arange(-LAGS, LAGS + 1)
    product, late_power, prompt_power = np.zeros(len(shifts)), 0.0, np.zeros(len(shifts))
    for pair in pairs:
        late, prompt = (_low_pass(track) for track in pair)
        n = len(late)
        if n < 2 * LAGS + LEAST_FRAMES or np.std(late, axis=0).max() < LEAST_MOTION * sides(late).mean():
            continue
        a = late[LAGS : n - LAGS] - late[LAGS : n - LAGS].mean(0)
        late_power += float((a**2).sum())
        for i, shift in enumerate(shifts):
            b = prompt[LAGS - shift : n - LAGS - shift]
            b = b - b.mean(0)
            product[i] += (a * b).sum()
            prompt_power[i] += (b**2).sum()
    if not late_power or not prompt_power.all():
        return None
    correlation = product / np.sqrt(late_power * prompt_power)
    peak = int(correlation.argmax())
    if not 0 < peak < len(shifts) - 1:
        return float(shifts[peak])
    before, here, after = correlation[peak - 1 : peak + 2]
    return float(shifts[peak] + 0.5 * (before - after) / min(before - 2 * here + after, -1e-12))


def _low_pass(track: Reals) -> Reals:
    """``(T, ...)`` smoothed by :data:`KERNEL`; at its ends the track goes on as in a mirror."""
    reach = len(KERNEL) // 2
    padded = np.pad(track, [(reach, reach)] + [(0, 0)] * (track.ndim - 1), "symmetric")
    parts = (weight * padded[k : k + len(track)] for k, weight in enumerate(KERNEL))
    return np.asarray(np.sum(list(parts), axis=0))


def id_switches(boxes: Mapping[int, Mapping[int, Reals]]) -> int:
    """How often a face gets another number from one frame with faces to the next.

    Args:
        boxes: by frame and number, ``(4,)``.
    """
    count, before = 0, None
    for frame in sorted(boxes):
        now = boxes[frame]
        if before:
            old, new = list(before), list(now)
            pairs = match(np.array([before[i] for i in old]), np.array([now[i] for i in new]), SAME_FACE)
            count += sum(old[i] != new[j] for i, j in pairs)
        before = now or before
    return count
