"""``morph bench``: measure on a benchmark."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from morph.atomic import atomic_path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    benches = parser.add_subparsers(dest="bench", metavar="BENCHMARK", required=True)
    aflw = benches.add_parser("aflw2000", help="AFLW2000-3D: error of 68 points by yaw")
    aflw.add_argument("--data", type=Path, required=True, metavar="DIR", help="AFLW2000-3D, see data/aflw2000/README.md")
    aflw.add_argument("--predictions", type=Path, metavar="FILE", help="score these points: npz of names and pts68 (N,68,2)")
    aflw.add_argument("--json", type=Path, metavar="FILE", help="write the numbers and the protocol here")


def run(options: argparse.Namespace) -> None:
    """Run the benchmark and print its numbers with their protocol."""
    from morph.datasets.aflw2000 import open_aflw2000
    from morph.evaluation.aflw2000 import evaluate_points, read_predictions

    benchmark = open_aflw2000(options.data)
    names, points = read_predictions(options.predictions)
    report = evaluate_points(benchmark, names, points, {"predictions": options.predictions.name})
    print(report.as_text())
    if options.json:
        with atomic_path(options.json) as path:
            path.write_text(json.dumps(report.as_json(), indent=1))
