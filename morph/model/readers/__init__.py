"""Readers that turn published morphable models into :class:`morph.model.MorphableModel`."""

from morph.model.readers.read import read_model

__all__ = ["read_model"]
