"""Where annotators' 68 points lie on the default model, measured on real faces.

Fits the model to the inner points of MERL-RAV (jaw left out), brings every annotated point back into the model frame in the
plane of the picture, and compares it with the landmark vertex there. Over faces of all poses the offsets of one landmark
determine its mean displacement in three dimensions (each picture sees two of them; every bin of yaw counts the same). Jaw
points are compared in the same way with 3DDFA_V2's, which lie on the jaw line of the Basel model, on the side that the
picture shows: those of the hidden side follow that network's idea of a head, up to 15 mm from where the visible side is.
The result is a table and, for each landmark, the vertex nearest to where the points are, the same on both sides of the face.

Reads research data; only the vertex numbers that it prints may enter the project.

    python data/default_model/landmark_study.py --data ../shared/research-data --json study.json
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

from morph.atomic import atomic_path
from morph.errors import MorphError
from morph.fitting import FitResult, fit_landmarks
from morph.fitting.landmark_sets import LandmarkSet, open_landmark_set
from morph.fitting.options import FitOptions
from morph.model import Decoder, MorphableModel, load_default_model
from morph.model.ibug68 import MIRRORED_68
from morph.model.rotation import matrix_to_euler
from morph.npz import open_npz

Array = npt.NDArray[np.floating]
REFERENCE = "reference/3ddfa_v2_mb05_aflw_merlrav.npz"
BINS = ((0, 15), (15, 40), (40, 65), (65, 180))
FLIP = np.array([-1.0, 1.0, 1.0])
JAW = 17


def main() -> None:
    """Print the table; write the numbers where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder with AFLW_MERLRAV/ and reference/")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write vertices and offsets here")
    parser.add_argument("--every", type=int, default=4, help="take every n-th face (4)")
    parser.add_argument("--rounds", type=int, default=3, help="fit again with the vertices found, so often (3)")
    parser.add_argument("--jitter", type=float, default=0.0, metavar="MM", help="start from vertices this far off (0)")
    options = parser.parse_args()
    model = load_default_model(1)
    if options.jitter:
        model = dataclasses.replace(model, landmarks=_jittered(model, options.jitter))
    first: dict = {}
    try:
        for number in range(options.rounds):
            study = measure(model, options.data, options.every)
            first = first or study
            left = np.linalg.norm(study["displacement_mm"], axis=1)
            print(
                f"round {number}: {study['faces']} faces, {study['error_px']:.3f} px on inner points; landmarks are "
                f"{left[JAW:].mean():.2f} mm (inner) and {left[:JAW].mean():.2f} mm (jaw) from the points"
            )
            model = dataclasses.replace(model, landmarks=np.array(study["proposed_level_1"]))
    except MorphError as error:
        sys.exit(f"landmark_study: {error}")
    study |= {"now": first["now"], "displacement_mm": first["displacement_mm"], "by_yaw_mm": first["by_yaw_mm"]}
    print_table(study)
    for level in (0, 1):
        print(f"level {level}: {study[f'proposed_level_{level}']}")
    if options.json:
        with atomic_path(options.json) as path:
            path.write_text(json.dumps(study, indent=1))


def _jittered(model: MorphableModel, millimetres: float) -> npt.NDArray[np.int64]:
    """Landmarks that were moved by ``millimetres`` in random directions, to the nearest vertex, both sides alike."""
    shift = np.random.default_rng(0).normal(size=(68, 3))
    goal = model.mean[model.landmarks] + millimetres * shift / np.linalg.norm(shift, axis=1, keepdims=True)
    found = np.linalg.norm(goal[:, None] - model.mean[None], axis=2).argmin(1)
    for i in range(68):
        j = int(MIRRORED_68[i])
        if i == j:
            found[i] = model.landmarks[i]
        elif goal[i, 0] < goal[j, 0]:
            found[i] = model.vertex_mirror[found[j]]
    return found


