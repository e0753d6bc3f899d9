"""Writes layers as EXR or PNG, one file at a time, into a folder that a killed run leaves whole and a later one continues."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import re
import struct
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from morph import __version__
from morph.arrays import Floats, Image, Reals
from morph.atomic import atomic_path, output_folder
from morph.errors import MorphError
from morph.export.linked_files import path_for_cpp
from morph.folder_lock import only_run_in
from morph.frames.frame import Frame, FrameSource
from morph.frames.sources import open_source
from morph.picture_file import picture_bytes
from morph.rendering.colour import encode_srgb
from morph.track_folder.layout import RECORD
from morph.track_folder.resume import remove_record, write_record
from viewer.output.layer_folder import FORMAT, SUMMARY, check_layer_folder
from viewer.output.layers import FAR, FrameLayers, LayerMaker
from viewer.output.preview import Preview, resized
from viewer.stage.track_scene import TrackScene

Kind = Literal["exr", "png"]
HALF_WRITTEN = re.compile(
    r"\.(layers|st|st_\d+|beauty|matte|depth|normals|uv|plate|probe|\.unfinished)(\.-?\d{5,})?-\w{8}(\.\w+)?"
)
DEPTH_STEP = 64  # of a PNG's values for one millimetre; 32768 is the plane of the head's origin
ABOUT = {
    "beauty": "linear RGB, sRGB primaries, multiplied by alpha, and alpha",
    "matte": "head as far as no prop covers it; prop; holdout, the whole silhouette of the head",
    "depth": f"millimetres towards the viewer from the plane of the head's origin, orthographic; {FAR:.0f}: nothing",
    "normals": "unit length, camera frame: x right, y up, z to the viewer; 0: nothing",
    "uv": "of the plate: texture coordinates of the head, u right, v up, 0..1; alpha 1 where it is",
    "st": "of the texture: its place in the plate, s = (column + 0.5) / width, t = 1 - (row + 0.5) / height; alpha 1 if seen",
    "plate": "linear RGB of the footage with the prop's effects (only where the prop has some)",
}
IN_PNG = {
    "beauty": "RGBA of 16 bits, not multiplied by alpha, sRGB, as PNG has it",
    "matte": "RGB: head, prop, holdout, 0..65535",
    "depth": f"grey: 32768 + {DEPTH_STEP} times millimetres; 0: nothing",
    "normals": "RGB: 32768 + 32767 times x, y, z; 0: nothing",
    "uv": "RGBA: 65535 times u, v, then 0 and alpha",
    "st": "RGBA: 65535 times s, t, then 0 and alpha",
    "plate": "RGB of 16 bits, sRGB",
}


@dataclasses.dataclass(frozen=True)
class LayerOptions:
    """Which files are written.

    Attributes:
        kind: "exr" (half and float) or "png" (16 bits a channel).
        frames: write those from this one to that one, of the footage's numbers; None: all.
        resume: keep what a run with the same input and settings has written.
    """

    kind: Kind = "exr"
    frames: tuple[int, int] | None = None
    resume: bool = False


EXR = LayerOptions()


def write_layers(
    make: LayerMaker,
    preview: Preview,
    folder: str | os.PathLike[str],
    options: LayerOptions = EXR,
    *,
    progress: Callable[[FrameSource], Iterable[Frame]] = iter,
) -> dict[str, Any]:
    """Write the layers of every frame of the footage; files carry the numbers of its frames, ``layers.json`` comes last.

    EXR: ``layers.000012.exr`` with channels R, G, B, A; matte.head, matte.prop, matte.holdout; depth.Z; N.X, N.Y, N.Z; uv.R,
    uv.G, uv.A (and plate.R, plate.G, plate.B), colours, mattes and normals as half, the rest as float; ``st.000012.exr`` with
    R, G, A. PNG: a file of 16 bits for each layer. Of several people, ST maps are ``st_ID``. Frames without a face have no
    files; ``layers.json`` names them.

    Args:
        make: makes the layers of a stage.
        preview: footage, size and light.
        folder: made where it does not exist; earlier layers in it are replaced.
        options: which files.
        progress: wraps the frames of the footage.

    Returns:
        The summary, as written to ``layers.json``.

    Raises:
        MorphError: no footage, OpenEXR is missing, the footage cannot be read, has no such frame, or is of another size
            than the track's, the folder cannot be written, or what is to be continued was begun with other input or settings.
    """
    if preview.footage is None:
        raise MorphError("layers lie over footage; give the clip that was tracked with `over=`")
    stage, kind = make.stage, options.kind
    first, last = options.frames or (None, None)
    encoder = _exr_files() if kind == "exr" else _png_files
    source = open_source(preview.footage)
    settings = _settings(make, preview, options)
    folder = Path(folder)
    lock = contextlib.ExitStack()
    if folder.is_dir():
        lock.enter_context(only_run_in(folder))
    with lock:
        read = [*getattr(source, "files", [Path(source.name)]), stage.track.folder / "coefficients.npz"]
        own = check_layer_folder(folder, read) if folder.is_dir() else None
        begun = options.resume and _begun(folder, settings)
        match = dataclasses.replace(preview, finish="plain").match(stage)
        people = len(np.unique(stage.track.id))
        tracked = set(stage.track.frame.tolist())
        written, empty, kept, size = [], [], 0, (0, 0)
        for picture in progress(source):
            if not size[0]:
                size = _prepare(stage, picture, folder)
                if own is None:
                    lock.enter_context(only_run_in(folder))
                _clear(folder, own or set(), begun, settings)
            if last is not None and picture.index > last:
                break
            if picture.index not in tracked:
                empty += [picture.index] if first is None or picture.index >= first else []
                continue
            plate, zoom = resized(picture.image, preview.size)
            size = (plate.shape[1], plate.shape[0])
            scene = stage.picture_scene(picture.index, *size, zoom, preview.look)
            if match is not None:
                scene = dataclasses.replace(scene, lighting=match.observe(scene, plate, picture.index))
            if first is not None and picture.index < first:
                continue  # was looked at for the light
            written.append(picture.index)
            done = folder / f"{'layers' if kind == 'exr' else 'beauty'}.{picture.index:06d}.{kind}"  # comes last of a frame
            if begun and done.exists():
                kept += 1
                continue
            layers = make(scene, picture.index, zoom, _retouched(stage, picture.index, plate, zoom))
            _write_frame(encoder(layers, people), folder, f"{picture.index:06d}.{kind}")
        if not written:
            raise MorphError(_nothing(str(preview.footage), options.frames, bool(empty)))
        summary = {
            "format": FORMAT,
            "frames": written,
            "frames_without_face": empty,
            "kept": kept,
            "left_out": list(source.left_out),
            "width": size[0],
            "height": size[1],
            "layers": {name: text + (f" ({IN_PNG[name]})" if kind == "png" else "") for name, text in ABOUT.items()},
            "camera": _cameras(stage, written, size),
            "settings": settings,
        }
        with atomic_path(folder / SUMMARY) as path:
            path.write_text(json.dumps(summary, indent=1) + "\n")
        remove_record(folder)
        return summary


def _nothing(footage: str, frames: tuple[int, int] | None, empty: bool) -> str:
    """Why there is nothing to write."""
    which = "" if frames is None else f" {frames[0]}" if frames[0] == frames[1] else f"s {frames[0]} to {frames[1]}"
    if empty:
        return f"the track has no face in {f'frame{which}' if which else 'any frame'} of {footage}; there are no layers of it"
    return f"{footage} has no frame{which}" if which else f"{footage} has no frames"


def _write_frame(files: dict[str, Writer], folder: Path, ending: str) -> None:
    """Write the files of a frame, the one that says that all are there last."""
    for name, write in sorted(files.items(), key=lambda entry: entry[0] in ("layers", "beauty")):
        with atomic_path(folder / f"{name}.{ending}") as path:
            write(path)


def _retouched(stage: TrackScene, frame: int, plate: Image, zoom: float) -> Image | None:
    """The plate with the prop's effects; None where it has none."""
    return stage.retouched(frame, plate, zoom) if stage.prop is not None and stage.prop.effects else None


