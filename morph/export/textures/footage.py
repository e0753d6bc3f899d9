"""A texture from the footage of a track: what every texel shows, pooled over the frames in which it is seen well."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import cv2
import numpy as np

from morph.arrays import Bools, Floats, Image, Indices
from morph.compiled import compiled
from morph.errors import MorphError
from morph.export.performance import Performance
from morph.export.textures.delighting import delight
from morph.export.textures.plain import plain_texture
from morph.export.textures.uv_chart import fill_gaps, rasterise_chart
from morph.frames.frame import Frame
from morph.model import MorphableModel
from morph.rendering import Fragments, rasterise, vertex_normals
from morph.rendering.harmonics import harmonic_basis

FACING = 0.3  # cosine of the steepest angle at which a texel is read
SHARPNESS = 3  # power of the weight: the frame that sees a texel best decides most
BEHIND = 6.0  # millimetres that a surface may lie behind another before it counts as hidden
FEATHER = 10.0  # texels of a 2048 texture over which the seen side fades into what completes it
SMOOTH = 24.0  # texels of a 2048 texture, about 10 mm: the standard deviation over which light is told apart from folds
LEFT_PLAIN = ("left_eye", "right_eye", "upper_teeth", "lower_teeth", "tongue")  # never still, and seldom seen whole
NECK = 0.2  # heights from chin to brows that are taken below the chin; what follows is clothes


def texture_from_footage(
    performance: Performance, frames: Iterable[Frame], *, size: int = 2048, most: int = 60, without_light: bool = False
) -> Image:
    """``(size, size, 3)`` uint8 RGB of one person, for the model's own texture coordinates.

    Each texel is the weighted mean of the pixels that show it; the weight grows with how straight and how large it is seen.
    What no frame shows comes from the other side of the face, and what neither side shows from :func:`plain_texture` in the
    tone of the skin.

    Args:
        performance: the person, at any level of subdivision that has texture coordinates.
        frames: of the footage that was tracked.
        size: texels, each way.
        most: frames that are read, spread evenly over those with the face.
        without_light: take the clip's smooth shading out, see :mod:`morph.export.textures.delighting`; else light is left in.

    Raises:
        MorphError: the model has no texture coordinates, frames of another size, or none of them shows the face.
    """
    model = performance.model
    if not len(model.uv_triangles):
        raise MorphError(f"model {model.name!r} has no texture coordinates; convert one that has")
    chart = rasterise_chart(model, size)
    texels, pooled = _pool(performance, frames, chart, most, 9 if without_light else 0)
    if not (pooled[:, 3] > 0).any():
        raise MorphError("the footage shows nothing of the face that was tracked; give the clip that `morph track` read")
    seen = np.zeros((*chart.depth.shape, 4), np.float32)
    seen.reshape(-1, 4)[texels] = pooled[:, :4]
    trust = _trust(seen[..., 3], size)
    if without_light:
        seen.reshape(-1, 4)[texels, :3] = _without_light(model, chart, texels, pooled, trust)
    mirror = mirror_texels(model, chart)
    other, other_trust = (_read(picture, mirror) for picture in (seen, trust))
    plain = plain_texture(model, size).astype(np.float32)
    own, theirs = (picture[..., :3] / np.maximum(picture[..., 3:], 1e-9) for picture in (seen, other))
    skin = chart.covered & ~_left_plain(model)[chart.triangle_id]
    sure = skin & (trust > 0.95) & _face(model)[chart.triangle_id]
    if sure.any():
        tone = np.median(own[sure], axis=0) / np.maximum(np.median(plain[sure], axis=0), 1)
        plain[skin] *= tone
        plain[~skin] *= np.sqrt(min(float(tone.mean()), 1.0))  # eyes and teeth share its light, not all of its colour
    texture = plain + other_trust[..., None] * (theirs - plain)
    texture += trust[..., None] * (own - texture)
    return fill_gaps(np.clip(np.rint(texture), 0, 255).astype(np.uint8), chart.covered)


def _without_light(model: MorphableModel, chart: Fragments, texels: Indices, pooled: Floats, trust: Floats) -> Floats:
    """``(N, 3)`` weighted colours of the pooled texels under light from everywhere; lips do not tell what it was."""
    lips = model.vertex_masks.get("lips", np.zeros(model.n_vertices, np.float32))
    skin = _face(model) & ~(lips[model.triangles] > 0.3).any(axis=1)
    there = np.flatnonzero(pooled[:, 3] > 0)
    places, weight = texels[there], pooled[there, 3:4]
    sure = trust.ravel()[places] * skin[chart.triangle_id.ravel()[places]]
    basis = _smoothed(pooled[there, 3:], places, len(chart.depth))
    out = np.zeros((len(pooled), 3), np.float32)
    out[there] = weight * delight(pooled[there, :3] / weight, basis, sure)
    return out


def _smoothed(sums: Floats, texels: Indices, size: int) -> Floats:
    """``(N, K)`` weighted means of the texels around, of ``(N, 1 + K)`` sums of weights and of weighted values.

    Lids and lips are not where the mesh has them to the pixel; without their folds none shows up as light.
    """
    row, column = np.divmod(texels, size)
    row, column = row - row.min(), column - column.min()
    image = np.zeros((row.max() + 1, column.max() + 1), np.float32)
    out = []
    for values in sums.T:
        image[row, column] = values
        blurred = cv2.GaussianBlur(image, (0, 0), SMOOTH * size / 2048, borderType=cv2.BORDER_CONSTANT)
        out.append(blurred[row, column])
    return np.asarray(np.stack(out[1:], axis=1) / np.maximum(out[0], 1e-12)[:, None])


def _left_plain(model: MorphableModel) -> Bools:
    """``(F,)`` triangles of eyes, teeth and tongue."""
    if not len(model.regions):
        return np.zeros(len(model.triangles), bool)
    return np.isin(model.regions, [index for index, name in enumerate(model.region_names) if name in LEFT_PLAIN])


def _face(model: MorphableModel) -> Bools:
    """``(F,)`` triangles of the face; all, where the model does not say."""
    mask = model.vertex_masks.get("face", np.ones(model.n_vertices, np.float32))
    return np.asarray((mask[model.triangles] > 0.5).all(axis=1))


def _hidden(model: MorphableModel) -> Bools:
    """``(F,)`` triangles that footage is not asked for: those of :data:`LEFT_PLAIN`, and in the mouth."""
    mouth = model.vertex_masks.get("inner_mouth", np.zeros(model.n_vertices, np.float32))
    return np.asarray(_left_plain(model) | (mouth > 0.5)[model.triangles].any(axis=1))


def mirror_texels(model: MorphableModel, chart: Fragments) -> Floats:
    """``(H, W, 2)`` column and row of the texel on the other side of the face; -1 where the mesh has no mirror image."""
    size = len(chart.depth)
    out = np.full((*chart.depth.shape, 2), -1, np.float32)
    if not len(model.vertex_mirror):
        return out
    order, wanted = np.argsort(model.triangles, axis=1), model.vertex_mirror[model.triangles]
    wanted_order = np.argsort(wanted, axis=1)
    rows, keys = (np.take_along_axis(a, o, 1) for a, o in ((model.triangles, order), (wanted, wanted_order)))
    known = {tuple(row): index for index, row in enumerate(rows.tolist())}
    partner = np.array([known.get(tuple(key), -1) for key in keys.tolist()])
    # corner k of a triangle lies at the same place of the sorted corners as its mirror image
    place = np.argsort(wanted_order, axis=1)
    corner = np.take_along_axis(order[partner], place, 1)
    uv = model.uv[np.take_along_axis(model.uv_triangles[partner], corner, 1)]
    texel = chart.covered & (partner[chart.triangle_id] >= 0)
    at = np.einsum("nk,nkc->nc", chart.barycentric[texel], uv[chart.triangle_id[texel]])
    out[texel] = at * [size, -size] + [-0.5, size - 0.5]
    return out


def _read(picture: Floats, at: Floats) -> Floats:
    """A picture at columns and rows, 0 outside of it."""
    return np.asarray(cv2.remap(picture, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT))


def _trust(weight: Floats, size: int) -> Floats:
    """How far each texel's own colour counts, 0..1, fading to 0 at the edge of what was seen."""
    enough = 0.05 * float(np.percentile(weight[weight > 0], 95))
    known = weight > 0.25 * enough
    inwards = cv2.distanceTransform(known.astype(np.uint8), cv2.DIST_L2, 5) / max(FEATHER * size / 2048, 1.0)
    return np.asarray(np.clip(weight / enough, 0, 1) * np.clip(inwards, 0, 1), np.float32)


