"""Puts a prop on a head: fits it to the head's anchor points and keeps it out of the skin."""

from __future__ import annotations

import dataclasses

import numpy as np

from morph.arrays import Ints, Reals
from morph.model import Decoder, MorphableModel, load_default_model
from morph.model.rotation import nearest_rotation
from morph.rendering import rasterise
from viewer.draw.scene import MeshPart
from viewer.props.painting import WornTexture
from viewer.props.prop import Item, Prop, SkinTexture
from viewer.props.wearer import Placement, Wearer

FLAT, LIFT = 30.0, 15.0  # millimetres: deeper pieces are not kept clear of the skin; no prop is lifted further


class Wearing:
    """A prop on the heads of one model.

    Args:
        prop: what is worn.
        model: whose coefficients will come.
        rest: the model that the prop was made around; None: the default model.

    Raises:
        MorphError: the prop has a texture, which lies only on ``rest``, and this is another model.
    """

    def __init__(self, prop: Prop, model: MorphableModel, rest: MorphableModel | None = None) -> None:
        rest = load_default_model(0) if rest is None else rest
        self.items: list[WornItem | WornTexture] = [
            WornTexture(item, model, rest) if isinstance(item, SkinTexture) else WornItem(item, model, rest)
            for item in prop.worn
        ]

    def parts(self, wearer: Wearer, placement: Placement, head: MeshPart | None = None) -> list[MeshPart]:
        """The prop's pieces in the frame of a scene.

        Args:
            wearer: whose head.
            placement: of the head's model in the scene.
            head: the head in that frame, which saves textures from making it anew.
        """
        parts: list[MeshPart] = []
        for item in self.items:
            if isinstance(item, WornTexture):
                parts += item.parts(wearer, placement, head)
            else:
                parts += item.parts(item.place(wearer), placement)
        return parts


class WornItem:
    """One item of a prop on the heads of one model; see :class:`Wearing`."""

    def __init__(self, item: Item, model: MorphableModel, rest: MorphableModel) -> None:
        self.item, self.model = item, model
        marks = list(item.landmarks)
        anchors, own = rest.landmarks[marks], model.landmarks[marks]
        weights = list(item.landmarks.values())
        if item.points and model.identity == rest.identity:
            points = np.array(list(item.points), np.float32)
            nearest = np.array([np.linalg.norm(rest.mean - point, axis=1).argmin() for point in points])
            anchors, own = np.concatenate([anchors, nearest]), np.concatenate([own, nearest])
            weights += list(item.points.values())
        self._rest = rest.mean[anchors].astype(np.float64)
        self._weights = np.array(weights)
        self._decoder = Decoder(model, own)
        self._whole = Decoder(model) if item.clear is not None else None
        self._unit = float(np.ptp(model.mean[model.landmarks], axis=0).max() / np.ptp(rest.mean[rest.landmarks], axis=0).max())
        self._lift: dict[bytes, float] = {}

    def place(self, wearer: Wearer) -> Placement:
        """Where the item is on a head, in the model's frame."""
        shape, expression = np.asarray(wearer.shape, np.float32), np.asarray(wearer.expression, np.float32)
        moving = expression if self.item.follows == "expression" else np.zeros_like(expression)
        fitted = fit(self._rest, self._decoder(shape, moving).astype(np.float64), self._weights, self.item.fit)
        if self._whole is None:
            return fitted
        typical = shape if wearer.typical is None else np.asarray(wearer.typical, np.float32)
        key = typical.tobytes()
        if key not in self._lift:
            neutral = np.zeros(self.model.n_expression, np.float32)
            there = fit(self._rest, self._decoder(typical, neutral).astype(np.float64), self._weights, self.item.fit)
            self._lift[key] = self._needed_lift(there, self._whole(typical, neutral))
        return Placement(fitted.linear, fitted.shift + np.array([0.0, 0.0, self._lift[key]]))

    def parts(self, placement: Placement, model: Placement) -> list[MeshPart]:
        """The pieces in the frame of a scene, from their ``placement`` on the model and that of the model in the scene."""
        matrix = np.asarray(model.linear) @ placement.linear
        offset = np.asarray(model.linear) @ placement.shift + np.asarray(model.shift)
        turn = np.linalg.inv(matrix)
        out = []
        for piece in self.item.pieces:
            vertices = (piece.vertices @ matrix.T.astype(np.float32) + offset.astype(np.float32)).astype(np.float32)
            normals = None
            if piece.normals is not None:
                normals = (piece.normals @ turn.astype(np.float32)).astype(np.float32)
                normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
            out.append(dataclasses.replace(piece, vertices=vertices, normals=normals))
        return out

    def _needed_lift(self, placement: Placement, head: Reals, cell: float = 1.0) -> float:
        """How far forward (+z) the item has to go until it clears the front of the head, in the model's unit.

        Heights are compared on a grid of ``cell`` millimetres, where item and skin are both seen from the front. Pieces
        that reach far back, like the temples of glasses, do not count.
        """
        assert self.item.clear is not None
        cell *= self._unit
        pieces = [(placement(piece.vertices), piece.triangles) for piece in self.item.pieces]
        flat = [piece for piece in pieces if np.ptp(piece[0][:, 2]) < FLAT * self._unit]
        if not flat:
            return 0.0
        points = np.concatenate([vertices for vertices, _ in flat])
        low = points.min(axis=0)
        size = np.ceil(np.ptp(points, axis=0)[:2] / cell).astype(int) + 1

        def heights(vertices: Reals, triangles: Ints) -> Reals:
            grid = (vertices - low) / cell
            grid[:, 2] = vertices[:, 2]
            return rasterise(grid, triangles, int(size[1]), int(size[0]), cull=False).depth

        skin = heights(head, self.model.triangles)
        need = 0.0
        for vertices, triangles in flat:
            under = -heights(vertices * np.array([1.0, 1.0, -1.0]), triangles)  # the side that faces the skin
            both = np.isfinite(skin) & np.isfinite(under)
            gap = skin[both] + self.item.clear * self._unit - under[both]
            need = max(need, float(gap.max(initial=0.0)))
        return min(need, LIFT * self._unit)


def fit(rest: Reals, target: Reals, weights: Reals, kind: str) -> Placement:
    """The transform that brings anchors to their places: weighted least squares.

    Args:
        rest: ``(N, 3)`` points where the prop was made.
        target: ``(N, 3)`` the same points on this head.
        weights: ``(N,)``.
        kind: "rigid", "similarity" (Umeyama 1991), or "stretch": a rotation after a scale for x and one for z; y takes
            their mean.
    """
    w = weights / weights.sum()
    from_centre, to_centre = w @ rest, w @ target
    a, b = rest - from_centre, target - to_centre
    scale = np.ones(3)
    rotation: Reals = np.eye(3)
    for _ in range(8 if kind == "stretch" else 1):
        rotation = nearest_rotation((b * w[:, None]).T @ (a * scale))
        turned = b @ rotation
        if kind == "stretch":
            scale = (w @ (a * turned)) / np.maximum(w @ (a * a), 1e-12)
            scale[1] = 0.5 * (scale[0] + scale[2])
        elif kind == "similarity":
            scale = np.full(3, (w @ (a * turned)).sum() / (w @ (a * a)).sum())
    linear = rotation * scale
    return Placement(linear, to_centre - linear @ from_centre)
