"""``morph demo``: track what ships in the package, and say where to look."""

from __future__ import annotations

import argparse
from pathlib import Path

from morph.cli.options import tracker_options
from morph.errors import MorphError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument(
        "--out", type=Path, default=Path("morph-demo"), metavar="DIR", help="folder to write (default: morph-demo)"
    )
    tracker_options.add(parser, without=("max_faces",))


def demo_files() -> list[Path]:
    """The pictures and clips that ship, by name.

    Raises:
        MorphError: the package has lost them.
    """
    folder = Path(__file__).parent.parent / "assets" / "demo"
    files = sorted(file for file in folder.glob("*") if file.suffix in (".jpg", ".png", ".mp4"))
    if not files:
        raise MorphError(f"no demo files in {folder}; install morph again")
    return files


def run(options: argparse.Namespace) -> None:
    """Track each file into a folder of its own."""
    from morph.cli.track import print_summary, progress_bar
    from morph.frames import open_source
    from morph.track_folder import TrackOptions, track_to_folder

    tracker = tracker_options.open_tracker(options)
    for file in demo_files():
        source = open_source(file)
        folder = options.out / file.stem
        print_summary(track_to_folder(source, tracker, folder, TrackOptions(), progress_bar(source.count)), folder)
    print(f"\nLook at {options.out}/*/overlay.*, open {options.out}/*/mesh/000000.obj in Blender,")
    print(f"or turn the head around: morph view {options.out / demo_files()[-1].stem}")
