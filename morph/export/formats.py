"""One person of a track into the file or folder that a format asks for."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from morph.arrays import Floats, Image
from morph.atomic import atomic_path, output_folder
from morph.errors import MorphError
from morph.export.alembic_cache import write_alembic
from morph.export.gltf.glb import write_glb
from morph.export.head_mesh import png
from morph.export.linked_files import linked_path
from morph.export.live_link import write_live_link
from morph.export.obj import ObjWriter
from morph.export.performance import Performance
from morph.export.ply import PlyWriter
from morph.export.point_cache import write_mdd, write_pc2
from morph.export.shot.blend import write_blend, write_shot
from morph.export.shot.options import HEAD_ALONE, SceneOptions
from morph.export.shot.shot import Shot, shot_of
from morph.export.textures.plain import MATERIAL, plain_texture, write_material
from morph.export.usd import SUFFIXES, write_usd
from morph.export.web_page import PageProp, write_web_page
from morph.frames.picture import read_picture
from morph.marks import BESIDE, checksums
from morph.model import MorphableModel

FORMATS = ("glb", "usd", "ply", "csv", "mdd", "pc2", "obj", "html", "abc", "blend", "shot")


@dataclass(frozen=True, eq=False)
class ExportOptions:
    """What an exported performance shows besides its motion.

    Attributes:
        texture: ``(H, W, 3)`` uint8 RGB; None is the plain one.
        frame: number of the frame that a single mesh shows; None is the first.
        prop: what the head of a web page wears.
        scene: what a GLB, USD, .blend or .shot holds beside the head; caches take of it whether the head stands still.

    Example:
        >>> from morph import ExportOptions
        >>> ExportOptions(frame=3).texture is None  # the plain one
        True
    """

    texture: Image | None = None
    frame: int | None = None
    prop: PageProp | None = None
    scene: SceneOptions = HEAD_ALONE


SCENES = ("glb", "usd", "blend", "shot")
PLAIN = ExportOptions()


def export_performance(
    performance: Performance,
    kind: str,
    out: str | os.PathLike[str],
    options: ExportOptions = PLAIN,
) -> list[Path]:
    """Write a performance in one of :data:`FORMATS`.

    "ply" and "obj" write a folder of numbered meshes, or one mesh where ``out`` ends in ``.ply`` or ``.obj``. "mdd" and "pc2"
    write the mesh that the cache moves beside it, as OBJ. Formats that cannot hold a camera get a ``camera.json`` beside them.

    Args:
        performance: one person of a track.
        kind: one of :data:`FORMATS`.
        out: file, or folder for a sequence.
        options: texture, frame of a mesh, prop of a page.

    Returns:
        The files, the asked one first; of a sequence only its folder.

    Raises:
        MorphError: unknown format, a suffix of another one, a frame without the face, a prop where none can be, or the folder
            cannot be written.

    Example:
        >>> import tempfile
        >>> from morph import Tracker, load_default_model, load_track, open_source, performance_of_track, track_to_folder
        >>> from morph.cli.demo import demo_files
        >>> from morph.track_folder import TrackOptions
        >>> folder = tempfile.TemporaryDirectory()
        >>> options = TrackOptions(mesh=False, overlay=False, frames=3)
        >>> summary = track_to_folder(open_source(demo_files()[1]), Tracker(level=0), folder.name, options)
        >>> performance = performance_of_track(load_track(folder.name), load_default_model(0))
        >>> export_performance(performance, "csv", Path(folder.name) / "head.csv")[0].name
        'head.csv'
        >>> folder.cleanup()
    """
    out, texture, frame, prop, scene = Path(out), options.texture, options.frame, options.prop, options.scene
    if kind not in FORMATS:
        raise MorphError(f"unknown format {kind!r}; `kind=` takes one of {', '.join(FORMATS)}")
    single = out.suffix.lower() == f".{kind}"
    suffixes = SUFFIXES if kind == "usd" else (f".{kind}",)
    if out.suffix.lower() not in suffixes and kind not in ("ply", "obj"):
        raise MorphError(f"{out} is not the name of a {kind.upper()} file; let it end in {' or '.join(suffixes)}")
    if frame is not None and not (single and kind in ("ply", "obj")):
        raise MorphError(f"`frame=` is for one mesh; let `out=` end in .ply or .obj, not {out.name}")
    if (prop is not None and kind != "html") or (scene.worn is not None and kind not in SCENES):
        raise MorphError(f"`prop=` is for scenes; let `out=` end in .glb, .usdc, .html or .blend, not {out.name}")
    model, shot = performance.model, shot_of(performance, scene.static_head)
    picture = functools.partial(_given, texture, model)
    if kind in ("glb", "usd"):
        (write_glb if kind == "glb" else write_usd)(out, performance, picture(), scene)
        return [out, *([linked_path(out, ".png")] if kind == "usd" and out.suffix.lower() != ".usdz" else [])]
    if kind in ("blend", "shot"):
        (write_blend if kind == "blend" else write_shot)(out, performance, picture(), scene)
        return [out]
    if kind == "html":
        write_web_page(out, performance, picture(), prop)
        return [out]
    if kind == "csv":
        write_live_link(out, performance)
        return [out, _write_camera(out.with_suffix(".camera.json"), performance, shot, out)]
    if kind == "abc":
        write_alembic(out, performance, scene.static_head)
        with atomic_path(out.with_suffix(".png")) as temporary:
            temporary.write_bytes(png(picture()))
        return [out, out.with_suffix(".png"), _write_camera(out.with_suffix(".camera.json"), performance, shot)]
    performance = shot.standing(performance)
    if kind in ("mdd", "pc2"):
        mesh = out.with_suffix(".obj")
        (write_mdd if kind == "mdd" else write_pc2)(out, performance)
        files = _write_obj(mesh, model, performance.base, picture())
        return [out, *files, _write_camera(out.with_suffix(".camera.json"), performance, shot, out)]
    if single:
        vertices = performance.vertices(_row(performance, frame))
        if kind == "ply":
            PlyWriter(model, picture()).write(out, vertices)
            return [out, _write_camera(out.with_suffix(".camera.json"), performance, shot)]
        return [*_write_obj(out, model, vertices, picture()), _write_camera(out.with_suffix(".camera.json"), performance, shot)]
    return _write_sequence(performance, shot, out, kind, picture())


def planned_files(performance: Performance, kind: str, out: Path) -> tuple[list[Path], list[Path]]:
    """What :func:`export_performance` will write: what was asked for by name, and what comes beside it.

    Of a sequence nothing was asked for by name but its folder.
    """
    camera, picture = out.with_suffix(".camera.json"), linked_path(out, ".png")
    if kind in ("ply", "obj") and out.suffix.lower() != f".{kind}":
        names = [f"{number:06d}.{kind}" for number in performance.frame.tolist()]
        return [], [out / name for name in [*names, *(["head.mtl", "texture.png"] if kind == "obj" else []), "camera.json"]]
    beside = {
        "usd": [picture] if out.suffix.lower() != ".usdz" else [],
        "csv": [camera],
        "abc": [out.with_suffix(".png"), camera],
        "ply": [camera],
        "obj": [linked_path(out, ".mtl"), picture, camera],
    }
    caches = [out.with_suffix(".obj"), *beside["obj"]]
    return [out], beside.get(kind, caches if kind in ("mdd", "pc2") else [])


def read_texture(path: str | os.PathLike[str]) -> Image:
    """A picture file as ``(H, W, 3)`` uint8 RGB.

    Raises:
        MorphError: there is none, or it cannot be read.
    """
    try:
        return read_picture(path)
    except MorphError as error:
        raise MorphError(f"{error}; `texture=` takes a picture for the texture coordinates of the model") from None


def _given(texture: Image | None, model: MorphableModel) -> Image:
    return plain_texture(model) if texture is None else texture


def _row(performance: Performance, frame: int | None) -> int:
    if frame is None:
        return 0
    found = np.flatnonzero(performance.frame == frame)
    if not len(found):
        first, last = performance.frame[[0, -1]]
        raise MorphError(f"face {performance.id} is not in frame {frame}; it is seen in frames between {first} and {last}")
    return int(found[0])


def _write_camera(path: Path, performance: Performance, shot: Shot, *unmarked: Path) -> Path:
    """``camera.json``, and in it checksums of files whose formats cannot say what wrote them."""
    about = {BESIDE: checksums(*unmarked)} if unmarked else {}
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(shot.numbers(performance) | about) + "\n")
    return path


def _in_unit(model: MorphableModel, millimetres: Floats) -> Floats:
    """Back into the model's unit, which :class:`ObjWriter` takes."""
    return np.asarray(millimetres / np.float32(model.millimetres))


def _write_obj(path: Path, model: MorphableModel, vertices: Floats, texture: Image) -> list[Path]:
    """A mesh with a material and a texture of its own name."""
    material, picture = linked_path(path, ".mtl"), linked_path(path, ".png")
    with atomic_path(picture) as temporary:
        temporary.write_bytes(png(texture))
    with atomic_path(material) as temporary:
        temporary.write_text(MATERIAL.replace("texture.png", picture.name), encoding="utf-8")
    ObjWriter(model, material=material.name).write(path, _in_unit(model, vertices))
    return [path, material, picture]


def _write_sequence(performance: Performance, shot: Shot, out: Path, kind: str, texture: Image) -> list[Path]:
    model = performance.model
    folder = output_folder(out)
    write: Callable[[Path, Floats], None]
    if kind == "ply":
        write = PlyWriter(model, texture).write
    else:
        write_material(folder, texture)
        writer = ObjWriter(model)

        def write(path: Path, vertices: Floats) -> None:
            writer.write(path, _in_unit(model, vertices))

    for row, number in enumerate(performance.frame.tolist()):
        write(folder / f"{number:06d}.{kind}", performance.vertices(row))
    _write_camera(folder / "camera.json", performance, shot)
    return [folder]