def _cameras(stage: TrackScene, frames: list[int], size: tuple[int, int]) -> list[dict[str, Any]]:
    """Scaled orthographic: column = scale · x + column of the origin, row = row of the origin − scale · y."""
    pose, zoom = stage.track.coefficients, 1.0 if stage.track.size is None else size[0] / stage.track.size[0]
    return [
        {
            "frame": number,
            "face": int(stage.track.id[row]),
            "pixels_per_unit": float(pose.scale[row]) * zoom,
            "origin": [float(value) for value in (pose.translation[row] + 0.5) * zoom - 0.5],
            "rotation": np.round(np.asarray(pose.rotation[row], float), 7).tolist(),
        }
        for number in frames
        for row in stage.track.rows(number)
    ]


def _prepare(stage: TrackScene, picture: Frame, folder: Path) -> tuple[int, int]:
    """See that the footage is the track's, and make the folder."""
    height, width = picture.image.shape[:2]
    if stage.track.size is not None and stage.track.size != (width, height):
        raise MorphError(
            f"the footage is {width}x{height}, the track was made of {stage.track.size[0]}x{stage.track.size[1]}; "
            "give the clip that `morph track` read"
        )
    output_folder(folder)
    return width, height


def _clear(folder: Path, own: set[Path], begun: bool, settings: dict[str, Any]) -> None:
    """What earlier layers or a killed run left goes, their summary first."""
    if own:
        for file in folder.iterdir():
            if HALF_WRITTEN.fullmatch(file.name):
                file.unlink(missing_ok=True)
    if not begun:
        for file in sorted(own, key=lambda file: file.name != SUMMARY):
            file.unlink(missing_ok=True)
        write_record(folder, settings)


