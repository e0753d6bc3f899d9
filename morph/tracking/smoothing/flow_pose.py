"""How a head moved between two pictures, from the pictures alone: points of the face are followed by optical flow.

A few dozen vertices that expressions hardly move are followed by pyramidal Lucas-Kanade (Bouguet 2000) in a small grey window,
and a robust least squares turns their ways into the change of a scaled orthographic pose. The window stays where it is while
the face does, so that each picture is cut once, and what the last picture looked like there is all that is kept of it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import cv2
import numpy as np

from morph.arrays import Bools, Image, Indices, Reals
from morph.errors import MorphError
from morph.model import Coefficients, Decoder, MorphableModel
from morph.rendering import vertex_normals

POINTS = 48  # vertices that are followed
RIGID = 0.75  # of the vertices that look forward, the share that expressions move least
FORWARD = 0.25  # least cosine between a vertex's normal and the flow to the viewer
SIDE = 128  # pixels of a window's side
MARGIN = 1.45  # side of a window over that of the face
SLACK = 0.18  # the face may be this far off the window's middle, in face sizes, before the window follows
GROWTH = 1.2  # and so many times larger or smaller
PATCH = 11  # pixels of the side of the square that is compared about each point
LEVELS = 1  # halvings of the window above the finest; the network says where to look first
EDGE = 3  # pixels of the window's rim in which nothing is followed
TOLERANCE = 0.004  # flow off the rigid motion, in face sizes, from which a point counts less
STRAY = 0.02  # and from which it does not count as followed
ROUNDS = 3  # of reweighting
LEAST_POINTS = 12
LEAST_SHARE = 0.5  # of the points that look forward, which must have been followed
STIFFNESS = np.array([1e-4, 1e-4, 1e-4, 0.0, 0.0, 0.0])  # of log scale, pitch, yaw: what the points do not tell stays as it is
FLIP = np.array([1.0, -1.0])  # from y up to y down


@dataclass(frozen=True, eq=False)
class RigidPoints:
    """Vertices of a model that expressions hardly move, spread over its face.

    Attributes:
        decoder: of these vertices.
        normals: ``(K, 3)`` of the mean face.
        middle: ``(3,)`` of them in the mean face.
    """

    decoder: Decoder
    normals: Reals
    middle: Reals


def rigid_vertices(model: MorphableModel) -> Indices:
    """Vertices of the face that look forward and that expressions hardly move.

    Raises:
        MorphError: no vertex of the face looks forward.
    """
    normals = vertex_normals(model.mean, model.triangles).astype(np.float64)
    if "face" in model.vertex_masks:
        face = model.vertex_masks["face"] > 0.5
    else:
        low, high = (bound(model.mean[model.landmarks, :2], axis=0) for bound in (np.min, np.max))
        face = ((model.mean[:, :2] >= low) & (model.mean[:, :2] <= high)).all(1)
    rows = np.flatnonzero(face & (normals[:, 2] > FORWARD))
    if not len(rows):
        raise MorphError(
            f"no face of model {model.name!r} looks along z; its triangles must be anticlockwise seen from outside"
        )
    moved = np.square(model.expression_basis[rows] * model.expression_std).sum((1, 2))
    return np.asarray(rows[moved <= np.quantile(moved, RIGID)])


def rigid_points(model: MorphableModel, count: int = POINTS) -> RigidPoints:
    """``count`` vertices, or all where there are fewer, each as far from the others as can be (farthest point sampling).

    Raises:
        MorphError: no vertex of the face looks forward.
    """
    normals, rows = vertex_normals(model.mean, model.triangles).astype(np.float64), rigid_vertices(model)
    places = model.mean[rows].astype(np.float64)
    chosen = [int(places[:, 2].argmax())]
    far = np.linalg.norm(places - places[chosen[0]], axis=1)
    while len(chosen) < min(count, len(rows)):
        chosen.append(int(far.argmax()))
        far = np.minimum(far, np.linalg.norm(places - places[chosen[-1]], axis=1))
    return RigidPoints(Decoder(model, rows[chosen]), normals[rows[chosen]], places[chosen].mean(0))


@dataclass(frozen=True, eq=False)
class GreyWindow:
    """A square of the picture, seen small and grey.

    Attributes:
        low: ``(2,)`` its first column and row in the picture; may lie beyond it.
        side: pixels of the picture.
        face: size of the face when the window was put there, pixels.
        shape: height and width of the picture.
        grey: ``(SIDE, SIDE)`` uint8 of the last picture.
    """

    low: Indices
    side: int
    face: float
    shape: tuple[int, int]
    grey: Image

    @classmethod
    def about(cls, image: Image, points: Reals) -> GreyWindow:
        """The window about ``(n, 2)`` points of a face in a picture ``(H, W, 3)``."""
        low, high = points.min(0), points.max(0)
        face = float((high - low).max())
        side = max(round(face * MARGIN), 8)
        if side > 2 * SIDE:
            side = -(-side // SIDE) * SIDE  # whole blocks of pixels are averaged several times faster
        corner = np.round((low + high - side) / 2).astype(np.int64)
        return cls(corner, side, face, image.shape[:2], _cut(image, corner, side))

    def fits(self, image: Image, points: Reals) -> bool:
        """Whether a face is still about where it was when the window was put there, in a picture of the same size."""
        low, high = points.min(0), points.max(0)
        face = float((high - low).max())
        off = float(np.abs((low + high - self.side) / 2 - self.low).max())
        return self.shape == image.shape[:2] and off < SLACK * face and 1 / GROWTH < face / self.face < GROWTH

    def next(self, image: Image) -> GreyWindow:
        """The same window in another picture of the same size."""
        return dataclasses.replace(self, grey=_cut(image, self.low, self.side))

    def inward(self, points: Reals) -> Reals:
        """Pixels of the picture to pixels of ``grey``, 0-based at their centres on both sides."""
        return (points - self.low + 0.5) * (SIDE / self.side) - 0.5

    def shows(self, points: Reals) -> Bools:
        """Which ``(n, 2)`` pixels of the picture lie in the picture and off the window's rim."""
        inside = self.inward(points)
        high = np.array(self.shape[::-1]) - 1
        return np.asarray(np.all((inside > EDGE) & (inside < SIDE - 1 - EDGE) & (points > 0) & (points < high), axis=1))


