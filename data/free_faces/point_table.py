"""Which vertex of the default model is each of a labeller's points, and what is it worth at each yaw? Asked of renders.

    morph synth --count 4000 --seed 141 --people measured --environments DIR --out crops/people
    mp/bin/python data/free_faces/label.py crops/people/images.npy people_points.npz --count 4000
    python data/free_faces/point_table.py crops/people people_points.npz --out data/free_faces/points478.npz

A point is the vertex of the face whose projection lies nearest to it on average over faces seen from the front; its error at a
yaw is the median of that distance over the faces turned so, which the fit turns into weights.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

from morph.datasets.crops import CropSet
from morph.datasets.prepare import run_script
from morph.errors import MorphError
from morph.fitting.point_table import PointTable
from morph.model import Decoder, MorphableModel, PerspectiveCamera, load_default_model
from morph.model.rotation import matrix_to_euler
from morph.npz import open_npz
from morph.synthesis.sets.relabelling import CAMERA

Array = npt.NDArray[np.floating]
FRONTAL = 30.0  # degrees of yaw up to which vertices are chosen
FAILED = 0.1  # of the face: a labeller that is farther from the face than this on average saw something else
YAWS = np.arange(-75.0, 76.0, 15.0)
LEAST = 25  # faces a yaw
OUTLINE = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)  # of MediaPipe's mesh: they slide over the head as it turns
IRIS = range(468, 478)


def settle(crops: CropSet, rows: npt.NDArray[np.int64], points: Array, model: MorphableModel) -> PointTable:
    """The table.

    Args:
        crops: renders with their cameras.
        rows: ``(M,)`` those that have a label.
        points: ``(M, P, 2)`` pixels of the renders.
        model: what was rendered.

    Raises:
        MorphError: too few faces are seen from the front.
    """
    labels = {name: crops.labels[name][rows] for name in (*CAMERA, "shape", "expression", "rotation", "scale", "landmarks")}
    side = labels["scale"] * np.sqrt(np.prod(np.ptp(model.mean[model.landmarks][:, :2], axis=0)))
    near = np.linalg.norm(points.mean(1) - labels["landmarks"].mean(1), axis=1) < 0.2 * side
    yaw = np.degrees(matrix_to_euler(labels["rotation"])[:, 1])
    frontal = np.flatnonzero(near & (np.abs(yaw) <= FRONTAL))
    if len(frontal) < LEAST:
        raise MorphError(f"only {len(frontal)} of {len(rows)} renders are seen from the front and labelled; label more")
    allowed = np.flatnonzero(model.mean[:, 2] > np.percentile(model.mean[:, 2], 45))
    total = np.zeros((points.shape[1], len(allowed)), np.float64)
    decoder = Decoder(model, allowed)
    for start in range(0, len(frontal), 16):
        part = frontal[start : start + 16]
        seen = _project(decoder, labels, part).astype(np.float32)
        for vertices, own, size in zip(seen, points[part], side[part], strict=True):
            away = np.linalg.norm(own[:, None].astype(np.float32) - vertices[None], axis=-1) / size
            total += np.minimum(away, FAILED)
    vertices = allowed[total.argmin(1)]
    chosen, error = Decoder(model, vertices), np.zeros((len(rows), points.shape[1]))
    for start in range(0, len(rows), 256):
        part = np.arange(start, min(start + 256, len(rows)))
        error[part] = np.linalg.norm(_project(chosen, labels, part) - points[part], axis=-1) / side[part, None]
    good = near & (np.median(error, axis=1) < FAILED)
    table = np.zeros((len(YAWS), points.shape[1]))
    for i in range(len(YAWS)):
        width = 7.5
        while (good & (np.abs(yaw - YAWS[i]) <= width)).sum() < LEAST:
            width += 2.5
        table[i] = np.median(error[good & (np.abs(yaw - YAWS[i]) <= width)], axis=0)
    table[:, list(OUTLINE)] *= 1.8
    table[:, list(IRIS)] *= 1.4
    return PointTable(vertices, YAWS, table, 0.016, model.identity)


def _project(decoder: Decoder, labels: dict[str, npt.NDArray], rows: npt.NDArray[np.int64]) -> Array:
    camera = PerspectiveCamera(*(labels[name][rows] for name in CAMERA))
    return camera.project(decoder(labels["shape"][rows], labels["expression"][rows]).astype(np.float64))[..., :2]


def run(options: argparse.Namespace) -> None:
    """Read, settle, write, and say how far the points are."""
    crops, model = CropSet.open(options.renders), load_default_model(1)
    crops.check_model(model, options.renders, "render again")
    try:
        with open_npz(options.points) as archive:
            rows, points = archive["row"], archive["points"].astype(np.float64)
    except (OSError, ValueError, KeyError) as error:
        raise MorphError(f"{options.points} has no row and points ({error}); label.py writes it") from None
    table = settle(crops, rows, points, model)
    table.save(options.out)
    middle = table.error[len(YAWS) // 2]
    print(f"{options.out}: {len(table)} points of {len(rows)} renders, seen from the front {100 * middle.mean():.2f} % off")
    for yaw, error in zip(YAWS, table.error, strict=True):
        worst = np.percentile(error, 90)
        print(f"{yaw:+4.0f} degrees: median point {100 * np.median(error):.2f} %, worst tenth {100 * worst:.2f} %")


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    out = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    out.add_argument("renders", type=Path, metavar="CROPS", help="what `morph synth` wrote")
    out.add_argument("points", type=Path, metavar="POINTS.npz", help="what label.py wrote of their images.npy")
    out.add_argument("--out", type=Path, required=True, metavar="TABLE.npz")
    return out


if __name__ == "__main__":
    sys.exit(run_script(parser(), run))
