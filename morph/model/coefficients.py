"""Coefficients of faces: shape, expression and pose, and what image operations do to them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from morph.arrays import Reals
from morph.errors import MorphError
from morph.model.camera import ScaledOrthographicCamera
from morph.model.morphable_model import MorphableModel
from morph.model.rotation import matrix_to_sixd, rotation_exp, rotation_log, sixd_to_matrix


@dataclass(frozen=True)
class FlatLayout:
    """Where each part lies in coefficients laid out flat, as slices of the last axis of an array or a tensor.

    Shape, expression, then the pose: six numbers of the rotation, the log of the scale, the translation.

    Attributes:
        n_shape: number of shape modes, S.
        n_expression: number of expression modes, E.

    Example:
        >>> layout = FlatLayout(n_shape=40, n_expression=52)
        >>> layout.size, layout.translation
        (101, slice(99, 101, None))
    """

    n_shape: int
    n_expression: int

    POSE: ClassVar[int] = 9

    @classmethod
    def of_size(cls, size: int, n_shape: int) -> FlatLayout:
        """The layout of ``size`` numbers of which ``n_shape`` are the shape's.

        Raises:
            MorphError: fewer numbers than shape and pose need.
        """
        if size < n_shape + cls.POSE:
            raise MorphError(f"{size} coefficients are too few for {n_shape} of shape and {cls.POSE} of pose")
        return cls(n_shape, size - n_shape - cls.POSE)

    @property
    def size(self) -> int:
        """S + E + 9."""
        return self.n_shape + self.n_expression + self.POSE

    @property
    def shape(self) -> slice:
        """S z-scores."""
        return slice(0, self.n_shape)

    @property
    def expression(self) -> slice:
        """E z-scores."""
        return slice(self.n_shape, self.n_shape + self.n_expression)

    @property
    def pose(self) -> slice:
        """All nine numbers of the pose."""
        return slice(self.size - self.POSE, self.size)

    @property
    def rotation(self) -> slice:
        """The first two rows of the rotation matrix."""
        return slice(self.size - self.POSE, self.size - 3)

    @property
    def log_scale(self) -> slice:
        """One number: the log of pixels a unit of the model."""
        return slice(self.size - 3, self.size - 2)

    @property
    def translation(self) -> slice:
        """Two pixels."""
        return slice(self.size - 2, self.size)


@dataclass(frozen=True, eq=False)
class Coefficients:
    """Shape and expression z-scores and a scaled orthographic pose, of one face or a batch.

    Attributes:
        shape: ``(..., S)``.
        expression: ``(..., E)``.
        rotation: ``(..., 3, 3)``, model to camera.
        scale: ``(...)``, pixels a unit of the model.
        translation: ``(..., 2)``, pixels, y down.

    Example:
        >>> face = Coefficients(np.zeros(3), np.zeros(2), np.eye(3), 1.5, np.array([60.0, 60.0]))
        >>> face.flatten()[-3:].round(3)  # log of the scale, translation
        array([ 0.405, 60.   , 60.   ])
        >>> half = face.transform([[0.5, 0.0, 0.0], [0.0, 0.5, 0.0]])  # the picture at half its size
        >>> float(half.scale), half.translation
        (0.75, array([30., 30.]))
    """

    shape: Reals
    expression: Reals
    rotation: Reals
    scale: Reals
    translation: Reals

    def __post_init__(self) -> None:
        for spec in dataclasses.fields(self):
            object.__setattr__(self, spec.name, np.asarray(getattr(self, spec.name)))
        batch = self.shape.shape[:-1]
        tails = {"expression": (self.expression.shape[-1],), "rotation": (3, 3), "scale": (), "translation": (2,)}
        for name, tail in tails.items():
            got = getattr(self, name).shape
            if got != batch + tail:
                raise MorphError(f"{name} must have shape {batch + tail} beside shape {self.shape.shape}, got {got}")

    @property
    def camera(self) -> ScaledOrthographicCamera:
        """The camera that this pose is."""
        return ScaledOrthographicCamera(self.rotation, self.scale, self.translation)

    def __getitem__(self, index: object) -> Coefficients:
        """Part of a batch."""
        return Coefficients(*(getattr(self, spec.name)[index] for spec in dataclasses.fields(self)))

    def flatten(self) -> Reals:
        """``(..., S + E + 9)``: shape, expression, two rows of the rotation, log of the scale, translation."""
        pose = [matrix_to_sixd(self.rotation), np.log(self.scale)[..., None], self.translation]
        return np.concatenate([self.shape, self.expression, *pose], axis=-1)

    @classmethod
    def from_flat(cls, flat: npt.ArrayLike, n_shape: int) -> Coefficients:
        """The inverse of :meth:`flatten`; the rotation is made orthonormal.

        Raises:
            MorphError: fewer numbers than shape and pose need.
        """
        flat = np.asarray(flat)
        at = FlatLayout.of_size(flat.shape[-1], n_shape)
        rotation, scale = sixd_to_matrix(flat[..., at.rotation]), np.exp(flat[..., at.log_scale][..., 0])
        return cls(flat[..., at.shape], flat[..., at.expression], rotation, scale, flat[..., at.translation])

    def transform(self, similarity: npt.ArrayLike) -> Coefficients:
        """What the coefficients become when the picture goes through a similarity.

        Args:
            similarity: ``(..., 2, 3)`` old pixels to new pixels: a rotation times a positive scale, and a shift.
        """
        m = np.asarray(similarity, np.float64)
        if m.shape[-2:] != (2, 3):
            raise MorphError(f"similarity must have shape (..., 2, 3), got {m.shape}")
        square = m[..., 0, 0] * m[..., 1, 1] - m[..., 0, 1] * m[..., 1, 0]  # of a similarity [[a, -b], [b, a]] this is a² + b²
        odd = np.abs(m[..., 0, 0] - m[..., 1, 1]) + np.abs(m[..., 0, 1] + m[..., 1, 0])
        if not (square > 0).all() or (odd > 1e-4 * np.sqrt(square)).any():
            raise MorphError("the matrix stretches, shears or mirrors the picture; coefficients follow similarities only")
        scale = np.sqrt(square)
        turn = np.zeros((*m.shape[:-2], 3, 3))
        turn[..., 2, 2] = 1.0
        turn[..., :2, :2] = m[..., :2] / scale[..., None, None] * np.array([[1.0, -1.0], [-1.0, 1.0]])  # y down to y up
        moved = (m[..., :2] @ self.translation[..., None])[..., 0] + m[..., 2]
        return Coefficients(
            self.shape,
            self.expression,
            _like(self.rotation, turn @ self.rotation),
            _like(self.scale, self.scale * scale),
            _like(self.translation, moved),
        )

    def mirror(self, symmetry: ModelSymmetry, width: float | npt.ArrayLike) -> Coefficients:
        """What the coefficients become when a picture ``width`` pixels wide is flipped left to right."""
        flip = np.diag([-1.0, 1.0, 1.0]).astype(self.rotation.dtype)
        x, y = self.translation[..., 0], self.translation[..., 1]
        translation = _like(self.translation, np.stack([np.asarray(width) - 1.0 - x, y], axis=-1))
        return Coefficients(
            self.shape @ symmetry.shape.T,
            self.expression @ symmetry.expression.T,
            flip @ self.rotation @ flip,
            self.scale,
            translation,
        )


def _like(old: Reals, new: Reals) -> Reals:
    """``new`` in the precision of ``old``."""
    return np.asarray(new, old.dtype if old.dtype.kind == "f" else np.float64)


@dataclass(frozen=True, eq=False)
class ModelSymmetry:
    """How mirroring a face about x = 0 changes its coefficients: ``shape' = shape @ symmetry.shape.T``.

    Attributes:
        shape: ``(S, S)``.
        expression: ``(E, E)``.

    Example:
        >>> from morph.model import load_default_model
        >>> model = load_default_model(0)
        >>> left, right = (model.expression_names.index(f"eyeBlink{side}") for side in ("Left", "Right"))
        >>> float(model_symmetry(model).expression[left, right])
        1.0
    """

    shape: Reals
    expression: Reals


def model_symmetry(model: MorphableModel) -> ModelSymmetry:
    """The symmetry of a model's modes: exact where the model states it, else by least squares over mirrored vertices.

    The partner of a vertex is ``model.vertex_mirror``, or the vertex nearest to its mirror image in the mean.

    Example:
        >>> from morph.model import load_default_model
        >>> model = load_default_model(0)
        >>> model_symmetry(model).shape.shape == (model.n_shape, model.n_shape)
        True
    """
    partner: npt.NDArray[np.integer[Any]] = model.vertex_mirror
    if not len(partner):
        partner = _nearest(model.mean * np.array([-1, 1, 1], np.float32), model.mean)
    flip = np.array([-1.0, 1.0, 1.0])[:, None]

    def solve(basis: Reals, std: Reals) -> Reals:
        scaled = basis.astype(np.float64) * std
        size = (3 * len(scaled), scaled.shape[-1])
        flat, mirrored = scaled.reshape(size), (scaled[partner] * flip).reshape(size)
        gram = flat.T @ flat
        ridge = 1e-9 * np.trace(gram) / max(len(gram), 1) * np.eye(len(gram))
        return np.linalg.solve(gram + ridge, flat.T @ mirrored)

    swap = _swap_names(model.expression_names)
    shape = np.diag(model.shape_mirror) if len(model.shape_mirror) else solve(model.shape_basis, model.shape_std)
    expression = solve(model.expression_basis, model.expression_std) if swap is None else np.eye(len(swap))[swap]
    return ModelSymmetry(shape.astype(np.float32), expression.astype(np.float32))


def _nearest(points: Reals, places: Reals) -> npt.NDArray[np.int64]:
    """``(N,)`` row of the ``(M, 3)`` places that is nearest to each of ``(N, 3)`` points; 2 s for 35,000 of both."""
    centre = places.mean(0, dtype=np.float64)
    at, to = np.asarray(points, np.float64) - centre, np.asarray(places, np.float64) - centre
    far = (to**2).sum(1) / 2
    return np.concatenate([(far - block @ to.T).argmin(1) for block in np.array_split(at, len(at) // 512 + 1)])


def _swap_names(names: tuple[str, ...]) -> list[int] | None:
    """Index of each expression's mirror image when they are named Left and Right, else nothing."""
    place = {name: i for i, name in enumerate(names)}
    if not any("Left" in name for name in names):
        return None
    other = [name.replace("Left", "\0").replace("Right", "Left").replace("\0", "Right") for name in names]
    return [place.get(name, i) for i, name in enumerate(other)]


