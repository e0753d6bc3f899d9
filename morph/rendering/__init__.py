"""Drawing meshes without a GPU: a rasteriser, light and colour."""

from morph.rendering.rasteriser import Fragments, interpolate, rasterise, vertex_normals

__all__ = ["Fragments", "interpolate", "rasterise", "vertex_normals"]
