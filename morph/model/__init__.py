"""The morphable model: arrays, cameras, rotations, coefficients and the decoder."""

from morph.model.camera import PerspectiveCamera, ScaledOrthographicCamera, fit_scaled_orthographic
from morph.model.coefficients import Coefficients, ModelSymmetry, model_symmetry
from morph.model.decoder import Decoder, landmark_decoder
from morph.model.default_model import load_default_model
from morph.model.morphable_model import MorphableModel, load_model
from morph.model.space.head_pose import HeadPoses, interpupillary, place_heads
from morph.model.space.lens import Lens
from morph.model.space.lens_options import LensOptions
from morph.model.subdivision import subdivide

__all__ = [
    "Coefficients",
    "Decoder",
    "HeadPoses",
    "Lens",
    "LensOptions",
    "ModelSymmetry",
    "MorphableModel",
    "PerspectiveCamera",
    "ScaledOrthographicCamera",
    "fit_scaled_orthographic",
    "interpupillary",
    "landmark_decoder",
    "load_default_model",
    "load_model",
    "model_symmetry",
    "place_heads",
    "subdivide",
]
