"""How a model is fitted to points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy.typing as npt

Contour = Literal["move", "fixed", "ignore"]


@dataclass(frozen=True, eq=False)
class FitOptions:
    """Noise, priors and effort of a fit.

    Attributes:
        contour: jaw points (the first 17) are matched to the visible outline ("move"), to the 3D jaw line ("fixed"), or not
            at all ("ignore"). Points with depth are always "fixed" where their depth weighs.
        noise: standard deviation of an annotation as a share of sqrt(width x height) of the face's 68 points, seen frontally.
        robust: residuals beyond this many standard deviations weigh less (Huber).
        shape_prior: standard deviation of the z-scores of shapes that the prior allows.
        expression_prior: the same of expressions.
        negative_prior: the same of expressions below 0, where a smaller one than above 0 is expected; None: the same.
        centre: ``(S + E,)`` z-scores of the prior's middle; None: 0.
        limit: no z-score lies farther from the prior's middle.
        iterations: Levenberg–Marquardt steps.
        chunk: faces solved together; bounds memory.
    """

    contour: Contour = "move"
    noise: float = 0.013
    robust: float = 3.0
    shape_prior: float = 1.0
    expression_prior: float = 1.0
    negative_prior: float | None = None
    centre: npt.ArrayLike | None = None
    limit: float = 3.0
    iterations: int = 20
    chunk: int = 512


USUAL = FitOptions()
