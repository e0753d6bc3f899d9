"""A shaded mesh blended into a picture: one value a vertex, spans instead of boxes, and no buffers but depth and value."""

from __future__ import annotations

from typing import Any

import numpy as np

from morph.arrays import Floats, Image, Ints
from morph.compiled import compiled

EMPTY = -np.inf


def blend(image: Image, points: Floats, triangles: Ints, light: Floats, colour: Floats) -> None:
    """Lay triangles that face the camera over a picture, in place; each pixel sees the nearest one.

    Args:
        image: ``(H, W, 3)`` uint8.
        points: ``(V, 3)`` float32 x and y in pixels (0 is the centre of the first pixel, y down), depth (larger is nearer).
        triangles: ``(F, 3)`` int32, anticlockwise seen from outside.
        light: ``(V,)`` float32 by which the colour is multiplied.
        colour: ``(4,)`` float32 RGB, and how opaque it is, 0..1.
    """
    depth = np.full(image.shape[:2], EMPTY, np.float32)
    value = np.empty(image.shape[:2], np.float32)
    _fill_spans(points, triangles, light, (depth, value))
    _lay_over(image, depth, value, colour)


@compiled(fastmath=True)
def _lay_over(image: Any, depth: Any, value: Any, colour: Any) -> None:
    opaque = colour[3]
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            if depth[y, x] > np.float32(-3e38):
                for c in range(3):
                    lit = min(value[y, x] * colour[c], np.float32(1.0)) * np.float32(255.0)
                    image[y, x, c] = np.uint8(opaque * lit + (np.float32(1.0) - opaque) * image[y, x, c] + np.float32(0.5))


@compiled
def _fill_spans(points: Any, triangles: Any, light: Any, buffers: Any) -> None:
    """Draw the nearest depth and its value; along a row a triangle is a span, and depth and value grow evenly."""
    depth, value = buffers
    height, width = depth.shape
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        xa, ya = np.float64(points[a, 0]), np.float64(points[a, 1])
        xb, yb = np.float64(points[b, 0]), np.float64(points[b, 1])
        xc, yc = np.float64(points[c, 0]), np.float64(points[c, 1])
        area = (xc - xa) * (yb - ya) - (xb - xa) * (yc - ya)  # twice the area; positive seen from outside (y down)
        if not area > 0.0:
            continue
        first_y = max(0, int(np.ceil(max(min(ya, yb, yc), -1.0))))
        last_y = min(height - 1, int(np.floor(min(max(ya, yb, yc), float(height)))))
        inverse = 1.0 / area
        ea_x, ea_y = (yc - yb) * inverse, (xb - xc) * inverse  # shares of the corners a and b, with respect to x and y
        eb_x, eb_y = (ya - yc) * inverse, (xc - xa) * inverse
        za, zb, zc = np.float64(points[a, 2]), np.float64(points[b, 2]), np.float64(points[c, 2])
        la, lb, lc = np.float64(light[a]), np.float64(light[b]), np.float64(light[c])
        for y in range(first_y, last_y + 1):
            wa = (y - yb) * ea_y - xb * ea_x  # at x = 0
            wb = (y - yc) * eb_y - xc * eb_x
            left, right = -1.0, float(width)
            for start, slope in ((wa, ea_x), (wb, eb_x), (1.0 - wa - wb, -ea_x - eb_x)):
                if slope > 0.0:
                    left = max(left, -start / slope)
                elif slope < 0.0:
                    right = min(right, -start / slope)
                elif start < 0.0:
                    right = -2.0
            first_x, last_x = max(0, int(np.ceil(left))), min(width - 1, int(np.floor(right)))
            z = np.float32(wa * za + wb * zb + (1.0 - wa - wb) * zc)
            v = np.float32(wa * la + wb * lb + (1.0 - wa - wb) * lc)
            dz = np.float32(ea_x * (za - zc) + eb_x * (zb - zc))
            dv = np.float32(ea_x * (la - lc) + eb_x * (lb - lc))
            for x in range(first_x, last_x + 1):
                here = z + dz * x
                if here > depth[y, x]:
                    depth[y, x] = here
                    value[y, x] = v + dv * x
