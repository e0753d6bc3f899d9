"""``morph bench``: measure on a benchmark."""

from __future__ import annotations

import argparse
from pathlib import Path

from morph.cli.options import tracker_options
from morph.cli.options.claims import add_overwrite, claim, write_figures, write_report
from morph.cli.options.tracker_options import UNWEIGHTED
from morph.errors import MorphError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    benches = parser.add_subparsers(dest="bench", metavar="BENCHMARK", required=True)
    aflw = benches.add_parser("aflw2000", help="AFLW2000-3D: error of 68 points by yaw, of pose, of the mesh")
    aflw.add_argument("--data", type=Path, required=True, metavar="DIR", help="AFLW2000-3D, see data/aflw2000/README.md")
    aflw.add_argument(
        "--predictions",
        type=Path,
        metavar="FILE",
        help="score these points instead: npz of names and pts68 (N,68,2)",
    )
    aflw.add_argument(
        "--crop",
        choices=("ground-truth", "detector"),
        default="ground-truth",
        help="the published crop, or the whole picture through the detector (faces not found are counted)",
    )
    aflw.add_argument("--flip", action="store_true", help="average with the mirrored crop")
    tracker_options.add(aflw, without=("level", "max_faces", "smoothing", *UNWEIGHTED))
    aflw.add_argument("--json", type=Path, metavar="FILE", help="write the numbers and the protocol here")
    aflw.add_argument("--sheet", type=Path, metavar="FILE", help="picture of faces: labels red, predictions green")
    aflw.add_argument("--save-predictions", type=Path, metavar="FILE", help="write names and pts68 for --predictions")
    video = benches.add_parser(
        "video", help="a clip of a face: jitter, lag, drift, blinks, identity switches, speed to OBJ files; beside MediaPipe"
    )
    video.add_argument("clip", type=Path, metavar="CLIP", help="video file or folder of numbered pictures")
    tracker_options.add(video, without=("max_faces",), smoothing=("online", "flow", "offline"))
    video.add_argument("--blinks", type=Path, metavar="FILE", help="CSV of clip,first,last: blinks, for precision and recall")
    video.add_argument("--truth", type=Path, metavar="FILE", help="npz with the known landmarks of a rendered clip")
    video.add_argument(
        "--mediapipe",
        type=Path,
        metavar="PYTHON",
        help="measure MediaPipe's face mesh beside it; interpreter of an environment with mediapipe==0.10.21",
    )
    video.add_argument("--json", type=Path, metavar="FILE", help="write the numbers and the protocol here")
    speed = benches.add_parser("speed", help="CPU time of each stage, latency from frame to mesh, the network in batches")
    speed.add_argument("clip", nargs="?", type=Path, metavar="CLIP", help="video file or folder (default: the clip that ships)")
    tracker_options.add(speed, without=("max_faces", *UNWEIGHTED))
    speed.add_argument("--rounds", type=int, default=3, metavar="N", help="over the clip; the fastest counts (default: 3)")
    speed.add_argument(
        "--batches", type=int, nargs="+", default=[1, 8, 32], metavar="N", help="crops at once (default: 1 8 32)"
    )
    speed.add_argument("--json", type=Path, metavar="FILE", help="write the numbers and the protocol here")
    smoothing = benches.add_parser("smoothing", help="jitter and lag of clips against each cut-off of the smoothing")
    smoothing.add_argument("clips", nargs="+", type=Path, metavar="CLIP", help="video files or folders of numbered pictures")
    smoothing.add_argument("--search", type=int, default=0, metavar="N", help="also try N random steps and print the best")
    tracker_options.add(smoothing, without=("level", "max_faces", "smoothing", *UNWEIGHTED))
    smoothing.add_argument("--json", type=Path, metavar="FILE", help="write the numbers and the protocol here")
    renders = benches.add_parser("renders", help="held-out renders: landmarks, pose, eyelids, lips, blinks, identity")
    renders.add_argument("crops", type=Path, metavar="DIR", help="held-out crop set written by `morph synth`")
    tracker_options.add(renders, without=("level", "max_faces", "passes", "smoothing", *UNWEIGHTED))
    renders.add_argument("--json", type=Path, metavar="FILE", help="write the numbers and the protocol here")
    camera = benches.add_parser("camera", help="renders with known cameras: distance and turn, with the lens given; the lens")
    camera.add_argument(
        "crops",
        type=Path,
        metavar="DIR",
        help="held-out crop set written by `morph synth`; or pictures of data/synthetic/whole_pictures.py, of 24 to 85 mm; or "
        "clips of data/clips/render.py, whose lens is solved",
    )
    tracker_options.add(camera, without=("level", "max_faces", "passes", "smoothing", *UNWEIGHTED))
    camera.add_argument("--json", type=Path, metavar="FILE", help="write the numbers and the protocol here")
    _add_weights(benches.add_parser("weights", help="the 52 weights: on renders against the truth, on clips beside a judge"))
    viewer = benches.add_parser("viewer", help="CPU time of previews over footage, and of the first picture")
    viewer.add_argument(
        "clip", nargs="?", type=Path, metavar="CLIP", help="video file or folder (default: the clip that ships)"
    )
    viewer.add_argument("--track", type=Path, metavar="DIR", help="what `morph track CLIP` wrote (default: tracked now)")
    viewer.add_argument("--prop", default="glasses", help="what the face wears (default: glasses)")
    viewer.add_argument(
        "--backends", nargs="+", choices=("egl", "osmesa", "software"), default=["osmesa", "software"], help="what draws"
    )
    viewer.add_argument("--rounds", type=int, default=3, metavar="N", help="over the frames; the fastest counts (default: 3)")
    viewer.add_argument("--json", type=Path, metavar="FILE", help="write the numbers and the protocol here")
    for bench in (aflw, video, speed, smoothing, renders, camera, viewer):
        add_overwrite(bench)