def _pool(
    performance: Performance, frames: Iterable[Frame], chart: Fragments, most: int, harmonics: int
) -> tuple[Indices, Floats]:
    """``(N,)`` texels that footage is asked for, and ``(N, 4 + harmonics)`` sums of their weighted colours (0..255), of
    weights, and of weighted spherical harmonics of their normals."""
    model = performance.model
    texels = np.flatnonzero(chart.covered & ~_hidden(model)[chart.triangle_id])
    shown = model.triangles[chart.triangle_id.ravel()[texels]]
    shares = chart.barycentric.reshape(-1, 3)[texels]
    chin, brows = model.mean[model.landmarks[[8, 27]], 1]
    high = np.einsum("nk,nk->n", shares, model.mean[shown, 1]) > chin - NECK * (brows - chin)
    texels, shown, shares = texels[high], shown[high], shares[high]
    out = np.zeros((len(texels), 4 + harmonics), np.float32)
    rows = np.unique(np.linspace(0, len(performance) - 1, min(most, len(performance))).round().astype(int))
    wanted = {int(performance.frame[row]): int(row) for row in rows}
    for frame in frames:
        if frame.index in wanted:
            _add(performance, wanted.pop(frame.index), frame, _Texels(shown, shares), out)
        if not wanted:
            break
    return texels, out


