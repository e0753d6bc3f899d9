"""Who wears a prop, and where that head is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from morph.arrays import Reals


@dataclass(frozen=True, eq=False)
class Wearer:
    """Whose head a prop is on.

    Attributes:
        shape: ``(S,)`` z-scores.
        expression: ``(E,)`` z-scores.
        typical: ``(S,)`` of the person over the whole clip: how far items must keep from the skin is measured once on this
            head and kept, so that they do not tremble. None: ``shape``.
    """

    shape: npt.ArrayLike
    expression: npt.ArrayLike
    typical: npt.ArrayLike | None = None


@dataclass(frozen=True, eq=False)
class Placement:
    """``x -> linear @ x + shift``, from one frame to another: of a prop to its model's, or of a model to the scene's.

    Attributes:
        linear: ``(3, 3)``.
        shift: ``(3,)``.
    """

    linear: Reals
    shift: Reals

    def __call__(self, points: npt.ArrayLike) -> Reals:
        """``(..., 3)`` points of the one frame to the other."""
        return np.asarray(np.asarray(points) @ self.linear.T + self.shift)