def _settings(make: LayerMaker, preview: Preview, options: LayerOptions) -> dict[str, Any]:
    """All that decides what the files hold, as plain values for JSON."""
    stage = make.stage
    track, footage = stage.track.folder / "coefficients.npz", Path(str(preview.footage))
    files = sorted(footage.iterdir()) if footage.is_dir() else [footage]
    settings = {
        "morph": __version__,
        "track": hashlib.sha256(track.read_bytes()).hexdigest()[:16] if track.is_file() else "",
        "footage": [len(files), sum(file.stat().st_size for file in files), max(file.stat().st_mtime_ns for file in files)],
        "prop": "none" if stage.prop is None else stage.prop.name,
        "head": preview.look.head,
        "light": preview.light,
        "size": preview.size,
        "backend": make.renderer.name,
        "samples": getattr(make.renderer, "samples", 1),
        "layers": options.kind,
        "frames": options.frames,
    }
    return dict(json.loads(json.dumps(settings)))


def _begun(folder: Path, settings: dict[str, Any]) -> bool:
    """Whether there is a run to continue; a folder of another one is a mistake."""
    for name in (SUMMARY, RECORD):
        try:
            found = json.loads((folder / name).read_text())
            before = found["settings"] if name == SUMMARY else found
            other = [key for key in sorted({*before, *settings}) if before.get(key) != settings.get(key)]
        except OSError:
            continue
        except (ValueError, KeyError, TypeError):
            raise MorphError(f"{folder / name} is damaged; begin anew without `resume=`") from None
        if other:
            raise MorphError(
                f"{folder} was begun with other {', '.join(other)}; give the same input and options, or leave out `resume=`"
            )
        return True
    return False


Writer = Callable[[Path], None]


