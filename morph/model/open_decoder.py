"""Decoders of whole models, opened once a process; copies that travel to another one carry only where the model is."""

from __future__ import annotations

import functools
import os
from typing import Any

from morph.errors import MorphError
from morph.model.decoder import Decoder
from morph.model.default_model import load_default_model
from morph.model.morphable_model import MorphableModel, load_model
from morph.model.subdivided_decoder import SubdividedDecoder
from morph.model.subdivision import subdivide

Place = int | str  # level of the default model, or the file of another one


class SharedDecoder:
    """Makes a decoder pickle as the place of its model.

    Attributes:
        place: where :func:`open_decoder` finds the model.
        model: the one that was opened there.
    """

    place: Place
    model: MorphableModel

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopen, (self.place, self.model.identity)


class _Whole(SharedDecoder, Decoder):
    """A decoder of all vertices."""


class _Subdivided(SharedDecoder, SubdividedDecoder):
    """A decoder of a subdivided model."""


def open_decoder(model: MorphableModel | str | os.PathLike[str] | None = None, level: int = 1) -> Decoder:
    """The decoder of all vertices of a model; one of a file or of the default model pickles in some hundred bytes.

    Args:
        model: in memory, or its file; None is the default model.
        level: of the default model: 0, 1 or 2.

    Raises:
        MorphError: the file cannot be read.
    """
    if isinstance(model, MorphableModel):
        return Decoder(model)
    return _default(level) if model is None else _of_file(os.path.abspath(model))


@functools.cache
def _default(level: int) -> Decoder:
    decoder: _Whole | _Subdivided
    if level:
        coarse = load_default_model(level - 1)
        decoder = _Subdivided(subdivide(coarse), coarse)
    else:
        decoder = _Whole(load_default_model(0))
    decoder.place = level
    return decoder


def _of_file(path: str) -> Decoder:
    decoder = _Whole(load_model(path))
    decoder.place = path
    return decoder


@functools.lru_cache(maxsize=4)
def _reopen(place: Place, identity: str) -> Decoder:
    """What a pickled decoder becomes where it arrives.

    Raises:
        MorphError: the file is gone, or holds another model by now.
    """
    decoder = _default(place) if isinstance(place, int) else _of_file(place)
    if decoder.model.identity != identity:
        raise MorphError(f"{place} holds another model by now; put back the one that the faces were tracked with")
    return decoder
