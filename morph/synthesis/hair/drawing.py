"""How hair is drawn: near strands first, so that what they hide need neither be lit nor blended."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from morph.synthesis.hair.strands import Canvas, hidden
from morph.synthesis.surfaces.surfaces import StrandLight, strand_light

Floats = npt.NDArray[np.float32]
OPAQUE = np.float32(1 / 250)  # strands behind which less of the light passes are not seen


def draw_hair(
    order: npt.NDArray[np.int64],
    at: Floats,
    points: Floats,
    brightness: Floats,
    deep: Floats,
    light: StrandLight,
    width: float,
    opacity: float,
    canvas: Canvas,
    bias: float,
) -> None:
    """Draw strands that taper, and light them where they are seen.

    Args:
        order: ``(n,)`` near strands first.
        at, points: ``(n, m, 3)`` of :func:`morph.synthesis.hair.strands.project`.
        brightness: ``(n,)`` of each strand.
        deep: ``(n, m)`` 0 deep in the hair .. 1 at its surface.
        light: of :func:`morph.synthesis.surfaces.surfaces.strand_lighting`.
        width: of the roots in pixels, for a depth of 1.
        opacity, canvas, bias: see :func:`morph.synthesis.hair.strands.draw`.
    """
    f = np.float32
    y0, y1, x0, x1 = _bounds(points, *canvas.depth.shape)
    if x0 >= x1 or y0 >= y1:
        return
    layer = np.empty((y1 - y0, x1 - x0, 4), f)
    part = np.s_[y0:y1, x0:x1]
    piece = Canvas(canvas.image[part], canvas.depth[part], canvas.cover[part], canvas.cover_depth[part])
    shift = np.array([x0, y0], f)
    _draw(
        order, at, points, brightness, deep, light, np.full(at.shape, -1, f), f(width), f(opacity), piece, f(bias), layer, shift
    )
    _lay_over(layer, piece.image, piece.cover)


@njit(cache=True, nogil=True)
def _bounds(points: Any, height: Any, width: Any) -> Any:
    """First and one past the last row and column that strands between nodes ``(n, m, 3)`` may reach."""
    f = np.float32
    x0, x1, y0, y1 = f(width), f(-1), f(height), f(-1)
    for i in range(points.shape[0]):
        for k in range(points.shape[1]):
            x, y = points[i, k, 0], points[i, k, 1]
            x0, x1, y0, y1 = min(x0, x), max(x1, x), min(y0, y), max(y1, y)
    edge = f(4.0)
    top, bottom = int(max(y0 - edge, f(0.0))), int(min(max(y1 + edge, f(0.0)), f(height)))
    return top, bottom, int(max(x0 - edge, f(0.0))), int(min(max(x1 + edge, f(0.0)), f(width)))


@njit(cache=True, nogil=True)
def _lay_over(layer: Any, image: Any, cover: Any) -> None:
    for y in range(layer.shape[0]):
        for x in range(layer.shape[1]):
            left = layer[y, x, 3]
            if left < np.float32(1.0):
                for c in range(3):
                    image[y, x, c] = layer[y, x, c] + left * image[y, x, c]
                cover[y, x] = np.float32(1.0) - left * (np.float32(1.0) - cover[y, x])


@njit(cache=True, nogil=True)
def _behind(xa: Any, ya: Any, za: Any, xb: Any, yb: Any, zb: Any, span: Any, layer: Any, front: Any) -> Any:
    """Whether a piece of a strand lies behind hair that nothing can be seen through, at points three pixels apart."""
    f = np.float32
    rows, columns = front.shape
    pieces = int(span * f(1 / 3)) + 1
    for s in range(pieces + 1):
        t = f(s) / f(pieces)
        column, row = int(np.floor(xa + (xb - xa) * t + f(0.5))), int(np.floor(ya + (yb - ya) * t + f(0.5)))
        if column < 0 or row < 0 or column >= columns or row >= rows:
            return False
        if layer[row, column, 3] >= OPAQUE or za + (zb - za) * t > front[row, column]:
            return False
    return True


@njit(cache=True, nogil=True)
def _draw(
    order: Any,
    at: Any,
    points: Any,
    brightness: Any,
    deep: Any,
    light: Any,
    lit: Any,
    width: Any,
    opacity: Any,
    canvas: Any,
    bias: Any,
    layer: Any,
    shift: Any,
) -> None:
    depth, front = canvas.depth, canvas.cover_depth
    rows, columns = depth.shape
    m = points.shape[1]
    f = np.float32
    half, one = f(0.5), f(1.0)
    taper = f(0.55) / f(m - 1)
    for y in range(rows):
        for x in range(columns):
            layer[y, x, 0], layer[y, x, 1], layer[y, x, 2], layer[y, x, 3] = f(0.0), f(0.0), f(0.0), one
    for j in range(order.shape[0]):
        i = order[j]
        for k in range(m - 2, -1, -1):
            xa, ya, za = points[i, k, 0] - shift[0], points[i, k, 1] - shift[1], points[i, k, 2]
            xb, yb, zb = points[i, k + 1, 0] - shift[0], points[i, k + 1, 1] - shift[1], points[i, k + 1, 2]
            if not (za > 0 and zb > 0):
                continue
            if max(xa, xb) < -2 or max(ya, yb) < -2 or min(xa, xb) > columns + 1 or min(ya, yb) > rows + 1:
                continue
            if (
                hidden(xa, ya, za, depth, bias)
                and hidden(xb, yb, zb, depth, bias)
                and hidden(half * (xa + xb), half * (ya + yb), half * (za + zb), depth, bias)
            ):
                continue
            wide_a, wide_b = width * za * (one - taper * f(k)), width * zb * (one - taper * f(k + 1))
            steep = abs(yb - ya) > abs(xb - xa)
            span = abs(yb - ya) if steep else abs(xb - xa)
            steps = max(min(int(np.ceil(span)), 4 * (rows + columns)), 1)
            over = one / f(steps)
            share = (f(0.4) + f(0.6) * min(one, span * over)) * opacity
            if _behind(xa, ya, za, xb, yb, zb, span, layer, front):
                continue
            known = False
            ra, ga, ba = f(0.0), f(0.0), f(0.0)
            rb, gb, bb = f(0.0), f(0.0), f(0.0)
            for s in range(steps):
                t = (f(s) + half) * over
                x, y, z = xa + (xb - xa) * t, ya + (yb - ya) * t, za + (zb - za) * t
                w = wide_a + (wide_b - wide_a) * t
                minor = x if steep else y
                reach = half * max(w, one)
                fixed = int(np.floor((y if steep else x) + half))
                if fixed < 0 or fixed >= (rows if steep else columns):
                    continue
                first, last = int(np.ceil(minor - reach - half)), int(np.floor(minor + reach + half))
                first, last = max(first, 0), min(last, (columns if steep else rows) - 1)
                strength = min(w, one) * share
                for cell in range(first, last + 1):
                    alpha = (min(minor + reach, f(cell) + half) - max(minor - reach, f(cell) - half)) * strength
                    if alpha <= 0:
                        continue
                    column = cell if steep else fixed
                    row = fixed if steep else cell
                    if z < depth[row, column] * bias:
                        continue
                    if z > front[row, column]:
                        front[row, column] = z
                    left = layer[row, column, 3]
                    if left < OPAQUE:
                        continue
                    if not known:
                        for node in (k, k + 1):
                            if lit[i, node, 0] < 0:
                                strand_light(at, i, node, brightness[i], deep[i, node], light, lit)
                        ra, ga, ba = lit[i, k, 0], lit[i, k, 1], lit[i, k, 2]
                        rb, gb, bb = lit[i, k + 1, 0] - ra, lit[i, k + 1, 1] - ga, lit[i, k + 1, 2] - ba
                        known = True
                    alpha *= left
                    layer[row, column, 0] += alpha * (ra + rb * t)
                    layer[row, column, 1] += alpha * (ga + gb * t)
                    layer[row, column, 2] += alpha * (ba + bb * t)
                    layer[row, column, 3] = left - alpha
