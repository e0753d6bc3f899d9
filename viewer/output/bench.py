"""What a preview costs: CPU time of a frame over footage, and from the start of a program to its first picture."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from morph.errors import MorphError
from morph.frames import open_source
from morph.frames.clips.clip import ClipSource
from morph.frames.frame import Frame
from morph.model import load_default_model
from morph.track_folder import TrackOptions, track_to_folder
from morph.track_folder.read import load_track
from morph.tracking import Tracker, TrackerOptions
from viewer.draw.offscreen import open_renderer
from viewer.output.preview import Preview, draw_frame
from viewer.props import find_prop
from viewer.stage.track_scene import DisplayStyle, TrackScene

SIZE = (640, 480)
FRAMES = 40  # of the clip, from its first; they are decoded beforehand
LEAST_FPS, MOST_SECONDS = 20.0, 3.0  # what is aimed at
# Runs a verb, and says what it cost with the programs that it started.
STARTED = """
import sys
from morph.cli import main
status = main(sys.argv[1:])
import os
spent = os.times()
print("cpu", spent.user + spent.system + spent.children_user + spent.children_system)
sys.exit(status)
"""

PROTOCOL = """\
frame   CPU milliseconds of the whole process, all threads: a picture that fits {width}x{height}, {samples}x{samples} samples a
        pixel, the prop over footage with its light, shadows and finish; footage is decoded beforehand; of {rounds} rounds over
        {frames} frames, the fastest, after one that does not count
first   CPU seconds, with programs that it starts, of `morph view TRACK --prop {prop} --over CLIP --frame 0 --out a.png` as a
        program of its own: loading Python, model, track and prop, choosing the backend, drawing and writing one picture; the
        best of {rounds}; machine code of the loops is on disk, as it is from the second run on
