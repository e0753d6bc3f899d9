"""Parts of published models to one MorphableModel: flat rows to vertices, facing of triangles, spread of modes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Floats, Ints
from morph.errors import MorphError
from morph.model.ibug68 import LEFT_EYE, RIGHT_EYE
from morph.model.morphable_model import MorphableModel


def to_vertices(flat: npt.ArrayLike, n_vertices: int, source: str) -> Floats:
    """``(3V, n)`` rows ordered x, y, z of vertex 0, x of vertex 1, … to ``(V, 3, n)`` float32.

    Raises:
        MorphError: another number of rows, or numbers that are not finite.
    """
    flat = np.asarray(flat)
    if flat.ndim != 2 or len(flat) != 3 * n_vertices:
        raise MorphError(
            f"{source} has shape {flat.shape}, but {n_vertices} vertices need {3 * n_vertices} rows; the parts do not match"
        )
    if not np.isfinite(flat).all():
        raise MorphError(f"{source} holds numbers that are not finite; fetch it again")
    return np.ascontiguousarray(flat.reshape(n_vertices, 3, -1), dtype=np.float32)


def from_one(index: npt.ArrayLike, n_vertices: int, source: str) -> Ints:
    """Triangles ``(F, 3)`` or ``(3, F)`` counted from 1, as Matlab does, to ``(F, 3)`` counted from 0.

    Raises:
        MorphError: not triangles, or vertices that the model does not have.
    """
    index = np.asarray(index)
    if index.ndim != 2 or 3 not in index.shape:
        raise MorphError(f"{source} must be (3, F) triangles, got {index.shape}")
    index = (index if index.shape[1] == 3 else index.T).astype(np.int64) - 1
    if index.size and (index.min() < 0 or index.max() >= n_vertices):
        raise MorphError(
            f"{source} counts to {index.max() + 1}, but the model has {n_vertices} vertices; the parts do not match"
        )
    return index.astype(np.int32)


def face_outwards(mean: Floats, triangles: Ints, landmarks: Ints) -> Ints:
    """Triangles in anticlockwise order seen from outside: turned over where the face's own look away from the viewer.

    The 300W-LP basis comes clockwise. The triangles around the 51 inner landmarks decide, as they face +z in any head.
    """
    a, b, c = (mean[triangles[:, i]].astype(np.float64) for i in range(3))
    facing = np.cross(b - a, c - a)[:, 2]
    near = np.isin(triangles, landmarks[17:]).any(axis=1)
    return triangles[:, ::-1] if facing[near].sum() < 0 else triangles


def check_frame(mean: Floats, landmarks: Ints, name: str) -> None:
    """Prove that landmarks and frame belong together: right eye left in the picture, brows above the chin, nose in front.

    Raises:
        MorphError: they do not, so the mapping is for another model or counts from another number.
    """
    points = mean[landmarks]
    right, left, chin, nose = points[list(RIGHT_EYE)].mean(0), points[list(LEFT_EYE)].mean(0), points[8], points[30]
    if not (right[0] < left[0] and chin[1] < (right[1] + left[1]) / 2 and nose[2] > (right[2] + left[2]) / 2):
        raise MorphError(
            f"the landmarks do not lie on the face of {name} (x right, y up, z to the viewer); give the mapping of this model"
        )


def assumed_std(shape: Floats, expression: Floats, unit: str) -> tuple[Floats, Floats]:
    """Standard deviations for a basis that comes without, assumed, not measured.

    Shape mode k (from 1) moves the vertices by 2.5 / k mm, expression mode k by 1.5 / sqrt(k) mm (root mean square): about how
    the modes of head models fall off. Files of measured deviations (``std``) take precedence.

    Args:
        shape: ``(V, 3, S)`` basis.
        expression: ``(V, 3, E)`` basis.
        unit: "mm" or "um".
    """
    millimetre = {"mm": 1.0, "um": 1000.0}[unit]

    def spread(basis: Floats, first: float, power: float) -> Floats:
        rms = np.sqrt((basis.astype(np.float64) ** 2).sum(axis=(0, 1)) / len(basis))
        wanted = first * millimetre * np.arange(1, basis.shape[-1] + 1) ** -power
        return np.asarray((wanted / np.maximum(rms, 1e-30)).astype(np.float32))

    return spread(shape, 2.5, 1.0), spread(expression, 1.5, 0.5)


def read_std(path: Path, n_shape: int, n_expression: int) -> tuple[Floats, Floats]:
    """The last S + E numbers of a text file: raw standard deviations of shape, then expression coefficients.

    Raises:
        MorphError: not numbers, too few of them, or one that is not positive.
    """
    try:
        numbers = np.array(path.read_text().replace(",", " ").split(), dtype=np.float64)
    except (OSError, ValueError):
        raise MorphError(f"{path} is not a text file of numbers") from None
    count = n_shape + n_expression
    if len(numbers) < count:
        raise MorphError(f"{path} holds {len(numbers)} numbers; this model needs {n_shape} + {n_expression}")
    numbers = numbers[len(numbers) - count :]
    if not (np.isfinite(numbers).all() and (numbers > 0).all()):
        raise MorphError(f"{path} holds a standard deviation that is not positive")
    return numbers[:n_shape].astype(np.float32), numbers[n_shape:].astype(np.float32)


@dataclass(frozen=True, eq=False)
class ModelParts:
    """What readers find in files.

    Attributes:
        name: of the model.
        unit: of its vertices.
        licence: of its arrays.
        mean: ``(V, 3)``.
        shape: basis ``(V, 3, S)`` and standard deviations ``(S,)``.
        expression: basis ``(V, 3, E)`` and standard deviations ``(E,)``.
        triangles: ``(F, 3)``, turned either way.
        landmarks: ``(68,)`` vertices.
        expression_names: ``E`` of them, or none.
        uv: texture coordinates, or None.
        uv_triangles: ``(F, 3)`` rows of ``uv``, or None.
    """

    name: str
    unit: str
    licence: str
    mean: Floats
    shape: tuple[Floats, Floats]
    expression: tuple[Floats, Floats]
    triangles: Ints
    landmarks: Ints
    expression_names: tuple[str, ...] = ()
    uv: Floats | None = None
    uv_triangles: Ints | None = None


def assemble(parts: ModelParts) -> MorphableModel:
    """A checked model of its parts."""
    mean, triangles, uv, uv_triangles = parts.mean, parts.triangles, parts.uv, parts.uv_triangles
    shape, expression = parts.shape, parts.expression
    landmarks = np.asarray(parts.landmarks)
    outwards = face_outwards(mean, triangles, landmarks)
    texture: dict[str, Any] = {}
    if uv is not None and uv_triangles is not None:
        turned = outwards is not triangles
        texture = {"uv": uv, "uv_triangles": uv_triangles[:, ::-1] if turned else uv_triangles}
    model = MorphableModel(
        name=parts.name,
        unit=parts.unit,
        licence=parts.licence,
        mean=mean,
        shape_basis=shape[0],
        expression_basis=expression[0],
        shape_std=shape[1],
        expression_std=expression[1],
        triangles=outwards,
        landmarks=landmarks,
        expression_names=parts.expression_names,
        **texture,
    )
    check_frame(model.mean, model.landmarks, parts.name)
    return model
