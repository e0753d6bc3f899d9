"""Corrections of the mouth: where teeth and tongue sit, lips that touch at rest, a tongue that goes with the jaw."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from anatomy import Anatomy
from head import Head
from scipy import sparse

Floats = npt.NDArray[np.float64]

UPPER_TEETH_DROP = 4.0  # mm of the base mesh: they then show a little under a raised lip
LOWER_TEETH_DROP = 2.5
TONGUE_DROP = 6.0
TEETH_WIDTH = 0.86  # of the helper geometry, whose arch is wider than any person's
TONGUE_REST = (0.0, -8.0, -5.0)  # mm by which the tip draws back when the jaw opens
LIP_OVERLAP = 0.25  # mm by which the lips of the mean head press into each other
LIP_REACH = 2.5  # mm over which their correction dies away
SMOOTHING = {"mouthSmileLeft": 12, "mouthSmileRight": 12, "cheekPuff": 4}  # steps


def seat_teeth(vertices: Floats, head: Head) -> Floats:
    """Lower the teeth and the tongue of the base mesh ``(V, 3)``, and make the dental arches narrower."""
    vertices = vertices.copy()
    vertices[head.part("upper_teeth"), 0] *= TEETH_WIDTH
    vertices[head.part("lower_teeth"), 0] *= TEETH_WIDTH
    for region, drop in (("upper_teeth", UPPER_TEETH_DROP), ("lower_teeth", LOWER_TEETH_DROP), ("tongue", TONGUE_DROP)):
        vertices[head.part(region), 1] -= drop
    return vertices


def seal_lips(mean: Floats, head: Head, anatomy: Anatomy) -> Floats:
    """Close what is open between the lips of the mean head, column by column out to the corners."""
    upper, lower = anatomy.lip_line
    middle = 0.5 * (mean[upper] + mean[lower])
    excess = np.maximum(mean[upper, 1] - mean[lower, 1] + LIP_OVERLAP, 0.0)
    order = np.argsort(middle[:, 0])
    x = mean[:, 0]
    line = np.stack([np.interp(x, middle[order, 0], middle[order, k]) for k in (1, 2)], axis=1)
    share = np.interp(x, middle[order, 0], excess[order], left=0.0, right=0.0)
    distance = np.linalg.norm(mean[:, 1:] - line, axis=1)
    skin = np.zeros(len(mean))
    skin[head.part("skin")] = 1.0
    push = -0.5 * np.tanh((mean[:, 1] - line[:, 0]) / 0.15) * share * np.exp(-np.square(distance / LIP_REACH)) * skin
    sealed = mean.copy()
    sealed[:, 1] += push
    return sealed


def follow_jaw(shape: Floats, mean: Floats, head: Head) -> Floats:
    """Let the front of the tongue move with the lower teeth and lie back; its root moves a little less."""
    teeth, tongue = head.part("lower_teeth"), head.part("tongue")
    before, after = mean[teeth], mean[teeth] + shape[teeth]
    u, _, vt = np.linalg.svd((before - before.mean(axis=0)).T @ (after - after.mean(axis=0)))
    turn = u @ np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))]) @ vt
    rigid = (mean[tongue] - before.mean(axis=0)) @ turn + after.mean(axis=0) - mean[tongue]
    depth = mean[tongue, 2]
    share = 0.75 + 0.25 * (depth - depth.min()) / np.ptp(depth)
    shape = shape.copy()
    shape[tongue] = share[:, None] * (rigid + TONGUE_REST)
    return shape


def smooth_cheeks(shape: Floats, head: Head, steps: int) -> Floats:
    """Average a shape's offsets over neighbours on the skin away from the lips, to take out creases."""
    a, b = head.quads.ravel(), np.roll(head.quads, -1, axis=1).ravel()
    n = len(shape)
    graph = sparse.coo_array((np.ones(len(a)), (a, b)), shape=(n, n)).tocsr()
    graph = ((graph + graph.T) > 0).astype(np.float64)
    mean_of_neighbours = sparse.diags_array(1.0 / graph.sum(axis=1)) @ graph
    fixed = np.clip(np.maximum(head.masks["lips"], head.masks["eyelids"]) * 2.0, 0, 1)
    near = fixed.copy()
    for _ in range(2):
        near = np.maximum(near, 0.6 * (mean_of_neighbours @ near))
    free = (1.0 - np.clip(2.0 * near, 0, 1))[:, None] * 0.5
    for _ in range(steps):
        shape = shape + free * (mean_of_neighbours @ shape - shape)
    return shape
