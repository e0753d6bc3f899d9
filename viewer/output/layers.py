"""What a compositor needs of a frame, as arrays: beauty, mattes, depth, normals and maps between plate and texture."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

import cv2
import numpy as np

from morph.arrays import Floats, Image
from morph.export.textures.uv_chart import rasterise_chart
from morph.model import MorphableModel
from morph.rendering import Fragments, interpolate, rasterise, vertex_normals
from morph.rendering.colour import decode_srgb
from viewer.draw.scene import MeshPart, Scene
from viewer.draw.texture import sample

if TYPE_CHECKING:
    from viewer.draw.offscreen import SceneRenderer
    from viewer.stage.track_scene import TrackScene

FAR = -10_000.0  # millimetres: the depth where nothing is
MAP_SIZE = 1024  # texels of an ST map, each way
FACING = 0.1  # cosine of the steepest angle at which an ST map reads the plate
BEHIND = 4.0  # millimetres that a place may lie behind what is drawn before it counts as hidden


@dataclasses.dataclass(frozen=True, eq=False)
class FrameLayers:
    """Layers of one frame; the first row of every array is the top of the picture.

    Attributes:
        beauty: ``(H, W, 4)`` linear RGB (sRGB primaries and transfer taken off) multiplied by alpha, and alpha.
        matte: ``(H, W, 3)`` shares of each pixel: the head as far as no prop covers it, the props as far as the head does not
            hide them, and the whole silhouette of the head, with which anything behind it is held out.
        depth: ``(H, W)`` millimetres towards the viewer from the plane of the head's origin, at the centre of the pixel, of the
            nearest surface that is at least half opaque; :data:`FAR` where there is none. Heads stand before the track's lens.
        normals: ``(H, W, 3)`` of the same surface, unit length, x right, y up, z to the viewer; 0 where there is none.
        uv: ``(H, W, 3)`` texture coordinates of the head at the centre of the pixel (u right, v up, 0..1; the centre of the
            first texel is half a texel), and 1 where the head is, whatever it wears.
        st: for each person, ``(N, N, 3)`` in the layout of the texture: place in the plate that shows the texel, s = (column +
            0.5) / width, t = 1 − (row + 0.5) / height, and 1 where the plate does show it.
        plate: ``(H, W, 3)`` linear RGB of the footage with the prop's effects; None where it has none.
    """

    beauty: Floats
    matte: Floats
    depth: Floats
    normals: Floats
    uv: Floats
    st: dict[int, Floats]
    plate: Floats | None = None


class LayerMaker:
    """Makes layers of the frames of a stage.

    Args:
        stage: heads and what they wear.
        renderer: draws beauty and mattes; the other layers are sampled at the centres of pixels.
        map_size: texels of an ST map, each way.
    """

    def __init__(self, stage: TrackScene, renderer: SceneRenderer, map_size: int = MAP_SIZE) -> None:
        self.stage, self.renderer = stage, renderer
        self._chart = _Chart(stage.model, map_size) if len(stage.model.uv_triangles) else None

    def __call__(self, scene: Scene, frame: int, zoom: float = 1.0, plate: Image | None = None) -> FrameLayers:
        """Layers of a scene of :meth:`viewer.stage.track_scene.Stage.picture_scene`.

        Args:
            scene: the heads over the plate.
            frame: number of the picture in the clip.
            zoom: pixels of the scene for one pixel of the clip.
            plate: ``(H, W, 3)`` uint8 RGB of the footage with effects; None where there are none.
        """
        stage = self.stage
        heads = stage.heads(scene, frame)
        beauty, matte = self._drawn(scene)
        millimetre = stage.model.millimetres
        scales = [float(stage.track.coefficients.scale[row]) * zoom / millimetre for row, _ in heads]
        depth, normals = _nearest(scene, stage.model, [self._millimetres(row, zoom) for row, _ in heads])
        uv, st = np.zeros((scene.height, scene.width, 3), np.float32), {}
        nearest = np.full((scene.height, scene.width), -np.inf, np.float32)
        if self._chart is not None:
            for (row, head), scale in zip(heads, scales, strict=True):
                seen = _fragments(head, scene)
                front = seen.covered & (seen.depth > nearest)
                nearest[front] = seen.depth[front]
                uv[front, :2] = interpolate(seen, head.triangles, self._chart.corners)[front]
                uv[front, 2] = 1
                st[int(stage.track.id[row])] = self._chart.places(head, seen, scale)
        linear = None if plate is None else np.asarray(decode_srgb(np.asarray(plate / 255, np.float32)), np.float32)
        return FrameLayers(beauty, matte, depth, normals, uv, st, linear)

    def _millimetres(self, row: int, zoom: float) -> Callable[[Floats], Floats]:
        """From z of a picture to millimetres before the plane of a head's origin."""
        space, unit = self.stage.space, self.stage.model.millimetres
        if space is None:
            scale = float(self.stage.track.coefficients.scale[row]) * zoom / unit
            return lambda z: np.asarray(z / scale, np.float32)
        return lambda z: space.before_origin(row, z, zoom)

    def _drawn(self, scene: Scene) -> tuple[Floats, Floats]:
        layer = self.renderer.render(scene)
        own = [self._is_head(part) for part in scene.parts]
        parts = list(zip(scene.parts, own, strict=True))
        shown = tuple(dataclasses.replace(part, holdout=False) if head else part for part, head in parts)
        hidden = tuple(dataclasses.replace(part, holdout=True) if head else part for part, head in parts)
        whole, props, silhouette = (
            np.zeros((scene.height, scene.width), np.float32)
            if not these
            else self.renderer.render(dataclasses.replace(scene, parts=these))[..., 3]
            for these in (shown, hidden if not all(own) else (), tuple(p for p in shown if self._is_head(p)))
        )
        head = np.clip(whole - props, 0, 1)
        alpha = layer[..., 3:]
        straight = np.asarray(np.clip(layer[..., :3] / np.maximum(alpha, 1e-6), 0, 1), np.float32)
        beauty = np.concatenate([decode_srgb(straight) * alpha, alpha], axis=-1)
        return beauty.astype(np.float32), np.stack([head, props, silhouette], axis=-1)

    def _is_head(self, part: MeshPart) -> bool:
        return part.triangles is self.stage.model.triangles


