"""Reads picture files; :mod:`morph.frames.formats` lists what can be read."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from morph.arrays import Image
from morph.errors import MorphError
from morph.frames.formats import HEAD, RAW_SUFFIXES, PictureFormat, format_of, is_heif
from morph.frames.heif import read_heif
from morph.frames.no_file import no_file_name
from morph.frames.tiff import read_tiff
from morph.frames.tone import eight_bits, shown
from morph.frames.wide_colour import Colours, WideColour

HOW = "save it as PNG or JPEG"


def read_picture(path: str | os.PathLike[str]) -> Image:
    """A picture file as upright ``(H, W, 3)`` uint8 RGB, whatever its format, depth and colours; alpha is left out.

    Of pictures in a row (animations, pages) it is the first. Scene light (EXR, Radiance, PFM) is shown as sRGB.

    Raises:
        MorphError: missing, cut off, or not a picture that can be read.

    Example:
        >>> from morph.cli.demo import demo_files
        >>> read_picture(demo_files()[0]).shape[2]
        3
    """
    return decode_file(path, read_file(path))


def read_file(path: str | os.PathLike[str]) -> bytes:
    """The bytes of a picture file.

    Raises:
        MorphError: it cannot be read, is empty, or is what a camera saw, undeveloped.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise MorphError(no_file_name(str(path)) or f"no picture {path}") from None
    except OSError as error:
        raise MorphError(f"cannot read {path}: {error.strerror}") from None
    if path.suffix.lower() in RAW_SUFFIXES:
        raise MorphError(f"{path} is a camera's raw file; develop it first, and save it as TIFF, PNG or JPEG")
    if not data:
        raise MorphError(f"{path} is empty; copy it again")
    return data


def decode_file(path: str | os.PathLike[str], data: bytes) -> Image:
    """The picture in the bytes of a file; see :func:`read_picture`."""
    try:
        return decode_picture(data, Path(path).suffix)
    except MorphError as error:
        raise MorphError(f"{path} is not a picture that can be read: {error}") from None


def decode_picture(data: bytes, suffix: str = "") -> Image:
    """The bytes of a picture file as upright ``(H, W, 3)`` uint8 RGB.

    Args:
        data: the file.
        suffix: of its name; needed for Targa alone, which no content tells.

    Raises:
        MorphError: why it cannot be read, without the file's name.
    """
    head = data[:HEAD]
    kind = format_of(head, suffix)
    try:
        if is_heif(head):
            return read_heif(data)
        if kind is not None and kind.codec:
            return _by_ffmpeg(data, kind)
        if kind is not None and kind.name == "TIFF":
            return read_tiff(data)
        if kind is not None and kind.name in ("PFM", "Radiance"):
            return shown(_by_opencv(data, cv2.IMREAD_ANYDEPTH | cv2.IMREAD_COLOR)[..., ::-1])
        if kind is not None and kind.name == "JPEG" and _cut_off(data):
            raise MorphError("it was cut off; copy it again")  # OpenCV would fill it with grey
        if kind is not None and kind.name == "PNG" and (colours := _colours_of_png(data)) is not None:
            deep = _by_opencv(data, cv2.IMREAD_ANYDEPTH | cv2.IMREAD_COLOR)[..., ::-1]
            return WideColour(colours)(np.ascontiguousarray(deep if deep.dtype == np.uint16 else deep.astype(np.uint16) * 257))
        return np.asarray(_by_opencv(data, cv2.IMREAD_COLOR_RGB), np.uint8)
    except (cv2.error, MemoryError):
        raise MorphError(f"its size is not right, or it is damaged; {HOW}") from None


def _cut_off(jpeg: bytes) -> bool:
    """Whether no end of a picture follows the last one that begins."""
    return not jpeg.endswith(b"\xff\xd9") and jpeg.rfind(b"\xff\xd9") < jpeg.rfind(b"\xff\xda")


def _colours_of_png(data: bytes) -> Colours | None:
    """Colours that a PNG names (its cICP) and an ordinary display does not show as they are; None of most."""
    at = data.find(b"cICP", 0, data.find(b"IDAT"))
    colours = Colours(data[at + 4], data[at + 5]) if at > 0 else None
    return None if colours is None or colours.is_ordinary else colours


def _by_opencv(data: bytes, flags: int) -> npt.NDArray[Any]:
    image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if image is None:
        raise MorphError(HOW)
    return image


def _by_ffmpeg(data: bytes, kind: PictureFormat) -> Image:
    """The first picture, as FFmpeg's decoder gives it; light that is not meant for a screen yet is made so."""
    import av

    try:
        if kind.codec == "gif":  # a decoder alone does not know where a frame ends
            with av.open(io.BytesIO(data), format="gif") as container:
                frame: Any = next(container.decode(video=0), None)
        else:
            decoder: Any = av.CodecContext.create(kind.codec, "r")
            decoder.thread_count = 1
            frame = next(iter([*decoder.decode(av.Packet(data)), *decoder.decode(None)]), None)
    except (av.FFmpegError, ValueError) as error:
        raise MorphError(f"{getattr(error, 'strerror', None) or 'its decoder is missing'}; {HOW}") from None
    if frame is None:
        raise MorphError(f"it holds no picture; {HOW}")
    if "f32" in frame.format.name or "f16" in frame.format.name:
        return shown(frame.reformat(format="gbrpf32le").to_ndarray())
    if any(part.bits > 8 for part in frame.format.components):
        return eight_bits(frame.reformat(format="rgb48le").to_ndarray())
    return np.ascontiguousarray(frame.reformat(format="rgb24").to_ndarray(), np.uint8)


def check_picture(image: Any) -> Image:
    """The same picture, if it is one that morph works on.

    Args:
        image: what was given as an ``(H, W, 3)`` uint8 RGB picture.

    Raises:
        MorphError: it is something else; the line says how to make one of it.
    """
    if isinstance(image, np.ndarray):
        if image.ndim == 3 and image.shape[2] == 3 and image.dtype == np.uint8 and image.size:
            return image
        got = f"{image.shape} {image.dtype}"
        advice = "; it is empty"
        if image.dtype != np.uint8:
            advice = "; scale its values to 0..255 and convert them with .astype(np.uint8)"
        elif image.ndim == 2 or image.shape[2:] == (1,):
            advice = "; a grey picture becomes one with cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)"
        elif image.shape[2:] == (4,):
            advice = "; leave its alpha channel out: picture[..., :3]"
        elif image.ndim == 4:
            advice = "; give one picture at a time"
        elif image.shape[:1] == (3,):
            advice = "; channels come last: picture.transpose(1, 2, 0)"
    else:
        got = "None" if image is None else type(image).__name__
        advice = "; pass it through np.asarray"
        if image is None:
            advice = ", which cv2.imread gives for a file that it cannot read"
        elif isinstance(image, (str, os.PathLike)):
            advice = "; read the file first, or use Tracker.track"
        elif type(image).__module__.startswith("PIL."):
            advice = "; convert it with np.asarray(picture.convert('RGB'))"
    raise MorphError(f"a picture must be an array (H, W, 3) uint8 RGB, got {got}{advice}")
