"""The focal length, the poses and the head that explain where points of its surface were seen: a bundle adjustment.

Unknown are the focal length, a turn, a place and a little expression of each frame, the head's shape near the one that is
known, and how far each point lies off the mesh. Frames are eliminated one by one, so that a step costs what the rest does. Far
misses count little (Geman and McClure).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from morph.arrays import Doubles, Indices, Reals
from morph.model import Coefficients, Lens, MorphableModel, place_heads
from morph.model.rotation import rotation_exp
from morph.tracking.lens.surface import Sights

SHAPE = 0.6  # standard deviations that a z-score of the head may be wrong
OFF = 2.0  # millimetres that a point may lie off the mesh
WEIGHTS = 0.05  # by which a weight of a frame may be wrong
LOG_FOCAL = 0.8  # e to this: factor about the default lens that is usual
STEADY = 1e-9
FINEST = 0.3  # pixels of the view: no point is known better
FAR = 2.0  # times the usual miss, from where on points count less
STEPS, STILL = 20, 1e-3
LONGEST = 0.3  # of the logarithm of the focal length in one step
DECIMETRE = 100.0
LEAST_POINTS = 8  # of a frame
NEAREST = 100.0  # millimetres


@dataclass(frozen=True, eq=False)
class Bundle:
    """What explains the sights.

    Attributes:
        focal: pixels.
        spread: standard deviation of its logarithm, were all misses independent.
        rotation: ``(T, 3, 3)`` head to camera.
        position: ``(T, 3)`` millimetres.
        shape: ``(S,)`` z-scores of the head.
        moved: ``(T, E)`` what is added to the weights of each frame.
        off: ``(N, 3)`` millimetres of each point from the mesh.
    """

    focal: float
    spread: float
    rotation: Doubles
    position: Doubles
    shape: Doubles
    moved: Doubles
    off: Doubles


class _Misses(NamedTuple):
    """Of T frames and N points: ``turned (T, N, 3)``, seen ``(T, N, 2)`` off the axis, misses, their change by a move."""

    turned: Doubles
    seen: Doubles
    away: Doubles
    by_point: Doubles


def adjust(model: MorphableModel, heads: Coefficients, sights: Sights, lens: Lens) -> Bundle:
    """Solve for all of it.

    Args:
        model: of the coefficients.
        heads: T rows with one shape; where to begin.
        sights: in these T frames.
        lens: whose focal length is where to begin, and the usual one; its axis stays.
    """
    solver = _Solver(model, heads, sights, lens)
    placed = place_heads(model, heads, lens)
    state = Bundle(
        lens.focal,
        math.inf,
        placed.rotation,
        placed.position,
        heads.shape[0].astype(np.float64),
        np.zeros(heads.expression.shape),
        np.zeros((len(sights.corners), 3)),
    )
    for step in range(STEPS):
        before, state = state, solver.step(state)
        if step > 6 and abs(math.log(state.focal / before.focal)) < STILL:
            break
    return state


class _Solver:
    def __init__(self, model: MorphableModel, heads: Coefficients, sights: Sights, lens: Lens) -> None:
        unit, corners, shares = float(model.millimetres), sights.corners, sights.shares

        def at(basis: Reals) -> Doubles:
            return np.asarray(np.einsum("nk,nkcs->ncs", shares, basis[corners].astype(np.float64)) * unit)

        self.mean = np.einsum("nk,nkc->nc", shares, model.mean[corners].astype(np.float64)) * unit
        self.shapes, self.moves = at(model.shape_basis * model.shape_std), at(model.expression_basis)
        self.weights = heads.expression.astype(np.float64) * model.expression_std
        self.known, self.usual, self.centre = heads.shape[0].astype(np.float64), lens.focal, lens.centre
        self.seen, self.good = lens.straightened(sights.seen), sights.good
        self.whiten = sights.sharpness @ sights.back
        self.sizes = (len(self.known), 3 * len(corners))
        self.hold: Doubles = np.repeat([LOG_FOCAL**-2, SHAPE**-2, OFF**-2], (1, *self.sizes))
        self.hold_frame: Doubles = np.repeat([STEADY, WEIGHTS**-2], (6, self.moves.shape[2]))

    def step(self, state: Bundle) -> Bundle:
        """One Gauss-Newton step."""
        look = self._look(state)
        size = np.linalg.norm(look.away, axis=2)
        usual = max(FINEST, float(np.median(size[self.good])) / 1.177)
        weight = np.where(self.good, (1 + (size / (FAR * usual)) ** 2) ** -2.0, 0.0) / usual**2
        matrix = np.diag(self.hold)
        off_prior = [[math.log(state.focal / self.usual)], state.shape - self.known, state.off.ravel()]
        vector = -self.hold * np.concatenate(off_prior)
        frames: list[tuple[int, Doubles, Doubles]] = []
        for row in range(len(self.seen)):
            points = np.flatnonzero(weight[row] * usual**2 > 1e-3)
            if len(points) < LEAST_POINTS:
                continue
            own, shared, miss = self._columns(state, look, row, points, np.sqrt(weight[row, points]))
            square = own.T @ own + np.diag(self.hold_frame)
            square += STEADY * np.trace(square) * np.eye(len(square))
            aim = own.T @ miss
            aim[6:] -= self.hold_frame[6:] * state.moved[row]
            cross = own.T @ shared
            solved = np.linalg.solve(square, np.column_stack([cross, aim]))
            matrix += shared.T @ shared - cross.T @ solved[:, :-1]
            vector += shared.T @ miss - cross.T @ solved[:, -1]
            frames.append((row, solved[:, :-1], solved[:, -1]))
        inverse = np.linalg.inv(matrix + STEADY * np.diag(np.diag(matrix)))
        change = inverse @ vector
        part = min(1.0, LONGEST / max(abs(change[0]), 1e-12))
        return self._moved(state, part * change, frames, part, float(np.sqrt(max(inverse[0, 0], 0.0))))

    def _look(self, state: Bundle) -> _Misses:
        heads = self.mean + self.shapes @ state.shape + state.off
        heads = heads + np.einsum("nce,te->tnc", self.moves, self.weights + state.moved)
        turned = np.einsum("tij,tnj->tni", state.rotation, heads)
        eye = turned + state.position[:, None]
        near = 1.0 / np.maximum(-eye[..., 2], 10.0)
        scale = state.focal * near
        seen = scale[..., None] * eye[..., :2] * [1.0, -1.0]
        by_point = np.zeros((*seen.shape, 3))
        by_point[..., 0, 0], by_point[..., 1, 1] = scale, -scale
        by_point[..., 2] = seen * near[..., None]
        away = np.einsum("tnij,tnj->tni", self.whiten, self.seen - self.centre - seen)
        return _Misses(turned, np.einsum("tnij,tnj->tni", self.whiten, seen), away, self.whiten @ by_point)

    def _columns(
        self, state: Bundle, look: _Misses, row: int, points: Indices, root: Doubles
    ) -> tuple[Doubles, Doubles, Doubles]:
        """Of one frame: change of the misses by its own unknowns, by the shared ones, and the misses."""
        by_point, weight = look.by_point[row, points], root[:, None, None]
        by_head = by_point @ state.rotation[row]
        moves = np.einsum("kij,kje->kie", by_head, self.moves[points])
        turn = np.cross(look.turned[row, points][:, None], by_point)
        own = np.concatenate([turn, DECIMETRE * by_point, moves], 2) * weight
        shared = np.zeros((len(points), 2, 1 + sum(self.sizes)))
        shared[..., 0] = look.seen[row, points] + by_point[..., 2] * state.position[row, 2]  # as far as the scale says
        shared[..., 1 : 1 + self.sizes[0]] = np.einsum("kij,kjs->kis", by_head, self.shapes[points])
        for axis in range(3):
            shared[np.arange(len(points)), :, 1 + self.sizes[0] + 3 * points + axis] = by_head[..., axis]
        shared *= weight
        miss = (look.away[row, points] * root[:, None]).ravel()
        return own.reshape(len(miss), -1), shared.reshape(len(miss), -1), miss

    def _moved(
        self, state: Bundle, change: Doubles, frames: list[tuple[int, Doubles, Doubles]], part: float, spread: float
    ) -> Bundle:
        rotation, position, moved = state.rotation.copy(), state.position.copy(), state.moved.copy()
        position[:, 2] *= math.exp(change[0])
        for row, back, alone in frames:
            own = part * alone - back @ change
            rotation[row] = rotation_exp(own[None, :3])[0] @ rotation[row]
            position[row] += DECIMETRE * own[3:6]
            moved[row] += own[6:]
        position[:, 2] = np.minimum(position[:, 2], -NEAREST)
        first = 1 + self.sizes[0]
        return replace(
            state,
            focal=state.focal * math.exp(change[0]),
            spread=spread,
            rotation=rotation,
            position=position,
            shape=state.shape + change[1:first],
            moved=moved,
            off=state.off + change[first:].reshape(-1, 3),
        )
