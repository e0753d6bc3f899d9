"""What says inside a file that morph wrote it, format by format, so that it may be written again."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from morph import __version__
from morph.load_alembic import load_alembic

MADE = "made by morph"
MARK = f"{MADE} {__version__}"  # as a comment of formats that have them
GENERATOR = f"morph {__version__}"  # as the value of "generator" in JSON, GLB and HTML
BESIDE = "files"  # key of `camera.json`: checksums of files whose formats have no room for a mark
CAMERA = b'{"kind": "scaled orthographic", "meaning": "x_pixel = (width - 1) / 2 + s X'  # of older `camera.json`
PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
HEAD = 4096  # bytes in which a text says what wrote it


def is_ours(path: str | os.PathLike[str]) -> bool:
    """Whether a file says of itself that morph wrote it, or its ``camera.json`` does; False where it cannot be read.

    Args:
        path: of a file; links are followed.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
        return _says_so(path, head) or _is_listed(path)
    except (OSError, ValueError, EOFError, KeyError, struct.error, zipfile.BadZipFile, zlib.error, NotImplementedError):
        return False


def mark_png(data: bytes) -> bytes:
    """The bytes of a PNG with its ``Software`` text."""
    return insert_png_text(data, b"Software", MARK.encode("latin-1"))


def insert_png_text(data: bytes, key: bytes, value: bytes) -> bytes:
    """The bytes of a PNG with one more text behind its header."""
    chunk = b"tEXt" + key + b"\0" + value
    head = 33  # signature and IHDR
    return data[:head] + struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + data[head:]


def mark_jpeg(data: bytes) -> bytes:
    """The bytes of a JPEG with a comment, behind the segment that JFIF wants first."""
    place = 2
    while data[place : place + 1] == b"\xff" and 0xE0 <= data[place + 1] <= 0xEF:
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    comment = MARK.encode("latin-1")
    return data[:place] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + data[place:]


def checksums(*files: Path) -> dict[str, str]:
    """What a ``camera.json`` says of files beside it: their names, and SHA-256 of their bytes."""
    return {file.name: _sha256(file) for file in files}


def png_texts(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Key and value of each text before the pixels of a PNG."""
    place = len(PNG)
    while place + 12 <= len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        kind, value = data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        if kind == b"IDAT":
            return
        if kind == b"tEXt":
            key, _, text = value.partition(b"\0")
            yield key, text
        place += 12 + length


def _says_so(path: Path, head: bytes) -> bool:
    made = MADE.encode()
    if head.startswith(PNG):
        return any(key == b"Software" and text.startswith(made) for key, text in png_texts(head))
    if head.startswith(JPEG):
        return _in_jpeg(head, made)
    if head.startswith(b"glTF"):
        return str(_glb_table(path).get("asset", {}).get("generator", "")).startswith("morph ")
    if head[4:8] == b"ftyp":
        return made in _movie_box(path)
    if head.startswith(b"PK"):
        return _in_zip(path, made)
    if head.startswith(b"PXR-USDC"):
        return _usd_comment(path).startswith(MADE)
    if head.startswith(b"BLENDER"):
        return made in path.read_bytes()
    if head.startswith(b"Ogawa"):
        return MADE in _alembic_comment(path)
    if head.startswith(b"ply\n"):
        return made in head.partition(b"end_header")[0]
    if path.suffix == ".onnx":
        return b"\x05morph\x12" in _tail(path)  # the key of a metadata property, and what tells its value
    if path.suffix == ".safetensors":
        return "morph" in _safetensors_metadata(path)
    return _in_text(head)


def _in_text(head: bytes) -> bool:
    first = head.partition(b"\n")[0]
    if first.startswith(b"#"):  # OBJ, MTL, USDA (whose comment stands in the lines that follow), YAML
        return MADE.encode() in (head if first.startswith(b"#usda") else first)
    if head.lstrip().startswith(b"{"):
        return any(mark in head for mark in (b'"generator": "morph ', b'"format": "morph-', CAMERA))
    return b'<meta name="generator" content="morph ' in head


def _in_jpeg(head: bytes, made: bytes) -> bool:
    place = 2
    while place + 4 <= len(head) and head[place] == 0xFF and (0xE0 <= head[place + 1] <= 0xEF or head[place + 1] == 0xFE):
        length = int.from_bytes(head[place + 2 : place + 4], "big")
        if head[place + 1] == 0xFE and head[place + 4 : place + 2 + length].startswith(made):
            return True
        place += 2 + length
    return False


def _glb_table(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        length = struct.unpack("<5I", file.read(20))[3]
        return dict(json.loads(file.read(length)))


def _movie_box(path: Path) -> bytes:
    """The index of an MP4 with its tags; empty where there is none."""
    with path.open("rb") as file:
        while len(head := file.read(8)) == 8:
            size, kind = struct.unpack(">I4s", head)
            rest = size - 8
            if size == 1:
                rest = struct.unpack(">Q", file.read(8))[0] - 16
            if kind == b"moov":
                return file.read(rest)
            if rest < 0:
                return b""  # the last box, which goes on to the end
            file.seek(rest, os.SEEK_CUR)
    return b""


def _in_zip(path: Path, made: bytes) -> bool:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if path.suffix == ".usdz":
            return bool(names) and _usd_comment(path).startswith(MADE)
        if "blender_manifest.toml" in names:
            return made in archive.read("blender_manifest.toml")
        for name in ("generator.npy", "format.npy"):
            if name in names:
                import numpy as np

                with archive.open(name) as file:
                    value = str(np.lib.format.read_array(file, allow_pickle=False))
                return value.startswith(("morph ", "morph-"))
    return False


def _usd_comment(path: Path) -> str:
    try:
        from pxr import Sdf, Tf
    except ImportError:
        return ""
    try:
        layer = Sdf.Layer.OpenAsAnonymous(str(path), metadataOnly=True)
    except Tf.ErrorException:
        return ""
    return "" if layer is None else str(layer.comment)


def _alembic_comment(path: Path) -> str:
    try:
        abc = load_alembic().Abc
    except ImportError:
        return ""
    try:
        head = abc.IArchive(str(path)).getTop().children[0]
        return str(head.getMetaData().get("generator"))
    except (RuntimeError, IndexError):
        return ""


def _tail(path: Path, size: int = 1 << 16) -> bytes:
    with path.open("rb") as file:
        file.seek(max(os.fstat(file.fileno()).st_size - size, 0))
        return file.read()


def _safetensors_metadata(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > 1 << 26:
            return {}
        return dict(dict(json.loads(file.read(length))).get("__metadata__", {}))


def _is_listed(path: Path) -> bool:
    """Whether the ``camera.json`` of a file, itself ours, has its checksum."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        text = path.with_suffix(".camera.json").read_bytes()
        return _in_text(text[:HEAD]) and bool(json.loads(text).get(BESIDE, {}).get(path.name) == _sha256(path))
    return False


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
