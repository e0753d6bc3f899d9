"""Labels by network and points together: ``python data/free_faces/second_round.py --weights W --fairface DIR --out crops``.

Reads OUT/fairface (``prepare.py``) and the pictures of FairFace's ``train/`` that the labeller missed. Writes
OUT/fairface_voted: faces beyond 25 degrees of yaw with labels on which fit and network agree; and OUT/fairface_found: missed
faces on which the network agrees with itself. What is left out is counted.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from morph.datasets.crops import CropSet
from morph.datasets.picture_store import open_pictures
from morph.datasets.prepare import run_script
from morph.datasets.published.free_faces import kept_apart, read_fairface
from morph.errors import MorphError
from morph.evaluation.aflw2000.evaluator import predict_flat
from morph.evaluation.aflw2000.weights import MeasuredWeights, open_weights
from morph.fitting.profiling.profiling import head_yaw
from morph.fitting.vote import FIRST, Looks, look_several_times, vote
from morph.model import Coefficients, MorphableModel, load_default_model
from morph.model.decoder import landmark_decoder

APART = 0.05  # of the face: a fit and a network farther apart than this contradict each other
SURE = 0.018  # of the face: looks that spread more are not sure
TRAIN = 86744  # pictures of FairFace's train/ are numbered from 1 to this


def write(  # noqa: PLR0913 - columns of a set
    folder: Path,
    pictures: npt.NDArray[np.uint8],
    found: Coefficients,
    model: MorphableModel,
    names: npt.NDArray[np.str_],
    group: npt.NDArray[np.int64],
) -> None:
    """A crop set of coefficients and the landmarks that they mean."""
    marks = landmark_decoder(model).project(found)[..., :2]
    parts = {"shape": found.shape, "expression": found.expression, "rotation": found.rotation}
    parts |= {"scale": found.scale, "translation": found.translation, "landmarks": marks}
    labels = {key: np.asarray(array, np.float32) for key, array in parts.items()}
    labels |= {"landmark_weights": np.ones(marks.shape[:2], np.float32), "name": names, "group": group}
    meta = {"source": "FairFace (Karkkainen and Joo, WACV 2021)", "licence": "CC BY 4.0"}
    CropSet(pictures, labels, meta | {"model": {"name": model.name, "identity": model.identity}}).save(folder)
    yaw = np.abs(np.degrees(head_yaw(found.rotation)))
    counts = np.histogram(yaw, [0, 30, 45, 60, 75, 180])[0].tolist()
    print(f"{folder}: {len(pictures)} faces; yaw below 30, 45, 60, 75 and beyond: {', '.join(map(str, counts))}")


def look(pictures: npt.NDArray[np.uint8], what: str, weights: MeasuredWeights, model: MorphableModel) -> Looks:
    """Several looks at each picture, with progress on a terminal."""
    bar = tqdm(pictures, desc=what, disable=not sys.stderr.isatty())
    return look_several_times(lambda crops: predict_flat(weights.predictor, crops), bar, model, weights.input_size)


def turned_faces(out: Path, weights: MeasuredWeights, model: MorphableModel) -> None:
    """Vote on the turned faces of OUT/fairface."""
    crops = CropSet.open(out / "fairface")
    crops.check_model(model, out / "fairface", "make it again with prepare.py")
    rows = np.flatnonzero(np.abs(np.degrees(head_yaw(crops.labels["rotation"]))) >= FIRST)
    pictures = np.asarray(crops.images[rows])
    looks = look(pictures, "turned", weights, model)
    both, apart = vote(crops.coefficients[rows], looks, model)
    good = np.flatnonzero(apart <= APART)
    print(f"{len(rows)} faces turned beyond {FIRST:g} degrees: {len(rows) - len(good)} contradictions left out")
    names, group = crops.labels["name"][rows], crops.labels["group"][rows]
    write(out / "fairface_voted", pictures[good], both[good], model, names[good], group[good])


def missed_faces(out: Path, place: Path, weights: MeasuredWeights, model: MorphableModel, labelled: set[str]) -> None:
    """Label the pictures that have none."""
    store = open_pictures(place, "fair_face")
    pictures, names, group = [], [], []
    for number in range(1, TRAIN + 1):
        name = f"train/{number}.jpg"
        if name in labelled:
            continue
        try:
            picture, checksum = read_fairface(store, name)
        except MorphError:
            continue  # the repository holds 40,000 of them
        if not kept_apart(checksum):
            pictures.append(picture)
            names.append(name)
            group.append(checksum)
    stack = np.stack(pictures)
    looks = look(stack, "missed", weights, model)
    good = np.flatnonzero(looks.spread <= SURE)
    print(f"{len(stack)} faces that the labeller missed: the network is not sure of {len(stack) - len(good)}")
    write(out / "fairface_found", stack[good], looks.coefficients[good], model, np.array(names)[good], np.array(group)[good])


def run(options: argparse.Namespace) -> None:
    """Both sets."""
    model, weights = load_default_model(1), open_weights(options.weights)
    turned_faces(options.out, weights, model)
    labelled: set[str] = set()
    for name in ("fairface", "fairface_held"):
        labelled |= set(CropSet.open(options.out / name).labels["name"].astype(str).tolist())
    missed_faces(options.out, options.fairface, weights, model, labelled)


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    out = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    out.add_argument("--weights", type=Path, required=True, metavar="FILE", help="of the first round")
    out.add_argument(
        "--fairface", type=Path, required=True, metavar="DIR", help="repository or folder that has fair_face/train"
    )
    out.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder with fairface/; the new sets go there, too")
    return out


if __name__ == "__main__":
    sys.exit(run_script(parser(), run))
