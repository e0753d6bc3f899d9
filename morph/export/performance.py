"""One person of a track as an animation: a head of their own, weights of its expressions, and where it moves."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from morph.arrays import Doubles, Floats, Indices
from morph.model import Lens, MorphableModel
from morph.model.space.quaternions import quaternions_along, turns_between
from morph.tracking.resting import RestingFace


@dataclass(frozen=True, eq=False)
class Performance:
    """A head and its motion over T frames, in millimetres: x right, y up, z to the viewer, origin in the middle of the picture.

    ``posed = rotation @ (base + sum_k weights_k deltas_k) + translation``, as :meth:`morph.tracking.Face.posed_vertices`.

    Attributes:
        model: gives topology, texture coordinates and names.
        id: which person of the track.
        frame: ``(T,)`` number of the picture in the clip, growing.
        time: ``(T,)`` seconds, growing, none negative.
        shape: ``(S,)`` z-scores of the one identity.
        weights: ``(T, E)`` of the named expressions; 1 is the full expression. Not clipped to 0..1.
        rotation: ``(T, 3, 3)`` model to camera.
        translation: ``(T, 3)`` millimetres; z is 0 where ``lens`` is None, else of the camera, which looks along -z.
        scale: ``(T,)`` pixels a millimetre of the scaled orthographic camera.
        size: width and height of the clip in pixels.
        resting: what the weights are counted from: ``base`` then is the head with that face, and ``deltas`` are as large as
            what is called 1; None: the model's own neutral face. The posed head does not depend on it.
        lens: the camera that ``rotation`` and ``translation`` stand before; None: they are those of a scaled orthographic one.
        metric: true millimetres of one of the model's.

    Example:
        >>> import tempfile
        >>> from morph import Tracker, load_default_model, load_track, open_source, performance_of_track, track_to_folder
        >>> from morph.cli.demo import demo_files
        >>> from morph.track_folder import TrackOptions
        >>> folder = tempfile.TemporaryDirectory()
        >>> options = TrackOptions(mesh=False, overlay=False, frames=3)
        >>> summary = track_to_folder(open_source(demo_files()[1]), Tracker(level=0), folder.name, options)
        >>> performance = performance_of_track(load_track(folder.name), load_default_model(0))
        >>> performance.weights.shape
        (3, 52)
        >>> folder.cleanup()
    """

    model: MorphableModel
    id: int
    frame: Indices
    time: Doubles
    shape: Doubles
    weights: Doubles
    rotation: Doubles
    translation: Doubles
    scale: Doubles
    size: tuple[int, int]
    resting: RestingFace | None = None
    lens: Lens | None = None
    metric: float = 1.0

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def fps(self) -> float:
        """Frames a second, from the times; 25 where there is only one."""
        return float((self.frame[-1] - self.frame[0]) / (self.time[-1] - self.time[0])) if len(self) > 1 else 25.0

    @functools.cached_property
    def base(self) -> Floats:
        """``(V, 3)`` millimetres: the person's own head without expression, or with that of their resting face."""
        scaled = (self.model.shape_std * self.shape).astype(np.float32)
        head: Floats = (self.model.mean + self.model.shape_basis @ scaled) * self._millimetres
        if self.resting is None:
            return head
        return head + self.model.expression_basis @ self.resting.rest.astype(np.float32) * self._millimetres

    @functools.cached_property
    def deltas(self) -> Floats:
        """``(E, V, 3)`` millimetres that a weight of 1 adds."""
        full: Floats = np.ascontiguousarray(self.model.expression_basis.transpose(2, 0, 1)) * self._millimetres
        return full if self.resting is None else full * self.resting.reach.astype(np.float32)[:, None, None]

    def scores(self, weights: npt.ArrayLike) -> Doubles:
        """``(..., E)`` z-scores of the model's expressions that these weights are, for what is placed on the model itself."""
        raw = np.asarray(weights, np.float64) if self.resting is None else self.resting.raw(weights)
        return raw / np.where(self.model.expression_std > 0, self.model.expression_std, np.inf)

    @functools.cached_property
    def quaternions(self) -> Doubles:
        """``(T, 4)`` x, y, z, w of the rotations; neighbours lie on the same side, so that nothing turns the long way round."""
        return quaternions_along(self.rotation)

    def neutral_vertices(self, row: int) -> Floats:
        """``(V, 3)`` millimetres with the expression of one row, facing the viewer at the origin."""
        flat = self.weights[row].astype(np.float32) @ self.deltas.reshape(len(self.deltas), -1)
        return np.asarray(self.base + flat.reshape(-1, 3))

    def vertices(self, row: int) -> Floats:
        """``(V, 3)`` millimetres as the head stands in one row."""
        turned = self.neutral_vertices(row) @ self.rotation[row].T.astype(np.float32)
        return np.asarray(turned + self.translation[row].astype(np.float32))

    def still(self) -> Performance:
        """The same expressions on a head that faces the viewer at the origin."""
        turn = np.tile(np.eye(3), (len(self), 1, 1))
        return dataclasses.replace(self, rotation=turn, translation=np.zeros((len(self), 3)))

    def clipped(self) -> Performance:
        """The same motion with weights in 0..1, for tools that hold them there."""
        return dataclasses.replace(self, weights=np.clip(self.weights, 0.0, 1.0))

    def every_frame(self) -> Performance:
        """A row for each frame from the first to the last; where the face was lost it glides from one place to the next."""
        frame = np.arange(self.frame[0], self.frame[-1] + 1)
        if len(frame) == len(self):
            return self

        def fill(values: Doubles) -> Doubles:
            columns = values.reshape(len(self), -1).T
            return np.stack([np.interp(frame, self.frame, column) for column in columns], -1).reshape(-1, *values.shape[1:])

        turns = turns_between(self.frame, self.rotation, frame)
        time, weights, translation, scale = (fill(part) for part in (self.time, self.weights, self.translation, self.scale))
        return dataclasses.replace(
            self,
            frame=frame,
            time=time,
            weights=weights,
            rotation=turns,
            translation=translation,
            scale=scale,
        )

    @property
    def _millimetres(self) -> np.float32:
        unit: np.float32 = np.float32(self.model.millimetres * self.metric)
        return unit