class _Texels(NamedTuple):
    """Where texels lie on the head: corners ``(N, 3)`` and barycentric shares ``(N, 3)``."""

    shown: Any
    shares: Any


class _View(NamedTuple):
    """A head in one frame, for compiled loops.

    Attributes:
        points: ``(V, 3)`` pixels and depth.
        facing: ``(V,)`` cosine of the angle to the viewer.
        basis: ``(V, K)`` harmonics of the normals.
        nearest: ``(H, W)`` depth of what is in front.
        image: ``(H, W, 3)`` uint8 RGB.
        behind: how far a texel may lie behind ``nearest`` and still be seen, pixels.
        area: weight of a texel that faces the viewer.
    """

    points: Any
    facing: Any
    basis: Any
    nearest: Any
    image: Any
    behind: Any
    area: Any


def _add(performance: Performance, row: int, frame: Frame, texels: _Texels, out: Floats) -> None:
    """Add what one frame shows."""
    height, width = frame.image.shape[:2]
    if (width, height) != tuple(performance.size):
        raise MorphError(
            f"the footage is {width}x{height}, the track was made of {performance.size[0]}x{performance.size[1]}; "
            "give the clip that `morph track` read"
        )
    scale = np.float32(performance.scale[row])
    vertices = performance.vertices(row)
    normals = vertex_normals(vertices, performance.model.triangles)
    points = vertices * scale * np.array([1, -1, 1], np.float32)
    points[:, :2] += np.array([(width - 1) / 2, (height - 1) / 2], np.float32)
    depth = rasterise(points, performance.model.triangles, height, width).depth
    nearest = cv2.dilate(depth, np.ones((5, 5), np.uint8))  # an edge may be two pixels off
    basis = harmonic_basis(normals).astype(np.float32)[:, : out.shape[1] - 4]
    view = _View(
        points=points,
        facing=np.ascontiguousarray(normals[:, 2]),
        basis=np.ascontiguousarray(basis),
        nearest=nearest,
        image=np.ascontiguousarray(frame.image),
        behind=np.float32(BEHIND) * scale,
        area=scale * scale,
    )
    _gather(view, texels, out)


@compiled
def _gather(view: Any, texels: Any, out: Any) -> None:
    points, facing, basis, nearest, image, behind, area = view
    shown, shares = texels
    height, width = nearest.shape
    for i in range(shown.shape[0]):
        a, b, c = shown[i, 0], shown[i, 1], shown[i, 2]
        wa, wb, wc = shares[i, 0], shares[i, 1], shares[i, 2]
        straight = wa * facing[a] + wb * facing[b] + wc * facing[c]
        if straight <= FACING:
            continue
        x = wa * points[a, 0] + wb * points[b, 0] + wc * points[c, 0]
        y = wa * points[a, 1] + wb * points[b, 1] + wc * points[c, 1]
        if not (0 <= x < width - 1 and 0 <= y < height - 1):
            continue
        left, top = int(x), int(y)
        z = wa * points[a, 2] + wb * points[b, 2] + wc * points[c, 2]
        if z + behind < nearest[int(y + 0.5), int(x + 0.5)]:
            continue
        u, v = x - left, y - top
        weight = area * ((straight - FACING) / (1 - FACING)) ** SHARPNESS
        for k in range(3):
            upper = image[top, left, k] * (1 - u) + image[top, left + 1, k] * u
            lower = image[top + 1, left, k] * (1 - u) + image[top + 1, left + 1, k] * u
            out[i, k] += weight * (upper * (1 - v) + lower * v)
        out[i, 3] += weight
        for k in range(basis.shape[1]):
            out[i, 4 + k] += weight * (wa * basis[a, k] + wb * basis[b, k] + wc * basis[c, k])
