"""What a track that has begun was told, so that a killed run is only continued with the same footage and settings."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from morph import __version__
from morph.atomic import atomic_path
from morph.errors import MorphError
from morph.frames import FrameSource
from morph.track_folder.layout import RECORD, SUMMARY, read_record
from morph.tracking import Tracker

HALF_WRITTEN = re.compile(
    r"\.(-?\d{5,}(_\d+)?|head|texture|coefficients|landmarks|overlay|summary|probe|\.unfinished)-\w{8}(\.\w+)?"
)


def track_settings(source: FrameSource, tracker: Tracker, options: dict[str, Any]) -> dict[str, Any]:
    """All that decides what a track's files hold, as plain values for JSON.

    The footage counts as the same while number, sizes and times of change of its files are; networks are told by
    their contents.

    Args:
        source: where the frames come from.
        tracker: that will be used.
        options: what is written.
    """
    settings = {"morph": __version__, "footage": _footage(source), **tracker.settings(), **options}
    return dict(json.loads(json.dumps(settings)))  # as it is read back


def _footage(source: FrameSource) -> list[int] | None:
    """Number of files, bytes, and the newest time of change in nanoseconds; None where the frames do not come from files."""
    files = getattr(source, "files", [Path(source.name)])
    if source.kind == "camera" or not all(file.is_file() for file in files):
        return None
    states = [file.stat() for file in files]
    return [len(states), sum(state.st_size for state in states), max(state.st_mtime_ns for state in states)]


def write_record(folder: Path, settings: dict[str, Any]) -> None:
    """Say that a track with these settings has begun in ``folder``."""
    with atomic_path(folder / RECORD) as path:
        path.write_text(json.dumps(settings) + "\n")


def remove_record(folder: Path) -> None:
    """Say that nothing in ``folder`` can be continued."""
    (folder / RECORD).unlink(missing_ok=True)


def remove_half_written(folder: Path) -> None:
    """Take away what a killed run was writing when it died; such files have hidden names."""
    for file in [*folder.glob(".*"), *(folder / "mesh").glob(".*"), *(folder / "overlay").glob(".*.png")]:
        if HALF_WRITTEN.fullmatch(file.name) or (file.parent.name == "overlay" and re.search(r"-\w{8}\.png$", file.name)):
            file.unlink(missing_ok=True)


def check_resume(source: FrameSource, folder: Path, settings: dict[str, Any]) -> dict[str, Any] | bool:
    """See whether a track in ``folder`` can be continued.

    Returns:
        The summary where the track is complete already, True where it was begun, False where there is none.

    Raises:
        MorphError: the frames do not come from files (a camera), or what is there was begun with other footage or settings.
    """
    if settings["footage"] is None:
        raise MorphError(f"{source.name} does not show the same frames again; leave out `resume=`, or record a clip first")
    summary = read_record(folder / SUMMARY)
    begun = summary.get("settings") if summary is not None else read_record(folder / RECORD)
    if summary is None and begun is None:
        return False
    if begun is None:
        raise MorphError(f"{folder} does not say how it was tracked, so it cannot be continued; leave out `resume=`")
    other = [name for name in sorted({*begun, *settings}) if begun.get(name) != settings.get(name)]
    if other:
        raise MorphError(
            f"{folder} was begun with other {', '.join(other)}; "
            "give the same input and options, or begin anew without `resume=`"
        )
    return True if summary is None else summary
