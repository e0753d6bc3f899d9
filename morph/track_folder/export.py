"""A track folder into the file of another program: which face, on which model, with which texture."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from morph.arrays import Image
from morph.atomic import atomic_path
from morph.errors import MorphError
from morph.export.formats import FORMATS, ExportOptions, export_performance, planned_files, read_texture
from morph.export.head_mesh import png
from morph.export.performance import Performance
from morph.export.shot.options import SceneOptions
from morph.export.shot.plate import plate_of
from morph.export.shot.worn import Worn
from morph.export.textures.footage import texture_from_footage
from morph.export.usd import SUFFIXES
from morph.export.web_page import PageProp
from morph.frames.sources import open_source
from morph.model import Lens, LensOptions, MorphableModel, interpupillary, load_default_model, load_model
from morph.model.default_model import ONLY_DEFAULT
from morph.track_folder.people import (
    left_out,
    performance_of_track,
    person_of_track,
    placed_performance,
    recalibrated,
    turned_performance,
)
from morph.track_folder.read import Track, load_track

FilePath = str | os.PathLike[str]
Check = Callable[[Sequence[Path], Sequence[Path]], None]
NAMED = 8  # faces that are left out and named, at most
OF_MESHES = (
    "level",
    "texture",
    "frame",
    "prop",
    "worn",
    "static_head",
    "blender",
    "clip_weights",
    "neutral_pose",
    "neutral",
    "gains",
    "lens",
)
LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class ExportPlan:
    """What of a track is exported, and how.

    Attributes:
        kind: one of :data:`morph.export.formats.FORMATS`; None is told from the suffix of the file.
        person: which face; None is the one seen in the most frames.
        level: subdivision of the default model: 0, 1 or 2; None is 1.
        model: file of the model that was tracked with; None is the default model.
        texture: a picture for the texture coordinates of the model; None is the plain one.
        over: the footage that was tracked; the texture is pooled over it, and in a .blend it is behind the head.
        delight: take the footage's light and shade out of that texture.
        frame: number of the frame that a single mesh shows; None is the first.
        prop: makes what the head of a web page wears.
        worn: makes what the head of any other scene wears.
        static_head: the head stands still at the origin and the camera moves.
        blender: the program that writes a .blend; None looks for it.
        clip_weights: keep weights in 0..1, for tools that clamp them.
        neutral_pose: the head faces the viewer and does not move.
        neutral: resting face that weights are counted from: "none", "auto" or the number of a frame; None: as it was tracked.
        gains: "auto" stretches weights to what the person does at the most, "none" does not; None: as it was tracked.
        lens: the camera, and how large the head is; None: as it was tracked.
    """

    kind: str | None = None
    person: int | None = None
    level: int | None = None
    model: FilePath | None = None
    texture: FilePath | None = None
    over: FilePath | None = None
    delight: bool = False
    frame: int | None = None
    prop: Callable[[Performance], PageProp] | None = None
    worn: Callable[[Performance], Worn] | None = None
    static_head: bool = False
    blender: str | None = None
    clip_weights: bool = False
    neutral_pose: bool = False
    neutral: str | int | None = None
    gains: str | None = None
    lens: LensOptions | None = None

    def kind_of(self, out: Path) -> str:
        """The format of a file: one of :data:`morph.export.formats.FORMATS`, or "png" for the texture alone.

        Raises:
            MorphError: it is none of them.
        """
        suffix = out.suffix.lower()
        kind = self.kind.lower() if self.kind else ("usd" if suffix in SUFFIXES else suffix[1:])
        if kind == "png" and self.over is not None:
            self._check_texture()
        elif kind not in FORMATS:
            asked = f"unknown format {self.kind!r}" if self.kind else f"{out} does not tell the format"
            raise MorphError(f"{asked}; give `kind=` one of {', '.join(FORMATS)}")
        return kind

    def check_mesh(self) -> None:
        """See that options of a mesh go together.

        Raises:
            MorphError: they do not.
        """
        if self.model is not None and self.level is not None:
            raise MorphError(ONLY_DEFAULT)
        if self.delight and self.over is None:
            raise MorphError("`delight=` is for a texture from footage; give the clip with `over=`")
        if self.over is not None and self.texture is not None:
            raise MorphError("`texture=` and `over=` both give a texture; leave one out")

    def _check_texture(self) -> None:
        for name in OF_MESHES:
            if not (getattr(self, name) is None or getattr(self, name) is False):  # level 0 is one
                raise MorphError(f"`{name}=` is for a mesh; a texture only takes `over=`, `person=` and `model=`")

    def performance(self, track: Track, person: int, kind: str = "") -> Performance:
        """The face that is exported, as it is exported: before a pinhole camera, but for a CSV.

        Args:
            track: read back from a folder.
            person: whose.
            kind: one of :data:`morph.export.formats.FORMATS`.

        Raises:
            MorphError: the model cannot be read, or is not that of the track.
        """
        model = load_default_model(1 if self.level is None else self.level) if self.model is None else load_model(self.model)
        track.check_model(model)
        track = recalibrated(track, person, model, self.neutral, self.gains)
        performance = performance_of_track(track, model, person)
        lens = self.camera(track)
        if kind == "csv":  # whose weights are the track's own, and angles those of its head_pose.csv
            performance = turned_performance(track, performance, lens)
        else:
            performance = placed_performance(track, performance, lens, self.metric(track, person, model))
        performance = performance.still() if self.neutral_pose else performance
        return performance.clipped() if self.clip_weights else performance

    def camera(self, track: Track) -> Lens | None:
        """The lens as it is said here; None: as the track says it."""
        if self.lens is None or track.size is None or not (self.lens.says_focal or self.lens.k1):
            return None
        return self.lens.lens(track.size)

    def metric(self, track: Track, person: int, model: MorphableModel) -> float | None:
        """True millimetres of one of the model's as it is said here; None: as the track says."""
        if self.lens is not None and self.lens.interpupillary is not None:
            shape = track.coefficients.shape[track.id == person].mean(0)
            return self.lens.interpupillary / interpupillary(model, shape)
        if self.lens is not None and self.lens.scale != 1.0:
            return self.lens.scale
        return None

    def footage_texture(self, track: Track, person: int) -> tuple[Image, MorphableModel]:
        """The texture of a face, and the model that it is for: at level 1, all levels have the same texture coordinates.

        Raises:
            MorphError: no footage was given, or it cannot be read.
        """
        if self.over is None:
            raise MorphError("a texture is pooled over footage; give the clip with `over=`")
        model = load_default_model(1) if self.model is None else load_model(self.model)
        performance = performance_of_track(track, model, person)
        return texture_from_footage(performance, open_source(self.over), without_light=self.delight), model


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        files: the one that was asked for first; of a sequence its folder.
        about: what is in it.
        person: the face that was exported.
    """

    files: list[Path]
    about: str
    person: int

    def as_text(self) -> str:
        """One line: the file, what is in it, and what lies beside it."""
        beside = f"; beside it {', '.join(file.name for file in self.files[1:])}" if self.files[1:] else ""
        size = f", {self.files[0].stat().st_size / 1e6:.1f} MB" if self.files[0].is_file() else ""
        return f"{self.files[0]}: {self.about}{size}{beside}"


def export_track(folder: FilePath, out: FilePath, plan: ExportPlan | None = None, check: Check | None = None) -> Exported:
    """Write one face of a track for another program, or its texture alone (``.png``, with ``over``).

    Who is in the track and not in the file is named by a warning of the logger "morph".

    Args:
        folder: that :func:`morph.track_folder.track_to_folder` wrote.
        out: file to write; a folder for a sequence of meshes.
        plan: see :class:`ExportPlan`; None is all at its defaults.
        check: called before anything is written with the files that are asked for and those that come beside them; raises
            where they must not be written.

    Raises:
        MorphError: no track, an unknown format, options that do not go together, or the file cannot be written.
    """
    plan, out, folder = plan or ExportPlan(), Path(out), Path(folder)
    if folder.suffix.lower() == ".safetensors":
        raise MorphError(f"{folder} is a checkpoint, not a track; use `morph weights FILE out=w.onnx`")
    kind = plan.kind_of(out)
    track = load_track(folder)
    if kind == "png":
        exported = _export_texture(track, out, plan, check)
    else:
        plan.check_mesh()
        exported = _export_mesh(track, kind, out, plan, check)
    _warn_of_left_out(track, exported.person)
    return exported


def _export_mesh(track: Track, kind: str, out: Path, plan: ExportPlan, check: Check | None) -> Exported:
    person = person_of_track(track, plan.person, plan.frame)
    performance = plan.performance(track, person, kind)
    if check is not None:
        check(*planned_files(performance, kind, out))
    texture = None if plan.texture is None else read_texture(plan.texture)
    texture = texture if plan.over is None else plan.footage_texture(track, person)[0]
    page = None if plan.prop is None or kind != "html" else plan.prop(performance)
    worn = None if plan.worn is None or kind == "html" else plan.worn(performance)
    plate = plate_of(plan.over) if kind in ("blend", "shot") and plan.over is not None else None
    options = ExportOptions(texture, plan.frame, page, SceneOptions(worn, plan.static_head, plate, plan.blender))
    files = export_performance(performance, kind, out, options)
    frames = f"{len(performance)} {'frame' if len(performance) == 1 else 'frames'}"
    return Exported(files, f"face {person}, {frames}, {performance.model.n_vertices} vertices", person)


def _export_texture(track: Track, out: Path, plan: ExportPlan, check: Check | None) -> Exported:
    person = person_of_track(track, plan.person)
    if check is not None:
        check([out], [])
    texture, model = plan.footage_texture(track, person)
    with atomic_path(out) as temporary:
        temporary.write_bytes(png(texture, model))
    return Exported([out], f"texture {texture.shape[1]}x{texture.shape[0]}", person)


def _warn_of_left_out(track: Track, person: int) -> None:
    others = left_out(track, person)
    if not others:
        return
    named = [f"{number} ({count} {'frame' if count == 1 else 'frames'})" for number, count in others.items()]
    more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
    faces = "face" if len(named) == 1 else "faces"
    shown = ", ".join(named[:NAMED])
    LOG.warning("face %d is exported, left out: %s %s%s; choose with `person=`", person, faces, shown, more)
