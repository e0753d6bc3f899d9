"""``morph track``: faces of a picture, a folder, a clip or a camera, as meshes and coefficients."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from morph.errors import MorphError

if TYPE_CHECKING:
    from morph.tracking import SmoothingConfig

EPILOG = """\
OUT/mesh/000000.obj ...   one mesh a frame: millimetres, y up, moving with the head; with texture and normals
OUT/coefficients.npz      shape, expression and pose of every face and frame
OUT/landmarks.csv         68 points in pixels
OUT/overlay.mp4           the footage with meshes and landmarks over it, and its sound (overlay.png for a picture)
OUT/summary.json          counts, frames without a face, what was left out, time a stage; written last
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    parser.add_argument("input", help="picture, folder of pictures, clip, or a camera's number")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder to write; only an earlier track in it is replaced"
    )
    parser.add_argument(
        "--max-faces", type=int, default=1, metavar="N", help="follow up to N faces; files are then 000000_ID.obj"
    )
    parser.add_argument(
        "--level", type=int, choices=(0, 1, 2), default=1, help="about 4, 16 or 63 thousand vertices (default: 1)"
    )
    parser.add_argument(
        "--smooth",
        choices=("online", "flow", "offline", "none"),
        default="online",
        help="online: as frames come (default); flow: the same, and the picture's own motion carries the head, so that it "
        "comes in time; offline: without lag, in a second pass; none: as the network says",
    )
    parser.add_argument("--offline", dest="smooth", action="store_const", const="offline", help="the same as --smooth offline")
    parser.add_argument(
        "--passes",
        type=int,
        choices=(1, 2),
        default=1,
        help="2 looks at each face twice, in the mirror the second time: more exact, the network's time twice (default: 1)",
    )
    add_experts(parser)
    parser.add_argument("--neutral-pose", action="store_true", help="meshes face the viewer at the origin, without head motion")
    parser.add_argument("--no-mesh", action="store_true", help="no OBJ files")
    parser.add_argument("--no-overlay", action="store_true", help="no overlay")
    parser.add_argument("--no-normals", action="store_true", help="no normals in the OBJ files")
    parser.add_argument("--weights", type=Path, metavar="FILE", help="ONNX weights, or x0.5, x1.0, x2.0 (default: x1.0)")
    parser.add_argument("--model", type=Path, metavar="FILE", help="morphable model .npz (default: the one that ships)")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="continue a run into DIR that was killed: whole OBJ files are kept, what was half-written goes; frames are "
        "tracked again from the first, for the filters' sake, and all files come out as of an unbroken run. Give the same "
        "input and options; a complete track is left as it is",
    )
    parser.add_argument("--frames", type=int, metavar="N", help="stop after N frames")


def smoothing_of(word: str) -> SmoothingConfig | None:
    """What ``--smooth`` asks of the tracker."""
    from morph.tracking import FlowCutoffs, SmoothingConfig

    if word == "none":
        return None
    return SmoothingConfig(online=word != "offline", flow=FlowCutoffs() if word == "flow" else None)


def add_experts(parser: argparse.ArgumentParser) -> None:
    """The options that choose what looks closer."""
    parser.add_argument(
        "--experts",
        metavar="{none,eyes,mouth,both,FILE}",
        help="look closer at eyes, mouth or both, and correct expressions; FILE: experts of `morph train-experts` (default: "
        "eyes with the weights that ship, else none)",
    )
    parser.add_argument(
        "--identity",
        metavar="{default,none,FILE}",
        help="network that reads the head's shape now and then (default: the one that ships with the weights that ship, else "
        "none)",
    )


def run(options: argparse.Namespace) -> None:
    """Track and report."""
    from morph.frames import open_source
    from morph.track_folder import TrackOptions, track_to_folder
    from morph.tracking import Tracker

    if options.model and options.level != 1:
        raise MorphError("--level is for the model that ships; subdivide another model with `morph model convert`")
    if options.frames is not None and options.frames < 1:
        raise MorphError(f"--frames must be at least 1, got {options.frames}")
    source = open_source(options.input)
    if options.smooth == "offline" and source.kind == "camera":
        raise MorphError("a camera cannot be watched twice; leave out --smooth offline, or record a clip first")
    tracker = Tracker(
        options.weights,
        options.model,
        max_faces=options.max_faces,
        level=options.level,
        passes=options.passes,
        experts=options.experts,
        identity=options.identity,
        smoothing=smoothing_of(options.smooth),
    )
    wanted = TrackOptions(
        mesh=not options.no_mesh,
        overlay=not options.no_overlay,
        normals=not options.no_normals,
        neutral_pose=options.neutral_pose,
        frames=options.frames,
        offline=options.smooth == "offline",
        resume=options.resume,
    )
    print_summary(track_to_folder(source, tracker, options.out, wanted, progress_bar(source.count)), options.out)


def progress_bar(count: int | None) -> Any:
    """Wraps frames in a bar on a terminal, and in nothing elsewhere."""
    from tqdm import tqdm

    def wrap(frames: Iterable[Any]) -> Iterable[Any]:
        return tqdm(frames, total=count, unit="frame", disable=None, leave=False)

    return wrap


def print_summary(summary: dict[str, Any], folder: Path) -> None:
    """A few lines on what was found and where it lies."""
    missing = summary["frames_without_face"]
    print(f"{summary['input']}: a face in {summary['frames_with_face']} of {summary['frames']} frames")
    if missing and len(missing) < summary["frames"]:
        shown = ", ".join(map(str, missing[:12])) + (", ..." if len(missing) > 12 else "")
        print(f"  no face in frame {shown}")
    if summary.get("meshes_kept"):
        print(f"  OBJ files kept: {summary['meshes_kept']}")
    if summary["frames_damaged"]:
        print(f"  {summary['frames_damaged']} damaged frames were left out")
    stages = ", ".join(f"{name} {value:.1f}" for name, value in summary["cpu_ms_per_frame"].items())
    print(f"  CPU ms a frame: {stages}; {summary['fps_without_overlay']:.0f} fps without overlay")
    print(f"  {folder}")
