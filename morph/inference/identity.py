"""The shape of a head from a network of its own, which looks at an upright crop and says nothing else."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from morph.arrays import Floats, Image
from morph.crop.upright import upright_crops
from morph.inference.choices import find_network, name_network
from morph.inference.regressor import Regressor
from morph.model import Coefficients, MorphableModel, landmark_decoder
from morph.model.coefficients import model_symmetry


def default_identity() -> Path:
    """The identity network that ships."""
    return Path(__file__).parent.parent / "assets" / "identity_x1.0.onnx"


def find_identity(choice: str | os.PathLike[str] | None, first_look: str) -> Path | None:
    """The file of the identity network that ``choice`` names, as of :func:`open_identity`; None for none.

    Raises:
        MorphError: another choice.
    """
    return find_network(choice, default_identity(), "identity", first_look)


def open_identity(
    choice: str | os.PathLike[str] | None, model: MorphableModel, first_look: str, *, threads: int = 1, device: str = "cpu"
) -> IdentityReader | None:
    """The identity network that ``choice`` names, for the shapes of ``model``; None for none.

    Args:
        choice: "default" for the one that ships, "none", or an ``.onnx`` file of weights of the same model; None is the
            default with weights that ship, and none with others.
        model: of the first look's coefficients.
        first_look: file name of its weights.
        threads: threads of ONNX Runtime.
        device: where it runs, see :func:`morph.inference.onnx_session.open_session`.

    Raises:
        MorphError: another choice, or weights of another model.
    """
    path = find_identity(choice, first_look)
    return None if path is None else IdentityReader(model, path, threads=threads, device=device)


def name_identity(identity: IdentityReader | None) -> str:
    """For reports: the choice, and the file where it is not the shipped one."""
    return name_network(None if identity is None else identity.path, default_identity())


class IdentityReader:
    """Looks at faces again for their identity: at each crop and at its mirror image, and takes the middle.

    Args:
        model: whose shapes are read.
        path: weights as of ``morph export``, of which the shape is used; None are those that ship.
        threads: threads of ONNX Runtime.
        device: where it runs, see :func:`morph.inference.onnx_session.open_session`.

    Raises:
        MorphError: the weights cannot be read, or are of another model.
    """

    def __init__(
        self,
        model: MorphableModel,
        path: str | os.PathLike[str] | None = None,
        *,
        threads: int = 1,
        device: str = "cpu",
    ) -> None:
        self.path = Path(path) if path is not None else default_identity()
        self._regressor = Regressor(self.path, threads=threads, device=device)
        self._regressor.check_model(model)
        self._landmarks = landmark_decoder(model)
        self._symmetry = model_symmetry(model)

    def __call__(self, images: Sequence[Image], coefficients: Coefficients) -> Floats:
        """Shapes ``(N, S)`` as z-scores.

        Args:
            images: N pictures ``(H, W, 3)`` uint8 RGB, one a face; the same one may come again.
            coefficients: of a first look at N faces, in pixels of the pictures: they say where the faces are and how they lean.
        """
        if not len(images):
            return np.asarray(coefficients.shape, np.float32)
        size = self._regressor.input_size
        points = self._landmarks.project(coefficients)[..., :2]
        crops = upright_crops(images, points, np.asarray(coefficients.rotation), size)
        said = self._regressor(np.concatenate([crops, crops[:, :, ::-1]]))[0]
        first, mirrored = said[: len(images)], said[len(images) :].mirror(self._symmetry, size)
        return np.asarray((first.shape + mirrored.shape) / 2, np.float32)

    def correct(self, images: Sequence[Image], coefficients: Coefficients) -> Coefficients:
        """The coefficients with the shapes that are read; all else as it was."""
        return dataclasses.replace(coefficients, shape=self(images, coefficients))