def _add_weights(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "clips",
        nargs="+",
        type=Path,
        metavar="HELD|CLIP",
        help="a held-out crop set written by `morph synth`: correlation, strength, rest, sides and gaze against the truth; or "
        "clips of faces: how far weights move, beside a judge and a list of blinks where they are given",
    )
    tracker_options.add(parser, without=("level", "max_faces"), smoothing=("online", "flow", "offline", "none"))
    parser.add_argument(
        "--mediapipe",
        type=Path,
        metavar="PYTHON",
        help="clips: the judge; interpreter of an environment with mediapipe==0.10.21",
    )
    parser.add_argument("--task", type=Path, metavar="FILE", help="its Face Landmarker with blend shapes (.task)")
    parser.add_argument("--cache", type=Path, metavar="DIR", help="keep the judge's answers here, by the clips' contents")
    parser.add_argument("--blinks", type=Path, metavar="FILE", help="clips: CSV of clip,first,last; a blink counts from 0.5")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers and the protocol here")
    add_overwrite(parser)


READS = (
    "data",
    "clip",
    "clips",
    "crops",
    "track",
    "weights",
    "model",
    "predictions",
    "experts",
    "expressions",
    "identity",
    "blinks",
    "truth",
    "task",
)


def run(options: argparse.Namespace) -> None:
    """Run the benchmark and print its numbers with their protocol."""
    points = getattr(options, "save_predictions", None)
    written = [getattr(options, "json", None), getattr(options, "sheet", None), points and points.with_suffix(".npz")]
    if any(written):
        claim(options, READS, written)
    verbs = {"aflw2000": run_aflw2000, "video": run_video, "speed": run_speed, "smoothing": run_smoothing}
    (verbs | {"viewer": run_viewer, "renders": run_renders, "camera": run_camera, "weights": run_weights})[options.bench](
        options
    )


def run_smoothing(options: argparse.Namespace) -> None:
    """Sweep the cut-offs."""
    from morph.evaluation.clips.smoothing_sweep import one_at_a_time, record, row_text, search, sweep_json
    from morph.tracking import SmoothingConfig

    if options.search < 0:
        raise MorphError(f"--search must not be negative, got {options.search}")
    config = SmoothingConfig()
    recordings = record(options.clips, tracker_options.read(options))
    print("jitter over raw, lag, lag of turning (frames), share of the lips' way: " + " | ".join(r.name for r in recordings))
    rows = []
    for name, changed in one_at_a_time(config):
        rows.append((name, [recording.score(changed) for recording in recordings]))
        print(row_text(*rows[-1]), flush=True)
    if options.search:
        best, scores = search(recordings, config, options.search)
        rows.append((str(best), scores))
        print(row_text("best found", scores))
        print(best)
    write_figures(lambda: sweep_json([recording.name for recording in recordings], rows), options)


def run_renders(options: argparse.Namespace) -> None:
    """Measure on renders."""
    from morph.evaluation.renders.renders import measure_renders

    report = measure_renders(options.crops, tracker_options.read(options))
    write_report(report, options)


