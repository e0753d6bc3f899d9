"""A track whose lens is solved from the clip itself, once all of it is tracked."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from morph.errors import MorphError
from morph.frames import FrameSource
from morph.model import Lens
from morph.tracking import Face
from morph.tracking.lens.auto import solve_lens

READ_TWICE = ("clip", "sequence")


def check_auto(source: FrameSource) -> None:
    """See that a lens can be solved from what is tracked.

    Raises:
        MorphError: it is no clip, or cannot be read twice.
    """
    if source.kind not in READ_TWICE:
        raise MorphError(f"{source.name} is no clip, and only a clip tells its lens; leave out `focal=auto`, or give the lens")


def with_solved_lens(faces: Sequence[Face], source: FrameSource, lens: Lens) -> tuple[list[Face], dict[str, Any]]:
    """The faces before the lens that their clip tells, and what a summary says of it.

    Args:
        faces: of the whole clip.
        source: is read once more.
        lens: where the clip does not tell.
    """
    solved = solve_lens(faces, source, lens)
    placed = [dataclasses.replace(face, lens=solved.lens) for face in faces]
    return placed, solved.lens.as_json() | {"auto": solved.as_json()}
