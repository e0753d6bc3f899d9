"""``morph track``: faces of a picture, a folder, a clip or a camera, as meshes and coefficients."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from morph.cli.options import tracker_options
from morph.errors import MorphError

EPILOG = """\
INPUT: JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF, BMP, JPEG 2000, PNM, EXR, HDR, DPX, Targa, QOI or SGI; any clip that FFmpeg
reads, animated WebP, PNG and GIF too. Pictures of a folder whose names differ in one number (shot.1001.jpg) and that have one
size are a sequence of 25 frames a second: their numbers are the frames', and gaps stay. Others are unrelated pictures.

OUT/mesh/000000.obj ...   one mesh a frame: millimetres, y up, moving with the head; with texture and normals
OUT/coefficients.npz      shape, expression and pose of every face and frame
OUT/landmarks.csv         68 points in pixels
OUT/head_pose.csv         place (mm), quaternion and degrees of the head before the camera, see docs/conventions.md
OUT/overlay.mp4           the footage with meshes and landmarks over it, and its sound (overlay.png for a picture)
OUT/summary.json          counts, frames without a face, what was left out, time a stage; written last
"""

TURNED_OFF = {  # stages of a track by the option that leaves them out; each is named by its first stage
    "--no-overlay": ("overlay",),
    "--no-mesh": ("write", "mesh", "material", "prepare"),
    "--expressions none": ("expression",),
    "--experts none": ("experts",),
    "--identity none": ("identity",),
    "--smooth none": ("filter",),
}
DEAREST, LEAST = 3, 0.5  # so many are named, if they take so many CPU ms a frame


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    parser.add_argument("input", help="picture, folder of pictures, clip, or a camera's number")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder to write; only an earlier track in it is replaced"
    )
    tracker_options.add(parser, smoothing=("online", "flow", "offline", "none"), solves_lens=True)
    parser.add_argument("--offline", dest="smooth", action="store_const", const="offline", help="the same as --smooth offline")
    parser.add_argument("--neutral-pose", action="store_true", help="meshes face the viewer at the origin, without head motion")
    parser.add_argument("--no-mesh", action="store_true", help="no OBJ files")
    parser.add_argument("--no-overlay", action="store_true", help="no overlay")
    parser.add_argument("--no-normals", action="store_true", help="no normals in the OBJ files")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="continue a run into DIR that was killed: whole OBJ files are kept, what was half-written goes; frames are "
        "tracked again from the first, for the filters' sake, and all files come out as of an unbroken run. Give the same "
        "input and options; a complete track is left as it is",
    )
    parser.add_argument("--frames", type=int, metavar="N", help="stop after N frames")


def run(options: argparse.Namespace) -> None:
    """Track and report."""
    from morph.frames import open_source
    from morph.track_folder import TrackOptions, track_to_folder

    if options.frames is not None and options.frames < 1:
        raise MorphError(f"--frames must be at least 1, got {options.frames}")
    source = open_source(options.input)
    if options.smooth == "offline" and source.kind == "camera":
        raise MorphError("a camera cannot be watched twice; leave out --smooth offline, or record a clip first")
    tracker = tracker_options.open_tracker(options, source)
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
        bar: Iterable[Any] = tqdm(frames, total=count, unit="frame", disable=None, leave=False)
        return bar

    return wrap


def dearest(stages: Mapping[str, float]) -> list[str]:
    """The dearest things that can be turned off, with their CPU ms a frame and the option that does."""
    sums = {option: sum(stages.get(stage, 0.0) for stage in of) for option, of in TURNED_OFF.items()}
    by_cost = sorted(sums, key=lambda option: -sums[option])
    return [f"{TURNED_OFF[option][0]} {sums[option]:.1f} ({option})" for option in by_cost[:DEAREST] if sums[option] >= LEAST]


def print_summary(summary: dict[str, Any], folder: Path) -> None:
    """A few lines on what was found and where it lies."""
    missing = summary["frames_without_face"]
    print(f"{summary['input']}: a face in {summary['frames_with_face']} of {summary['frames']} frames")
    if missing and len(missing) < summary["frames"]:
        shown = ", ".join(map(str, missing[:12])) + (", ..." if len(missing) > 12 else "")
        print(f"  no face in frame {shown}")
    if summary["kind"] == "sequence":
        first, last = summary.get("first_frame"), summary.get("last_frame")
        print(f"  numbered pictures {first} to {last}, {summary['rate']:g} a second")
    if gaps := summary.get("frames_missing"):
        shown = ", ".join(map(str, gaps[:12])) + (", ..." if len(gaps) > 12 else "")
        print(f"  numbers without a picture: {shown}")
    if summary.get("meshes_kept"):
        print(f"  OBJ files kept: {summary['meshes_kept']}")
    if summary["frames_damaged"]:
        print(f"  {summary['frames_damaged']} damaged frames were left out")
    if solved := summary["camera"].get("auto"):
        print(f"  lens: {solved['said']}")
    stages = ", ".join(f"{name} {value:.1f}" for name, value in summary["cpu_ms_per_frame"].items())
    print(f"  CPU ms a frame: {stages}; {summary['fps_without_overlay']:.0f} fps without overlay")
    if spent := dearest(summary["cpu_ms_per_frame"]):
        print(f"  most of it that can be turned off: {', '.join(spent)}")
    print(f"  {folder}")
