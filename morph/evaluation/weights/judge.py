"""An outside judge of expressions on clips: MediaPipe's Face Landmarker, in an interpreter of its own."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Doubles, Indices
from morph.atomic import atomic_path, output_folder
from morph.errors import MorphError, reading
from morph.frames import FrameSource
from morph.inference.fingerprint import content_of
from morph.npz import open_npz

SCRIPT = Path(__file__).with_name("mediapipe_scores.py")
FilePath = str | os.PathLike[str]


@dataclass(frozen=True, eq=False)
class Judgement:
    """What the judge says of a clip.

    Attributes:
        frame: ``(M,)`` numbers of the frames in which it sees a face.
        scores: ``(M, E)`` 0..1.
        names: of the E expressions.
        version: of mediapipe.
    """

    frame: Indices
    scores: Doubles
    names: tuple[str, ...]
    version: str


@dataclass(frozen=True)
class Judge:
    """Where the judge is.

    Attributes:
        python: interpreter of an environment with ``mediapipe``.
        task: file of the Face Landmarker with blend shapes.
        cache: folder in which its answers are kept, by the contents of clip and task; None keeps none.

    Raises:
        MorphError: there is no such task.
    """

    python: FilePath
    task: FilePath
    cache: FilePath | None = None

    def __post_init__(self) -> None:
        if not Path(self.task).is_file():
            raise MorphError(f"no file {self.task}; give a Face Landmarker with blend shapes (.task) with `task=`")

    def __call__(self, source: FrameSource) -> Judgement:
        """Judge a clip, or read what was said of it before.

        Args:
            source: a file, or a folder of numbered pictures.

        Raises:
            MorphError: the interpreter is missing, has no mediapipe, or fails.
        """
        kept = None if self.cache is None else output_folder(self.cache) / f"{self._key(source)}.npz"
        if kept is not None and kept.is_file():
            return _read(kept)
        judgement = self._run(source)
        if kept is not None:
            with atomic_path(kept) as path:
                np.savez(path, **{field.name: getattr(judgement, field.name) for field in dataclasses.fields(judgement)})
        return judgement

    def _key(self, source: FrameSource) -> str:
        """Told by contents: another clip of the same name is another one."""
        files: Sequence[Path] = getattr(source, "files", [Path(source.name)])
        parts = [content_of(file) for file in [*files, self.task, SCRIPT]]
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:24]

    def _run(self, source: FrameSource) -> Judgement:
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as said:
            out = Path(folder) / "scores.npz"
            numbers = self._feed(source, out, said)
            if not out.is_file():
                said.seek(0)
                raise MorphError(self._why(source, said.read().decode(errors="replace")))
            with open_npz(out) as archive:
                found = dict(archive)
        names = tuple(str(name) for name in found["names"])
        return Judgement(np.array(numbers, np.int64)[found["row"]], found["scores"], names, str(found["version"]))

    def _why(self, source: FrameSource, text: str) -> str:
        if "No module named 'mediapipe'" in text:
            return f"{self.python} has no mediapipe; run `{self.python} -m pip install mediapipe==0.10.21`"
        return f"MediaPipe failed on {source.name}: {(text.strip().splitlines() or ['no message'])[-1]}"

    def _feed(self, source: FrameSource, out: Path, said: IO[bytes]) -> list[int]:
        """Give the judge every frame; the numbers of those that it took."""
        numbers: list[int] = []
        process: subprocess.Popen[bytes] | None = None
        size: tuple[int, int] = (0, 0)
        try:
            for frame in source:
                if process is None:
                    size = frame.image.shape[:2]
                    process = self._start(size, out, said)
                if frame.image.shape[:2] != size or process.stdin is None:
                    raise MorphError(f"{source.name} changes its size; the judge takes clips of one size")
                process.stdin.write(max(round(1000 * frame.time), 0).to_bytes(8, "little") + frame.image.tobytes())
                numbers.append(frame.index)
        except BrokenPipeError:  # it has ended, and has said why
            pass
        finally:
            if process is not None:
                _end(process)
        return numbers

    def _start(self, size: tuple[int, int], out: Path, said: IO[bytes]) -> subprocess.Popen[bytes]:
        command = [os.fspath(part) for part in (self.python, SCRIPT, self.task)] + [str(size[1]), str(size[0]), os.fspath(out)]
        try:
            return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=said, stderr=said)
        except OSError as error:
            raise MorphError(
                f"cannot run {self.python}: {error.strerror}; give the interpreter of an environment with mediapipe"
            ) from None


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
    process.wait()


def _read(path: Path) -> Judgement:
    with reading(path, "what the judge said of a clip", "delete it"), open_npz(path) as archive:
        found: dict[str, npt.NDArray[Any]] = dict(archive)
        names = tuple(str(name) for name in found["names"])
        return Judgement(found["frame"].astype(np.int64), found["scores"].astype(np.float64), names, str(found["version"]))
