"""Models of eos (Huber et al. 2016): a cereal binary archive, parsed here from its bytes; the Surrey model is in millimetres.

The archive is little-endian and unaligned: 32-bit matrix sizes, column-major float32 data, 64-bit counts of lists.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.errors import MorphError
from morph.model.morphable_model import MorphableModel
from morph.model.readers.landmarks import complete_landmarks, read_landmarks
from morph.model.readers.parts import ModelParts, assemble, to_vertices

LICENCE = "as stated by whoever published this eos model (the Surrey Face Model: non-commercial research)"


def looks_like_eos(head: bytes) -> bool:
    """Whether a file begins like an eos model: version 1 to 4, then the sizes of a mean of 3V rows and one column."""
    if len(head) < 12:
        return False
    version, rows, columns = struct.unpack_from("<3i", head)
    return bool(1 <= version <= 4 and columns == 1 and rows > 0 and rows % 3 == 0)


def read_eos(path: Path, landmarks: Path | None = None, expressions: Path | None = None) -> MorphableModel:
    """A model ``.bin`` and, where the expressions are apart, a blendshapes ``.bin``.

    A z-score of 1 is one standard deviation of a PCA mode, as in eos, or the whole of a blendshape. Landmarks come from
    ``landmarks`` (such as eos's ``ibug_to_sfm.txt``) or from the file's own definitions if they are numbered 1 to 68;
    points that it leaves out are inferred (:func:`morph.model.readers.landmarks.complete_landmarks`).

    Raises:
        MorphError: damaged file, parts of different size, or unknown landmarks.
    """
    archive = _Archive(path)
    version = archive.numbers("I", 1)[0]
    shape, _colour = archive.pca(), archive.pca()
    own_expressions = archive.expressions() if version >= 2 and archive.present() else None
    names = archive.named_vertices() if version >= 3 and archive.present() else {}
    uv = archive.rows("<f8", 2)
    uv_triangles = archive.rows("<i4", 3) if version >= 4 else np.zeros((0, 3), np.int32)
    archive.finish()

    n = shape.mean.size // 3
    parts = read_blendshapes(expressions) if expressions else own_expressions
    mean = shape.mean.astype(np.float64)
    if parts is None:
        parts = _Modes(np.zeros(3 * n, np.float32), np.zeros((3 * n, 0), np.float32), np.zeros(0, np.float32), ())
    elif parts.mean.size != 3 * n:
        source = expressions or path
        raise MorphError(
            f"{source} has expressions for {parts.mean.size // 3} vertices, {path} has {n}; the parts do not match"
        )
    vertices = to_vertices((mean + parts.mean)[:, None], n, f"{path}: the mean")[..., 0]
    if landmarks is not None:
        points = read_landmarks(landmarks, vertices, names)
    else:
        numbered = {int(k) - 1: v for k, v in names.items() if k.isdigit() and 1 <= int(k) <= 68}
        if not numbered:
            raise MorphError(f"{path} names no iBUG landmarks; give eos's mapping, such as ibug_to_sfm.txt, with `landmarks=`")
        points = complete_landmarks(vertices, numbered)
    return assemble(
        ModelParts(
            name=path.stem,
            unit="mm",
            licence=LICENCE,
            mean=vertices,
            shape=(to_vertices(shape.basis, n, f"{path}: the shape basis"), shape.std),
            expression=(to_vertices(parts.basis, n, f"{expressions or path}: the expressions"), parts.std),
            triangles=shape.triangles,
            landmarks=points,
            expression_names=parts.names,
            uv=np.stack([uv[:, 0], 1.0 - uv[:, 1]], axis=1) if len(uv) else None,  # eos counts v from the top
            uv_triangles=uv_triangles if len(uv_triangles) else shape.triangles,
        )
    )


def read_blendshapes(path: Path) -> _Modes:
    """A blendshapes ``.bin``: names and offsets.

    Raises:
        MorphError: damaged, none, or of different lengths.
    """
    archive = _Archive(path)
    modes = archive.blendshapes()
    archive.finish()
    return modes


@dataclass(frozen=True)
class _Modes:
    mean: npt.NDArray[Any]
    basis: npt.NDArray[Any]
    std: npt.NDArray[Any]
    names: tuple[str, ...]
    triangles: npt.NDArray[Any] = field(default_factory=lambda: np.zeros((0, 3), np.int32))


class _Archive:
    """A reader over the bytes of an archive that never runs past their end."""

    def __init__(self, path: Path) -> None:
        self.path, self.at = path, 0
        try:
            self.data = path.read_bytes()
        except OSError as error:
            raise MorphError(f"cannot read {path}: {error.strerror}") from None

    def take(self, dtype: str, count: int) -> npt.NDArray[Any]:
        size = np.dtype(dtype).itemsize * count
        if count < 0 or self.at + size > len(self.data):
            raise MorphError(f"{self.path} is cut short or no eos file; fetch it again")
        self.at += size
        return np.frombuffer(self.data, dtype, count, self.at - size)

    def numbers(self, kind: str, count: int) -> list[int]:
        return [int(value) for value in self.take({"I": "<u4", "i": "<i4", "Q": "<u8"}[kind], count)]

    def present(self) -> bool:
        """Whether an optional value follows: the archive stores 1 for none."""
        return not self.take("u1", 1)[0]

    def text(self) -> str:
        return self.take("u1", self.numbers("Q", 1)[0]).tobytes().decode("utf-8", "replace")

    def matrix(self) -> npt.NDArray[Any]:
        rows, columns = self.numbers("i", 2)
        if rows < 0 or columns < 0:
            raise MorphError(f"{self.path} is damaged or no eos file; fetch it again")
        return np.asarray(self.take("<f4", rows * columns).reshape(columns, rows).T)

    def rows(self, dtype: str, width: int) -> npt.NDArray[Any]:
        return self.take(dtype, width * self.numbers("Q", 1)[0]).reshape(-1, width)

    def pca(self) -> _Modes:
        mean, basis, variance = self.matrix().ravel(), self.matrix(), self.matrix().ravel()
        triangles = self.rows("<i4", 3)
        if mean.size % 3 or len(basis) != mean.size or len(variance) != basis.shape[1] or (variance < 0).any():
            raise MorphError(f"{self.path}: a mean of {mean.size} rows with a basis {basis.shape} is damaged; fetch it again")
        return _Modes(mean, basis, np.sqrt(variance), (), triangles)

    def expressions(self) -> _Modes:
        kind = self.numbers("i", 1)[0]
        if kind not in (0, 1):
            raise MorphError(f"{self.path} is damaged or no eos file; fetch it again")
        return self.blendshapes() if kind else self.pca()

    def blendshapes(self) -> _Modes:
        count = self.numbers("Q", 1)[0]
        if not 0 < count < 10_000:
            raise MorphError(f"{self.path} holds no blendshapes; give an eos blendshapes .bin")
        pairs = [(self.text(), self.matrix().ravel()) for _ in range(count)]
        if len({offsets.size for _, offsets in pairs}) != 1:
            raise MorphError(f"{self.path} holds blendshapes of different lengths; fetch it again")
        basis = np.stack([offsets for _, offsets in pairs], axis=1)
        return _Modes(np.zeros(len(basis), np.float32), basis, np.ones(count, np.float32), tuple(name for name, _ in pairs))

    def named_vertices(self) -> dict[str, int]:
        return {self.text(): self.numbers("i", 1)[0] for _ in range(self.numbers("Q", 1)[0])}

    def finish(self) -> None:
        if self.at != len(self.data):
            raise MorphError(f"{self.path} has {len(self.data) - self.at} bytes too many; it is damaged or another format")
