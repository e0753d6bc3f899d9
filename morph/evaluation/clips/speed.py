"""What each stage of tracking a clip costs, how long a frame takes to become a mesh, and the network in batches."""

from __future__ import annotations

import dataclasses
import gc
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.crop.face_crop import crop_of_box, cut
from morph.errors import MorphError
from morph.export.obj import ObjWriter
from morph.frames import open_source
from morph.frames.clips.clip import ClipSource
from morph.frames.frame import FrameSource
from morph.inference.face_reader import CropRegressor
from morph.stopwatch import Stopwatch
from morph.tracking import Tracker, TrackerOptions

# Names of the stopwatch's stages, in the order in which a frame goes through them.
STAGES = {
    "read": "decode video",
    "detect": "detect",
    "crop": "crop",
    "network": "network",
    "landmarks": "decode landmarks",
    "identity": "identity",
    "expression": "expression",
    "experts": "experts",
    "compare": "compare frames",
    "filter": "filter",
    "mesh": "decode mesh",
    "write": "write OBJ",
}
WARM_FRAMES = 10  # tracked before the clock starts: compiled loops are loaded, memory is mapped
TRIES = 5  # of each batch; the best counts

PROTOCOL = """\
stages       CPU milliseconds of the whole process, all threads, over the frames of the clip: one thread of ONNX Runtime,
             video decoded in one thread so that no stage runs beside another, batch 1, one face, no overlay; {warm}
             frames are tracked beforehand; of {rounds} rounds over the clip, the one that took least in all
other        what no stage accounts for: the whole round, measured on its own, less the sum of the stages
fps_to_obj   frames over the CPU time of the whole round
latency      from a decoded frame to its mesh, without decoding the video and without writing: median and 95th percentile
             of the frames of that round; cpu is the process's time, wall the clock's, which other programs lengthen
live         from a decoded frame to its weights as in `morph live`, where the detector works in a thread beside: CPU time of
             the thread that frames go through, of one round over the clip but the frames tracked beforehand; stages are
             not timed, and the garbage collector leaves alone what was there before
network      alone, on crops of the clip, in batches: CPU milliseconds a face, the best of {tries}
"""


@dataclass(frozen=True)
class TimedStage:
    """One stage of a round.

    Attributes:
        ms_per_frame: CPU milliseconds over all frames of the clip.
        calls: how often it ran.
        ms_per_call: CPU milliseconds.
    """

    ms_per_frame: float
    calls: int
    ms_per_call: float


