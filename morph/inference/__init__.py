"""ONNX sessions and the networks that look at faces."""

from morph.inference.regressor import Regressor

__all__ = ["Regressor"]
