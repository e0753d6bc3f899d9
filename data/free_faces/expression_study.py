"""Which expressions go together in real faces: rank correlations of the 52 scores over the labelled photographs.

python data/free_faces/expression_study.py --data DIR --out morph/synthesis/person/expressions.txt

Reads the ``labels.npz`` and ``fairface_fit.npz`` of the free faces, takes faces within 30 degrees of yaw, and writes the
lower triangle of the correlation matrix of the scores' normal ranks, in hundredths, one row an expression. Expressions whose
score the labelling network hardly moves (95 % below 0.01) are left out, and gaze, which is drawn otherwise.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from scipy.stats import norm, rankdata

from morph.atomic import atomic_path

WITHIN = 30.0  # degrees of yaw
LEAST = 0.01  # score that 5 % of the faces must reach


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Correlations of expressions in real faces.")
    parser.add_argument("--data", type=Path, required=True, help="folder of labels.npz and fairface_fit.npz")
    parser.add_argument("--out", type=Path, required=True, help="text file to write")
    options = parser.parse_args()
    with np.load(options.data / "labels.npz") as labels, np.load(options.data / "fairface_fit.npz") as fit:
        names = [str(name) for name in labels["blendshape_names"]]
        frontal = np.abs(fit["yaw_deg"]) < WITHIN
        scores = np.concatenate([labels["blendshapes"], fit["blendshapes_u8"][frontal] / 255.0])
    drawn = [not name.startswith("_") and "Look" not in name for name in names]
    alive = [i for i in np.flatnonzero(drawn).tolist() if np.quantile(scores[:, i], 0.95) >= LEAST]
    broken = np.random.default_rng(0).random(len(scores)) * 1e-5  # ties
    ranks = np.stack([norm.ppf((rankdata(scores[:, i] + broken) - 0.5) / len(scores)) for i in alive], axis=1)
    hundredths = np.round(100 * np.corrcoef(ranks.T)).astype(int)
    with atomic_path(options.out) as temporary:
        lines = [f"# {len(scores)} faces; rank correlations in hundredths with the rows above"]
        lines += [f"{names[i]} {' '.join(map(str, hundredths[row, :row]))}".rstrip() for row, i in enumerate(alive)]
        temporary.write_text("\n".join(lines) + "\n")
    print(f"{options.out}: {len(alive)} expressions of {len(scores)} faces")


if __name__ == "__main__":
    main()
