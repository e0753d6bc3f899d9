"""A crop set with coefficients into one of its faces turned to larger yaws: plan, turn, write."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from morph.datasets.crop_writer import PreparedCrops, write_crops
from morph.datasets.crops import CropSet
from morph.errors import MorphError
from morph.fitting.profiling.profiling_set import (
    ProfileMaker,
    ProfilingPlan,
    open_fitted_set,
    plan_files,
    profiled_meta,
    set_margin,
    write_mat_pairs,
)
from morph.model.readers import open_model

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ProfileSettings:
    """How a set is turned, beside which turns are made.

    Attributes:
        plan: which turns.
        model: morphable model of the coefficients: a file, or "default".
        processes: how many draw.
        max_bad: share of the pictures that may fail.
        mat: write ``mat/NAME.jpg`` and ``.mat`` in the layout of 300W-LP too.
    """

    plan: ProfilingPlan = ProfilingPlan()
    model: str = "default"
    processes: int = 1
    max_bad: float = 0.01
    mat: bool = False


@dataclass(frozen=True, eq=False)
class ProfileReport:
    """What was turned.

    Attributes:
        crops: the set that was written.
        photographs: faces of the set that was read.
        seconds: that it took.
        processor: seconds of processor time; None where several processes drew.
        mat: files in the layout of 300W-LP were written too.
    """

    crops: PreparedCrops
    photographs: int
    seconds: float
    processor: float | None
    mat: bool

    def as_text(self) -> str:
        """One line: how many, and how fast."""
        return (
            f"{self.crops.folder}: {self.crops.count} turned faces of {self.photographs} photographs in {self.seconds:.1f} s"
            + ("" if self.processor is None else f", {self.processor:.1f} s of processor time")
            + (", 300W-LP files in mat/" if self.mat else "")
        )


def profile_set(
    folder: str | os.PathLike[str],
    out: str | os.PathLike[str],
    settings: ProfileSettings | None = None,
    progress: Progress | None = None,
) -> ProfileReport:
    """Turn the faces of a crop set out of the picture plane and write what comes of it; a killed run goes on.

    Args:
        folder: crop set with coefficients, as :func:`morph.fitting.fit_set.fit_set` writes it.
        out: folder of the crop set to write.
        settings: see :class:`ProfileSettings`; None is all at its defaults.
        progress: called with the number of pictures done, and of all.

    Raises:
        MorphError: set or model cannot be read or do not belong together, no face can be turned so, too many pictures failed,
            or the folder cannot be written.
    """
    settings, folder, out = settings or ProfileSettings(), Path(folder), Path(out)
    model = open_model(settings.model)
    crops = open_fitted_set(folder, model)
    if out.exists() and os.path.samefile(out, folder):
        raise MorphError(f"{out} is the set that is turned; write into another folder")
    margin = settings.plan.margin or set_margin(crops)
    plan = replace(settings.plan, margin=margin)
    files = plan_files(crops, plan)
    if progress is not None:
        progress(0, len(files))
    start, clock = time.perf_counter(), time.process_time()
    written = write_crops(
        out,
        files,
        ProfileMaker(folder, model, margin),
        profiled_meta(crops, folder, plan),
        workers=settings.processes,
        max_bad=settings.max_bad,
        progress=None if progress is None else lambda done, total, bad: progress(done, total),
    )
    seconds, processor = time.perf_counter() - start, time.process_time() - clock
    if settings.mat:
        write_mat_pairs(CropSet.open(written.folder), model, written.folder / "mat")
    return ProfileReport(written, len(crops), seconds, processor if settings.processes == 1 else None, settings.mat)
