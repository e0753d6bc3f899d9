"""Which files are pictures and clips: one list for single files, which are told by content, and for folders, by suffix."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PictureFormat:
    """A kind of picture file that can be read.

    Attributes:
        name: of the format.
        suffixes: in small letters, that files of a folder are told by.
        starts: what a file may begin with; empty where only the suffix tells.
        codec: of FFmpeg, where it is what decodes the file; "" where OpenCV does, or a reader of our own.
    """

    name: str
    suffixes: tuple[str, ...]
    starts: tuple[bytes, ...]
    codec: str = ""


PICTURE_FORMATS = (
    PictureFormat("JPEG", (".jpg", ".jpeg", ".jpe", ".jfif"), (b"\xff\xd8\xff",)),
    PictureFormat("PNG", (".png", ".apng"), (b"\x89PNG\r\n\x1a\n",)),
    PictureFormat("WebP", (".webp",), (b"RIFF",)),
    PictureFormat("HEIF", (".heic", ".heif", ".hif", ".avif"), ()),  # told by the brands in its first box
    PictureFormat("GIF", (".gif",), (b"GIF87a", b"GIF89a"), "gif"),
    PictureFormat("TIFF", (".tif", ".tiff"), (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
    PictureFormat("BMP", (".bmp", ".dib"), (b"BM",)),
    PictureFormat("JPEG 2000", (".jp2", ".j2k"), (b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51")),
    PictureFormat("portable map", (".pgm", ".ppm", ".pbm", ".pnm", ".pam"), (b"P1", b"P2", b"P3", b"P4", b"P5", b"P6", b"P7")),
    PictureFormat("PFM", (".pfm",), (b"PF\n", b"Pf\n", b"PF\r", b"Pf\r", b"PF ", b"Pf ")),
    PictureFormat("Radiance", (".hdr", ".pic"), (b"#?RADIANCE", b"#?RGBE")),
    PictureFormat("OpenEXR", (".exr",), (b"\x76\x2f\x31\x01",), "exr"),
    PictureFormat("DPX", (".dpx",), (b"SDPX", b"XPDS"), "dpx"),
    PictureFormat("QOI", (".qoi",), (b"qoif",), "qoi"),
    PictureFormat("SGI", (".sgi", ".rgb"), (b"\x01\xda",), "sgi"),
    PictureFormat("Targa", (".tga",), (), "targa"),
)
PICTURE_SUFFIXES = frozenset(suffix for kind in PICTURE_FORMATS for suffix in kind.suffixes)
CLIP_SUFFIXES = frozenset(
    (".avi", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".mxf", ".ogv", ".ts", ".webm", ".wmv")
)
RAW_SUFFIXES = frozenset((".arw", ".cr2", ".cr3", ".dng", ".nef", ".orf", ".raf", ".rw2"))  # what cameras saw, undeveloped
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"avif", b"mif2")
MOVING_BRANDS = (b"avis", b"msf1", b"hevc", b"hevx")  # of files that hold pictures in a row
CLIP_STARTS = (b"\x1aE\xdf\xa3", b"OggS", b"FLV", b"\0\0\1\xba")  # Matroska, Ogg, Flash, MPEG program streams
SYSTEM_FILES = ("thumbs.db", "desktop.ini")  # and all whose names begin with a dot: .DS_Store, ._photo.jpg
HEAD = 64  # bytes that tell a format


def is_system_file(name: str) -> bool:
    """Whether a file is an operating system's own, or hidden; such files are never counted as pictures."""
    return name.startswith(".") or name.lower() in SYSTEM_FILES


def format_of(head: bytes, suffix: str = "") -> PictureFormat | None:
    """The picture format of a file.

    Args:
        head: its first :data:`HEAD` bytes.
        suffix: its suffix, which tells where the content does not.

    Returns:
        None where it is no picture, or pictures in a row, which are a clip.
    """
    if head[4:8] == b"ftyp":
        return _named("HEIF") if _brands(head) & set(HEIF_BRANDS) and head[8:12] not in MOVING_BRANDS else None
    for kind in PICTURE_FORMATS:
        if head.startswith(kind.starts) and (kind.name != "WebP" or head[8:12] == b"WEBP"):
            return kind
    return next((kind for kind in PICTURE_FORMATS if not kind.starts and suffix.lower() in kind.suffixes), None)


def is_clip(head: bytes) -> bool:
    """Whether a file that begins so holds a clip, whatever its name says."""
    moving = head[4:8] == b"ftyp" or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")
    return (moving and format_of(head) is None) or head.startswith(CLIP_STARTS)


def is_heif(head: bytes) -> bool:
    """Whether a file that begins so is HEIC or AVIF, of one picture or of many."""
    return head[4:8] == b"ftyp" and bool(_brands(head) & {*HEIF_BRANDS, *MOVING_BRANDS})


def _brands(head: bytes) -> set[bytes]:
    size = min(int.from_bytes(head[:4], "big"), HEAD)
    return {head[8:12], *(head[k : k + 4] for k in range(16, size, 4))}


def _named(name: str) -> PictureFormat:
    return next(kind for kind in PICTURE_FORMATS if kind.name == name)


def listed(suffixes: frozenset[str]) -> str:
    """Suffixes for a sentence."""
    return ", ".join(sorted(suffixes))
