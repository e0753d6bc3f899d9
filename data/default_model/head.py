"""The cut-out head: renumbered vertices and faces, mirror table, regions, masks, texture coordinates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from makehuman import BaseMesh, MakeHuman
from scipy.spatial import cKDTree
from topology import REGIONS, Cut, cut_head, thin

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Edge loops whose two strips together are narrower than this (mm) are merged, by part of the head.
LOOP_WIDTH = {"eyelids": 2.8, "lips": 3.2, "nose": 2.0, "ears": 6.0, "elsewhere": 9.0}


@dataclass(frozen=True)
class Head:
    """What the head model keeps of the base mesh.

    Attributes:
        source: ``(V,)`` vertex of the base mesh behind each vertex.
        quads, uv, uv_quads, regions: faces, texture coordinates, and the part each face belongs to.
        mirror: ``(V,)``.
        masks: named ``(V,)`` weights in 0..1.
    """

    source: Ints
    quads: Ints
    uv: Floats
    uv_quads: Ints
    regions: Ints
    mirror: Ints
    masks: dict[str, Floats]

    def part(self, region: str) -> Ints:
        """The vertices of a region."""
        return np.unique(self.quads[self.regions == list(REGIONS).index(region)])


def _texture_mask(data: MakeHuman, name: str) -> Floats:
    """``(V,)`` a mask texture on the vertices of the base mesh's body; the two sides are averaged."""
    mesh = data.mesh
    body = mesh.groups == "body"
    values = data.texture_mask(name)
    mask = np.zeros(len(mesh.vertices))
    np.maximum.at(mask, mesh.quads[body].ravel(), values[mesh.uv_quads[body].ravel()])
    return 0.5 * (mask + mask[mesh.mirror])


def _loop_width(mesh: BaseMesh, masks: dict[str, Floats]) -> Floats:
    """``(V,)`` width of loops that are merged; eyeballs and teeth are never touched."""
    v = mesh.vertices

    def distance(name: str) -> Floats:
        return cKDTree(v[masks[name] > 0.5]).query(v)[0]

    width = np.full(len(v), LOOP_WIDTH["elsewhere"])
    width[distance("ears") < 3] = LOOP_WIDTH["ears"]
    width[distance("eyelids") < 4] = LOOP_WIDTH["eyelids"]
    width[distance("lips") < 8] = LOOP_WIDTH["lips"]
    nose = (np.abs(v[:, 0]) < 22) & (v[:, 1] > 675) & (v[:, 1] < 722) & (v[:, 2] > 140)
    width[nose] = LOOP_WIDTH["nose"]
    for region in ("left_eye", "right_eye", "upper_teeth", "lower_teeth"):
        width[np.unique(mesh.quads[mesh.groups == REGIONS[region]])] = 1e-6
    return width


def make_head(data: MakeHuman) -> Head:
    """Cut, thin and renumber the head; vertices and texture coordinates are in order of the base mesh."""
    mesh = data.mesh
    names = {"lips": "lips", "ears": "ears", "eyelids": "eyelids", "inner_mouth": "inside-mouth", "face": "face"}
    masks = {name: _texture_mask(data, texture) for name, texture in names.items()}
    cut: Cut = thin(cut_head(mesh), mesh.vertices, mesh.mirror, _loop_width(mesh, masks))
    source = np.unique(cut.quads)
    used_uv = np.unique(cut.uv_quads)
    mirror = np.searchsorted(source, mesh.mirror[source])
    if not np.array_equal(source[mirror], mesh.mirror[source]):
        raise AssertionError("the cut is not symmetric")
    masks = {name: mask[source] for name, mask in masks.items()}
    quads = np.searchsorted(source, cut.quads)
    head = Head(source, quads, mesh.uv[used_uv], np.searchsorted(used_uv, cut.uv_quads), cut.regions, mirror, masks)
    _finish_masks(head, mesh.vertices[source])
    return head


def _finish_masks(head: Head, vertices: Floats) -> None:
    """Derive the masks that no texture gives: the bare face, the scalp, the neck."""
    skin = np.zeros(len(vertices))
    skin[head.part("skin")] = 1.0
    inner = np.maximum(head.masks["inner_mouth"], head.masks["ears"])
    head.masks["face"] = head.masks["face"] * skin * (1.0 - np.clip(inner, 0, 1))
    height, depth = vertices[:, 1], vertices[:, 2]
    above = np.clip((height - 795.0) / 10.0, 0, 1)
    behind = np.clip((52.0 - depth) / 10.0, 0, 1) * np.clip((height - 690.0) / 10.0, 0, 1)
    head.masks["scalp"] = np.maximum(above, behind) * skin * (1.0 - np.clip(head.masks["ears"], 0, 1))
    head.masks["neck"] = np.clip((625.0 - height + 0.25 * (60.0 - depth)) / 12.0, 0, 1) * skin * (1 - head.masks["face"])