def _exr_files() -> Callable[[FrameLayers, int], dict[str, Writer]]:
    try:
        import OpenEXR
    except ModuleNotFoundError:
        raise MorphError(
            "EXR needs OpenEXR; install it with: pip install 'morph-face[layers]', or use `layers_format=png`"
        ) from None

    def writer(channels: dict[str, npt.NDArray[Any]]) -> Writer:
        header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
        arrays = {name: np.ascontiguousarray(array) for name, array in channels.items()}

        def write(path: Path) -> None:
            with path_for_cpp(path) as place:
                OpenEXR.File(header, arrays).write(str(place))
            if not is_whole_exr(path.read_bytes()):  # its writer does not say that the disk took the end no more
                raise MorphError(f"a layer in {path.parent} could not be written to its end; is the disk full?")

        return write

    def files(layers: FrameLayers, people: int) -> dict[str, Writer]:
        half: dict[str, npt.NDArray[Any]] = dict(zip("RGBA", np.moveaxis(layers.beauty, -1, 0), strict=True))
        half |= {f"matte.{name}": layers.matte[..., k] for k, name in enumerate(("head", "prop", "holdout"))}
        half |= {f"N.{name}": layers.normals[..., k] for k, name in enumerate("XYZ")}
        if layers.plate is not None:
            half |= {f"plate.{name}": layers.plate[..., k] for k, name in enumerate("RGB")}
        whole = {"depth.Z": layers.depth, **{f"uv.{name}": layers.uv[..., k] for k, name in enumerate("RGA")}}
        main = {name: array.astype(np.float16) for name, array in half.items()} | whole
        maps = {
            _map_name(face, people): dict(zip("RGA", np.moveaxis(st, -1, 0), strict=True)) for face, st in layers.st.items()
        }
        return {name: writer(channels) for name, channels in {"layers": main, **maps}.items()}

    return files


def _png_files(layers: FrameLayers, people: int) -> dict[str, Writer]:
    def sixteen(values: Reals) -> npt.NDArray[np.uint16]:
        return np.clip(np.rint(values), 0, 65535).astype(np.uint16)

    def writer(picture: npt.NDArray[np.uint16]) -> Writer:
        return lambda path: _write_png(path, picture)

    def places(values: Floats) -> npt.NDArray[np.uint16]:
        flat = np.zeros_like(values[..., :1])
        return sixteen(65535 * np.concatenate([values[..., :2], flat, values[..., 2:]], axis=-1))

    alpha, there = layers.beauty[..., 3:], np.abs(layers.normals).max(axis=-1, keepdims=True) > 0
    straight = encode_srgb(np.clip(layers.beauty[..., :3] / np.maximum(alpha, 1e-6), 0, 1))
    depth = np.clip(32768 + DEPTH_STEP * layers.depth[..., None], 1, 65535)
    pictures = {
        "matte": sixteen(65535 * layers.matte),
        "depth": sixteen(np.where(layers.depth[..., None] > FAR, depth, 0)),
        "normals": sixteen(np.where(there, 32768 + 32767 * layers.normals, 0)),
        "uv": places(layers.uv),
        **{_map_name(face, people): places(st) for face, st in layers.st.items()},
        "beauty": sixteen(65535 * np.concatenate([straight, alpha], axis=-1)),
    }
    if layers.plate is not None:
        pictures["plate"] = sixteen(65535 * encode_srgb(layers.plate))
    return {name: writer(picture) for name, picture in pictures.items()}


def is_whole_exr(data: bytes) -> bool:
    """Whether the last block of lines that the table of an OpenEXR file points to is there, to its end."""
    place = 8  # magic number and version; then attributes: name, kind, size, value
    try:
        while data[place]:
            value = data.index(b"\0", data.index(b"\0", place) + 1) + 1
            place = value + 4 + struct.unpack_from("<i", data, value)[0]
        place += 1
        (first,) = struct.unpack_from("<Q", data, place)  # the table ends where the first block begins
        last = max(struct.unpack_from(f"<{(first - place) // 8}Q", data, place))
        return bool(last + 8 + int(struct.unpack_from("<i", data, last + 4)[0]) <= len(data))
    except (IndexError, ValueError, struct.error):
        return False


def _write_png(path: Path, picture: npt.NDArray[np.uint16]) -> None:
    path.write_bytes(picture_bytes(picture, ".png"))


def _map_name(face: int, people: int) -> str:
    return "st" if people == 1 else f"st_{face}"
