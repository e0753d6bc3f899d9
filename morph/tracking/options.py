"""All that decides what a tracker says, in one value that can be compared, passed on and told by its contents."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import operator
import os
from dataclasses import dataclass
from typing import Any

from morph.errors import MorphError
from morph.inference.experts import CHOICES, choice_of, default_experts, open_experts
from morph.inference.expressions import default_expressions, find_expressions, open_expressions
from morph.inference.face_reader import CropRegressor, FaceReader, Refinements
from morph.inference.fingerprint import content_of
from morph.inference.identity import default_identity, find_identity, open_identity
from morph.inference.onnx_session import AUTO, PROVIDERS
from morph.inference.regressor import Regressor, find_weights
from morph.model import LensOptions, MorphableModel, landmark_decoder, load_default_model, load_model
from morph.tracking.calibration import GAINS, frame_of, picture_of
from morph.tracking.detection.detector import default_detector
from morph.tracking.smoothing.face_smoother import SmoothingConfig

FilePath = str | os.PathLike[str]
LEVELS = (0, 1, 2)
PASSES = (1, 2)
UNCHANGED_BY = ("threads",)  # settings that change how fast a tracker is, and not what it says


@dataclass(frozen=True)
class TrackerOptions:
    """Which networks a tracker has, and how it uses them.

    Attributes:
        weights: ONNX file of the regressor, or ``x0.5``, ``x1.0``, ``x2.0`` for one that ships; None is x1.0.
        model: a :class:`MorphableModel` or its file; None is the default model at ``level``.
        level: subdivision of the default model: 0, 1 or 2 for 4,054, 16,005 or 63,619 vertices; a model of one's own stays
            as it is.
        max_faces: follow at most this many, the largest first.
        detect_every: frames between two runs of the detector while faces are followed.
        passes: 2 looks at each face of each frame a second time, in the mirror and about the landmarks of the first look, and
            takes the middle: more exact, and the network's time twice.
        experts: "eyes", "mouth" or "both" look closer and correct expressions, "none" do not; an ONNX file of one's own;
            None are the usual ones with the weights that ship, see :func:`morph.inference.experts.open_experts`.
        expressions: network that reads the expression in each frame: "default", "none", or an ONNX file; None is the default
            with the weights that ship, see :func:`morph.inference.expressions.open_expressions`.
        identity: network that reads the shape of a new face and again every ``detect_every`` frames: "default", "none", or an
            ONNX file; None is the default with the weights that ship, see :func:`morph.inference.identity.open_identity`.
        smoothing: how much is smoothed; None smooths nothing: every face is what the network says of its frame.
        neutral: resting face that exported weights are counted from: "none" the model's own neutral face, "auto" the one that
            each person is found to have, the number of a frame that shows it, or a picture of the person at rest. Meshes and
            coefficients are the same with each, see :mod:`morph.tracking.resting`.
        gains: "auto" stretches each weight so that what the person does at the most is 1; "none" does not.
        lens: the camera that ``Face.pose`` is before, and how large heads are; without a word of it 50 mm are assumed. Pixels
            do not depend on it.
        threads: threads of ONNX Runtime.
        device: where networks run: "cpu", "cuda", "coreml" or "directml", as far as the ONNX Runtime can; auto takes
            the first of the others that starts, or else the CPU.

    Raises:
        MorphError: a value of another type, or out of its range.

    Example:
        >>> options = TrackerOptions(max_faces=2, smoothing=None)
        >>> options.fingerprint() == TrackerOptions(max_faces=2, smoothing=None, experts="eyes").fingerprint()
        True
    """

    weights: FilePath | None = None
    model: MorphableModel | FilePath | None = None
    level: int = 1
    max_faces: int = 1
    detect_every: int = 30
    passes: int = 1
    experts: FilePath | None = None
    identity: FilePath | None = None
    expressions: FilePath | None = None
    smoothing: SmoothingConfig | None = dataclasses.field(default_factory=SmoothingConfig)
    neutral: FilePath | int = "none"
    gains: str = "none"
    lens: LensOptions = dataclasses.field(default_factory=LensOptions)
    threads: int = 1
    device: str = "cpu"

    def __post_init__(self) -> None:
        for name in ("weights", "experts", "identity", "expressions"):
            if not isinstance(getattr(self, name), str | os.PathLike | None):
                raise MorphError(f"{name} must be a file or a name, got {_type_of(getattr(self, name))}")
        if not isinstance(self.model, MorphableModel | str | os.PathLike | None):
            raise MorphError(f"model must be a MorphableModel or its file, got {_type_of(self.model)}")
        if not isinstance(self.smoothing, SmoothingConfig | None):
            raise MorphError(f"smoothing must be a SmoothingConfig or None, got {_type_of(self.smoothing)}")
        if not isinstance(self.lens, LensOptions):
            raise MorphError(f"lens must be LensOptions, got {_type_of(self.lens)}")
        for name in ("level", "max_faces", "detect_every", "passes", "threads"):
            object.__setattr__(self, name, _whole(name, getattr(self, name)))
        for name in ("max_faces", "detect_every", "threads"):
            if getattr(self, name) < 1:
                raise MorphError(f"{name} must be at least 1, got {getattr(self, name)}")
        if isinstance(self.neutral, bool) or not isinstance(self.neutral, str | os.PathLike | int) or not str(self.neutral):
            raise MorphError(f"neutral must be none, auto, the number of a frame, or a picture, got {self.neutral!r}")
        if (frame_of(self.neutral) or 0) < 0:
            raise MorphError(f"neutral must not be a negative frame, got {self.neutral}")
        if self.gains not in GAINS:
            raise MorphError(f"gains must be one of {', '.join(GAINS)}, got {self.gains!r}")
        if self.level not in LEVELS:
            raise MorphError(f"level must be 0, 1 or 2, got {self.level}")
        if self.passes not in PASSES:
            raise MorphError(f"passes must be 1 or 2, got {self.passes}")
        if self.device not in (*PROVIDERS, AUTO):
            raise MorphError(f"device must be one of {', '.join((*PROVIDERS, AUTO))}, got {self.device!r}")

    def open_model(self) -> MorphableModel:
        """The morphable model.

        Raises:
            MorphError: its file cannot be read.
        """
        if isinstance(self.model, MorphableModel):
            return self.model
        return load_default_model(self.level) if self.model is None else load_model(self.model)

    def open_reader(self, model: MorphableModel, regressor: CropRegressor | None = None) -> FaceReader:
        """What looks at faces: the regressor, a second look, identity and expression networks, experts.

        Args:
            model: from :meth:`open_model`.
            regressor: in place of that of ``weights``, for weights in other files than a tracker's.

        Raises:
            MorphError: a network cannot be read, or is of another model.
        """
        networks: dict[str, Any] = {"threads": self.threads, "device": self.device}
        if regressor is None:
            regressor = Regressor(self.weights, **networks)
            regressor.check_model(model)
        first_look = regressor.path.name
        identity = open_identity(self.identity, model, first_look, **networks)
        experts = open_experts(self.experts, model, first_look, **networks)
        expressions = open_expressions(self.expressions, model, first_look, **networks)
        if expressions is not None:
            expressions.mirrored = self.passes == 2
        refinements = Refinements(identity, experts, expressions)
        return FaceReader(regressor, landmark_decoder(model), self.passes, refinements)

    def filled_in(self) -> TrackerOptions:
        """The same, with the files and names that weights and other networks of None stand for.

        Raises:
            MorphError: weights, model or experts cannot be read, or do not belong together.
        """
        weights, experts = find_weights(self.weights), self.experts
        if experts is None:
            experts = choice_of(open_experts(None, self.open_model(), weights.name, threads=self.threads))
        identity = find_identity(self.identity, weights.name) or "none"
        expressions = find_expressions(self.expressions, weights.name) or "none"
        return dataclasses.replace(self, weights=weights, experts=experts, identity=identity, expressions=expressions)

    def settings(self) -> dict[str, Any]:
        """All that decides what is said, as plain values for JSON.

        Networks are told by a checksum of their bytes, the model by its identity.

        Raises:
            MorphError: a network or the model cannot be read.
        """
        full = self.filled_in()
        model, picture = full.open_model(), picture_of(self.neutral)
        plain = {field.name: getattr(full, field.name) for field in dataclasses.fields(full)}
        plain |= {
            "weights": content_of(find_weights(full.weights)),
            "detector": content_of(default_detector()),
            "experts": _experts_content(full.experts),
            "identity": _content(full.identity, default_identity()),
            "expressions": _content(full.expressions, default_expressions()),
            "neutral": str(self.neutral) if picture is None else content_of(picture),
            "model": model.identity,
            "vertices": model.n_vertices,
            "lens": dataclasses.asdict(self.lens),
            "smoothing": None if full.smoothing is None else dataclasses.asdict(full.smoothing),
        }
        return {name: value for name, value in plain.items() if name not in ("level", *UNCHANGED_BY)}

    def fingerprint(self) -> str:
        """64 hexadecimal digits: equal for two trackers that say the same of the same frames.

        Raises:
            MorphError: a network or the model cannot be read.
        """
        return hashlib.sha256(json.dumps(self.settings(), sort_keys=True).encode()).hexdigest()


def options_of(
    options: TrackerOptions | FilePath | None, model: MorphableModel | FilePath | None, settings: dict[str, Any]
) -> TrackerOptions:
    """Options as :class:`morph.tracking.Tracker` is given them: whole, or by some of their attributes.

    Raises:
        TypeError: an attribute that there is not.
        MorphError: one out of its range.
    """
    known = [field.name for field in dataclasses.fields(TrackerOptions)]
    unknown = [name for name in settings if name not in known]
    if unknown:
        raise TypeError(f"a tracker has no option {unknown[0]!r}; there are {', '.join(known)}")
    given = settings if model is None else {"model": model, **settings}
    if isinstance(options, TrackerOptions):
        return dataclasses.replace(options, **given)
    return TrackerOptions(**({"weights": options} | given))


def _experts_content(choice: FilePath | None) -> str:
    word = os.fspath(choice or "none")
    if word == "none":
        return "none"
    return f"{word} of {content_of(default_experts())}" if word in CHOICES else f"all of {content_of(word)}"


def _content(choice: FilePath | None, default: FilePath) -> str:
    word = os.fspath(choice or "none")
    return "none" if word == "none" else content_of(default if word == "default" else word)


def _whole(name: str, value: Any) -> int:
    try:
        if isinstance(value, bool):
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise MorphError(f"{name} must be a whole number, got {value!r}") from None


def _type_of(value: Any) -> str:
    return type(value).__name__
