"""Strands: how hair grows over the head, and how thin lines are drawn into a picture."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from morph.arrays import Floats, Ints
from morph.compiled import compiled
from morph.synthesis.arrays.angles import angle


class Sprouts(NamedTuple):
    """Strands before they grow.

    Attributes:
        roots: ``(n, 3)`` where they start.
        first: ``(n, 3)`` their first direction.
        comb: ``(n, 3)`` the direction they are combed to.
        length: ``(n,)`` mm.
        gravity: ``(n,)`` pull a step.
        lift: ``(n,)`` mm above the skin at which a strand settles.
        free: ``(n,)`` 1 for strands that may hang into the face.
        side: ``(n,)`` -1 or 1: to which side of the face a strand yields.
    """

    roots: Floats
    first: Floats
    comb: Floats
    length: Floats
    gravity: Floats
    lift: Floats
    free: Ints
    side: Floats


class Skull(NamedTuple):
    """The head that strands grow on and how they lie on it.

    Attributes:
        down: ``(3,)`` where hair falls to.
        comb_reach: share of the length along which the comb acts.
        hug: how closely strands keep to the skull, 0..1 a step.
        radius: ``(A, B)`` distance of the skin from the skull's centre by azimuth and elevation.
        centre: ``(3,)`` of the skull.
        face_low: elevation (radians) of the forehead's hairline.
        face_open: azimuth (radians) to which hair leaves the face free.
    """

    down: Floats
    comb_reach: np.float32
    hug: np.float32
    radius: Floats
    centre: Floats
    face_low: np.float32
    face_open: np.float32


@compiled
def grow(sprouts: Any, head: Any, out: Any) -> None:
    """Grow strands by small steps; they bend to the comb, fall, and stay outside the head.

    Args:
        sprouts: a :class:`Sprouts` of ``n`` strands.
        head: a :class:`Skull`.
        out: ``(n, m, 3)`` nodes.
    """
    roots, first, comb, length, gravity, lift, free, side = sprouts
    down, comb_reach, hug, radius, skull, face_low, face_open = head
    f = np.float32
    none, one, tiny = f(0.0), f(1.0), f(1e-9)
    columns, rows = radius.shape
    around, upward = f(columns / (2 * np.pi)), f(rows / np.pi)
    n, m = out.shape[0], out.shape[1]
    sx, sy, sz = skull[0], skull[1], skull[2]
    for i in range(n):
        px, py, pz = roots[i, 0], roots[i, 1], roots[i, 2]
        dx, dy, dz = first[i, 0], first[i, 1], first[i, 2]
        step = length[i] / f(m - 1)
        for k in range(m):
            out[i, k, 0], out[i, k, 1], out[i, k, 2] = px, py, pz
            share = f(k) / f(m - 1)
            pull = f(0.5) * max(none, one - share / comb_reach) if comb_reach > none else none
            fall = gravity[i] * (f(0.4) + f(0.6) * share)
            dx += pull * comb[i, 0] + fall * down[0]
            dy += pull * comb[i, 1] + fall * down[1]
            dz += pull * comb[i, 2] + fall * down[2]
            size = one / (np.sqrt(dx * dx + dy * dy + dz * dz) + tiny)
            dx, dy, dz = dx * size, dy * size, dz * size
            px, py, pz = px + step * dx, py + step * dy, pz + step * dz
            qx, qy, qz = px - sx, py - sy, pz - sz
            flat = np.sqrt(qx * qx + qz * qz)
            azimuth, elevation = angle(qx, qz), angle(qy, flat)
            if free[i] == 0 and elevation < face_low:
                # the face: yield sideways until beside the cheek
                open_ = face_open + f(0.2) * min(one, max(none, (face_low - elevation) / f(1.2)))
                if abs(azimuth) < open_:
                    azimuth += side[i] * f(0.5) * (open_ - side[i] * azimuth)
                    qx, qz = flat * np.sin(azimuth), flat * np.cos(azimuth)
                    px, pz = sx + qx, sz + qz
            u = azimuth * around + f(0.5) * f(columns - 1)
            v = elevation * upward + f(0.5) * f(rows - 1)
            u0, v0 = int(np.floor(u)), int(np.floor(v))
            a, b = u - f(u0), v - f(v0)
            v1 = min(max(v0 + 1, 0), rows - 1)
            v0 = min(max(v0, 0), rows - 1)
            c0, c1 = u0 % columns, (u0 + 1) % columns
            low = radius[c0, v0] + (radius[c1, v0] - radius[c0, v0]) * a
            high = radius[c0, v1] + (radius[c1, v1] - radius[c0, v1]) * a
            rise = min(one, f(k + 1) * step / f(14.0))
            wanted = low + (high - low) * b + f(0.6) + lift[i] * rise
            r = np.sqrt(qx * qx + qy * qy + qz * qz) + tiny
            held = hug if elevation > f(-0.25) else none
            if wanted > f(1.35) * r:  # far below a shoulder, not under the scalp
                continue
            if r < wanted or held > none:
                scale = wanted / r if r < wanted else one + held * (wanted / r - one)
                px, py, pz = sx + qx * scale, sy + qy * scale, sz + qz * scale
                inward = (dx * qx + dy * qy + dz * qz) / (r * r)
                inward = inward if r < wanted and inward < none else held * max(inward, none)
                dx, dy, dz = dx - inward * qx, dy - inward * qy, dz - inward * qz


class Projection(NamedTuple):
    """A perspective camera, for compiled loops.

    Attributes:
        rotation: ``(3, 3)`` model to camera.
        position: ``(3,)`` of the model's origin in the camera frame.
        focal: pixels.
        centre: ``(2,)`` pixels.
        nearness: depth times distance.
    """

    rotation: Floats
    position: Floats
    focal: np.float32
    centre: Floats
    nearness: np.float32


@compiled
def project(nodes: Any, camera: Any, at: Any, pixels: Any) -> None:
    """Nodes of the model frame to the camera frame, and to pixels and ``nearness`` over the distance.

    Args:
        nodes: ``(n, m, 3)``.
        camera: a :class:`Projection`.
        at: ``(n, m, 3)`` written: the nodes in the camera frame.
        pixels: ``(n, m, 3)`` written.
    """
    rotation, position, focal, centre, nearness = camera
    for i in range(nodes.shape[0]):
        for k in range(nodes.shape[1]):
            x, y, z = nodes[i, k, 0], nodes[i, k, 1], nodes[i, k, 2]
            for c in range(3):
                at[i, k, c] = rotation[c, 0] * x + rotation[c, 1] * y + rotation[c, 2] * z + position[c]
            over = np.float32(1.0) / max(-at[i, k, 2], np.float32(20.0))
            pixels[i, k, 0] = centre[0] + focal * at[i, k, 0] * over
            pixels[i, k, 1] = centre[1] - focal * at[i, k, 1] * over
            pixels[i, k, 2] = nearness * over


class StrandCanvas(NamedTuple):
    """What strands are drawn into.

    Attributes:
        image: ``(H, W, 3)`` linear light.
        depth: ``(H, W)`` what hides strands.
        cover, cover_depth: ``(H, W)`` how much hair covers each pixel, and the depth of its front.
    """

    image: Floats
    depth: Floats
    cover: Floats
    cover_depth: Floats


class Stroke(NamedTuple):
    """How lines are drawn.

    Attributes:
        width: in pixels; of strands that of the roots for a depth of 1.
        opacity: 0..1.
        bias: share of the depth in the canvas that a line must reach to be seen.
    """

    width: np.float32
    opacity: np.float32
    bias: np.float32


class Piece(NamedTuple):
    """A straight piece of a line between two ends, in pixels, with depth and width at both; for compiled loops."""

    xa: Any
    ya: Any
    za: Any
    wide_a: Any
    xb: Any
    yb: Any
    zb: Any
    wide_b: Any


@compiled
def hidden(x: Any, y: Any, z: Any, depth: Any, bias: Any) -> Any:
    """Whether what the canvas holds hides a point; for compiled loops."""
    column, row = int(np.floor(x + np.float32(0.5))), int(np.floor(y + np.float32(0.5)))
    if column < 0 or row < 0 or column >= depth.shape[1] or row >= depth.shape[0]:
        return False
    return z < depth[row, column] * bias


@compiled(inline="always")
def steps_along(piece: Any, shape: Any) -> Any:
    """How a piece is drawn into a canvas of a shape ``(rows, columns)``, in steps of about a pixel along its longer side.

    Returns:
        Whether it is steep (it runs along the rows), its extent in pixels, and how many steps it takes.
    """
    dx, dy = abs(piece.xb - piece.xa), abs(piece.yb - piece.ya)
    steep = dy > dx
    span = dy if steep else dx
    return steep, span, max(min(int(np.ceil(span)), 4 * (shape[0] + shape[1])), 1)


@compiled(inline="always")
def cross_section(piece: Any, t: Any, steep: Any, shape: Any) -> Any:
    """The pixels that a piece covers across its course, a share ``t`` of the way along.

    Returns:
        The fixed row (of steep pieces) or column, -1 outside; first and last pixel across; middle, half the width in pixels
        (half a pixel at least), depth, and the cover of lines that are thinner than a pixel.
    """
    f = np.float32
    half, one = f(0.5), f(1.0)
    x, y = piece.xa + (piece.xb - piece.xa) * t, piece.ya + (piece.yb - piece.ya) * t
    z, w = piece.za + (piece.zb - piece.za) * t, piece.wide_a + (piece.wide_b - piece.wide_a) * t
    middle = x if steep else y
    reach = half * max(w, one)
    fixed = int(np.floor((y if steep else x) + half))
    if fixed >= (shape[0] if steep else shape[1]):
        fixed = -1
    first, last = int(np.ceil(middle - reach - half)), int(np.floor(middle + reach + half))
    first, last = max(first, 0), min(last, (shape[1] if steep else shape[0]) - 1)
    return fixed, first, last, middle, reach, z, min(w, one)


@compiled(inline="always")
def overlap(cell: Any, middle: Any, reach: Any) -> Any:
    """How much of a pixel lies within ``reach`` of ``middle``, 0..1, or less than 0 outside."""
    half = np.float32(0.5)
    return min(middle + reach, np.float32(cell) + half) - max(middle - reach, np.float32(cell) - half)


@compiled
def _draw_piece(piece: Any, ends: Any, stroke: Any, canvas: Any) -> None:
    """Draw a piece whose ``ends`` ``(2, 3)`` have these colours."""
    f = np.float32
    half, one = f(0.5), f(1.0)
    image, depth, cover, front = canvas
    steep, span, steps = steps_along(piece, depth.shape)
    over = one / f(steps)
    share = (f(0.4) + f(0.6) * min(one, span * over)) * stroke.opacity
    ra, ga, ba = ends[0, 0], ends[0, 1], ends[0, 2]
    rb, gb, bb = ends[1, 0] - ra, ends[1, 1] - ga, ends[1, 2] - ba
    for s in range(steps):
        t = (f(s) + half) * over
        fixed, first, last, middle, reach, z, thin = cross_section(piece, t, steep, depth.shape)
        if fixed < 0:
            continue
        for cell in range(first, last + 1):
            alpha = overlap(cell, middle, reach) * (thin * share)
            if alpha <= 0:
                continue
            column = cell if steep else fixed
            row = fixed if steep else cell
            if z < depth[row, column] * stroke.bias:
                continue
            image[row, column, 0] += alpha * (ra + rb * t - image[row, column, 0])
            image[row, column, 1] += alpha * (ga + gb * t - image[row, column, 1])
            image[row, column, 2] += alpha * (ba + bb * t - image[row, column, 2])
            cover[row, column] += alpha * (one - cover[row, column])
            if z > front[row, column]:
                front[row, column] = z


@compiled
def draw(points: Any, colours: Any, stroke: Any, canvas: Any) -> None:
    """Draw polylines of known colour, thin ones by coverage.

    Args:
        points: ``(n, m, 3)`` pixels and depth (larger is nearer), far ones first.
        colours: ``(n, m, 3)`` linear RGB.
        stroke: a :class:`Stroke`, of all.
        canvas: a :class:`StrandCanvas` to draw into.
    """
    width = stroke.width
    for i in range(points.shape[0]):
        for k in range(points.shape[1] - 1):
            xa, ya, za = points[i, k, 0], points[i, k, 1], points[i, k, 2]
            xb, yb, zb = points[i, k + 1, 0], points[i, k + 1, 1], points[i, k + 1, 2]
            if za > 0 and zb > 0:
                _draw_piece(Piece(xa, ya, za, width, xb, yb, zb, width), colours[i, k : k + 2], stroke, canvas)


@compiled
def nearest(points: Any, seeds: Any, out: Any) -> None:
    """Which of the seeds ``(m, 3)`` lies nearest to each of the points ``(n, 3)``, into ``out`` ``(n,)``."""
    for i in range(points.shape[0]):
        best = np.float32(np.inf)
        for j in range(seeds.shape[0]):
            x, y, z = points[i, 0] - seeds[j, 0], points[i, 1] - seeds[j, 1], points[i, 2] - seeds[j, 2]
            distance = x * x + y * y + z * z
            if distance < best:
                best, out[i] = distance, j


@compiled
def wind(nodes: Any, phase: Any, length: Any, amount: Any, pitch: Any) -> None:
    """Wind strands ``(n, m, 3)`` about their own course, ``amount`` mm wide, one turn every ``pitch`` mm."""
    f = np.float32
    n, m = nodes.shape[0], nodes.shape[1]
    moved = np.empty((m, 3), np.float32)
    for i in range(n):
        for k in range(m):
            low, high = max(k - 1, 0), min(k + 1, m - 1)
            tx, ty, tz = (
                nodes[i, high, 0] - nodes[i, low, 0],
                nodes[i, high, 1] - nodes[i, low, 1],
                nodes[i, high, 2] - nodes[i, low, 2],
            )
            size = f(1.0) / max(np.sqrt(tx * tx + ty * ty + tz * tz), f(1e-6))
            tx, ty, tz = tx * size, ty * size, tz * size
            ax, ay, az = ty - f(0.2) * tz, f(0.1) * tz - tx, f(0.2) * tx - f(0.1) * ty  # tangent x (0.1, 0.2, 1)
            size = f(1.0) / max(np.sqrt(ax * ax + ay * ay + az * az), f(1e-6))
            ax, ay, az = ax * size, ay * size, az * size
            bx, by, bz = ty * az - tz * ay, tz * ax - tx * az, tx * ay - ty * ax
            along = length[i] * f(k) / f(m - 1)
            angle = phase[i] + along / pitch * f(2 * np.pi)
            size = amount[i] * min(max(along / f(35.0), f(0.0)), f(1.0))
            c, s = size * np.cos(angle), size * np.sin(angle)
            moved[k, 0] = nodes[i, k, 0] + c * ax + s * bx
            moved[k, 1] = nodes[i, k, 1] + c * ay + s * by
            moved[k, 2] = nodes[i, k, 2] + c * az + s * bz
        for k in range(m):
            for axis in range(3):
                nodes[i, k, axis] = moved[k, axis]
