"""How far fitted coefficients lie from the prior: the numbers that tell a fit from an overfit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from morph.model.coefficients import Coefficients


@dataclass(frozen=True)
class Spread:
    """Of z-scores about the prior's middle, over faces and modes.

    Attributes:
        shape, expression: root mean square; 1 is the prior's own spread.
        largest: the farthest z-score.
        beyond_2: share farther than 2; 0.046 in the prior.
    """

    shape: float
    expression: float
    largest: float
    beyond_2: float

    def __str__(self) -> str:
        return (
            f"z-scores: shape {self.shape:.2f} and expression {self.expression:.2f} rms, largest {self.largest:.2f}, "
            f"{self.beyond_2:.1%} beyond 2"
        )


def spread(coefficients: Coefficients, centre: npt.ArrayLike | None = None) -> Spread:
    """The spread of a batch about ``centre`` ``(S + E,)``, or about 0."""
    z = np.concatenate([coefficients.shape, coefficients.expression], axis=-1).astype(np.float64)
    z = z - (0.0 if centre is None else np.asarray(centre))
    n = coefficients.shape.shape[-1]
    parts = [float(np.sqrt((part**2).mean())) if part.size else 0.0 for part in (z[..., :n], z[..., n:])]
    return Spread(parts[0], parts[1], float(np.abs(z).max(initial=0.0)), float((np.abs(z) > 2).mean()))