def stack(faces: Sequence[Coefficients]) -> Coefficients:
    """One batch of single faces, in their order.

    Example:
        >>> face = Coefficients(np.zeros(3), np.zeros(2), np.eye(3), np.float32(1.5), np.array([60.0, 60.0]))
        >>> stack([face, face]).translation.shape
        (2, 2)
    """
    if len(faces) == 1:
        return faces[0][None]
    names = [spec.name for spec in dataclasses.fields(Coefficients)]
    return Coefficients(*(np.stack([getattr(face, name) for face in faces]) for name in names))


def midway(first: Coefficients, second: Coefficients) -> Coefficients:
    """Half-way between two faces, or two batches, on the rotation group and in the logarithm of the scale.

    Example:
        >>> one = Coefficients(np.zeros(3), np.zeros(2), np.eye(3), 1.0, np.zeros(2))
        >>> other = Coefficients(np.ones(3), np.zeros(2), np.eye(3), 4.0, np.array([10.0, 0.0]))
        >>> float(midway(one, other).scale), midway(one, other).translation
        (2.0, array([5., 0.]))
    """
    turn = rotation_log(np.asarray(second.rotation, np.float64) @ np.swapaxes(np.asarray(first.rotation, np.float64), -1, -2))
    return Coefficients(
        (first.shape + second.shape) / 2,
        (first.expression + second.expression) / 2,
        (rotation_exp(turn / 2) @ first.rotation).astype(np.float32),
        np.sqrt(first.scale * second.scale),
        (first.translation + second.translation) / 2,
    )
