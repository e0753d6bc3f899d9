"""Crop sets of photographs whose expressions follow the scores of the 52 as well as the fitted points.

python data/free_faces/score_labels.py --data DIR --crops crops --out crops_scored

A fit to points says what the geometry is, but not what of it is the person and what the expression: raised brows pass for high
ones, and gaze hardly moves a point. The scores of the labelling network say that, but not how far anything moves. So each face
is solved again in the model frame: of all shapes and expressions that give the fitted 478 points those are taken whose
expressions are nearest to the scores. Writes OUT/fairface, OUT/portraits_fit and OUT/fairface_turned with `expression`
replaced and `expression_weights` (how far each of the 52 is trusted); pictures are linked. Frames of clips (GRID, White House)
are left out, so that clips of these people can measure.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from pathlib import Path

import numpy as np
import numpy.typing as npt

from morph.atomic import atomic_path, output_folder
from morph.model import MorphableModel, load_default_model

Floats = npt.NDArray[np.floating]
NOISE = 0.8  # mm of a fitted point; points are not independent of each other:
ALONE = 6.0  # so many of them tell as much as one
TABLE = Path(__file__).with_name("points478.npz")
CLIPS = ("grid_lipnet", "obama_wh")
# what a score means: weight = gain * (score - rest), how near the weight is to that, and how far it is trusted in training
MEANING = {
    "browDown": (0.8, 0.02, 0.10, 1.0),
    "browInnerUp": (0.8, 0.02, 0.10, 1.0),
    "browOuterUp": (0.8, 0.05, 0.10, 1.0),
    "eyeBlink": (1.9, 0.10, 0.06, 1.0),
    "eyeSquint": (1.8, 0.32, 0.12, 0.6),
    "eyeWide": (3.0, 0.01, 0.15, 0.6),
    "eyeLookIn": (1.0, 0.0, 0.03, 1.0),
    "eyeLookOut": (1.0, 0.0, 0.03, 1.0),
    "eyeLookUp": (1.1, 0.0, 0.03, 1.0),
    "eyeLookDown": (1.0, 0.08, 0.03, 1.0),
    "jawOpen": (1.6, 0.01, 0.30, 1.0),
    "jaw": (2.0, 0.0, 0.15, 0.4),
    "mouth": (2.5, 0.0, 0.15, 0.7),
    "mouthSmile": (0.65, 0.0, 0.15, 1.0),
    "mouthUpperUp": (0.6, 0.0, 0.15, 1.0),
    "mouthLowerDown": (0.6, 0.0, 0.15, 1.0),
    "mouthPucker": (0.7, 0.0, 0.15, 1.0),
    "mouthFunnel": (2.5, 0.0, 0.20, 0.8),
    "mouthStretch": (1.0, 0.01, 0.20, 0.8),
    "mouthPress": (0.9, 0.03, 0.20, 0.8),
    "mouthRollLower": (1.2, 0.0, 0.20, 0.8),
    "mouthRollUpper": (1.2, 0.0, 0.20, 0.8),
    "mouthShrugLower": (0.8, 0.0, 0.20, 0.8),
    "mouthShrugUpper": (1.2, 0.01, 0.20, 0.6),
    "mouthDimple": (2.0, 0.0, 0.20, 0.4),
    "mouthFrown": (2.0, 0.0, 0.15, 0.8),
}
UNSEEN = (0.0, 0.0, 0.08, 0.15)  # what the scores do not tell
OPPOSED = (("eyeLookInLeft", "eyeLookOutLeft"), ("eyeLookInRight", "eyeLookOutRight"))
OPPOSED += (("eyeLookUpLeft", "eyeLookDownLeft"), ("eyeLookUpRight", "eyeLookDownRight"))


def expected(scores: Floats, names: list[str], model: MorphableModel) -> tuple[Floats, Floats, Floats]:
    """Weights ``(N, E)`` that scores ``(N, K)`` lead to expect, their deviation ``(E,)`` and trust ``(E,)``."""
    weights = np.zeros((len(scores), model.n_expression))
    spread, trust = np.zeros(model.n_expression), np.zeros(model.n_expression)
    for column, name in enumerate(model.expression_names):
        stem = name.removesuffix("Left").removesuffix("Right")
        gain, rest, spread[column], trust[column] = MEANING.get(stem, UNSEEN) if name in names else UNSEEN
        if gain:
            weights[:, column] = gain * (scores[:, names.index(name)] - rest)
    weights = np.clip(weights, 0.0, 1.0)
    for pair in OPPOSED:
        first, second = (model.expression_names.index(name) for name in pair)
        difference = weights[:, first] - weights[:, second]
        weights[:, first], weights[:, second] = np.maximum(difference, 0), np.maximum(-difference, 0)
    return weights, spread, trust


def solve(fit: dict, weights: Floats, spread: Floats, model: MorphableModel) -> Floats:
    """Expressions ``(N, E)`` as weights that keep the points of a ``fit`` and are near the expected ``weights``."""
    shape, expression = fit["shape"], fit["expression"]
    points = np.load(TABLE)["vertices"]
    std = model.expression_std.astype(np.float64)
    places = model.shape_basis[points].reshape(-1, model.n_shape).astype(np.float64)
    moves = model.expression_basis[points].reshape(-1, model.n_expression).astype(np.float64)
    basis = np.concatenate([places * model.shape_std, moves], 1)
    held = basis.T @ basis / (NOISE**2 * ALONE)
    prior = np.concatenate([np.ones(model.n_shape), 1.0 / spread**2])
    fitted = np.concatenate([shape, expression * std], 1)
    wanted = np.concatenate([shape, weights], 1)
    right = fitted @ held + wanted * prior
    solved = np.linalg.solve(held + np.diag(prior), right.T).T
    return np.clip(solved[:, model.n_shape :], 0.0, 1.0)


def write(source: Path, target: Path, rows: npt.NDArray, labels: dict, meta: dict) -> None:
    """A crop set with some rows of another and other labels; the pictures are linked where all rows stay."""
    folder = output_folder(target)
    images = folder / "images.npy"
    images.unlink(missing_ok=True)
    if len(rows) == meta["count"]:
        try:
            os.link(source / "images.npy", images)
        except OSError:
            shutil.copy(source / "images.npy", images)
    else:
        with atomic_path(images) as path:
            np.save(path, np.load(source / "images.npy", mmap_mode="r")[rows])
        meta = {key: value for key, value in meta.items() if "crc" not in key}
    with atomic_path(folder / "labels.npz") as path:
        np.savez(path, **labels)
    with atomic_path(folder / "meta.json") as path:
        path.write_text(json.dumps({**meta, "count": len(rows)}, indent=1))
    print(f"{folder}: {len(rows)} pictures")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of labels.npz and fairface_fit.npz")
    parser.add_argument("--crops", type=Path, required=True, help="folder of fairface, fairface_turned and portraits_fit")
    parser.add_argument("--out", type=Path, required=True, help="folder of the new crop sets")
    options = parser.parse_args()
    model = load_default_model(1)
    with np.load(options.data / "labels.npz") as labels, np.load(options.data / "fairface_fit.npz") as fit:
        names = [str(name) for name in labels["blendshape_names"]]
        known = dict(zip(labels["name"].tolist(), labels["blendshapes"], strict=True))
        known |= dict(zip(fit["name"].tolist(), fit["blendshapes_u8"] / 255.0, strict=True))
    solved: dict[str, Floats] = {}
    for name in ("fairface", "portraits_fit", "fairface_turned"):
        with np.load(options.crops / name / "labels.npz") as archive:
            labels = {key: archive[key] for key in archive.files}
        meta = json.loads((options.crops / name / "meta.json").read_text())
        rows = np.arange(len(labels["name"]))
        if name == "fairface_turned":
            expression = solved["fairface"][labels["source_row"]]
        else:
            if "source" in labels:
                rows = np.flatnonzero(~np.isin(labels["source"], CLIPS))
            labels = {key: value[rows] for key, value in labels.items()}
            scores = np.stack([known[key] for key in labels["name"].tolist()])
            weights, spread, trust = expected(scores, names, model)
            expression = solve(labels, weights, spread, model)
            solved[name] = expression
            spreads = (values.std(0) for values in (weights, labels["expression"] * model.expression_std, expression))
            for key, *row in zip(model.expression_names, *spreads, strict=True):
                print(f"{key:20s} deviation expected {row[0]:.2f}, fitted {row[1]:.2f}, now {row[2]:.2f}")
        labels["expression"] = (expression / model.expression_std).astype(np.float32)
        labels["expression_weights"] = np.broadcast_to(trust, expression.shape).astype(np.float32)
        if name == "fairface_turned":  # eyes of a turned picture do not turn
            gaze = [i for i, key in enumerate(model.expression_names) if "eyeLook" in key]
            labels["expression_weights"][:, gaze] *= 0.3
        write(options.crops / name, options.out / name, rows, labels, meta)


if __name__ == "__main__":
    main()
