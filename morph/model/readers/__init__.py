"""Readers that turn published morphable models into :class:`morph.model.MorphableModel`."""

from morph.model.readers.read import open_model, read_model

__all__ = ["open_model", "read_model"]
