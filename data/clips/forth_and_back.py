"""Play a clip forth and back until it is long enough, to time tracking where starting counts for little.

python data/clips/forth_and_back.py clip.mp4 --frames 600 --out long.mp4
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from morph.errors import MorphError
from morph.export.video import VideoWriter
from morph.frames import open_source


def main() -> None:
    """Read, repeat, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", help="short: all its frames are held")
    parser.add_argument("--frames", type=int, default=600, help="of the long clip (600)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="an .mp4")
    options = parser.parse_args()
    try:
        source = open_source(options.clip)
        pictures = [frame.image for frame in source]
        there = len(pictures) - 1
        with VideoWriter(options.out, source.rate) as video:
            for number in range(options.frames):
                turn = number % max(2 * there, 1)
                video.write(pictures[min(turn, 2 * there - turn)], number / source.rate)
    except MorphError as error:
        sys.exit(f"forth_and_back: {error}")


if __name__ == "__main__":
    main()
