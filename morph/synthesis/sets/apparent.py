"""Labels that lie on the picture: head shapes as a camera without perspective would have to see them.

Close to the camera a nose is large and a jaw is small, by a few per cent at an arm's length. A scaled orthographic camera
cannot say so, and a network that learns true shapes and true poses lays its jaw beside the face. Here each shape gives way
to the one that, seen without perspective, covers the same pixels.
"""

from __future__ import annotations

import numpy as np

from morph.arrays import Array, Indices, Reals
from morph.datasets.crops import CropSet
from morph.errors import MorphError
from morph.model import MorphableModel, PerspectiveCamera, landmark_decoder
from morph.model.camera import fit_scaled_orthographic
from morph.synthesis.sets.relabelling import CAMERA

VERTICES = 300
NOISE = 1.0  # mm that a vertex may stay off
EVIDENCE = 100.0  # independent measurements that all the vertices together count for
FREEDOM = 0.6  # standard deviations that a z-score may go from the true one


def apparent_shapes(crops: CropSet, model: MorphableModel, *, rounds: int = 3, chunk: int = 256) -> CropSet:
    """The crop set with shape and pose that fit its pictures best under a scaled orthographic camera.

    Each z-score stays near the true one: ``|difference| ** 2 / FREEDOM ** 2`` is added to the squared distances of 300 vertices
    of the face in millimetres. Pictures, landmarks and expressions stay as they are.

    Args:
        crops: a set of ``morph synth`` with its cameras.
        model: what was rendered.
        rounds: times that pose and shape are found in turn.
        chunk: pictures at a time.

    Raises:
        MorphError: the set has no cameras.
    """
    labels = crops.labels
    missing = [name for name in (*CAMERA, "shape", "expression") if name not in labels]
    if missing:
        raise MorphError(f"this crop set has no {', '.join(missing)}; only sets of `morph synth` can be relabelled")
    face = np.flatnonzero(model.vertex_masks["face"] > 0.5)
    chosen = np.unique(np.concatenate([face[np.linspace(0, len(face) - 1, VERTICES).astype(int)], model.landmarks]))
    names = ("shape", "rotation", "scale", "translation")
    out: dict[str, list[Reals]] = {name: [] for name in names}
    for start in range(0, len(crops), chunk):
        part = slice(start, start + chunk)
        found = _fit({name: labels[name][part] for name in (*CAMERA, "shape", "expression")}, model, chosen, rounds)
        for name, values in zip(names, found, strict=True):
            out[name].append(values)
    new = {name: np.concatenate(values).astype(np.float32) for name, values in out.items()}
    return CropSet(crops.images, {**labels, **new}, {**crops.meta, "shapes": "apparent"})


def _fit(labels: dict[str, Array], model: MorphableModel, chosen: Indices, rounds: int) -> tuple[Reals, ...]:
    shapes = (model.shape_basis[chosen] * model.shape_std).astype(np.float64)
    expressions = (model.expression_basis[chosen] * model.expression_std).astype(np.float64)
    true = labels["shape"].astype(np.float64)
    fixed = model.mean[chosen] + np.einsum("vck,nk->nvc", expressions, labels["expression"])
    camera = PerspectiveCamera(*(labels[name] for name in CAMERA))
    goal = camera.project(fixed + np.einsum("vck,nk->nvc", shapes, true))[..., :2]
    z = true.copy()
    prior, evidence = np.eye(true.shape[1]) / FREEDOM**2, EVIDENCE / len(chosen) / NOISE**2
    for _ in range(rounds):
        points = fixed + np.einsum("vck,nk->nvc", shapes, z)
        flat = fit_scaled_orthographic(points, goal)
        left = (goal - flat.project(points)[..., :2]) / np.asarray(flat.scale)[:, None, None]
        rows = np.asarray(flat.rotation)[:, :2] * np.array([1.0, -1.0])[None, :, None]
        jacobian = np.einsum("nij,vjk->nvik", rows, shapes).reshape(len(z), -1, z.shape[1])
        gram = evidence * jacobian.transpose(0, 2, 1) @ jacobian + prior
        pull = evidence * np.einsum("npk,np->nk", jacobian, left.reshape(len(z), -1)) - (z - true) / FREEDOM**2
        z = z + np.linalg.solve(gram, pull[..., None])[..., 0]
    flat = fit_scaled_orthographic(fixed + np.einsum("vck,nk->nvc", shapes, z), goal)
    return z, np.asarray(flat.rotation), np.asarray(flat.scale), np.asarray(flat.translation)


def landmark_misfit(crops: CropSet, model: MorphableModel) -> float:
    """Mean distance in millimetres between a set's landmarks and those that its coefficients give."""
    found = landmark_decoder(model).project(crops.coefficients)[..., :2]
    distance = np.linalg.norm(found - crops.labels["landmarks"], axis=-1) / crops.labels["scale"][:, None]
    return float(distance.mean())
