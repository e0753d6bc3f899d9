"""Drawing meshes without a GPU: a rasteriser and a plain shader."""

from morph.rendering.rasteriser import Fragments, interpolate, interpolate_covered, rasterise, vertex_normals
from morph.rendering.shading import shade_mesh

__all__ = ["Fragments", "interpolate", "interpolate_covered", "rasterise", "shade_mesh", "vertex_normals"]
