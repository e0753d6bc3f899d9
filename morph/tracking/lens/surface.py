"""Points of a face, found again in every frame of a clip to a fraction of a pixel.

Each frame is drawn as the first one would show it: the mesh says which pixel of the frame each pixel of that view is. What is
left between the two pictures is small, and Lucas-Kanade finds it. Nothing drifts, for all frames are compared with one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from morph.arrays import Bools, Doubles, Floats, Image, Indices, Ints
from morph.model import MorphableModel
from morph.rendering import rasterise, vertex_normals
from morph.rendering.rasteriser import interpolate

SIDE = 256  # pixels of the face in the view in which frames are compared, at most
MARGIN = 0.35  # of the face about it
POINTS = 110
LEAST_CONTRAST = 0.003  # of the best point's
APART = 0.02  # of the view
WINDOW = 21  # pixels
LEVELS = 2
FACING = 0.3  # least cosine of a surface that is looked at
RIM = 9  # pixels between a point and what is not seen
ROUND_TRIP = 0.5  # pixels by which forth and back may differ
BEHIND, FACE = 6.0, 150.0  # millimetres behind the nearest surface and still seen, and of a face
CONTRAST = 6.0  # pixels over which light is taken out
NOISE = 3.0  # grey levels that are no contrast
LEAST_FRAMES = 0.2  # share of the frames in which a point must be found


@dataclass(frozen=True, eq=False)
class Window:
    """A part of a frame.

    Attributes:
        grey: ``(h, w)`` uint8.
        low: ``(2,)`` column and row of its first pixel in the frame.
    """

    grey: Image
    low: Indices


@dataclass(frozen=True, eq=False)
class Sights:
    """Where N points of the surface were seen in T frames.

    Attributes:
        corners: ``(N, 3)`` vertices of the triangle that a point lies on.
        shares: ``(N, 3)`` of these corners.
        seen: ``(T, N, 2)`` pixels of the frame.
        good: ``(T, N)`` found there.
        back: ``(T, N, 2, 2)`` from pixels of the frame to those of the view in which they were compared.
        sharpness: ``(N, 2, 2)`` square root of how exactly a point is known in each direction of that view, about 1.
    """

    corners: Ints
    shares: Doubles
    seen: Doubles
    good: Bools
    back: Doubles
    sharpness: Doubles

    @classmethod
    def together(cls, parts: Sequence[Sights]) -> Sights:
        """Points of the same frames that were looked for in several views."""
        of_points = [np.concatenate([getattr(part, name) for part in parts]) for name in ("corners", "shares", "sharpness")]
        seen, good, back = (np.concatenate([getattr(part, name) for part in parts], 1) for name in ("seen", "good", "back"))
        return cls(of_points[0], of_points[1], seen, good, back, of_points[2])

    def of_frames(self, order: Indices, near: Bools) -> Sights:
        """The same with frames in another order, and found only in some of them.

        Args:
            order: ``(T,)`` which frame comes in each place.
            near: ``(T,)`` of the new order.
        """
        good = self.good[order] & near[:, None]
        return Sights(self.corners, self.shares, self.seen[order], good, self.back[order], self.sharpness)


def follow(model: MorphableModel, windows: Sequence[Window], heads: Sequence[Doubles], rigid: Indices, reach: float) -> Sights:
    """Find points of the first frame's face in all of them.

    Args:
        model: whose mesh it is.
        windows: of T frames.
        heads: ``(V, 3)`` of each: pixels of the frame and depth in pixels, larger is nearer.
        rigid: vertices between which points may lie.
        reach: how far the heads may be beside the picture, as a share of the view.
    """
    view = _View.about(model, heads[0])
    parts = [_redrawn(model, view, *pair) for pair in zip(windows, heads, strict=True)]
    first, _, whole = parts[0]
    base = _contrast(first)
    points = _corners(base, whole & _between(model, view, rigid))
    if not len(points):
        return _nothing(len(windows))
    seen, good, back = zip(*(_found(base, part, points, reach * len(base)) for part in parts), strict=True)
    triangles, shares = _on_mesh(model, view, points)
    keep = (np.sum(good, 0) >= max(6, LEAST_FRAMES * len(windows))) & (np.abs(shares) < 3).all(1)
    if not keep.any():
        return _nothing(len(windows))
    where = np.stack(seen)[:, keep], np.stack(good)[:, keep], np.stack(back)[:, keep]
    return Sights(triangles[keep], shares[keep], *where, _sharpness(base, points[keep]))


def _nothing(count: int) -> Sights:
    none = np.zeros((count, 0, 2))
    return Sights(
        np.zeros((0, 3), np.int32),
        np.zeros((0, 3)),
        none,
        np.zeros((count, 0), bool),
        np.zeros((count, 0, 2, 2)),
        np.zeros((0, 2, 2)),
    )


@dataclass(frozen=True, eq=False)
class _View:
    """The first frame's face, cut out and at most :data:`SIDE` pixels large.

    Attributes:
        points: ``(V, 3)`` its vertices there.
        drawn: which triangle each pixel shows.
        zoom: pixels of the view for one of the frame.
    """

    points: Floats
    drawn: Any
    zoom: float

    @classmethod
    def about(cls, model: MorphableModel, head: Doubles) -> _View:
        marks = head[model.landmarks, :2]
        low, high = marks.min(0), marks.max(0)
        face = float((high - low).max())
        zoom = min(1.0, SIDE / face)
        side = int(np.ceil(face * (1 + 2 * MARGIN) * zoom))
        points = head.astype(np.float32)
        points[:, :2] = (head[:, :2] - low + MARGIN * face) * zoom
        return cls(points, rasterise(points, model.triangles, side, side), zoom)


def _redrawn(model: MorphableModel, view: _View, window: Window, head: Doubles) -> tuple[Floats, Floats, Bools]:
    """A frame as the view would show it, ``(S, S, 2)`` which pixel of the frame each is, and where it shows the face."""
    here = (head - [*window.low, 0.0]).astype(np.float32)
    upright = here * np.array([1, -1, 1], np.float32)
    facing = vertex_normals(upright, model.triangles)[:, 2:]
    at = interpolate(view.drawn, model.triangles, np.concatenate([here, facing], 1))
    height, width = window.grey.shape
    size, first = (float(np.ptp(points[model.landmarks, :2], axis=0).max()) for points in (head, view.points))
    grey = window.grey if size < 1.2 * first else cv2.GaussianBlur(window.grey, (0, 0), 0.5 * size / first)
    x, y = np.ascontiguousarray(at[..., 0]), np.ascontiguousarray(at[..., 1])
    drawn = cv2.remap(grey, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    depth = cv2.dilate(rasterise(here, model.triangles, height, width).depth, np.ones((3, 3), np.uint8))
    nearest = cv2.remap(np.where(np.isfinite(depth), depth, -1e6).astype(np.float32), x, y, cv2.INTER_NEAREST)
    behind = BEHIND / FACE * size
    inside = (x > 2) & (y > 2) & (x < width - 3) & (y < height - 3)
    shown = view.drawn.covered & inside & (at[..., 3] > FACING) & (at[..., 2] + behind > nearest)
    return drawn, at[..., :2] + window.low.astype(np.float32), shown


def _contrast(grey: Floats) -> Floats:
    """A picture without its light: what is left of the mean around, over its own spread."""
    left = grey - cv2.GaussianBlur(grey, (0, 0), CONTRAST)
    spread = np.sqrt(cv2.GaussianBlur(left * left, (0, 0), CONTRAST) + NOISE**2)
    return np.asarray(left / spread, np.float32)


def _between(model: MorphableModel, view: _View, rigid: Indices) -> Bools:
    marked = np.zeros((model.n_vertices, 1), np.float32)
    marked[rigid] = 1.0
    return np.asarray(interpolate(view.drawn, model.triangles, marked)[..., 0] > 0.99)


def _corners(base: Floats, where: Bools) -> Floats:
    """``(N, 2)`` places with contrast in two directions."""
    inner = cv2.erode(where.astype(np.uint8), np.ones((7, 7), np.uint8))
    apart = max(4.0, APART * len(base))
    found = cv2.goodFeaturesToTrack(base, POINTS, LEAST_CONTRAST, apart, mask=inner, blockSize=9)
    return np.zeros((0, 2), np.float32) if found is None else np.asarray(found[:, 0], np.float32)


def _found(base: Floats, part: tuple[Floats, Floats, Bools], points: Floats, reach: float) -> tuple[Doubles, Bools, Doubles]:
    """Pixels of the frame, which were found, and the way back from there to the view."""
    drawn, at, shown = part
    first, second = (_as_bytes(picture) for picture in (base, np.where(shown, _contrast(drawn), base)))
    there, known = _flow(first, second, points)
    again, known_again = _flow(second, first, there)
    inner = cv2.erode(shown.astype(np.uint8), np.ones((RIM, RIM), np.uint8)).astype(np.float32)
    good = known & known_again & (_at(inner, points) > 0.99)
    good &= (np.linalg.norm(again - points, axis=1) < ROUND_TRIP) & (np.linalg.norm(there - points, axis=1) < reach)
    forth = np.empty((len(points), 2, 2))
    for axis, step in enumerate(np.array([[2, 0], [0, 2]], np.float32)):
        forth[:, :, axis] = (_at(at, there + step) - _at(at, there - step)) / 4
    good &= np.isfinite(forth).all((1, 2)) & (np.abs(np.linalg.det(forth)) > 0.05)
    return _at(at, there), good, np.linalg.inv(np.where(good[:, None, None], forth, np.eye(2)))


def _flow(first: Image, second: Image, points: Floats) -> tuple[Floats, Bools]:
    """Where points of one picture are in the other, and which were found."""
    how: dict[str, Any] = {"winSize": (WINDOW, WINDOW), "maxLevel": LEVELS, "criteria": (3, 40, 1e-3)}
    there, known, _ = cv2.calcOpticalFlowPyrLK(first, second, points, np.zeros_like(points), **how)
    return np.asarray(there, np.float32), np.asarray(known[:, 0] > 0)


def _as_bytes(picture: Floats) -> Image:
    return np.clip(picture * 32 + 128, 0, 255).astype(np.uint8)


def _at(picture: Floats, points: Floats) -> Doubles:
    """``(N,)`` or ``(N, C)`` values at columns and rows."""
    x, y = (np.ascontiguousarray(points[:, axis : axis + 1], np.float32) for axis in (0, 1))
    layers = picture[..., None] if picture.ndim == 2 else picture
    read = [cv2.remap(np.ascontiguousarray(layers[..., k]), x, y, cv2.INTER_LINEAR)[:, 0] for k in range(layers.shape[2])]
    out = np.stack(read, 1).astype(np.float64)
    return out[:, 0] if picture.ndim == 2 else out


def _on_mesh(model: MorphableModel, view: _View, points: Floats) -> tuple[Ints, Doubles]:
    """The triangle of each point, and the shares of its corners."""
    column, row = np.rint(points).astype(int).T
    corners = model.triangles[view.drawn.triangle_id[row, column]]
    matrix = np.concatenate([view.points[corners][..., :2].astype(np.float64), np.ones((len(points), 3, 1))], 2)
    matrix += 1e-9 * np.eye(3)
    wanted = np.column_stack([points.astype(np.float64), np.ones(len(points))])
    return corners, np.linalg.solve(matrix.transpose(0, 2, 1), wanted[..., None])[..., 0]


def _sharpness(base: Floats, points: Floats) -> Doubles:
    """``(N, 2, 2)`` square roots of the structure tensors, the middle of their traces 2."""
    x, y = (cv2.Sobel(base, cv2.CV_32F, *order, scale=1 / 8) for order in ((1, 0), (0, 1)))
    products = (np.asarray(cv2.GaussianBlur(part, (0, 0), 4), np.float32) for part in (x * x, x * y, y * y))
    xx, xy, yy = (_at(part, points) for part in products)
    tensor = np.stack([xx, xy, xy, yy], -1).reshape(-1, 2, 2)
    values, axes = np.linalg.eigh(2 * tensor / np.median(xx + yy))
    return np.asarray(np.einsum("nij,nj,nkj->nik", axes, np.sqrt(np.clip(values, 0, 4)), axes))
