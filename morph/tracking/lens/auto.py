"""The lens of a clip, solved from a head that turns in it: what is said of it, and whether the clip can tell at all.

A head that turns shows how much nearer its near side is than its far side, and with its size in millimetres that is a distance.
Nothing else in a track tells a long lens from a short one: a head that comes nearer grows alike before both.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from morph.arrays import Bools, Doubles, Indices, Reals
from morph.frames.frame import Frame
from morph.model import Coefficients, Decoder, Lens, MorphableModel
from morph.model.space.lens import SENSOR
from morph.tracking.face import Face
from morph.tracking.lens.bundle import Bundle, adjust
from morph.tracking.lens.surface import Sights, Window, follow
from morph.tracking.lens.zoom import Glimpse, zoomed
from morph.tracking.smoothing.flow_pose import rigid_vertices

FRAMES = 48  # that are looked at
LEAST_TURN = 25.0  # degrees between two frames
LEAST_FRAMES, LEAST_SIGHTS = 12, 400
ROUNDS, LAST = 5, 3  # of finding points and solving, and those whose mean counts
FARTHEST = 60.0  # degrees between a view and a frame in which its points are looked for
REACH = (0.08, 0.03)  # of the view: first by the track, then by what was solved
OPTIMISM = 4.0  # the spread that misses give, were they independent, is so many times too small (`morph bench camera`)
BIAS = 0.13  # and no clip tells it better
LEAST_CERTAIN = 0.3  # of the logarithm: a clip that tells no more is no better than the default
ZOOM = 0.1  # a face that grows by less does not tell a zoom
AROUND = 0.6  # of the face, about it, is kept of each frame


@dataclass(frozen=True)
class SolvedLens:
    """What a clip says of its lens.

    Attributes:
        lens: solved, or assumed where the clip does not tell.
        solved: whether it was.
        low, high: focal lengths in pixels between which it lies in two clips of three; 0 where it was not solved.
        turn: degrees, the farthest two frames are apart.
        depth: the largest distance over the smallest.
        person: whose head it was.
        why: one line.
    """

    lens: Lens
    solved: bool
    low: float
    high: float
    turn: float
    depth: float
    person: int
    why: str

    def as_json(self) -> dict[str, Any]:
        """Plain values for a summary."""
        unit = SENSOR / max(self.lens.size)
        return {
            "solved": self.solved,
            "focal_px_low_high": [round(self.low, 2), round(self.high, 2)] if self.solved else None,
            "focal_mm_low_high": [round(self.low * unit, 2), round(self.high * unit, 2)] if self.solved else None,
            "turn_degrees": round(self.turn, 1),
            "depth_ratio": round(self.depth, 3),
            "face": self.person,
            "said": self.why,
        }


def solve_lens(faces: Sequence[Face], frames: Iterable[Frame], lens: Lens) -> SolvedLens:
    """Solve the focal length of a clip from the person who is seen most.

    Args:
        faces: of the whole clip.
        frames: of it, once more.
        lens: assumed; its axis and distortion are kept.
    """
    chosen, person = _chosen(faces)
    if not chosen:
        return SolvedLens(lens, False, 0.0, 0.0, 0.0, 1.0, -1, _assumed(lens, "no face is seen"))
    turn, depth = _turn(chosen), _depth(chosen)

    def unknown(why: str) -> SolvedLens:
        return SolvedLens(lens, False, 0.0, 0.0, turn, depth, person, _assumed(lens, why))

    windows, glimpses = _looks(chosen, frames) if turn >= LEAST_TURN or depth >= 1 + ZOOM else ([], [])
    if (times := zoomed(glimpses)) > 1 + ZOOM:
        return unknown(f"the lens zooms, by {times:.2f} times, and one focal length cannot hold for all of it")
    if turn < LEAST_TURN:
        return unknown(f"the head turns by {turn:.0f} degrees and {LEAST_TURN:.0f} are needed; to come nearer tells nothing")
    if len(chosen) < LEAST_FRAMES:
        return unknown(f"the face is seen in {len(chosen)} frames and {LEAST_FRAMES} are needed")
    if len(windows) < len(chosen):
        return unknown("the clip could not be read a second time")
    found = _solved(chosen[0].model, _stacked(chosen), windows, lens)
    if found is None:
        return unknown("too little of the face could be followed")
    focal, spread = found
    if spread > LEAST_CERTAIN:
        low, high = (100 * (math.exp(sign * spread) - 1) for sign in (-1, 1))
        return unknown(f"what was followed leaves it open by {low:.0f} to +{high:.0f} %")
    low, high = focal * math.exp(-spread), focal * math.exp(spread)
    unit = SENSOR / max(lens.size)
    said = f"{focal * unit:.1f} mm of {SENSOR:g}, {low * unit:.0f} to {high * unit:.0f} likely, solved from face {person}"
    solved = replace(lens, focal=focal, assumed=False, how=said)
    return SolvedLens(solved, True, low, high, turn, depth, person, said)


def _assumed(lens: Lens, why: str) -> str:
    return f"{lens.how}, for the clip does not tell: {why}"


def _chosen(faces: Sequence[Face]) -> tuple[list[Face], int]:
    """Frames of the person who is seen most, as different as can be; first the one in their middle."""
    if not faces:
        return [], -1
    people, counts = np.unique([face.id for face in faces], return_counts=True)
    person = int(people[counts.argmax()])
    rows = [face for face in faces if face.id == person]
    sure = 0.5 * float(np.median([face.score for face in rows]))
    rows = [face for face in rows if face.score >= sure]
    few = np.unique(np.linspace(0, len(rows) - 1, 8 * FRAMES).astype(int))
    rows = [rows[row] for row in few]
    scales = np.log([float(face.coefficients.scale) for face in rows])
    turns = np.radians(_angles(np.stack([face.coefficients.rotation for face in rows])))
    apart = turns + 0.5 * np.abs(scales[:, None] - scales)
    order = [int(apart.sum(0).argmin())]
    far = apart[order[0]].copy()
    while len(order) < min(FRAMES, len(rows)):
        order.append(int(far.argmax()))
        far = np.minimum(far, apart[order[-1]])
    return [rows[row] for row in order], person


def _angles(rotation: Reals) -> Doubles:
    """``(T, T)`` degrees between turns ``(T, 3, 3)``."""
    turns = np.asarray(rotation, np.float64)
    cosine = (np.einsum("sij,tij->st", turns, turns) - 1) / 2
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def _turn(faces: Sequence[Face]) -> float:
    return float(_angles(np.stack([face.coefficients.rotation for face in faces])).max())


def _depth(faces: Sequence[Face]) -> float:
    scales = [float(face.coefficients.scale) for face in faces]
    return max(scales) / min(scales)


def _looks(faces: Sequence[Face], frames: Iterable[Frame]) -> tuple[list[Window], list[Glimpse]]:
    """The faces' surroundings in their frames, and these frames as a whole, small; of those that are there."""
    wanted = {face.frame: row for row, face in enumerate(faces)}
    found: dict[int, tuple[Window, Glimpse]] = {}
    for frame in frames:
        row = wanted.get(frame.index)
        if row is not None:
            low, high = faces[row].box[:2], faces[row].box[2:]
            around = AROUND * float((high - low).max())
            height, width = frame.image.shape[:2]
            first = np.clip(np.floor(low - around), 0, [width - 2, height - 2]).astype(np.int64)
            last = np.clip(np.ceil(high + around), first + 2, [width, height]).astype(np.int64)
            part = frame.image[first[1] : last[1], first[0] : last[0]]
            grey = np.asarray(cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_RGB2GRAY), np.uint8)
            whole = Glimpse.of(frame.image, faces[row].box, float(faces[row].coefficients.scale), frame.index)
            found[row] = Window(grey, first), whole
        if len(found) == len(wanted):
            break
    return [found[row][0] for row in sorted(found)], [found[row][1] for row in sorted(found)]