def run_camera(options: argparse.Namespace) -> None:
    """Measure places before the camera."""
    from morph.evaluation.clips.lens import clips_of, measure_lenses
    from morph.evaluation.renders.camera import measure_camera
    from morph.evaluation.renders.whole import TRUTH, measure_whole

    whole = (options.crops / TRUTH).is_file()
    measure = measure_whole if whole else measure_lenses if clips_of(options.crops) else measure_camera
    write_report(measure(options.crops, tracker_options.read(options)), options)


def run_weights(options: argparse.Namespace) -> None:
    """Measure every weight."""
    from morph.datasets.crops import is_set
    from morph.evaluation.weights.judge import Judge
    from morph.evaluation.weights.on_clips import ClipBench, measure_clips
    from morph.evaluation.weights.on_renders import measure_held_out

    if (options.mediapipe is None) != (options.task is None):
        raise MorphError("the judge needs both its interpreter and its task; give --mediapipe PYTHON and --task FILE")
    sets = [clip for clip in options.clips if is_set(clip)]
    if sets and (options.neutral, options.gains) != ("none", "none"):
        raise MorphError(f"{sets[0]} is a crop set of single pictures; --neutral and --gains are for clips")
    if sets and (len(options.clips) > 1 or options.mediapipe or options.blinks):
        raise MorphError(
            f"{sets[0]} is a crop set: it is measured alone, against its own truth; --mediapipe and --blinks are for clips"
        )
    if sets:
        return write_report(measure_held_out(sets[0], tracker_options.read(options)), options)
    judge = options.mediapipe and Judge(options.mediapipe, options.task, options.cache)
    bench = ClipBench(judge, options.blinks, offline=options.smooth == "offline")
    return write_report(measure_clips(options.clips, tracker_options.read(options), bench), options)


def run_video(options: argparse.Namespace) -> None:
    """Measure on a clip."""
    from morph.evaluation.clips.video import measure_video

    report = measure_video(
        options.clip,
        tracker_options.read(options),
        offline=options.smooth == "offline",
        blinks=options.blinks,
        truth=options.truth,
        mediapipe=options.mediapipe,
    )
    write_report(report, options)


def run_speed(options: argparse.Namespace) -> None:
    """Measure the time of each stage."""
    from morph.cli.demo import demo_files
    from morph.evaluation.clips.speed import measure_speed

    clip = options.clip or next(file for file in demo_files() if file.suffix == ".mp4")
    report = measure_speed(clip, tracker_options.read(options), rounds=options.rounds, batches=options.batches)
    write_report(report, options)


def run_viewer(options: argparse.Namespace) -> None:
    """Measure what previews cost."""
    from morph.cli.demo import demo_files
    from viewer.output.bench import ViewerBench, measure_viewer

    clip = options.clip or next(file for file in demo_files() if file.suffix == ".mp4")
    report = measure_viewer(
        clip, options.track or tracker_options.read(options), ViewerBench(options.prop, options.backends, options.rounds)
    )
    write_report(report, options)


def run_aflw2000(options: argparse.Namespace) -> None:
    """AFLW2000-3D."""
    from morph.datasets.published.aflw2000 import open_aflw2000
    from morph.evaluation.aflw2000.points import align, evaluate_points, read_predictions, save_predictions

    benchmark = open_aflw2000(options.data)
    if options.predictions:
        given = (
            [name for name in ("model", "flip", "experts", "identity", "expressions") if getattr(options, name)]
            + ["passes"] * (options.passes != 1)
            + ["crop"] * (options.crop != "ground-truth")
        )
        if options.weights:
            raise MorphError("give --predictions or --weights, not both")
        if given:
            raise MorphError(f"--{given[0]} is for --weights; points from a file are scored as they are")
        names, points = read_predictions(options.predictions)
        report = evaluate_points(benchmark, names, points, {"predictions": options.predictions.name})
        points, _ = align(benchmark, names, points)
    else:
        from morph.evaluation.aflw2000.weights import run_weights

        report, points = run_weights(benchmark, tracker_options.read(options), crop=options.crop, flip=options.flip)
    write_report(report, options)
    if options.save_predictions:
        save_predictions(options.save_predictions, benchmark.names, points)
    if options.sheet:
        from morph.evaluation.aflw2000.sheet import write_sheet

        write_sheet(options.sheet, benchmark, points, report.original)
