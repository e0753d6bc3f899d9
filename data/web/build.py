"""Bundle the parts of three.js that the web page needs into one script, ``morph/assets/three.min.js``.

    python data/web/build.py [--package FILE] [--out morph/assets]

The npm packages are fetched with ``npm`` and their hashes are compared with the pinned ones; esbuild then joins the modules and
leaves out what ``three.entry.js`` does not name. The licence of three.js stands at the top of the result. Only this script
needs Node.js and npm; the package ships the result.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from morph.atomic import atomic_path
from morph.errors import MorphError

VERSION = "0.187.0"
PACKAGE = f"three-{VERSION}.tgz"
PACKAGE_SHA512 = "Qiu7R+Cmh8CstZsY1uJOSWnVlfo7ZtNLV7mF8Jltk3LB3AtDu9cRZlcnRKkAk8Y4z6KKw35z7Y7Urd7jWY8etA=="
ESBUILD = "esbuild@0.28.2"
BUNDLE_SHA256 = "5634a8c3c6a57c8792ff39c8e13e440ec6eac720dceba6c884a8af63e985ff56"
OPTIONS = ("--bundle", "--minify", "--format=iife", "--global-name=THREE", "--target=es2020", "--legal-comments=none")


def npm(*arguments: str, folder: Path) -> str:
    """Run npm in a folder.

    Raises:
        MorphError: npm is not installed, or it fails.
    """
    if shutil.which("npm") is None:
        raise MorphError("npm is not installed; install Node.js with npm to build three.min.js anew")
    done = subprocess.run(["npm", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MorphError(f"npm {arguments[0]} failed ({done.stderr.strip().splitlines()[-1:]}); is the registry within reach?")
    return done.stdout


def checked(data: bytes, sha512: str, what: str) -> bytes:
    """``data`` if its hash, base64 as npm writes it, is the pinned one.

    Raises:
        MorphError: it is not.
    """
    found = base64.b64encode(hashlib.sha512(data).digest()).decode()
    if found != sha512:
        raise MorphError(f"{what} has sha512 {found}, not the pinned {sha512}; delete it and fetch it again")
    return data


def bundle(package: Path, scratch: Path) -> bytes:
    """The script that defines the global ``THREE``, with the licence before it.

    Args:
        package: a copy of the npm package.
        scratch: an empty folder for packages and their parts.

    Raises:
        MorphError: the package is another one, or the script holds what would end a ``<script>`` element.
    """
    checked(package.read_bytes(), PACKAGE_SHA512, str(package))
    npm("install", "--silent", "--no-audit", "--no-fund", "--prefix", str(scratch), ESBUILD, str(package), folder=scratch)
    entry = scratch / "three.entry.js"
    shutil.copyfile(Path(__file__).with_name(entry.name), entry)
    esbuild = scratch / "node_modules" / ".bin" / "esbuild"
    code = subprocess.run([str(esbuild), entry.name, *OPTIONS], cwd=scratch, capture_output=True, check=True).stdout
    with tarfile.open(package) as archive:
        member = archive.extractfile("package/LICENSE")
        assert member is not None
        licence = member.read().decode().strip()
    if b"</script" in code.lower() or b"<!--" in code:
        raise MorphError("the bundle would end the <script> element that it stands in; escape it before shipping it")
    return f"/*!\nthree.js {VERSION}, https://threejs.org\n\n{licence}\n*/\n".encode() + code


def main() -> None:
    """Parse, fetch, check, bundle, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--package", type=Path, help=f"a copy of {PACKAGE}; fetched when left out")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[2] / "morph" / "assets")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        if options.package is None:
            (packed,) = json.loads(npm("pack", "--json", f"three@{VERSION}", folder=scratch))
            options.package = scratch / packed["filename"]
        data = bundle(options.package.resolve(), scratch)
    found = hashlib.sha256(data).hexdigest()
    if found != BUNDLE_SHA256:
        raise MorphError(f"the bundle has sha256 {found}, not the pinned {BUNDLE_SHA256}; look what changed, then pin it")
    with atomic_path(options.out / "three.min.js") as path:
        path.write_bytes(data)
    print(f"{options.out / 'three.min.js'}: {len(data) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