def _stacked(faces: Sequence[Face]) -> Coefficients:
    parts = [face.coefficients for face in faces]
    shape = np.mean([part.shape for part in parts], axis=0)
    return Coefficients(
        np.tile(shape, (len(parts), 1)),
        np.stack([part.expression for part in parts]),
        np.stack([part.rotation for part in parts]),
        np.stack([part.scale for part in parts]),
        np.stack([part.translation for part in parts]),
    )


def _solved(model: MorphableModel, heads: Coefficients, windows: Sequence[Window], lens: Lens) -> tuple[float, float] | None:
    """Find points where the track has the head, solve, and find them again where that has it: focal length, how sure."""
    rigid, decoder = rigid_vertices(model), Decoder(model)
    placed = decoder.project(heads).astype(np.float64)
    angles = _angles(heads.rotation)
    focals: list[float] = []
    spread = math.inf
    for round_ in range(ROUNDS):
        views = [_from(view, angles[view], windows, placed) for view in _views(angles)]
        reach = REACH[min(round_, 1)]
        sights = Sights.together([follow(model, *seen, rigid, reach).of_frames(*back) for seen, back in views])
        if int(sights.good.sum()) < LEAST_SIGHTS:
            return None
        found = adjust(model, heads, sights, lens)
        focals, spread = [*focals, math.log(found.focal)], found.spread
        placed = _seen(decoder, heads, found, lens)
    last = focals[-LAST:]
    return math.exp(float(np.mean(last))), math.hypot(OPTIMISM * spread, BIAS, float(np.std(last)))


def _views(angles: Doubles) -> list[int]:
    """The first frame, and two half-way from it to those that are farthest apart."""
    found = [0]
    for end in np.unravel_index(angles.argmax(), angles.shape):
        half = angles[0, end] / 2
        found.append(int((np.abs(angles[0] - half) + np.abs(angles[end] - half)).argmin()))
    return list(dict.fromkeys(found))


def _from(
    view: int, angles: Doubles, windows: Sequence[Window], placed: Doubles
) -> tuple[tuple[list[Window], list[Doubles]], tuple[Indices, Bools]]:
    """Windows and heads with one frame's first; and the way back to their order, with those that are not turned too far."""
    order = [view, *(row for row in range(len(windows)) if row != view)]
    back = np.argsort(order), angles <= FARTHEST
    return ([windows[row] for row in order], [placed[row] for row in order]), back


def _seen(decoder: Decoder, heads: Coefficients, found: Bundle, lens: Lens) -> Doubles:
    """``(T, V, 3)`` pixels and depth of the heads that were solved."""
    unit = float(decoder.model.millimetres)
    shapes = np.tile(found.shape, (len(heads.scale), 1))
    eye = np.einsum("tij,tvj->tvi", found.rotation, decoder(shapes, heads.expression).astype(np.float64) * unit)
    eye += found.position[:, None]
    pixels = replace(lens, focal=found.focal).project(np.concatenate([eye[..., :2], np.minimum(eye[..., 2:], -1.0)], 2))
    return np.concatenate([pixels, eye[..., 2:] * (heads.scale[:, None, None] / unit)], 2)
