"""``morph fit``: fit a morphable model to the landmarks of a data set."""

from __future__ import annotations

import argparse
import sys
import time
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
    from morph.fitting.data_set import fit_data_set, write_crop_set, write_mat_files
    from morph.fitting.landmark_sets import open_landmark_set
    from morph.fitting.options import FitOptions
    from morph.fitting.prior import jaw_weighted, read_centre
    from morph.fitting.spread import spread
    from morph.fitting.weak_labels import blend_weak_labels, read_weak_labels
    from morph.model import load_default_model
    from morph.model.readers import read_model

    if options.points is not None:
        _fit_points(options)
        return
    data = jaw_weighted(open_landmark_set(options.data), options.jaw_weight)
    model = load_default_model() if options.model == "default" else read_model(options.model, std=options.std)
    centre = read_centre(options.mean, model) if options.mean else None
    contour = options.contour
    start = time.perf_counter()
    if options.weak_labels is not None:
        weak = read_weak_labels(options.weak_labels, data)
        share, jaw_share = options.weak_shares
        data, contour = blend_weak_labels(data, weak, model, share=share, jaw_share=jaw_share), "fixed"
    fitted = fit_data_set(data, model, FitOptions(contour, centre=centre), max_bad=options.max_bad)
    seconds = time.perf_counter() - start
    for line in fitted.bad:
        print(f"morph: left out: {line}", file=sys.stderr)
    error, z = fitted.result.error, spread(fitted.result.coefficients, centre)
    meta = {
        **data.meta,
        "model": {"name": model.name, "identity": model.identity},
        "fit": {"contour": contour, "jaw_weight": options.jaw_weight, "mean_error_px": round(float(error.mean()), 4)},
    }
    if options.weak_labels is not None:
        meta["fit"] |= {"weak_labels": options.weak_labels.name, "weak_shares": list(options.weak_shares)}
    write_crop_set(fitted, data, meta, options.out)
    if options.mat:
        write_mat_files(fitted, data, model, options.out / "mat")
    print(f"{len(fitted.rows)} faces in {seconds:.1f} s, {error.mean():.3f} px mean on visible points")
    print(f"{z}")
    print(f"{options.out}: crop set with coefficients of {model.name}" + (", 300W-LP files in mat/" if options.mat else ""))


def _fit_points(options: argparse.Namespace) -> None:
    """Fit a labeller's points."""
    import numpy as np

    from morph.fitting.data_set import fit_point_set, write_crop_set, write_mat_files
    from morph.fitting.landmark_sets import open_point_set
    from morph.fitting.point_table import read_point_table
    from morph.fitting.spread import spread
    from morph.model import load_default_model
    from morph.model.readers import read_model

    model = load_default_model(1) if options.model == "default" else read_model(options.model, std=options.std)
    table = read_point_table(options.points, model)
    data = open_point_set(options.data, len(table))
    start = time.perf_counter()
    fitted = fit_point_set(data, model, table, most=options.most / 100)
    seconds, share = time.perf_counter() - start, 100 * fitted.labels["fit_error"]
    for line in fitted.bad:
        print(f"morph: left out: {line}", file=sys.stderr)
    meta = {
        "model": {"name": model.name, "identity": model.identity},
        "fit": {"points": len(table), "most_percent": options.most, "left_out": len(fitted.bad)},
    }
    write_crop_set(fitted, data, meta, options.out)
    if options.mat:
        write_mat_files(fitted, data, model, options.out / "mat")
    print(
        f"{len(fitted.rows)} faces in {seconds:.1f} s, {len(fitted.bad)} left out; of the face: "
        + ("median {:.2f}, 90 % below {:.2f} %".format(*np.percentile(share, [50, 90])))
    )
    print(f"{spread(fitted.result.coefficients, None)}")
    print(f"{options.out}: crop set with coefficients of {model.name}")