@dataclass(frozen=True)
class SpeedReport:
    """The best round over a clip, in milliseconds.

    Attributes:
        clip, weights: what was measured.
        width, height, frames, frames_with_face: of the clip.
        vertices: of each mesh.
        rounds: how many were made.
        stages: by name, in order.
        sum_ms, other_ms, whole_ms: CPU time a frame: all stages, the rest, and the whole round.
        fps_to_obj: frames a second of CPU time.
        latency_ms: "cpu_median", "cpu_95", "wall_median" and "wall_95" of a frame to its mesh; "live_median", "live_95" and
            "live_worst" to its weights, the detector beside.
        network_ms_per_face: CPU time by size of the batch.
        processors: logical ones of this machine.
    """

    clip: str
    weights: str
    width: int
    height: int
    frames: int
    frames_with_face: int
    vertices: int
    rounds: int
    stages: dict[str, TimedStage]
    sum_ms: float
    other_ms: float
    whole_ms: float
    fps_to_obj: float
    latency_ms: dict[str, float]
    network_ms_per_face: dict[int, float]
    processors: int

    @property
    def protocol(self) -> str:
        """How it was measured."""
        return PROTOCOL.format(warm=WARM_FRAMES, rounds=self.rounds, tries=TRIES)

    def as_json(self) -> dict[str, Any]:
        """All measures and the protocol."""
        return dataclasses.asdict(self) | {"protocol": self.protocol}

    def as_text(self) -> str:
        """A table and the protocol."""
        rows = [
            f"{self.clip}: {self.frames} frames of {self.width}x{self.height}, a face in {self.frames_with_face}, "
            f"{self.vertices} vertices, {self.weights}, {self.processors} processors",
            f"{'stage':<18}{'ms a frame':>12}{'calls':>8}{'ms a call':>11}",
        ]
        for name, stage in self.stages.items():
            rows.append(f"{name:<18}{stage.ms_per_frame:>12.3f}{stage.calls:>8}{stage.ms_per_call:>11.3f}")
        rows += [f"{name:<18}{value:>12.3f}" for name, value in (("other", self.other_ms), ("whole", self.whole_ms))]
        rows.append(f"fps_to_obj        {self.fps_to_obj:>12.1f}")
        for clock in ("cpu", "wall"):
            middle, late = self.latency_ms[f"{clock}_median"], self.latency_ms[f"{clock}_95"]
            rows.append(f"latency, {clock:<9}{middle:>12.3f}  median, {late:.3f} at 95 %")
        live = [self.latency_ms[f"live_{name}"] for name in ("median", "95", "worst")]
        rows.append(f"latency, live    {live[0]:>12.3f}  median, {live[1]:.3f} at 95 %, {live[2]:.3f} the worst")
        rows += [f"network, batch {size:<3}{value:>12.3f}  a face" for size, value in self.network_ms_per_face.items()]
        return "\n".join([*rows, "", self.protocol])


@dataclass(frozen=True)
class _Round:
    """One round over the clip."""

    watch: Stopwatch
    seconds: float
    cpu: list[float]  # of each frame, from the decoded frame to its mesh
    wall: list[float]
    frames: int
    with_face: int
    size: tuple[int, int]


def measure_speed(
    clip: str | os.PathLike[str],
    options: TrackerOptions | None = None,
    *,
    rounds: int = 3,
    batches: Sequence[int] = (1, 8, 32),
) -> SpeedReport:
    """Track a clip to OBJ files in a folder that is thrown away, and time the stages.

    Args:
        clip: file or folder of numbered pictures.
        options: of the tracker; None are the defaults.
        rounds: over the whole clip; the fastest is reported.
        batches: how many crops the network is shown at once.

    Raises:
        MorphError: the clip cannot be read, is no clip, or shows no face; or a count is less than 1.
    """
    if rounds < 1 or not batches or min(batches) < 1:
        raise MorphError(f"rounds and batches must be at least 1, got {rounds} and {', '.join(map(str, batches)) or 'none'}")
    source = open_source(clip)
    if source.kind not in ("clip", "sequence"):
        raise MorphError(f"{clip} is no clip; give a video file or a folder of numbered pictures")
    if isinstance(source, ClipSource):
        source.threads = 1
    tracker = Tracker(options)
    with tempfile.TemporaryDirectory() as folder:
        crops = _warm_up(source, tracker, Path(folder))
        best = min((_run(source, tracker, Path(folder)) for _ in range(rounds)), key=lambda run: run.seconds)
    if not len(crops):
        raise MorphError(f"no face was found in {clip}; give a clip of a face")
    to_ms = 1000 / best.frames
    stages = {
        name: TimedStage(
            round(best.watch.seconds[key] * to_ms, 4), calls, round(1000 * best.watch.seconds[key] / max(calls, 1), 4)
        )
        for key, name in STAGES.items()
        for calls in [best.watch.calls[key]]
    }
    total = sum(best.watch.seconds.values())
    return SpeedReport(
        clip=Path(clip).name,
        weights=tracker.regressor.path.name,
        width=best.size[0],
        height=best.size[1],
        frames=best.frames,
        frames_with_face=best.with_face,
        vertices=tracker.model.n_vertices,
        rounds=rounds,
        stages=stages,
        sum_ms=round(total * to_ms, 4),
        other_ms=round((best.seconds - total) * to_ms, 4),
        whole_ms=round(best.seconds * to_ms, 4),
        fps_to_obj=round(best.frames / best.seconds, 1),
        latency_ms=_percentiles("cpu", best.cpu) | _percentiles("wall", best.wall) | _live(source, options),
        network_ms_per_face={size: _time_network(tracker.regressor, crops, size) for size in batches},
        processors=os.cpu_count() or 1,
    )


