"""``morph fit``: fit a morphable model to the landmarks of a data set."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="crop set, or labels.npz with images/ beside it"
    )
    parser.add_argument(
        "--model", default="default", metavar="FILE", help="any model that `morph model info` reads (default: ours)"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="crop set to write")
    parser.add_argument("--mat", action="store_true", help="write OUT/mat/NAME.jpg and .mat in the layout of 300W-LP too")
    parser.add_argument(
        "--points",
        type=Path,
        metavar="TABLE",
        help="fit a labeller's points: images.npy, labels.npz with name and points (N, P, 2); TABLE: the vertex of each",
    )
    parser.add_argument(
        "--most",
        type=float,
        default=1.3,
        metavar="PERCENT",
        help="with --points: leave out faces that are farther from their points, per cent of the face (1.3)",
    )
    parser.add_argument(
        "--contour",
        choices=("move", "fixed", "ignore"),
        default="move",
        help="jaw points lie on the visible outline (move), on the 3D jaw line (fixed), or are not used (ignore)",
    )
    parser.add_argument("--jaw-weight", type=float, default=1.0, metavar="W", help="weight of jaw points against the others")
    parser.add_argument(
        "--weak-labels",
        type=Path,
        metavar="FILE",
        help="npz of name and pts68 (N, 68, 3) that a published network sees: blended with the annotations (fixes the contour)",
    )
    parser.add_argument(
        "--weak-shares",
        type=float,
        nargs=2,
        default=(0.65, 0.4),
        metavar=("INNER", "JAW"),
        help="share of the annotation in that blend (0.65 0.4)",
    )
    parser.add_argument("--std", type=Path, metavar="FILE", help="text file of standard deviations, for models that have none")
    parser.add_argument("--mean", type=Path, metavar="FILE", help="text file of raw mean coefficients: the middle of the prior")
    parser.add_argument("--max-bad", type=float, default=0.01, metavar="SHARE", help="faces that may be unusable (0.01)")


def run(options: argparse.Namespace) -> None:
    """Fit, write, and print the error and the spread of the coefficients."""
    from morph.fitting.fit_set import FitPlan, fit_set

    names = [field.name for field in dataclasses.fields(FitPlan)]
    given = {name: getattr(options, name) for name in names}
    report = fit_set(options.data, options.out, FitPlan(**given | {"weak_shares": tuple(options.weak_shares)}))
    for line in report.bad:
        print(f"morph: left out: {line}", file=sys.stderr)
    print(report.as_text(), end="")
