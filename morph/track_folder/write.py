"""The folder that ``morph track`` writes: meshes, coefficients, landmarks, overlay and summary."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from morph import __version__
from morph.arrays import Image
from morph.atomic import atomic_path, output_folder
from morph.errors import MorphError
from morph.export.obj import ObjWriter
from morph.export.textures.plain import plain_texture, write_material
from morph.export.video import VideoWriter
from morph.folder_lock import only_run_in
from morph.frames import Frame, FrameSource
from morph.picture_file import save_picture
from morph.stopwatch import Stopwatch
from morph.track_folder.auto_lens import check_auto, with_solved_lens
from morph.track_folder.background_writer import WriteBehind
from morph.track_folder.layout import RECORD, SUMMARY, check_places, own_files
from morph.track_folder.resume import check_resume, remove_half_written, remove_record, track_settings, write_record
from morph.track_folder.seen import offline, online
from morph.track_folder.tables import write_coefficients, write_landmarks, write_poses
from morph.tracking import Face, Tracker
from morph.tracking.calibration import picture_of
from morph.tracking.overlay import draw_faces

FORMAT = "morph-track-1"
OVERLAY_QUALITY = 24  # it is looked at, and nothing is made of it
WAITING = 4  # frames that wait to be drawn, at most
MESHES_WAITING = 24  # coefficients that wait to be meshes, at most
TABLES = ("coefficients.npz", "landmarks.csv", "head_pose.csv")


@dataclasses.dataclass(frozen=True)
class TrackOptions:
    """What to write.

    Attributes:
        mesh: an OBJ for each face and frame.
        overlay: the footage with meshes and landmarks drawn over it.
        normals: ``vn`` in the OBJ files.
        neutral_pose: meshes face the viewer at the origin instead of moving with the head.
        frames: stop after this many; None takes all.
        offline: look at all frames first and smooth them together without lag; the tracker should not smooth then
            (``SmoothingConfig(online=False)``). Unrelated pictures are never smoothed.
        resume: keep the OBJ files of a run that was killed, if it had the same footage, tracker and options. All frames are
            tracked again, so that filters and identity are the same; only OBJ files that are there are not written again.
    """

    mesh: bool = True
    overlay: bool = True
    normals: bool = True
    neutral_pose: bool = False
    frames: int | None = None
    offline: bool = False
    resume: bool = False


def track_to_folder(
    source: FrameSource,
    tracker: Tracker,
    folder: str | os.PathLike[str],
    options: TrackOptions | None = None,
    progress: Callable[[Iterable[Frame]], Iterable[Frame]] = iter,
) -> dict[str, Any]:
    """Track every frame of ``source`` and write what ``options`` ask for; files are whole or absent, the summary comes last.

    Frames are read ahead and files written behind in threads of their own, a few frames at most, in order: the bytes are the
    same as one after another.

    An earlier track in the folder is replaced, or continued where ``options.resume`` says so: the files are then those of an
    unbroken run, byte by byte, and a track that is complete is left as it is. Files that are not a track's stay. Nothing is
    written before the first frame is read and looked at.

    Args:
        source: opened with :func:`morph.tracking.open_source`.
        tracker: is reset first.
        folder: made where it does not exist.
        options: None writes all.
        progress: wraps the frames, to show how far it is.

    Returns:
        The summary, as written to ``summary.json``.

    Raises:
        MorphError: the source cannot be read (a camera not twice, and only a clip tells its lens), the folder cannot be
            written, or what is to be continued was begun with other footage or settings.

    Example:
        >>> import tempfile
        >>> from morph import Tracker, open_source, track_to_folder
        >>> from morph.cli.demo import demo_files
        >>> from morph.track_folder import TrackOptions
        >>> folder = tempfile.TemporaryDirectory()
        >>> options = TrackOptions(mesh=False, overlay=False, frames=3)
        >>> summary = track_to_folder(open_source(demo_files()[1]), Tracker(level=0), folder.name, options)
        >>> summary["frames"], summary["frames_without_face"]
        (3, [])
        >>> folder.cleanup()
    """
    options = options or TrackOptions()
    if not os.fspath(folder):
        raise MorphError("a track needs a folder; its name is empty")
    folder = Path(folder)
    with contextlib.ExitStack() as lock:
        if folder.is_dir():
            lock.enter_context(only_run_in(folder))
        return _track(source, tracker, _Place(folder, lock), options, progress)


class _Place(NamedTuple):
    """A folder, and the lock on it."""

    folder: Path
    lock: contextlib.ExitStack


def _track(
    source: FrameSource,
    tracker: Tracker,
    place: _Place,
    options: TrackOptions,
    progress: Callable[[Iterable[Frame]], Iterable[Frame]],
) -> dict[str, Any]:
    """See :func:`track_to_folder`; the folder is locked if it exists, else as soon as it does."""
    folder, lock = place
    what = {name: value for name, value in dataclasses.asdict(options).items() if name != "resume"}
    settings = track_settings(source, tracker, what)
    begun = check_resume(source, folder, settings) if options.resume else False
    if isinstance(begun, dict):
        remove_record(folder)
        return begun
    if tracker.options.lens.auto:
        check_auto(source)
    own = _check(folder, source, tracker, options)
    watch = Stopwatch()
    tracker.reset(watch)
    started, cpu = time.perf_counter(), time.process_time()
    run = _Run(source, tracker, folder, options, watch, settings, begun)
    run.own, run.lock = own, lock
    look = offline if options.offline and source.kind != "pictures" else online
    with (
        contextlib.ExitStack() as stack,
        WriteBehind(1) as beside,
        WriteBehind(WAITING if options.overlay else MESHES_WAITING) as behind,
    ):
        if options.mesh:
            behind.submit(run.make_ready)
        for frame, faces in look(source, tracker, options.frames, progress, watch):
            if not run.count:
                run.begin(frame, stack)
                if options.mesh:
                    beside.submit(run.write_material)
                    behind.submit(run.remove_cut_off)
            run.add(frame, faces, behind)
    if not run.count:
        raise MorphError(f"{source.name} holds no frames; give a longer clip")
    return run.finish(time.perf_counter() - started, time.process_time() - cpu)


def _check(folder: Path, source: FrameSource, tracker: Tracker, options: TrackOptions) -> set[Path]:
    """Files of an earlier track, where nothing else is in the way; see :func:`morph.track_folder.layout.check_places`."""
    names = [RECORD, SUMMARY, *TABLES]
    footage = getattr(source, "files", [] if source.kind == "camera" else [Path(source.name)])
    if options.overlay and source.kind == "pictures":
        names += [f"overlay/{name}.png" for name in getattr(source, "names", [file.stem for file in footage])]
    elif options.overlay:
        names += ["overlay.png" if source.kind == "picture" else "overlay.mp4"]
    parts = (tracker.regressor, tracker.detector, tracker.identity, tracker.experts, tracker.expressions)
    picture = picture_of(tracker.options.neutral)
    footage = [*footage, *([] if picture is None else [Path(picture)])]
    networks = [Path(part.path) for part in parts if getattr(part, "path", None) is not None]  # type: ignore[union-attr]
    return check_places(folder, names, [*footage, *networks], meshes=options.mesh)


@dataclass(eq=False)
class _Run:
    """What is known half-way through a track."""

    source: FrameSource
    tracker: Tracker
    folder: Path
    options: TrackOptions
    watch: Stopwatch
    settings: dict[str, Any]
    begun: bool
    kept: int = 0
    own: set[Path] = field(default_factory=set)
    lock: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    drawn: list[str] = field(default_factory=list)
    count: int = 0
    first: int = 0
    last: int = 0
    size: tuple[int, int] = (0, 0)
    faces: list[Face] = field(default_factory=list)
    empty: list[int] = field(default_factory=list)
    video: VideoWriter | None = None
    canvas: Image | None = None

    def make_ready(self) -> None:
        """Make what all meshes share, while the first frame is read and looked at; writes nothing."""
        with self.watch.stage("prepare"):
            self.meshes = ObjWriter(self.tracker.model, normals=self.options.normals)
            self.meshes.encode(self.tracker.model.mean)  # loads and compiles what it calls

    def write_material(self) -> None:
        """Write the texture that all meshes share."""
        with self.watch.stage("material"):
            write_material(self.folder / "mesh", plain_texture(self.tracker.model))

    def add(self, frame: Frame, faces: list[Face], behind: WriteBehind) -> None:
        """Take in what one frame gives, and have it written."""
        self.first, self.last = (frame.index if not self.count else self.first), frame.index
        self.count += 1
        self.faces += [dataclasses.replace(face) for face in faces]  # without the meshes that they will decode
        if not faces:
            self.empty.append(frame.index)
        if self.options.overlay or (self.options.mesh and faces):
            height, width = frame.image.shape[:2]
            drawn = frame if self.options.overlay else None  # a frame that waits takes much memory
            behind.submit(functools.partial(self._write, faces, width, height, drawn))

    def _write(self, faces: list[Face], width: int, height: int, frame: Frame | None) -> None:
        """Meshes of one frame of this size, and its overlay where the frame itself is given."""
        for face in faces:
            target = self.folder / "mesh" / self._mesh_name(face)
            if self.begun and self.options.mesh and target.exists():
                self.kept += 1
                continue
            if self.options.mesh:
                with self.watch.stage("mesh"):
                    posed = face.vertices if self.options.neutral_pose else face.posed_vertices(width, height)
                with self.watch.stage("write"):
                    self.meshes.write(target, posed)
        if frame is not None:
            with self.watch.stage("overlay"):
                self.canvas = draw_faces(frame.image, faces, canvas=self.canvas)
                self._draw(frame, self.canvas)

    def _mesh_name(self, face: Face) -> str:
        return f"{face.frame:06d}.obj" if self.tracker.options.max_faces == 1 else f"{face.frame:06d}_{face.id}.obj"

    def begin(self, frame: Frame, stack: contextlib.ExitStack) -> None:
        """Make the folder, take away what an earlier track or a killed run left, and begin the files that grow."""
        self.size = frame.image.shape[1::-1]
        new = not self.folder.is_dir()
        output_folder(self.folder)
        if new:
            self.lock.enter_context(only_run_in(self.folder))
            if own_files(self.folder):
                raise MorphError(f"another run has begun in {self.folder}; choose another folder")
        if self.own:
            remove_half_written(self.folder)
        if not self.begun:
            self._remove_earlier()
            write_record(self.folder, self.settings)
        if self.options.mesh:
            output_folder(self.folder / "mesh")
        if self.options.overlay and self.source.kind == "pictures":
            output_folder(self.folder / "overlay")
        elif self.options.overlay and self.source.kind != "picture":
            film = VideoWriter(
                self.folder / "overlay.mp4", self.source.rate, quality=OVERLAY_QUALITY, quick=True, sound=self.source
            )
            self.video = stack.enter_context(film)

    def _remove_earlier(self) -> None:
        """An earlier track goes; its record and summary first, so that nothing is taken for whole that is half gone."""
        first = [self.folder / name for name in (RECORD, SUMMARY)]
        for file in [*(file for file in first if file in self.own), *self.own.difference(first)]:
            file.unlink(missing_ok=True)

    def remove_cut_off(self) -> None:
        """OBJ files of a killed run that lost their end go: all of one model and one set of options are equally long."""
        for file in (self.folder / "mesh").glob("*.obj") if self.begun else ():
            if file in self.own and file.stat().st_size != self.meshes.size:
                file.unlink()

    def _draw(self, frame: Frame, image: Image) -> None:
        if self.video is not None:
            self.video.write(image, frame.time)
            return
        name = f"overlay/{frame.name}.png" if self.source.kind == "pictures" else "overlay.png"
        save_picture(self.folder / name, image)
        self.drawn.append(name)

    def _files(self) -> list[str]:
        """What lies in the folder now, by which it is known for this track's."""
        meshes = [f"mesh/{self._mesh_name(face)}" for face in self.faces]
        shared = ["mesh/head.mtl", "mesh/texture.png"]
        film = ["overlay.mp4"] if self.video is not None else []
        return [*TABLES, *film, *self.drawn, *([*shared, *meshes] if self.options.mesh else [])]

    def finish(self, wall: float, cpu: float) -> dict[str, Any]:
        """Write the tables and the summary."""
        tracker = self.tracker
        camera = tracker.lens_of(self.size).as_json()
        if tracker.options.lens.auto:
            with self.watch.stage("lens"):
                self.faces, camera = with_solved_lens(self.faces, self.source, tracker.lens_of(self.size))
        resting = tracker.calibration.of(self.faces)
        space = write_coefficients(self.folder / "coefficients.npz", self.faces, tracker.model, self.size, resting)
        write_landmarks(self.folder / "landmarks.csv", self.faces)
        write_poses(self.folder / "head_pose.csv", self.faces, space)
        side = sum(self.watch.seconds.get(stage, 0.0) for stage in ("overlay", "prepare", "material"))
        stages = {name: round(1000 * seconds / self.count, 3) for name, seconds in self.watch.seconds.items()}
        threads = cpu - sum(self.watch.seconds.values())
        summary = {
            "format": FORMAT,
            "input": self.source.name,
            "kind": self.source.kind,
            "width": self.size[0],
            "height": self.size[1],
            "rate": round(self.source.rate, 3),
            "frames": self.count,
            "frames_with_face": self.count - len(self.empty),
            "frames_without_face": self.empty,
            "frames_damaged": self.source.damaged,
            "first_frame": self.first,
            "last_frame": self.last,
            "frames_missing": list(getattr(self.source, "missing", ())),
            "left_out": list(self.source.left_out),
            "faces": sorted({face.id for face in self.faces}),
            "vertices": tracker.model.n_vertices,
            "model": {"name": tracker.model.name, "identity": tracker.model.identity},
            "weights": tracker.regressor.path.name,
            "camera": camera,
            "cpu_ms_per_frame": stages | {"other": round(1000 * max(threads, 0.0) / self.count, 3)},
            "cpu_ms_per_frame_without_overlay": round(1000 * (cpu - side) / self.count, 3),
            "fps_without_overlay": round(self.count / max(cpu - side, 1e-9), 1),
            "fps": round(self.count / max(wall, 1e-9), 1),
            "meshes_kept": self.kept,
            "morph": __version__,
            "settings": self.settings,
            "files": self._files(),
        }
        with atomic_path(self.folder / SUMMARY) as path:
            path.write_text(json.dumps(summary, indent=1) + "\n")
        remove_record(self.folder)
        return summary
