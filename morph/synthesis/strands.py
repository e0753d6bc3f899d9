"""Strands: how hair grows over the head, and how thin lines are drawn into a picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float32]


@njit(cache=True, nogil=True)
def grow(
    roots: Any,
    first: Any,
    comb: Any,
    length: Any,
    gravity: Any,
    lift: Any,
    comb_reach: float,
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
        comb_reach: share of the length along which the comb acts.
        free: ``(n,)`` 1 for strands that may hang into the face.
        side: ``(n,)`` -1 or 1: to which side of the face a strand yields.
        radius: ``(A, B)`` distance of the skin from the skull's centre by azimuth and elevation.
        skull: ``(3,)``.
        face_low: elevation (radians) of the forehead's hairline.
        face_open: azimuth (radians) to which hair leaves the face free.
        out: ``(n, m, 3)`` nodes.
    """
    columns, rows = radius.shape
    n, m = out.shape[0], out.shape[1]
    for i in range(n):
        px, py, pz = roots[i, 0], roots[i, 1], roots[i, 2]
        dx, dy, dz = first[i, 0], first[i, 1], first[i, 2]
        step = length[i] / (m - 1)
        for k in range(m):
            out[i, k, 0], out[i, k, 1], out[i, k, 2] = px, py, pz
            share = k / (m - 1.0)
            pull = 0.5 * max(0.0, 1.0 - share / comb_reach) if comb_reach > 0 else 0.0
            dx += pull * comb[i, 0]
            dy += pull * comb[i, 1] - gravity[i] * (0.4 + 0.6 * share)
            dz += pull * comb[i, 2]
            size = np.sqrt(dx * dx + dy * dy + dz * dz) + 1e-9
            dx, dy, dz = dx / size, dy / size, dz / size
            px, py, pz = px + step * dx, py + step * dy, pz + step * dz
            qx, qy, qz = px - skull[0], py - skull[1], pz - skull[2]
            flat = np.sqrt(qx * qx + qz * qz)
            azimuth = np.arctan2(qx, qz)
            elevation = np.arctan2(qy, flat)
            if free[i] == 0 and elevation < face_low:
                # the face: yield sideways until beside the cheek
                open_ = face_open + 0.2 * min(1.0, max(0.0, (face_low - elevation) / 1.2))
                if abs(azimuth) < open_:
                    turned = azimuth + side[i] * 0.5 * (open_ - side[i] * azimuth)
                    qx, qz = flat * np.sin(turned), flat * np.cos(turned)
                    azimuth = turned
                    px, pz = skull[0] + qx, skull[2] + qz
            u = (azimuth / (2 * np.pi) + 0.5) * columns - 0.5
            v = (elevation / np.pi + 0.5) * rows - 0.5
            u0, v0 = int(np.floor(u)), int(np.floor(v))
            a, b = u - u0, v - v0
            v1 = min(max(v0 + 1, 0), rows - 1)
            v0 = min(max(v0, 0), rows - 1)
            c0, c1 = u0 % columns, (u0 + 1) % columns
            skin = (radius[c0, v0] * (1 - a) + radius[c1, v0] * a) * (1 - b) + (
                radius[c0, v1] * (1 - a) + radius[c1, v1] * a
            ) * b
            rise = min(1.0, (k + 1) * step / 14.0)
            wanted = skin + 0.6 + lift[i] * rise
            r = np.sqrt(qx * qx + qy * qy + qz * qz) + 1e-9
            if r < wanted:
                scale = wanted / r
                px, py, pz = skull[0] + qx * scale, skull[1] + qy * scale, skull[2] + qz * scale
                inward = (dx * qx + dy * qy + dz * qz) / r
                if inward < 0:
                    dx, dy, dz = dx - inward * qx / r, dy - inward * qy / r, dz - inward * qz / r


@njit(cache=True, nogil=True)
def draw(
    points: Any, colours: Any, width: Any, opacity: Any, image: Any, depth: Any, cover: Any, cover_depth: Any, bias: float
) -> None:
    """Draw polylines, thin ones by coverage.

    Args:
        points: ``(n, m, 3)`` pixels and depth (larger is nearer), far strands first.
        colours: ``(n, m, 3)`` linear RGB.
        width: ``(n, m)`` in pixels.
        opacity: ``(n,)``.
        image, depth: ``(H, W, 3)`` to draw into; ``(H, W)`` what hides strands.
        cover, cover_depth: ``(H, W)`` how much hair covers each pixel, and the depth of its front.
        bias: relative depth by which strands win against the surface they lie on.
    """
    rows, columns = depth.shape
    for i in range(points.shape[0]):
        for k in range(points.shape[1] - 1):
            xa, ya, za = points[i, k, 0], points[i, k, 1], points[i, k, 2]
            xb, yb, zb = points[i, k + 1, 0], points[i, k + 1, 1], points[i, k + 1, 2]
            if not (za > 0 and zb > 0):
                continue
            if max(xa, xb) < -2 or max(ya, yb) < -2 or min(xa, xb) > columns + 1 or min(ya, yb) > rows + 1:
                continue
            steep = abs(yb - ya) > abs(xb - xa)
            span = abs(yb - ya) if steep else abs(xb - xa)
            steps = min(int(np.ceil(span)), 4 * (rows + columns))
            if steps == 0:
                steps = 1
            share = min(1.0, span / steps)
            for s in range(steps):
                t = (s + 0.5) / steps
                x, y, z = xa + (xb - xa) * t, ya + (yb - ya) * t, za + (zb - za) * t
                w = width[i, k] + (width[i, k + 1] - width[i, k]) * t
                minor = x if steep else y
                half = 0.5 * max(w, 1.0)
                first, last = int(np.ceil(minor - half - 0.5)), int(np.floor(minor + half + 0.5))
                for cell in range(first, last + 1):
                    overlap = min(minor + half, cell + 0.5) - max(minor - half, cell - 0.5)
                    if overlap <= 0:
                        continue
                    column = cell if steep else int(np.floor(x + 0.5))
                    row = int(np.floor(y + 0.5)) if steep else cell
                    if column < 0 or row < 0 or column >= columns or row >= rows:
                        continue
                    if z < depth[row, column] * (1 - bias):
                        continue
                    alpha = overlap * min(w, 1.0) * opacity[i] * (0.4 + 0.6 * share)
                    for c in range(3):
                        value = colours[i, k, c] + (colours[i, k + 1, c] - colours[i, k, c]) * t
                        image[row, column, c] += alpha * (value - image[row, column, c])
                    cover[row, column] += alpha * (1 - cover[row, column])
                    if z > cover_depth[row, column]:
                        cover_depth[row, column] = z
