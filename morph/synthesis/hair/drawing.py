"""How hair is drawn: near strands first, so that what they hide need neither be lit nor blended."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from morph.arrays import Floats, Indices
from morph.compiled import compiled
from morph.synthesis.hair.strands import Piece, StrandCanvas, Stroke, cross_section, hidden, overlap, steps_along
from morph.synthesis.surfaces.surfaces import StrandLight, strand_light

OPAQUE = np.float32(1 / 250)  # strands behind which less of the light passes are not seen


class StrandBatch(NamedTuple):
    """Strands of one kind that are drawn together.

    Attributes:
        order: ``(n,)`` near strands first.
        at: ``(n, m, 3)`` in the camera frame, of :func:`morph.synthesis.hair.strands.project`.
        points: ``(n, m, 3)`` in pixels and depth, of the same.
        brightness: ``(n,)`` of each strand.
        deep: ``(n, m)`` 0 deep in the hair .. 1 at its surface.
    """

    order: Indices
    at: Floats
    points: Floats
    brightness: Floats
    deep: Floats


def draw_hair(batch: StrandBatch, light: StrandLight, stroke: Stroke, canvas: StrandCanvas) -> None:
    """Draw strands that taper, and light them where they are seen.

    Args:
        batch: the strands.
        light: of :func:`morph.synthesis.surfaces.surfaces.strand_lighting`.
        stroke: width of the roots, opacity, and what hides them.
        canvas: to draw into.
    """
    f = np.float32
    y0, y1, x0, x1 = _bounds(batch.points, *canvas.depth.shape)
    if x0 >= x1 or y0 >= y1:
        return
    layer = np.empty((y1 - y0, x1 - x0, 4), f)
    part = np.s_[y0:y1, x0:x1]
    piece = StrandCanvas(canvas.image[part], canvas.depth[part], canvas.cover[part], canvas.cover_depth[part])
    exact = Stroke(f(stroke.width), f(stroke.opacity), f(stroke.bias))
    _draw(batch, light, exact, piece, (layer, np.full(batch.at.shape, -1, f), f(x0), f(y0)))
    _lay_over(layer, piece.image, piece.cover)


@compiled
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


@compiled
def _lay_over(layer: Any, image: Any, cover: Any) -> None:
    for y in range(layer.shape[0]):
        for x in range(layer.shape[1]):
            left = layer[y, x, 3]
            if left < np.float32(1.0):
                for c in range(3):
                    image[y, x, c] = layer[y, x, c] + left * image[y, x, c]
                cover[y, x] = np.float32(1.0) - left * (np.float32(1.0) - cover[y, x])


@compiled
def _behind(piece: Any, span: Any, layer: Any, front: Any) -> Any:
    """Whether a piece of a strand lies behind hair that nothing can be seen through, at points three pixels apart."""
    f = np.float32
    rows, columns = front.shape
    pieces = int(span * f(1 / 3)) + 1
    for s in range(pieces + 1):
        t = f(s) / f(pieces)
        column = int(np.floor(piece.xa + (piece.xb - piece.xa) * t + f(0.5)))
        row = int(np.floor(piece.ya + (piece.yb - piece.ya) * t + f(0.5)))
        if column < 0 or row < 0 or column >= columns or row >= rows:
            return False
        if layer[row, column, 3] >= OPAQUE or piece.za + (piece.zb - piece.za) * t > front[row, column]:
            return False
    return True


@compiled
def _seen(piece: Any, depth: Any, bias: Any) -> Any:
    """Whether any of a piece of a strand may lie within the canvas and before what it holds."""
    half = np.float32(0.5)
    xa, ya, za, _, xb, yb, zb, _ = piece
    if not (za > 0 and zb > 0):
        return False
    rows, columns = depth.shape
    if max(xa, xb) < -2 or max(ya, yb) < -2 or min(xa, xb) > columns + 1 or min(ya, yb) > rows + 1:
        return False
    return not (
        hidden(xa, ya, za, depth, bias)
        and hidden(xb, yb, zb, depth, bias)
        and hidden(half * (xa + xb), half * (ya + yb), half * (za + zb), depth, bias)
    )


@compiled
def _draw(batch: Any, light: Any, stroke: Any, canvas: Any, buffers: Any) -> None:
    """``buffers``: a layer ``(H, W, 4)`` to write, the light of the nodes (negative: not known), the canvas's corner."""
    layer, lit, left, top = buffers
    f = np.float32
    points, depth = batch.points, canvas.depth
    last = points.shape[1] - 1
    taper = f(0.55) / f(last)
    for y in range(depth.shape[0]):
        for x in range(depth.shape[1]):
            layer[y, x, 0], layer[y, x, 1], layer[y, x, 2], layer[y, x, 3] = f(0.0), f(0.0), f(0.0), f(1.0)
    for j in range(batch.order.shape[0]):
        i = batch.order[j]
        for k in range(last - 1, -1, -1):
            xa, ya, za = points[i, k, 0] - left, points[i, k, 1] - top, points[i, k, 2]
            xb, yb, zb = points[i, k + 1, 0] - left, points[i, k + 1, 1] - top, points[i, k + 1, 2]
            wide_a = stroke.width * za * (f(1.0) - taper * f(k))
            wide_b = stroke.width * zb * (f(1.0) - taper * f(k + 1))
            piece = Piece(xa, ya, za, wide_a, xb, yb, zb, wide_b)
            if _seen(piece, depth, stroke.bias):
                _draw_piece(batch, (i, k, piece, stroke), light, canvas, (layer, lit))


@compiled
def _light_ends(batch: Any, i: Any, k: Any, light: Any, lit: Any) -> None:
    """Light both ends of a piece, unless they are lit already."""
    for node in (k, k + 1):
        if lit[i, node, 0] < 0:
            strand_light(batch, i, node, light, lit)


@compiled
def _draw_piece(batch: Any, what: Any, light: Any, canvas: Any, buffers: Any) -> None:
    """Blend a piece of a strand behind what the layer holds; ``what``: number of the strand and of the node, piece, stroke."""
    i, k, piece, stroke = what
    layer, lit = buffers
    depth, front = canvas.depth, canvas.cover_depth
    f = np.float32
    half, one = f(0.5), f(1.0)
    steep, span, steps = steps_along(piece, depth.shape)
    over = one / f(steps)
    share = (f(0.4) + f(0.6) * min(one, span * over)) * stroke.opacity
    if _behind(piece, span, layer, front):
        return
    known = False
    ra, ga, ba = f(0.0), f(0.0), f(0.0)
    rb, gb, bb = f(0.0), f(0.0), f(0.0)
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
            if z > front[row, column]:
                front[row, column] = z
            left = layer[row, column, 3]
            if left < OPAQUE:
                continue
            if not known:
                _light_ends(batch, i, k, light, lit)
                ra, ga, ba = lit[i, k, 0], lit[i, k, 1], lit[i, k, 2]
                rb, gb, bb = lit[i, k + 1, 0] - ra, lit[i, k + 1, 1] - ga, lit[i, k + 1, 2] - ba
                known = True
            alpha *= left
            layer[row, column, 0] += alpha * (ra + rb * t)
            layer[row, column, 1] += alpha * (ga + gb * t)
            layer[row, column, 2] += alpha * (ba + bb * t)
            layer[row, column, 3] = left - alpha
