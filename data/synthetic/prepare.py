"""Fetch the panoramas that light rendered faces: ``python data/synthetic/prepare.py --out data/synthetic/environments``.

They come out of the npm package @pmndrs/assets 1.7.0 (CC0): 18 panoramas of Poly Haven at 512 x 512, as base64 in
JavaScript files. They stay as they were published; ``morph synth --environments DIR`` decodes them when it reads them.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from morph.atomic import atomic_path, output_folder
from morph.datasets.prepare import run_script
from morph.errors import MorphError

PACKAGE = "@pmndrs/assets@1.7.0"
ADDRESS = "https://registry.npmjs.org/@pmndrs/assets/-/assets-1.7.0.tgz"
SHA512 = (
    "cc798a352fb726fbbd2b7cc90507d840a4fd3e7f4842df2cd2afde242dc25caa"
    "56a7283a2016be8af37d3600e7f9f0d3d80563521d98459fff19752e7ae01d0a"
)
COUNT = 18


def fetch(folder: Path) -> Path:
    """Have npm download the package into ``folder``.

    Raises:
        MorphError: no npm, or it failed.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise MorphError(f"npm is not installed; install Node.js, or download {ADDRESS} and name the file with --package")
    result = subprocess.run([npm, "pack", "--silent", PACKAGE], cwd=folder, capture_output=True, text=True, check=False)
    files = sorted(folder.glob("*.tgz"))
    if result.returncode or not files:
        reason = " ".join(result.stderr.split()) or f"exit status {result.returncode}"
        raise MorphError(f"npm could not download {PACKAGE} ({reason}); try again, or download {ADDRESS} and pass --package")
    return files[0]


def check(package: Path) -> None:
    """Compare the package with the hash that the registry published.

    Raises:
        MorphError: missing, or other bytes.
    """
    try:
        found = hashlib.sha512(package.read_bytes()).hexdigest()
    except OSError as error:
        raise MorphError(f"cannot read {package}: {error.strerror}; leave --package out to download it") from None
    if found != SHA512:
        raise MorphError(f"{package} has SHA-512 {found[:16]}…, not {SHA512[:16]}…; delete it and fetch {PACKAGE} again")


def unpack(package: Path, folder: Path) -> list[Path]:
    """Write the panoramas and the licence of a checked package into ``folder``; whole files stay as they are."""
    folder = output_folder(folder)
    written = []
    with tarfile.open(package) as archive:
        for member in archive:
            inside = Path(member.name)
            panorama = inside.parent.name == "hdri" and inside.name.endswith(".exr.js")
            if not member.isfile() or not (panorama or member.name == "package/LICENSE"):
                continue
            target = folder / inside.name
            if not (target.is_file() and target.stat().st_size == member.size):
                stream = archive.extractfile(member)
                assert stream is not None
                with atomic_path(target) as path:
                    path.write_bytes(stream.read())
            if panorama:
                written.append(target)
    return sorted(written)


def run(options: argparse.Namespace) -> None:
    """Fetch, check, unpack, count."""
    with tempfile.TemporaryDirectory() as scratch:
        package = options.package or fetch(Path(scratch))
        check(package)
        files = unpack(package, options.out)
    if len(files) != COUNT:
        raise MorphError(f"{package} holds {len(files)} panoramas, not {COUNT}; fetch {PACKAGE} again")
    print(f"{options.out}: {len(files)} panoramas, {sum(path.stat().st_size for path in files) / 1e6:.1f} MB")
    print(f"render with: morph synth --count 20000 --out crops/synthetic --environments {options.out}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "environments", metavar="DIR", help="where to")
    parser.add_argument("--package", type=Path, metavar="FILE", help="assets-1.7.0.tgz, if it is here already")
    sys.exit(run_script(parser, run))
