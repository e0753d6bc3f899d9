"""Fits morphable models to landmarks. Needs the extra ``train`` (PyTorch)."""

from morph.fitting.landmarks import FitResult, fit_landmarks

__all__ = ["FitResult", "fit_landmarks"]
