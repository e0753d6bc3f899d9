"""What real faces look like on average, in z-scores of the default model: the middle of the people that are rendered.

Fits the model to MERL-RAV's annotated inner points and to the jaw line of 3DDFA_V2's points (as ``landmark_study.py`` does) on
faces turned less than 50 degrees, takes the mean of their shapes, mirrored and unmirrored, as the middle of the prior, and
fits again. A network that cannot tell shapes apart gives everybody the mean shape of its training pictures; where that is
not the mean of real people, it makes faces too large or too small to bring eyes and mouth to where they are.

Reads research data; only the numbers that it prints may enter the project (``morph/synthesis/population.txt``).

    python data/default_model/population_study.py --data ../shared/research-data --out morph/synthesis/population.txt
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from landmark_study import JAW, annotated_targets, read_faces

from morph.atomic import atomic_path
from morph.errors import MorphError
from morph.fitting import fit_landmarks
from morph.fitting.options import FitOptions
from morph.model import landmark_decoder, load_default_model
from morph.model.coefficients import model_symmetry
from morph.model.rotation import matrix_to_euler

MOST_YAW = 50.0
LEAST_POINTS = 20
HEADER = "# Mean shape z-scores of real faces on the default model, see data/default_model/population_study.py"


def main() -> None:
    """Fit, print distances on the mean face, write the z-scores where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder with AFLW_MERLRAV/ and reference/")
    parser.add_argument("--out", type=Path, metavar="FILE", help="text file of z-scores to write")
    parser.add_argument("--every", type=int, default=5, help="take every n-th face (5)")
    parser.add_argument("--rounds", type=int, default=2, help="fits, each about the mean of the one before (2)")
    options = parser.parse_args()
    try:
        middle = measure(options.data, options.every, options.rounds)
    except MorphError as error:
        sys.exit(f"population_study: {error}")
    if options.out:
        with atomic_path(options.out) as path:
            path.write_text("\n".join([HEADER, *(f"{z:.2f}" for z in middle)]) + "\n")


def measure(folder: Path, every: int, rounds: int) -> np.ndarray:
    """``(S,)`` mean z-scores."""
    data, reference = read_faces(folder)
    rows = np.flatnonzero(np.abs(data.labels["yaw_deg"]) < MOST_YAW)[::every]
    points, weights = annotated_targets(data, reference, rows)
    enough = weights.sum(1) > LEAST_POINTS
    points, weights, angle = points[enough], weights[enough], None
    model = load_default_model(1)
    symmetry, decoder = model_symmetry(model), landmark_decoder(model)
    middle, rest = np.zeros(model.n_shape), np.zeros(model.n_expression)
    print(f"{len(points)} faces")
    _describe("mean head", decoder(middle[None], rest[None])[0])
    for number in range(rounds):
        seen = weights.copy()
        if angle is not None:  # the hidden side of the jaw is what that network makes of it
            seen[:, : JAW // 2] *= (angle < 15)[:, None]
            seen[:, JAW // 2 + 1 : JAW] *= (angle > -15)[:, None]
        centre = np.concatenate([middle, rest]).astype(np.float32)
        fit = fit_landmarks(model, points, seen, FitOptions("fixed", centre=centre))
        angle = np.degrees(matrix_to_euler(fit.coefficients.rotation)[:, 1])
        good = fit.error < np.percentile(fit.error, 97)
        mean = fit.coefficients.shape[good].mean(0)
        middle = (mean + symmetry.shape @ mean) / 2
        print(f"round {number}: {fit.error[good].mean():.3f} px, length of the mean z-score {np.linalg.norm(middle):.2f}")
        _describe("mean face", decoder(middle[None], rest[None])[0])
    return middle


def _describe(name: str, points: np.ndarray) -> None:
    def wide(a: int, b: int) -> float:
        return float(points[b, 0] - points[a, 0])

    print(
        f"{name}: millimetres across jaw {wide(0, 16):.1f}, {wide(3, 13):.1f}, {wide(5, 11):.1f}; outer corners of the eyes "
        f"{wide(36, 45):.1f}, inner {wide(39, 42):.1f}; mouth {wide(48, 54):.1f}; nose before ears "
        f"{points[30, 2] - points[0, 2]:.1f}"
    )


if __name__ == "__main__":
    main()
