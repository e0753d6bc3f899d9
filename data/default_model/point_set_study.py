"""Where the Basel model's keypoints lie on the default model, and how its zero of pitch differs from 300W-LP's.

Weights look at crops of AFLW; for each of the 68 points the vertex of the default model is sought that lies nearest, in the
picture and over all yaws alike, to the point that 3DDFA_V2 sees there. Left and right are settled together. Every second face
chooses, the others say what it is worth. Then the 68 vertices of the mean head are laid over the keypoints of the Basel model:
what turn is left is how the two models' frames differ, and 3DDFA_V2's poses of the same faces say so once more.

Reads research data; only the vertex numbers and the angle that it prints may enter the project. AFLW2000-3D is not read.

    python data/default_model/point_set_study.py --data ../shared/research-data --weights x1.0
"""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from morph.datasets.prepare import run_script
from morph.errors import MorphError
from morph.evaluation.aflw2000.evaluator import predict_flat
from morph.evaluation.aflw2000.weights import open_weights
from morph.frames.picture import read_picture
from morph.model import Coefficients, Decoder, MorphableModel, load_default_model
from morph.model.ibug68 import MIRRORED_68
from morph.model.rotation import matrix_to_euler, nearest_rotation
from morph.npz import open_npz

Array = npt.NDArray[np.floating]
REACH = 22.0  # mm about a landmark in which its vertex is sought
BINS = (0, 30, 60, 90)
FLIP = np.array([[-1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])


def read_faces(folder: Path, size: int, most: int) -> tuple[npt.NDArray[np.uint8], Array, Array]:
    """Crops ``(N, size, size, 3)``, 3DDFA_V2's points ``(N, 68, 3)`` in their pixels and its rotations ``(N, 3, 3)``.

    Args:
        folder: research data.
        size: side of the crops.
        most: faces of each bin of yaw.

    Raises:
        MorphError: files are missing.
    """
    try:
        with open_npz(folder / "AFLW_MERLRAV" / "labels.npz") as labels:
            names, yaw = labels["name"], np.abs(labels["yaw_deg"])
        with open_npz(folder / "reference" / "3ddfa_v2_mb05_aflw_merlrav.npz") as weak:
            points, whitened = weak["pts68"], weak["params62_whitened"]
        texts = [(folder / "reference" / f"param_{name}_62.txt").read_text() for name in ("mean", "std")]
        mean, std = (np.array(text.split(), np.float64) for text in texts)
    except (OSError, KeyError, ValueError) as error:
        raise MorphError(f"{folder} lacks AFLW_MERLRAV or reference ({error})") from None
    rng = np.random.default_rng(3)
    chosen = [np.flatnonzero((yaw >= low) & (yaw < high)) for low, high in itertools.pairwise(BINS)]
    rows = np.concatenate([rng.permutation(which)[:most] for which in chosen])
    crops = []
    for row in rows:
        picture = read_picture(folder / "AFLW_MERLRAV" / "images" / f"{names[row]}.jpg")
        crops.append(cv2.resize(picture, (size, size), interpolation=cv2.INTER_LINEAR))
    seen = points[rows].astype(np.float64)
    scale = size / len(picture)
    seen[..., :2] = (seen[..., :2] + 0.5) * scale - 0.5
    seen[..., 2] *= scale
    pose = (whitened[rows] * std + mean)[:, :12].reshape(-1, 3, 4)[:, :, :3]
    return np.stack(crops), seen, nearest_rotation(pose / np.linalg.norm(pose, axis=(1, 2), keepdims=True))


def choose(model: MorphableModel, found: Coefficients, seen: Array) -> npt.NDArray[np.int64]:
    """The vertices ``(68,)`` that lie nearest to the points that were seen, in the picture, the same on both sides.

    Args:
        model: of the coefficients.
        found: of N faces.
        seen: ``(N, 68, 2)`` pixels.
    """
    size = np.sqrt(np.prod(np.ptp(seen, axis=1), axis=1))
    mirror = np.asarray(model.vertex_mirror)
    out = np.array(model.landmarks, np.int64)
    cost: dict[int, tuple[npt.NDArray[np.int64], Array]] = {}
    for point in range(68):
        near = np.flatnonzero(np.linalg.norm(model.mean - model.mean[model.landmarks[point]], axis=1) < REACH)
        away = np.linalg.norm(Decoder(model, near).project(found)[..., :2] - seen[:, point, None], axis=-1)
        cost[point] = near, (away / size[:, None]).mean(0)
    for point in range(68):
        other = int(MIRRORED_68[point])
        if other < point:
            continue
        (near, mine), (far, theirs) = cost[point], cost[other]
        partner = dict(zip(far.tolist(), theirs.tolist(), strict=True))
        both = mine + np.array([partner.get(int(mirror[vertex]), 1.0) for vertex in near])
        if other == point:
            both = both + np.where(mirror[near] == near, 0.0, 1.0)
        best = int(near[both.argmin()])
        out[point], out[other] = best, int(mirror[best])
    return out


def error_by_bin(model: MorphableModel, vertices: Array, found: Coefficients, seen: Array, yaw: Array) -> list[float]:
    """Mean distance of vertices from points, per cent of the face, in each bin of yaw and balanced over them."""
    size = np.sqrt(np.prod(np.ptp(seen, axis=1), axis=1))
    away = np.linalg.norm(Decoder(model, vertices).project(found)[..., :2] - seen, axis=-1).mean(1) / size
    means = [float(100 * away[(yaw >= low) & (yaw < high)].mean()) for low, high in itertools.pairwise(BINS)]
    return [*means, float(np.mean(means))]


def turn_between(first: Array, second: Array) -> Array:
    """The rotation ``(3, 3)`` that lays points ``(P, 3)`` over others, ``second = s R first + t``."""
    a, b = first - first.mean(0), second - second.mean(0)
    return nearest_rotation(b.T @ a)


def run(options: argparse.Namespace) -> None:
    """Choose, measure, and print numbers for ``morph/model/point_sets.py`` and ``morph/model/rest_pose.py``."""
    weights = open_weights(options.weights)
    model = load_default_model(1)
    crops, seen, turns = read_faces(options.data, weights.input_size, options.faces)
    found = Coefficients.from_flat(predict_flat(weights.predictor, crops), model.n_shape)
    yaw = np.abs(np.degrees(matrix_to_euler(turns)[:, 1]))
    half = np.arange(len(crops)) % 2 == 0
    vertices = choose(model, found[half], seen[half, :, :2])
    for name, chosen in (("ibug68", model.landmarks), ("300w_lp", vertices)):
        numbers = error_by_bin(model, np.asarray(chosen), found[~half], seen[~half, :, :2], yaw[~half])
        print(
            f"{name:8} on {(~half).sum()} other faces, yaw 0-30, 30-60, 60-90, balanced: "
            + " ".join(f"{n:.3f}" for n in numbers)
        )
    print(f"300w_lp: {vertices.tolist()}")
    both = nearest_rotation(np.einsum("nji,njk->ik", np.asarray(found.rotation), turns))
    angles = np.degrees(matrix_to_euler(both))
    print(
        "300W-LP's rotation is ours times (pitch, yaw, roll) {:+.2f} {:+.2f} {:+.2f} degrees, by poses of faces".format(*angles)
    )
    with open_npz(options.data / "BFM" / "bfm53215_40_10.npz") as basel:
        keypoints = basel["u"].reshape(-1, 3)[basel["keypoints"].astype(int)].astype(np.float64)
    shape = found.shape.mean(0)
    for name, z in (("mean head", np.zeros_like(shape)), ("mean of the faces", shape)):
        head = Decoder(model, vertices)(z, np.zeros(model.n_expression)).astype(np.float64)
        angles = np.degrees(matrix_to_euler(turn_between(keypoints, head)))
        print("by the Basel model's keypoints laid over the {}: {:+.2f} {:+.2f} {:+.2f}".format(name, *angles))


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    out = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    out.add_argument("--data", type=Path, required=True, metavar="DIR", help="AFLW_MERLRAV/, reference/ and BFM/")
    out.add_argument("--weights", type=Path, required=True, metavar="FILE", help="that look at the crops")
    out.add_argument("--faces", type=int, default=1000, metavar="N", help="of each bin of yaw (1000)")
    return out


if __name__ == "__main__":
    sys.exit(run_script(parser(), run))