def _cut(image: Image, low: Indices, side: int) -> Image:
    """``(SIDE, SIDE)`` grey part of a picture, its border carried on beyond it."""
    height, width = image.shape[:2]
    x, y = int(low[0]), int(low[1])
    left, top = min(max(x, 0), width - 1), min(max(y, 0), height - 1)
    right, bottom = min(max(x + side, 1), width), min(max(y + side, 1), height)
    part = cv2.cvtColor(image[top:bottom, left:right], cv2.COLOR_RGB2GRAY)
    up, down, ahead, behind = (max(n, 0) for n in (top - y, y + side - bottom, left - x, x + side - right))
    if up or down or ahead or behind:
        part = cv2.copyMakeBorder(part, up, down, ahead, behind, cv2.BORDER_REPLICATE)
    method = cv2.INTER_AREA if side >= 2 * SIDE else cv2.INTER_LINEAR
    return cv2.resize(part, (SIDE, SIDE), interpolation=method)  # type: ignore[return-value]


@dataclass(frozen=True)
class PoseChange:
    """What the flow says of a head.

    Attributes:
        turn: ``(3,)`` axis times angle (radians) in the frame of the camera, from the old rotation to the new one.
        log_scale: logarithm of the new scale over the old one.
        shift: ``(2,)`` pixels by which the ``centre`` moved.
        centre: ``(3,)`` of the model: the middle of the points that were followed, about which the head turned.
    """

    turn: Reals
    log_scale: float
    shift: Reals
    centre: Reals


@dataclass(frozen=True, eq=False)
class KnownHead:
    """A head in the last picture.

    Attributes:
        window: about the face, with the last picture.
        points: of the model.
        vertices: ``(K, 3)`` where these points lie in the head.
        pose: of the head.
    """

    window: GreyWindow
    points: RigidPoints
    vertices: Reals
    pose: Coefficients


def pose_change(known: KnownHead, grey: Image, guess: Coefficients) -> PoseChange | None:
    """How a head moved from the window's picture to the next one.

    Args:
        known: the head in the last picture.
        grey: its window in this picture.
        guess: roughly, in this picture; only where to look first.

    Returns:
        None where too few points could be followed, or they do not agree.
    """
    window, points, vertices, pose = known.window, known.points, known.vertices, known.pose
    rotation, scale = np.asarray(pose.rotation, np.float64), float(pose.scale)
    here, there = (project(vertices, head) for head in (pose, guess))
    side = float(np.ptp(here, axis=0).max())
    rows = np.flatnonzero((points.normals @ rotation[2] > FORWARD) & window.shows(here))
    if len(rows) < LEAST_POINTS:
        return None
    start, expected = (window.inward(places[rows]).astype(np.float32, "C") for places in (here, there))
    end, found, _ = cv2.calcOpticalFlowPyrLK(
        window.grey,
        grey,
        start,
        expected,
        winSize=(PATCH, PATCH),
        maxLevel=LEVELS,
        criteria=(cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 10, 0.02),
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    flow = (end - start).astype(np.float64) * (window.side / SIDE)
    good = (found[:, 0] > 0) & window.shows(here[rows] + flow)
    if good.sum() < max(LEAST_POINTS, LEAST_SHARE * len(rows)):
        return None
    return _rigid(vertices[rows[good]], rotation, scale, flow[good], side)


def project(vertices: Reals, head: Coefficients) -> Reals:
    """``(K, 3)`` vertices of a head to pixels ``(K, 2)``."""
    x_and_y = np.asarray(head.rotation, np.float64)[:2].T * (float(head.scale) * FLIP)
    return np.asarray(vertices @ x_and_y + head.translation)


def _rigid(vertices: Reals, rotation: Reals, scale: float, flow: Reals, side: float) -> PoseChange | None:
    """The rigid motion of ``(n, 3)`` vertices that moved by ``flow`` ``(n, 2)`` pixels, by reweighted least squares."""
    centre = vertices.mean(0)
    x, y, z = scale * ((vertices - centre) @ rotation.T).T
    rows = np.zeros((6, 2, len(x)))  # of the point's pixel (s x, -s y) by log scale, turns about x, y and z, and shifts
    rows[0], rows[1, 1], rows[2, 0], rows[3] = (x, -y), z, z, (-y, -x)
    rows[4, 0] = rows[5, 1] = 1.0
    stiffness, weight = np.diag(STIFFNESS * side**2), np.full(len(x), 1 / len(x))
    for _ in range(ROUNDS):
        weighted = (rows * weight).reshape(6, -1)
        answer = np.linalg.solve(weighted @ rows.reshape(6, -1).T + stiffness, weighted @ flow.T.ravel())
        left = flow.T - (answer @ rows.reshape(6, -1)).reshape(2, -1)
        off = np.sqrt((left * left).sum(0)) / side
        weight = 1 / np.maximum(off / TOLERANCE, 1.0) ** 2
        weight /= weight.sum()
    if np.count_nonzero(off < STRAY) < max(LEAST_POINTS, LEAST_SHARE * len(off)):
        return None
    return PoseChange(answer[1:4], float(answer[0]), answer[4:], centre)
