"""A rendered set, and how fast it was rendered."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from morph.datasets.crops import CropSet
from morph.synthesis.sets.render_set import SynthesisPlan, synthesise


@dataclass(frozen=True, eq=False)
class SynthesisReport:
    """What was rendered.

    Attributes:
        crops: the set.
        folder: where it lies.
        seconds: that it took, with starting.
        each: seconds of processor time a picture, start-up left out; None where nothing was left to render.
    """

    crops: CropSet
    folder: Path
    seconds: float
    each: float | None

    def as_text(self) -> str:
        """One line of how many, and one of how fast where anything was rendered."""
        size = self.crops.images.shape[1]
        count = len(self.crops)
        text = f"{count} pictures of {size} x {size} in {self.folder}, {count / self.seconds:.1f} a second\n"
        if self.each is None:
            return text
        fast = f"{1 / self.each:.1f} a second and core"
        return f"{text}{1000 * self.each:.1f} ms of processor time a picture, start-up left out: {fast}\n"


def synthesise_timed(
    plan: SynthesisPlan,
    folder: str | os.PathLike[str],
    *,
    processes: int = 1,
    progress: Callable[[int], None] | None = None,
) -> SynthesisReport:
    """Render a set as :func:`morph.synthesis.synthesise` does, and time it.

    Args:
        plan: what to render.
        folder: where to; a killed run goes on there.
        processes: how many render.
        progress: called with the number of pictures that became ready.

    Raises:
        MorphError: see :func:`morph.synthesis.synthesise`.
    """
    rendered: list[int] = []
    processor: list[float] = []

    def clock(pictures: int, seconds: float) -> None:
        rendered.append(pictures)
        processor.append(seconds)

    begin = time.perf_counter()
    crops = synthesise(plan, folder, processes=processes, progress=progress, clock=clock)
    seconds = time.perf_counter() - begin
    return SynthesisReport(crops, Path(folder), seconds, sum(processor) / sum(rendered) if rendered else None)