def measure(model: MorphableModel, folder: Path, every: int = 4) -> dict:
    """Offsets in millimetres, left and right taken together, and proposed vertices at levels 0 and 1."""
    data, reference = read_faces(folder)
    rows = np.arange(0, len(data), every)
    fit = fit_landmarks(model, data.points[rows], data.weights[rows], FitOptions("ignore"))
    points, weights = annotated_targets(data, reference, rows)
    keep = fit.error < np.percentile(fit.error, 98)
    offset, seen = _offsets(points, weights, fit, keep)
    angle = np.degrees(matrix_to_euler(fit.coefficients.rotation[keep])[:, 1])
    seen[:, : JAW // 2] *= (angle < 15)[:, None]  # positive yaw turns the nose to -x and hides the subject's right side
    seen[:, JAW // 2 + 1 : JAW] *= (angle > -15)[:, None]
    yaw = np.abs(angle)
    turned = fit.coefficients.rotation[keep]
    within = np.stack([(yaw >= low) & (yaw < high) for low, high in BINS])
    balance = (within / np.maximum(within.sum(1, keepdims=True), 1)).sum(0) * len(yaw) / len(BINS)
    mean = _displacement(offset, seen * balance[:, None], turned)
    by_bin = [_displacement(offset, seen * inside[:, None], turned) for inside in within]
    vertices = {level: _nearest(model, mean, level, fit, keep) for level in (0, 1)}
    return {
        "model": model.identity,
        "faces": int(keep.sum()),
        "error_px": float(fit.error[keep].mean()),
        "bins_deg": BINS,
        "displacement_mm": mean.round(2).tolist(),
        "by_yaw_mm": np.stack(by_bin, 1).round(2).tolist(),
        "now": model.landmarks.tolist(),
        "proposed_level_0": vertices[0][0].tolist(),
        "left_mm_level_0": vertices[0][1].round(2).tolist(),
        "proposed_level_1": vertices[1][0].tolist(),
        "left_mm_level_1": vertices[1][1].round(2).tolist(),
    }


def read_faces(folder: Path) -> tuple[LandmarkSet, Array]:
    """The annotated faces, and the reference network's points of them ``(N, 68, 2)``."""
    data = open_landmark_set(folder / "AFLW_MERLRAV")
    try:
        with open_npz(folder / REFERENCE) as archive:
            reference = archive["pts68"][..., :2]
    except (OSError, KeyError, ValueError) as error:
        raise MorphError(f"{folder / REFERENCE} cannot be read ({error})") from None
    return data, reference


def annotated_targets(data: LandmarkSet, reference: Array, rows: npt.NDArray[np.int64]) -> tuple[Array, Array]:
    """Annotated inner points and the reference network's jaw, less its constant shift against the annotation."""
    points, weights = data.points[rows].astype(np.float64), data.weights[rows] > 0
    reference = reference[rows].astype(np.float64)
    inner = weights.copy()
    inner[:, :JAW] = False
    far = np.linalg.norm(points - reference, axis=2) > 6
    shift = np.median((points - reference)[inner & ~far], axis=0)
    wrong = (inner & far).sum(1) > 0.5 * inner.sum(1)  # the network failed, or the annotation is of another face
    points[:, :JAW] = reference[:, :JAW] + shift
    weights[:, :JAW] = True
    weights[wrong] = False
    return points, weights.astype(np.float64)


def _offsets(points: Array, weights: Array, fit: FitResult, keep: npt.NDArray[np.bool_]) -> tuple[Array, Array]:
    """``(N, 68, 2)`` annotated less fitted points in the camera's plane, y up, in millimetres; and their weights."""
    scale = fit.coefficients.scale[keep, None, None]
    offset = (points[keep] - fit.landmarks[keep]) / scale * np.array([1.0, -1.0])
    return np.where(weights[keep][..., None] > 0, offset, 0.0), weights[keep]


def _displacement(offset: Array, seen: Array, rotation: Array) -> Array:
    """``(68, 3)`` displacement in the model frame whose projections are nearest to the offsets, mirror-symmetric.

    Least squares of ``R[:2] d = offset`` over all faces with Huber weights (3 mm); what no picture shows stays 0.
    """
    rows = rotation[:, :2].astype(np.float64)
    mirrored = np.diag([-1.0, 1.0]) @ rows @ np.diag(FLIP)
    out = np.zeros((68, 3))
    for i in range(68):
        j = int(MIRRORED_68[i])
        a = np.concatenate([rows, mirrored])
        b = np.concatenate([offset[:, i], offset[:, j] * np.array([-1.0, 1.0])])
        w = np.concatenate([seen[:, i], seen[:, j]])
        if w.sum() < 20:
            continue
        for _ in range(8):
            error = np.linalg.norm(b - a @ out[i], axis=1)
            robust = w / np.maximum(error / 3.0, 1.0)
            gram = np.einsum("n,nij,nik->jk", robust, a, a)
            out[i] = np.linalg.solve(gram + 0.05 * w.sum() * np.eye(3), np.einsum("n,nij,ni->j", robust, a, b))
    return out


def _nearest(
    model: MorphableModel, displacement: Array, level: int, fit: FitResult, keep: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.int64], Array]:
    """For each landmark the vertex of the skin nearest to it plus its displacement, and how far that still is.

    Distances are taken on the mean of the fitted faces, as the mean head may hold its mouth and lids otherwise.
    """
    z = fit.coefficients
    face = Decoder(model)(z.shape[keep].mean(0), z.expression[keep].mean(0)).astype(np.float64)
    coarse = load_default_model(level)
    skin = coarse.triangles
    if len(coarse.regions) and "skin" in coarse.region_names:
        skin = skin[coarse.regions == coarse.region_names.index("skin")]
    allowed = np.unique(skin)
    goal = face[model.landmarks] + displacement
    distance = np.linalg.norm(goal[:, None] - face[allowed][None], axis=2)
    found, left = allowed[distance.argmin(1)].astype(np.int64), distance.min(1)
    for i in range(68):  # the right side mirrors the left, the midline stays on it
        j = int(MIRRORED_68[i])
        if i == j:
            middle = allowed[np.abs(model.mean[allowed, 0]) < 0.05]
            near = np.linalg.norm(face[middle] - goal[i], axis=1)
            found[i], left[i] = middle[near.argmin()], near.min()
        elif goal[i, 0] < goal[j, 0]:
            found[i] = coarse.vertex_mirror[found[j]]
            left[i] = float(np.linalg.norm(face[found[i]] - goal[i]))
    return found, left


def print_table(study: dict) -> None:
    """One line a landmark: displacement from the present vertex, in each bin of yaw too, and the vertices proposed."""
    heads = "".join(f"  yaw {low:>2}-{high:<3} x     y     z " for low, high in study["bins_deg"])
    print(f"point     x     y     z mm |{heads} | now   level 0 (left) level 1 (left)")
    for i in range(68):
        x, y, z = study["displacement_mm"][i]
        bins = "".join(f"    {a:6.1f}{b:6.1f}{c:6.1f}    " for a, b, c in study["by_yaw_mm"][i])
        print(
            f"{i:5d} {x:6.2f}{y:6.2f}{z:6.2f}    |{bins} | {study['now'][i]:5d} {study['proposed_level_0'][i]:5d}"
            f" ({study['left_mm_level_0'][i]:4.1f}) {study['proposed_level_1'][i]:6d} ({study['left_mm_level_1'][i]:4.1f})"
        )


if __name__ == "__main__":
    main()
