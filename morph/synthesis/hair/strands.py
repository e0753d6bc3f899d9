"""Strands: how hair grows over the head, and how thin lines are drawn into a picture."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from morph.synthesis.arrays.angles import angle

Floats = npt.NDArray[np.float32]


@njit(cache=True, nogil=True)
def grow(
    roots: Any,
    first: Any,
    comb: Any,
    length: Any,
    gravity: Any,
    down: Any,
    lift: Any,
    comb_reach: float,
    hug: float,
    free: Any,
    side: Any,
    radius: Any,
    skull: Any,
    face_low: float,
    face_open: float,
    out: Any,
) -> None:
    """Grow strands by small steps; they bend to the comb, fall, and stay outside the head.

    Args:
        roots, first, comb: ``(n, 3)`` where strands start, their first direction and the direction they are combed to.
        length, gravity, lift: ``(n,)`` mm, pull a step, and mm above the skin at which a strand settles.
        down: ``(3,)`` where hair falls to.
        comb_reach: share of the length along which the comb acts.
        hug: how closely strands keep to the skull, 0..1 a step.
        free: ``(n,)`` 1 for strands that may hang into the face.
        side: ``(n,)`` -1 or 1: to which side of the face a strand yields.
        radius: ``(A, B)`` distance of the skin from the skull's centre by azimuth and elevation.
        skull: ``(3,)``.
        face_low: elevation (radians) of the forehead's hairline.
        face_open: azimuth (radians) to which hair leaves the face free.
        out: ``(n, m, 3)`` nodes.
    """
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


@njit(cache=True, nogil=True)
def project(nodes: Any, rotation: Any, position: Any, focal: Any, centre: Any, nearness: Any, at: Any, pixels: Any) -> None:
    """Nodes ``(n, m, 3)`` of the model frame to the camera frame (``at``) and to pixels and ``nearness`` over the distance."""
    for i in range(nodes.shape[0]):
        for k in range(nodes.shape[1]):
            x, y, z = nodes[i, k, 0], nodes[i, k, 1], nodes[i, k, 2]
            for c in range(3):
                at[i, k, c] = rotation[c, 0] * x + rotation[c, 1] * y + rotation[c, 2] * z + position[c]
            over = np.float32(1.0) / max(-at[i, k, 2], np.float32(20.0))
            pixels[i, k, 0] = centre[0] + focal * at[i, k, 0] * over
            pixels[i, k, 1] = centre[1] - focal * at[i, k, 1] * over
            pixels[i, k, 2] = nearness * over


class Canvas(NamedTuple):
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


@njit(cache=True, nogil=True)
def hidden(x: Any, y: Any, z: Any, depth: Any, bias: Any) -> Any:
    """Whether what the canvas holds hides a point; for compiled loops."""
    column, row = int(np.floor(x + np.float32(0.5))), int(np.floor(y + np.float32(0.5)))
    if column < 0 or row < 0 or column >= depth.shape[1] or row >= depth.shape[0]:
        return False
    return z < depth[row, column] * bias


@njit(cache=True, nogil=True)
def _segment(
    xa: Any,
    ya: Any,
    za: Any,
    wide_a: Any,
    xb: Any,
    yb: Any,
    zb: Any,
    wide_b: Any,
    colours: Any,
    i: Any,
    k: Any,
    opacity: Any,
    bias: Any,
    image: Any,
    depth: Any,
    cover: Any,
    cover_depth: Any,
) -> None:
    """Draw the piece between nodes ``k`` and ``k + 1`` of strand ``i``."""
    f = np.float32
    half_, one = f(0.5), f(1.0)
    rows, columns = depth.shape
    steep = abs(yb - ya) > abs(xb - xa)
    span = abs(yb - ya) if steep else abs(xb - xa)
    steps = max(min(int(np.ceil(span)), 4 * (rows + columns)), 1)
    over = one / f(steps)
    share = (f(0.4) + f(0.6) * min(one, span * over)) * opacity
    ra, ga, ba = colours[i, k, 0], colours[i, k, 1], colours[i, k, 2]
    rb, gb, bb = colours[i, k + 1, 0] - ra, colours[i, k + 1, 1] - ga, colours[i, k + 1, 2] - ba
    for s in range(steps):
        t = (f(s) + half_) * over
        x, y, z = xa + (xb - xa) * t, ya + (yb - ya) * t, za + (zb - za) * t
        w = wide_a + (wide_b - wide_a) * t
        minor = x if steep else y
        half = half_ * max(w, one)
        fixed = int(np.floor((y if steep else x) + half_))
        if fixed < 0 or fixed >= (rows if steep else columns):
            continue
        first, last = int(np.ceil(minor - half - half_)), int(np.floor(minor + half + half_))
        first, last = max(first, 0), min(last, (columns if steep else rows) - 1)
        strength = min(w, one) * share
        for cell in range(first, last + 1):
            alpha = (min(minor + half, f(cell) + half_) - max(minor - half, f(cell) - half_)) * strength
            if alpha <= 0:
                continue
            column = cell if steep else fixed
            row = fixed if steep else cell
            if z < depth[row, column] * bias:
                continue
            image[row, column, 0] += alpha * (ra + rb * t - image[row, column, 0])
            image[row, column, 1] += alpha * (ga + gb * t - image[row, column, 1])
            image[row, column, 2] += alpha * (ba + bb * t - image[row, column, 2])
            cover[row, column] += alpha * (one - cover[row, column])
            if z > cover_depth[row, column]:
                cover_depth[row, column] = z


@njit(cache=True, nogil=True)
def draw(points: Any, colours: Any, width: Any, opacity: Any, canvas: Any, bias: Any) -> None:
    """Draw polylines of known colour, thin ones by coverage.

    Args:
        points: ``(n, m, 3)`` pixels and depth (larger is nearer), far ones first.
        colours: ``(n, m, 3)`` linear RGB.
        width: of all, in pixels.
        opacity: 0..1.
        canvas: to draw into.
        bias: share of the depth in the canvas that a line must reach to be seen.
    """
    image, depth, cover, cover_depth = canvas.image, canvas.depth, canvas.cover, canvas.cover_depth
    for i in range(points.shape[0]):
        for k in range(points.shape[1] - 1):
            xa, ya, za = points[i, k, 0], points[i, k, 1], points[i, k, 2]
            xb, yb, zb = points[i, k + 1, 0], points[i, k + 1, 1], points[i, k + 1, 2]
            if za > 0 and zb > 0:
                _segment(xa, ya, za, width, xb, yb, zb, width, colours, i, k, opacity, bias, image, depth, cover, cover_depth)


@njit(cache=True, nogil=True)
def nearest(points: Any, seeds: Any, out: Any) -> None:
    """Which of the seeds ``(m, 3)`` lies nearest to each of the points ``(n, 3)``, into ``out`` ``(n,)``."""
    for i in range(points.shape[0]):
        best = np.float32(np.inf)
        for j in range(seeds.shape[0]):
            x, y, z = points[i, 0] - seeds[j, 0], points[i, 1] - seeds[j, 1], points[i, 2] - seeds[j, 2]
            distance = x * x + y * y + z * z
            if distance < best:
                best, out[i] = distance, j


@njit(cache=True, nogil=True)
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
