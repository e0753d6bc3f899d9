"""The expression of a face from a network of its own, which looks at an upright crop and says nothing else."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from morph.arrays import Floats, Image
from morph.crop.rules import CLOSE, RULES, close_crops
from morph.crop.upright import upright_crops
from morph.inference.choices import find_network, name_network
from morph.inference.regressor import Regressor
from morph.model import Coefficients, MorphableModel, landmark_decoder
from morph.model.coefficients import model_symmetry


def default_expressions() -> Path:
    """The expression network that ships."""
    return Path(__file__).parent.parent / "assets" / "expressions_x1.0.onnx"


def find_expressions(choice: str | os.PathLike[str] | None, first_look: str) -> Path | None:
    """The file of the expression network that ``choice`` names, as of :func:`open_expressions`; None for none.

    Raises:
        MorphError: another choice.
    """
    return find_network(choice, default_expressions(), "expression", first_look)


def open_expressions(
    choice: str | os.PathLike[str] | None, model: MorphableModel, first_look: str, *, threads: int = 1, device: str = "cpu"
) -> ExpressionReader | None:
    """The expression network that ``choice`` names, for the expressions of ``model``; None for none.

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
    path = find_expressions(choice, first_look)
    return None if path is None else ExpressionReader(model, path, threads=threads, device=device)


def name_expressions(expressions: ExpressionReader | None) -> str:
    """For reports: the choice, and the file where it is not the shipped one."""
    return name_network(None if expressions is None else expressions.path, default_expressions())


class ExpressionReader:
    """Looks at faces again for their expression, in upright crops finer than those of the first look.

    What it says takes the place of the first look's expression; pose and shape stay.

    Args:
        model: whose expressions are read.
        path: weights as of ``morph export``, of which the expression is used; None are those that ship.
        mirrored: look at the mirror image of each crop as well, and take the middle.
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
        mirrored: bool = False,
        threads: int = 1,
        device: str = "cpu",
    ) -> None:
        self.path, self.mirrored = Path(path) if path is not None else default_expressions(), mirrored
        self._regressor = Regressor(self.path, threads=threads, device=device, crops=RULES)
        self._crops = close_crops if self._regressor.crop == CLOSE else upright_crops
        self._regressor.check_model(model)
        self._landmarks = landmark_decoder(model)
        self._symmetry = model_symmetry(model)

    def __call__(self, images: Sequence[Image], coefficients: Coefficients) -> Floats:
        """Expressions ``(N, E)`` as z-scores.

        Args:
            images: N pictures ``(H, W, 3)`` uint8 RGB, one a face; the same one may come again.
            coefficients: of a first look at N faces, in pixels of the pictures: they say where the faces are and how they lean.
        """
        if not len(images):
            return np.asarray(coefficients.expression, np.float32)
        points = self._landmarks.project(coefficients)[..., :2]
        crops = self._crops(images, points, np.asarray(coefficients.rotation), self._regressor.input_size)
        said = self._regressor(crops)[0].expression
        if self.mirrored:
            other = self._regressor(np.ascontiguousarray(crops[:, :, ::-1]))[0].expression
            said = (said + other @ self._symmetry.expression.T) / 2
        return np.asarray(said, np.float32)

    def correct(self, images: Sequence[Image], coefficients: Coefficients) -> Coefficients:
        """The coefficients with the expressions that are read; all else as it was."""
        return dataclasses.replace(coefficients, expression=self(images, coefficients))