"""


@dataclass(frozen=True)
class Backend:
    """What one backend costs.

    Attributes:
        frame_ms: CPU milliseconds a frame.
        fps: frames a second of CPU time.
        first_seconds: CPU seconds to the first picture.
    """

    frame_ms: float
    fps: float
    first_seconds: float


@dataclass(frozen=True)
class ViewerReport:
    """CPU time of previews by backend.

    Attributes:
        clip, prop: what was drawn.
        width, height: of the pictures.
        vertices: of the head.
        frames, rounds, samples: how often, and how fine.
        backends: by name.
        missing: backends that do not work here, and why.
    """

    clip: str
    prop: str
    width: int
    height: int
    vertices: int
    frames: int
    rounds: int
    samples: int
    backends: dict[str, Backend]
    missing: dict[str, str]

    @property
    def protocol(self) -> str:
        """How it was measured."""
        named = {name: getattr(self, name) for name in ("width", "height", "samples", "rounds", "frames", "prop")}
        return PROTOCOL.format(**named)

    def as_json(self) -> dict[str, Any]:
        """All measures and the protocol."""
        return dataclasses.asdict(self) | {"protocol": self.protocol}

    def as_text(self) -> str:
        """A table and the protocol."""
        rows = [
            f"{self.clip}, {self.prop}, {self.width}x{self.height}, {self.vertices} vertices",
            f"{'backend':<10}{'ms a frame':>12}{'frames/s':>10}{'first picture, s':>18}",
        ]
        for name, cost in self.backends.items():
            good = cost.fps >= LEAST_FPS and cost.first_seconds <= MOST_SECONDS
            note = "" if good else f"   aimed at: {LEAST_FPS:.0f} frames/s, {MOST_SECONDS:.0f} s"
            rows.append(f"{name:<10}{cost.frame_ms:>12.1f}{cost.fps:>10.1f}{cost.first_seconds:>18.2f}{note}")
        rows += [f"{name:<10}not measured: {why}" for name, why in self.missing.items()]
        return "\n".join([*rows, "", self.protocol])


@dataclass(frozen=True)
class ViewerBench:
    """What is measured.

    Attributes:
        prop: a shipped name or a folder.
        backends: "egl", "osmesa" or "software"; those that do not work here are named in the report.
        rounds: over the frames; the fastest counts.
        samples: pixels are drawn so many times finer in both directions.
    """

    prop: str = "glasses"
    backends: Sequence[str] = ("osmesa", "software")
    rounds: int = 3
    samples: int = 2


def measure_viewer(
    clip: str | os.PathLike[str],
    track: TrackerOptions | str | os.PathLike[str] | None = None,
    bench: ViewerBench = ViewerBench(),
) -> ViewerReport:
    """Draw the first frames of a clip with a prop, finished as by ``morph view`` over footage, and time them.

    Args:
        clip: file or folder of numbered pictures.
        track: folder of ``morph track``, or options of a tracker that follows the clip now, which is not timed; None: the
            default ones.
        bench: what is measured.

    Raises:
        MorphError: the clip cannot be read or shows no face, no such prop, or a count is less than 1.
    """
    rounds, prop, samples = bench.rounds, bench.prop, bench.samples
    if rounds < 1:
        raise MorphError(f"rounds must be at least 1, got {rounds}")
    found = find_prop(prop)
    frames = [frame for _, frame in zip(range(FRAMES), open_source(clip), strict=False)]
    model = load_default_model(1)
    with tempfile.TemporaryDirectory() as folder:
        if track is None or isinstance(track, TrackerOptions):
            source = open_source(clip)
            if isinstance(source, ClipSource):
                source.threads = 1
            tracker, track = Tracker(track), Path(folder) / "track"
            track_to_folder(source, tracker, track, TrackOptions())
        stage = TrackScene(load_track(track), model, found)
        costs: dict[str, Backend] = {}
        missing: dict[str, str] = {}
        for name in bench.backends:
            try:
                costs[name] = _measure(_Job(stage, str(track), str(clip), Path(folder), bench), frames, name)
            except MorphError as error:
                missing[name] = str(error)
    height, width = frames[0].image.shape[:2]
    zoom = min(SIZE[0] / width, SIZE[1] / height)
    return ViewerReport(
        clip=Path(clip).name,
        prop=prop,
        width=round(width * zoom),
        height=round(height * zoom),
        vertices=model.n_vertices,
        frames=len(frames),
        rounds=rounds,
        samples=samples,
        backends=costs,
        missing=missing,
    )


@dataclass(frozen=True, eq=False)
class _Job:
    stage: TrackScene
    track: str
    clip: str
    folder: Path
    bench: ViewerBench


def _measure(job: _Job, frames: list[Frame], backend: str) -> Backend:
    stage, rounds = job.stage, job.bench.rounds
    renderer = open_renderer(backend, job.bench.samples)
    preview = Preview(SIZE, look=DisplayStyle(head=False), light="auto", finish="matched")
    best = float("inf")
    try:
        for number in range(rounds + 1):
            match = preview.match(stage)
            start = time.process_time()
            for frame in frames:
                draw_frame(stage, renderer, preview, frame.index, frame.image, match)
            if number:
                best = min(best, time.process_time() - start)
    finally:
        renderer.close()
    first = min(_first_picture(job, backend) for _ in range(rounds))
    seconds = best / len(frames)
    return Backend(round(1000 * seconds, 2), round(1 / seconds, 1), round(first, 2))


def _first_picture(job: _Job, backend: str) -> float:
    """CPU seconds of a program that draws one picture."""
    size = f"{SIZE[0]}x{SIZE[1]}"
    words = ["view", job.track, "--prop", job.bench.prop, "--over", job.clip, "--frame", "0"]
    words += ["--size", size, "--backend", backend, "--samples", str(job.bench.samples)]
    words += ["--out", str(job.folder / "first.png")]
    done = subprocess.run([sys.executable, "-c", STARTED, *words], capture_output=True, text=True)
    if done.returncode:
        raise MorphError((done.stderr.strip().splitlines() or ["the picture could not be drawn"])[-1].removeprefix("morph: "))
    return float(done.stdout.rsplit("cpu", 1)[1])
