"""The network at run time: crops in, coefficients out, and what its file says about itself."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from morph.arrays import Floats, Image
from morph.crop.rules import PUBLISHED
from morph.errors import MorphError
from morph.inference.onnx_session import open_session
from morph.model import Coefficients, MorphableModel
from morph.model.coefficients import FlatLayout

FORMAT = "morph-weights-1"


SHIPPED = ("x0.5", "x1.0", "x2.0")  # widths


def default_weights() -> Path:
    """The weights that ship, of width 1.0."""
    return shipped_weights("x1.0")


def shipped_weights(width: str) -> Path:
    """The file of one of ``SHIPPED``.

    Raises:
        MorphError: no weights of that width ship.
    """
    path = Path(__file__).parent.parent / "assets" / f"shufflenet_v2_{width}.onnx"
    if width not in SHIPPED or not path.is_file():
        raise MorphError(f"no weights of width {width} ship; choose one of {', '.join(SHIPPED)}")
    return path


def find_weights(path: str | os.PathLike[str] | None) -> Path:
    """A file of weights: None is the default, a name in ``SHIPPED`` what ships (unless a file has that name)."""
    if path is None:
        return default_weights()
    named = str(path) in SHIPPED and not Path(path).exists()
    return shipped_weights(str(path)) if named else Path(path)


class Regressor:
    """A trained network from an ONNX file that ``morph export`` wrote; crop rule, size and model come from its metadata.

    Args:
        path: the file, or ``x0.5``, ``x1.0``, ``x2.0`` for one that ships; None is x1.0.
        threads: threads of ONNX Runtime.
        device: where it runs, see :func:`morph.inference.onnx_session.open_session`.
        crops: of :data:`morph.crop.rules.RULES`, those that the caller can cut.

    Attributes:
        crop: the rule by which its crops are cut.
        input_size: side of the square crops in pixels.
        info: the metadata.

    Raises:
        MorphError: no such file, not an ONNX network, or not weights of morph.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        threads: int = 1,
        device: str = "cpu",
        crops: tuple[str, ...] = (PUBLISHED,),
    ) -> None:
        self.path = find_weights(path)
        self._session = open_session(self.path, threads, device)
        try:
            self.info = json.loads(self._session.get_modelmeta().custom_metadata_map["morph"])
            format_, self.crop = self.info["format"], str(self.info["crop"])
            self.input_size, self.model = int(self.info["input_size"]), dict(self.info["model"])
            self.n_shape, self.n_expression = int(self.model["n_shape"]), int(self.model["n_expression"])
        except (KeyError, TypeError, ValueError):
            raise MorphError(
                f"{self.path} is an ONNX network, but not weights of morph; export them with `morph export`"
            ) from None
        if format_ != FORMAT:
            raise MorphError(f"{self.path} has format {format_!r}, not {FORMAT!r}; update morph")
        if self.crop not in crops:
            raise MorphError(
                f"{self.path} has crop {self.crop!r}, not {' or '.join(map(repr, crops))}; give other weights here"
            )
        outputs = [value.name for value in self._session.get_outputs()]
        if "coefficients" not in outputs or [value.name for value in self._session.get_inputs()] != ["image"]:
            raise MorphError(f"{self.path} does not map `image` to `coefficients`; export it with `morph export`")
        self._outputs = ["coefficients", *(["log_error"] if "log_error" in outputs else [])]

    @property
    def knows_error(self) -> bool:
        """Whether the network estimates its own error."""
        return len(self._outputs) == 2

    def check_model(self, model: MorphableModel) -> None:
        """See that the coefficients belong to ``model``.

        Raises:
            MorphError: they belong to another.
        """
        same = self.model.get("identity") == model.identity
        if not same or (self.n_shape, self.n_expression) != (model.n_shape, model.n_expression):
            raise MorphError(
                f"{self.path} was trained for the model {self.model.get('name')!r} ({self.model.get('identity')}), not for "
                f"{model.name!r} ({model.identity}); give the right one with `model=` or other weights with `weights=`"
            )

    def __call__(self, crops: Image) -> tuple[Coefficients, Floats | None]:
        """Coefficients of a batch, in pixels of the crops, and the landmark error to expect as a share of the crop's side.

        Args:
            crops: ``(N, size, size, 3)`` uint8 RGB.

        Raises:
            MorphError: crops of another shape or type, or coefficients of another length than the metadata states.
        """
        size = self.input_size
        if crops.shape[1:] != (size, size, 3) or crops.dtype != np.uint8:
            raise MorphError(f"crops must be (N, {size}, {size}, 3) uint8, got {crops.shape} {crops.dtype}")
        out = self._session.run(self._outputs, {"image": crops})
        want = FlatLayout(self.n_shape, self.n_expression).size
        if out[0].shape != (len(crops), want):
            raise MorphError(
                f"{self.path} gives {out[0].shape} coefficients, its metadata states ({len(crops)}, {want}); export it again"
            )
        return Coefficients.from_flat(out[0], self.n_shape), np.exp(out[1]) if self.knows_error else None
