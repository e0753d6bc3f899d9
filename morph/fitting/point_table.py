"""Which vertices a labeller's points are, and what each is worth at each yaw: annotations of any number of points."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from morph.arrays import Floats, Indices, Reals
from morph.atomic import atomic_path
from morph.errors import MorphError, reading
from morph.model.morphable_model import MorphableModel
from morph.npz import open_npz

MOST = 1.5  # no point weighs more than so many usual ones


@dataclass(frozen=True, eq=False)
class PointTable:
    """P points of a labeller on a model.

    Attributes:
        vertices: ``(P,)`` of the model.
        yaws: ``(B,)`` degrees, rising: where the errors were measured; signs of :func:`morph.model.rotation.euler_to_matrix`.
        error: ``(B, P)`` how far the labeller puts a point from its vertex, as a share of the face's size.
        noise: the error at which a point weighs 1.
        model_identity: of the model that the vertices belong to.
    """

    vertices: Indices
    yaws: Reals
    error: Reals
    noise: float
    model_identity: str

    def __len__(self) -> int:
        return len(self.vertices)

    def weights(self, yaw: npt.ArrayLike) -> Floats:
        """What the points are worth on faces turned so.

        Args:
            yaw: ``(N,)`` degrees.

        Returns:
            ``(N, P)``: the square of ``noise`` over the error there, interpolated between yaws, at most ``MOST``.
        """
        yaw = np.clip(np.asarray(yaw, np.float64), self.yaws[0], self.yaws[-1])
        right = np.clip(np.searchsorted(self.yaws, yaw, side="right"), 1, len(self.yaws) - 1)
        low, high = self.yaws[right - 1], self.yaws[right]
        share = ((yaw - low) / (high - low))[:, None]
        error = (1 - share) * self.error[right - 1] + share * self.error[right]
        return np.minimum((self.noise / np.maximum(error, 1e-6)) ** 2, MOST).astype(np.float32)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write an npz; ``error`` in ten thousandths of the face's size."""
        with atomic_path(Path(path)) as target:
            np.savez_compressed(
                target,
                vertices=self.vertices.astype(np.int32),
                yaws=self.yaws.astype(np.float32),
                error_e4=np.rint(np.clip(self.error, 0, 6.5) * 1e4).astype(np.uint16),
                noise=np.float32(self.noise),
                model=self.model_identity,
            )


def read_point_table(path: str | os.PathLike[str], model: MorphableModel) -> PointTable:
    """A file of :meth:`PointTable.save`.

    Args:
        path: the npz.
        model: that the points are to lie on.

    Raises:
        MorphError: not such a file, or one for another model.
    """
    path = Path(path)
    how = "data/free_faces/point_table.py makes one"
    with reading(path, "a table of points", how), open_npz(path) as archive:
        table = PointTable(
            archive["vertices"].astype(np.int64),
            archive["yaws"].astype(np.float64),
            archive["error_e4"].astype(np.float64) / 1e4,
            float(archive["noise"]),
            str(archive["model"]),
        )
    if table.model_identity != model.identity or (len(table) and table.vertices.max() >= model.n_vertices):
        raise MorphError(f"{path} is for model {table.model_identity}, not {model.name} ({model.identity}); make it again")
    if table.error.shape != (len(table.yaws), len(table)) or len(table.yaws) < 2 or (np.diff(table.yaws) <= 0).any():
        raise MorphError(f"{path}: errors must be given for two or more rising yaws and all points; make it again")
    return table