def _fragments(part: MeshPart, scene: Scene) -> Fragments:
    return rasterise(part.vertices * np.array([1, -1, 1], np.float32), part.triangles, scene.height, scene.width)


def _nearest(scene: Scene, model: MorphableModel, in_millimetres: list[Callable[[Floats], Floats]]) -> tuple[Floats, Floats]:
    """Depth in millimetres and normals of the nearest surface; ``in_millimetres`` are those of z, for each head."""
    near = np.full((scene.height, scene.width), -np.inf, np.float32)
    depth = np.full(near.shape, FAR, np.float32)
    normals = np.zeros((*near.shape, 3), np.float32)
    person = -1
    for part in scene.parts:
        person += part.triangles is model.triangles
        if not len(part.triangles):
            continue
        seen = _fragments(part, scene)
        front = seen.covered & (seen.depth > near)
        if part.see_through:
            front &= _opacity(part, seen) >= 0.5
        near[front] = seen.depth[front]
        depth[front] = in_millimetres[person](seen.depth[front])
        own = part.normals if part.normals is not None else vertex_normals(part.vertices, part.triangles)
        values = interpolate(seen, part.triangles, own)[front]
        normals[front] = values / np.maximum(np.linalg.norm(values, axis=-1, keepdims=True), 1e-9)
    return depth, normals


def _opacity(part: MeshPart, seen: Fragments) -> Floats:
    alpha = interpolate(seen, part.triangles, part.albedo[:, 3:])[..., 0]
    if part.texture is not None and part.coordinates is not None:
        places = interpolate(seen, part.triangles, part.coordinates)
        alpha = alpha * sample(part.texture.levels[0], places)[..., 3]
    return alpha


class _Chart:
    """The texels of a model, and where a plate shows them.

    Attributes:
        corners: ``(F, 3, 2)`` texture coordinates at the corners of the triangles.
    """

    def __init__(self, model: MorphableModel, size: int) -> None:
        chart = rasterise_chart(model, size)
        self.corners = model.uv[model.uv_triangles].astype(np.float32)
        self._size, self._texels = size, np.flatnonzero(chart.covered)
        self._shown = model.triangles[chart.triangle_id.ravel()[self._texels]]
        self._shares = chart.barycentric.reshape(-1, 3)[self._texels]

    def places(self, head: MeshPart, seen: Fragments, scale: float) -> Floats:
        """``(N, N, 3)`` ST map of a head; ``scale`` is pixels a millimetre."""
        height, width = seen.depth.shape
        normals = head.normals if head.normals is not None else vertex_normals(head.vertices, head.triangles)
        values = np.column_stack([head.vertices * [1, -1, 1], normals[:, 2]]).astype(np.float32)
        x, y, z, facing = np.einsum("nk,nkc->cn", self._shares, values[self._shown])
        nearest = cv2.dilate(seen.depth, np.ones((3, 3), np.uint8))
        column, row = np.rint(x).astype(int), np.rint(y).astype(int)
        inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        before = nearest[np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)]
        shown = inside & (facing > FACING) & (z + BEHIND * scale >= before)
        out = np.zeros((self._size * self._size, 3), np.float32)
        out[self._texels[shown]] = np.column_stack([(x + 0.5) / width, 1 - (y + 0.5) / height, np.ones_like(x)])[shown]
        return out.reshape(self._size, self._size, 3)
