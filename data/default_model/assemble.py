"""Puts the head model together: people, modes, expressions, landmarks, faces and masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from anatomy import Anatomy, keep_spherical
from expressions import expression_std, fit_shapes, mirror_pair, read_shapes
from head import Head, make_head
from identities import LOCAL_FOLDERS, Modes, align, principal_modes, sample_weights
from landmarks import FINER_LANDMARKS, LANDMARKS
from makehuman import MakeHuman
from mouth import seal_lips, seat_teeth
from topology import REGIONS

from morph.model.morphable_model import MorphableModel
from morph.model.subdivision import quads_to_triangles

N_IDENTITIES = 3000
N_MODES = 80
SEED = 68
EYE_DISTANCE = 63.0  # mm between the centres of an average adult's eyes
KEPT = 0.4  # share of how far eyes are open, and lips apart, that belongs to identity and not to expression
LIP_GAP = 0.2  # mm of the base mesh between the lips at rest
STEP = 1e-4  # mm: everything is rounded to this, which hides differences between CPUs

Floats = npt.NDArray[np.float64]


def shape_targets(data: MakeHuman, head: Head) -> tuple[list[str], Floats]:
    """Names and ``(T, V, 3)`` offsets of the macro targets and the local ones (``folder/name``)."""
    names, offsets = [], []
    for folder in ("macrodetails", *LOCAL_FOLDERS):
        for name, offset in data.targets(f"mpfb2/targets/{folder}"):
            if "asymm-" not in name:  # of the trunk
                names.append(name if folder == "macrodetails" else f"{folder}/{name}")
                offsets.append(offset[head.source])
    return names, np.stack(offsets)


def importance(head: Head) -> Floats:
    """``(V,)`` weight of each vertex in the PCA: the face counts fully, the shoulders hardly."""
    weight = np.full(len(head.source), 0.15)
    weight = np.maximum(weight, head.masks["face"])
    for region in list(REGIONS)[1:]:
        weight[head.part(region)] = 0.5
    weight = np.where(head.masks["ears"] > 0.5, 0.3, weight)
    return np.where(head.masks["neck"] > 0.5, 0.05, weight)


def without_expression(shapes: Floats, head: Head, units: dict[str, Floats]) -> Floats:
    """Take out of ``(N, V, 3)`` shapes most of what a blink or the jaw explains: how far the eyes and lips are open.

    What stays is ``KEPT`` of each deviation from the mean opening, and lips that touch.
    """
    anatomy = Anatomy.of(head)
    opening = anatomy.opening(shapes)
    for side, name in enumerate(("eyeBlinkLeft", "eyeBlinkRight")):
        unit = units[name]
        excess = (1 - KEPT) * (opening[:, side] - opening.mean())
        shapes -= (excess / anatomy.opening(unit)[side])[:, None, None] * unit
    gap = anatomy.lip_gap(shapes)
    excess = gap - LIP_GAP - KEPT * (gap - gap.mean())
    shapes -= (excess / anatomy.lip_gap(units["jawOpen"]))[:, None, None] * units["jawOpen"]
    return shapes


def identity_modes(data: MakeHuman, head: Head, units: dict[str, Floats]) -> Modes:
    """Mean and modes in millimetres of an adult of average size, the origin at the middle of the face."""
    names, targets = shape_targets(data, head)
    weights = sample_weights(names, N_IDENTITIES, np.random.default_rng(SEED))
    n, v = len(weights), len(head.source)
    shapes = (weights @ targets.reshape(len(names), -1)).reshape(n, v, 3) + seat_teeth(data.mesh.vertices[head.source], head)
    shapes = without_expression(shapes, head, units)
    shapes, _ = align(shapes, head.masks["face"] > 0.5)
    modes = principal_modes(shapes, head.mirror, importance(head), N_MODES)
    anatomy = Anatomy.of(head)
    centres = [modes.mean[rows].mean(axis=0) for rows in anatomy.eyes]
    scale = EYE_DISTANCE / float(centres[0][0] - centres[1][0])
    basis = keep_spherical(modes.basis, modes.mean, anatomy.eyes)
    mean = seal_lips(scale * modes.mean, head, anatomy)
    return Modes(mirror_pair(mean, mean, head), scale * basis, modes.parity, modes.share)


def build(wheel: Path, target: Path) -> MorphableModel:
    """Make the model and write it to ``target``."""
    data = MakeHuman(wheel)
    head = make_head(data)
    units = read_shapes(data, head)
    modes = identity_modes(data, head, units)
    face = head.masks["face"] > 0.5
    base = data.mesh.vertices[head.source][face]
    growth = float(np.linalg.norm(modes.mean[face].std(axis=0)) / np.linalg.norm(base.std(axis=0)))
    shapes = fit_shapes({name: growth * unit for name, unit in units.items()}, modes.mean, head)
    quads, uv_quads = indices(head.quads), indices(head.uv_quads)
    triangles, parents = quads_to_triangles(quads)
    model = MorphableModel(
        name="morph-head-1",
        unit="mm",
        licence="CC0-1.0",
        mean=rounded(modes.mean),
        shape_basis=rounded(modes.basis),
        expression_basis=rounded(np.stack(list(shapes.values()), axis=-1)),
        shape_std=np.ones(N_MODES, np.float32),
        expression_std=expression_std(list(shapes)).astype(np.float32),
        triangles=triangles,
        landmarks=indices(LANDMARKS),
        finer_landmarks=indices(FINER_LANDMARKS),
        expression_names=tuple(shapes),
        uv=np.round(head.uv, 7).astype(np.float32),
        uv_triangles=quads_to_triangles(uv_quads)[0],
        quads=quads,
        uv_quads=uv_quads,
        regions=indices(head.regions[parents]),
        region_names=tuple(REGIONS),
        vertex_mirror=indices(head.mirror),
        shape_mirror=modes.parity.astype(np.float32),
        vertex_masks={name: np.round(mask, 3).astype(np.float32) for name, mask in head.masks.items()},
    )
    model.save(target, half=True)
    counts = f"{model.n_vertices} vertices, {model.n_shape} + {model.n_expression} modes, {target.stat().st_size} bytes"
    print(f"{target}: {counts}; the modes carry {modes.share:.2%} of the weighted variance")
    return model


def rounded(values: Floats) -> npt.NDArray[np.float32]:
    """Whole multiples of ``STEP``."""
    return (np.round(values / STEP) * STEP).astype(np.float32)


def indices(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """As the model stores them."""
    return values.astype(np.int32)