def _warm_up(source: FrameSource, tracker: Tracker, folder: Path) -> npt.NDArray[np.uint8]:
    """Go through all stages until some faces were tracked; returns their crops ``(N, size, size, 3)``."""
    writer, size = ObjWriter(tracker.model), tracker.regressor.input_size
    crops: list[npt.NDArray[np.uint8]] = []
    tracker.reset()
    for frame in source:
        height, width = frame.image.shape[:2]
        for face in tracker.process(frame.image, frame.time, frame.index):
            writer.write(folder / "warm.obj", face.posed_vertices(width, height))
            crops.append(cut(frame.image, crop_of_box(face.box, size), size))
        if len(crops) >= WARM_FRAMES:
            break
    return np.array(crops)


def _run(source: FrameSource, tracker: Tracker, folder: Path) -> _Round:
    """One round, timed."""
    writer, watch = ObjWriter(tracker.model), Stopwatch(time.process_time, every=1)
    cpu, wall, with_face, size = [], [], 0, (0, 0)
    tracker.reset(watch)
    start = time.process_time()
    frames = iter(source)
    while True:
        with watch.stage("read"):
            frame = next(frames, None)
        if frame is None:
            break
        height, width = frame.image.shape[:2]
        began = time.process_time(), time.perf_counter()
        faces = tracker.process(frame.image, frame.time, frame.index)
        meshes = []
        for face in faces:
            with watch.stage("mesh"):
                meshes.append(face.posed_vertices(width, height))
        cpu.append(time.process_time() - began[0])
        wall.append(time.perf_counter() - began[1])
        for face, vertices in zip(faces, meshes, strict=True):
            with watch.stage("write"):
                writer.write(folder / f"{face.frame:06d}.obj", vertices)
        with_face, size = with_face + bool(faces), (width, height)
    return _Round(watch, time.process_time() - start, cpu, wall, len(cpu), with_face, size)


def _live(source: FrameSource, options: TrackerOptions | None) -> dict[str, float]:
    """Latency from frame to weights as a live session has it."""
    tracker, seconds = Tracker(options), []
    tracker.reset(Stopwatch(every=0))
    tracker.detect_in_background()
    gc.collect()
    gc.freeze()
    try:
        for frame in source:
            began = time.thread_time()
            weights = [face.blendshapes for face in tracker.process(frame.image, frame.time, frame.index)]
            seconds.append(time.thread_time() - began)
            del weights
    finally:
        gc.unfreeze()
    counted = seconds[WARM_FRAMES:] or seconds
    return _percentiles("live", counted) | {"live_worst": round(1000 * max(counted), 4)}


def _percentiles(clock: str, seconds: list[float]) -> dict[str, float]:
    middle, late = np.percentile(seconds, [50, 95]) * 1000
    return {f"{clock}_median": round(float(middle), 4), f"{clock}_95": round(float(late), 4)}


def _time_network(regressor: CropRegressor, crops: npt.NDArray[np.uint8], size: int) -> float:
    """CPU milliseconds a face in batches of ``size`` crops."""
    batch = np.ascontiguousarray(crops[np.arange(size) % len(crops)])
    regressor(batch)
    repeats = max(1, 32 // size)
    best = float("inf")
    for _ in range(TRIES):
        start = time.process_time()
        for _ in range(repeats):
            regressor(batch)
        best = min(best, time.process_time() - start)
    return round(1000 * best / (repeats * size), 4)
