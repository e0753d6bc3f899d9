"""All that looks at a face again after the network: who it is, then what its eyes and mouth do."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from morph.inference.experts import Experts, name_experts, open_experts
from morph.inference.identity import IdentityReader, name_identity, open_identity
from morph.model import Coefficients, MorphableModel

Choice = str | os.PathLike[str] | None


@dataclass(frozen=True, eq=False)
class CloserLook:
    """An identity network and experts of one model; None where one of them is left out."""

    identity: IdentityReader | None = None
    experts: Experts | None = None

    def __bool__(self) -> bool:
        return self.identity is not None or self.experts is not None

    def __call__(self, images: Sequence[npt.NDArray[np.uint8]], coefficients: Coefficients) -> Coefficients:
        """The coefficients with the shapes that are read and the expressions that are corrected; pose stays.

        Args:
            images: N pictures ``(H, W, 3)`` uint8 RGB, one a face.
            coefficients: of the first look, in pixels of the pictures.
        """
        if self.identity is not None:
            coefficients = self.identity.correct(images, coefficients)
        return coefficients if self.experts is None else self.experts(images, coefficients)

    @property
    def names(self) -> dict[str, str]:
        """For reports: what is used, by kind."""
        return {"experts": name_experts(self.experts), "identity": name_identity(self.identity)}


def open_closer_look(
    identity: Choice, experts: Choice, model: MorphableModel, first_look: str, *, threads: int = 1
) -> CloserLook:
    """See :func:`open_identity` and :func:`open_experts`."""
    return CloserLook(
        open_identity(identity, model, first_look, threads=threads), open_experts(experts, model, first_look, threads=threads)
    )
