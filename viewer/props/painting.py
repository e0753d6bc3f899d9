"""Lays a texture on the head's own mesh."""

from __future__ import annotations

import numpy as np

from morph.arrays import Floats
from morph.errors import MorphError
from morph.export.textures.uv_chart import fill_gaps, rasterise_chart
from morph.model import Decoder, MorphableModel
from morph.rendering import vertex_normals
from viewer.draw.lighting import Material
from viewer.draw.scene import MeshPart
from viewer.draw.texture import Texture
from viewer.props.prop import SkinTexture
from viewer.props.wearer import Placement, Wearer

PAINT = Material(roughness=1.0, reflectance=0.0, softness=(0.25, 0.18, 0.15))  # matt: only then texels are lit exactly
MARGIN = 8  # texels kept around what is painted


class WornTexture:
    """A texture on the heads of one model; it moves with every vertex below it.

    Only triangles that show paint are drawn, from the part of the texture that they need.

    Args:
        item: what is worn.
        model: whose coefficients will come.
        rest: the model in whose UV layout it was painted.

    Raises:
        MorphError: another model than that.
    """

    def __init__(self, item: SkinTexture, model: MorphableModel, rest: MorphableModel) -> None:
        if model.identity != rest.identity or not len(model.uv_triangles):
            raise MorphError(
                f"{item.source} is painted in the UV layout of model {rest.name!r} ({rest.identity}), this is {model.name!r} "
                f"({model.identity}); track with that model, or wear a prop with a mesh"
            )
        self.item, self.model = item, model
        size = len(item.rgba)
        chart = rasterise_chart(model, size)
        shown = chart.triangle_id[item.rgba[..., 3] > 0]
        painted = np.zeros(model.n_vertices, bool)
        painted[model.triangles[np.unique(shown[shown >= 0])]] = True
        column, row = (np.clip((axis * size).astype(int), 0, size - 1) for axis in (model.uv[:, 0], 1 - model.uv[:, 1]))
        corners_painted = (item.rgba[row, column, 3] > 0)[model.uv_triangles]  # of triangles that no texel's centre hits
        keep = painted[model.triangles].any(axis=1) | corners_painted.any(axis=1)  # with neighbours, for soft edges
        if not keep.any():
            raise MorphError(
                f"{item.source} paints nothing on the head; see the UV layout with `morph export TRACK out=head.obj`"
            )
        places, uv = model.triangles[keep], model.uv_triangles[keep]
        corners, index = np.unique(np.stack([places.ravel(), uv.ravel()], axis=1), axis=0, return_inverse=True)
        self._rows = corners[:, 0]
        self._triangles = index.reshape(-1, 3).astype(np.int32)
        coordinates = model.uv[corners[:, 1]]
        low = np.maximum(np.floor(coordinates.min(axis=0) * size).astype(int) - MARGIN, 0)
        high = np.minimum(np.ceil(coordinates.max(axis=0) * size).astype(int) + MARGIN, size)
        crop = (slice(size - high[1], size - low[1]), slice(low[0], high[0]))
        self._texture = Texture(fill_gaps(item.rgba[crop], chart.covered[crop]))
        self._coordinates = ((coordinates * size - low) / (high - low)).astype(np.float32)
        self._decoder = Decoder(model)

    def parts(self, wearer: Wearer, placement: Placement, head: MeshPart | None) -> list[MeshPart]:
        """The painted skin in the frame of a scene.

        Args:
            wearer: whose head.
            placement: of the head's model in the scene.
            head: the head in that frame, if it was made before; None: made here from the coefficients.
        """
        linear = np.asarray(placement.linear, np.float32)
        if head is None:
            shift = np.asarray(placement.shift, np.float32)
            vertices = self._decoder(wearer.shape, wearer.expression) @ linear.T + shift
        else:
            vertices = head.vertices
        every = vertex_normals(vertices, self.model.triangles) if head is None or head.normals is None else head.normals
        normals = every[self._rows]
        above = np.float32(self.item.clear * np.cbrt(np.linalg.det(linear)))
        occlusion: Floats | None = None if head is None or head.occlusion is None else head.occlusion[self._rows]
        white = np.ones((len(self._rows), 4), np.float32)
        return [
            MeshPart(
                vertices=vertices[self._rows] + above * normals,
                triangles=self._triangles,
                albedo=white,
                normals=normals,
                occlusion=occlusion,
                material=PAINT,
                see_through=True,
                texture=self._texture,
                coordinates=self._coordinates,
            )
        ]
