"""A closer look at eyes and mouth: small networks that correct the expressions of a first look, and nothing else."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.crop.parts import FacePart
from morph.errors import MorphError
from morph.inference.hidden_eyes import PREFIX, hidden_eyes
from morph.inference.onnx_session import open_session
from morph.model import Coefficients, MorphableModel, landmark_decoder

Floats = npt.NDArray[np.floating]
Image = npt.NDArray[np.uint8]

FORMAT = "morph-experts-1"
RULE = "upright-part-1"
PARTS = ("eye", "mouth")
VIEWS = (("eye", False), ("eye", True), ("mouth", False))  # a part, and whether it is the other side in the mirror
CHOICES = {"none": (), "eyes": ("eye",), "mouth": ("mouth",), "both": PARTS}


def default_experts() -> Path:
    """The experts that ship."""
    return Path(__file__).parent.parent / "assets" / "experts_x1.0.onnx"


def open_experts(
    choice: str | os.PathLike[str] | None, model: MorphableModel, first_look: str, *, threads: int = 1, device: str = "cpu"
) -> Experts | None:
    """The experts that ``choice`` names, for the expressions of ``model``; None for none.

    Args:
        choice: "none", "eyes", "mouth" or "both" of those that ship, or an ``.onnx`` file; None is :data:`DEFAULT` where the
            shipped ones learned to correct this first look of this model, else "none": weights of one's own work without
            them, but whoever asks for them is told where they do not fit.
        model: of the first look's coefficients.
        first_look: file name of its weights.
        threads: threads of ONNX Runtime.
        device: where they run, see :func:`morph.inference.onnx_session.open_session`.

    Raises:
        MorphError: another choice, or experts of another model.
    """
    file = Path(choice) if choice is not None and Path(choice).suffix.lower() == ".onnx" else None
    name = "both" if file else DEFAULT if choice is None else os.fspath(choice)
    if name not in CHOICES:
        raise MorphError(f"no experts called {name!r}; choose {', '.join(CHOICES)}, or an .onnx file of `morph train-experts`")
    if not CHOICES[name]:
        return None
    experts = Experts(file, use=None if file else CHOICES[name], threads=threads, device=device)
    if choice is None and (experts.owner.get("identity"), experts.info.get("first_look")) != (model.identity, first_look):
        return None
    experts.bind(model)
    return experts


def choice_of(experts: Experts | None) -> str | Path:
    """The choice that opens the same experts, with any model that they belong to."""
    if experts is None:
        return "none"
    words = (name for name, parts in CHOICES.items() if parts == experts.use)
    return next(words) if experts.path == default_experts() else experts.path


def name_experts(experts: Experts | None) -> str:
    """For reports: the choice, and the file where it is not the shipped one."""
    if experts is None:
        return "none"
    choice = next(name for name, parts in CHOICES.items() if parts == experts.use)
    return choice if experts.path == default_experts() else f"{choice} of {experts.path.name}"


class Experts:
    """Trained experts from an ONNX file of ``morph train-experts``; how crops are cut comes from its metadata.

    Args:
        path: the file; None are the ones that ship.
        use: which parts are looked at, of :data:`PARTS`; None are all that were trained.
        threads: threads of ONNX Runtime.
        device: where they run, see :func:`morph.inference.onnx_session.open_session`.

    Attributes:
        info: the metadata.
        owner: name and identity of the model whose expressions they correct.

    Raises:
        MorphError: no such file, not an ONNX network, or not experts of morph.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        use: Sequence[str] | None = None,
        threads: int = 1,
        device: str = "cpu",
    ) -> None:
        self.path = Path(path) if path is not None else default_experts()
        self._session = open_session(self.path, threads, device)
        try:
            self.info: dict[str, Any] = json.loads(self._session.get_modelmeta().custom_metadata_map["morph"])
            known = self.info["format"], self.info["crop"]
            if known == (FORMAT, RULE):
                self.parts = {name: _part(self.info["parts"][name]) for name in PARTS}
            self.owner = dict(self.info["model"])
        except (KeyError, TypeError, ValueError):
            raise MorphError(
                f"{self.path} is an ONNX network, but not experts of morph; train them with `morph train-experts`"
            ) from None
        if known != (FORMAT, RULE):
            raise MorphError(
                f"{self.path} has format {known[0]!r} and crop {known[1]!r}, not {FORMAT!r} and {RULE!r}; "
                "give experts of `morph train-experts`, or update morph"
            )
        trained = tuple(self.info.get("trained", PARTS))
        use = trained if use is None else use
        missing = [name for name in use if name not in trained]
        if missing:
            raise MorphError(
                f"{self.path.name} holds no trained expert for the {missing[0]}; choose eyes or none, or train one"
            )
        self.use = tuple(use)
        self._views = [view for view in VIEWS if view[0] in use]
        self._empty = {
            key: value
            for name, part in self.parts.items()
            for key, value in (
                (name, np.zeros((0, part.height, part.width, 3), np.uint8)),
                (f"{name}_context", np.zeros((0, len(part.expressions) + 4), np.float32)),
            )
        }

    def bind(self, model: MorphableModel) -> None:
        """Get ready for the coefficients of ``model``.

        Raises:
            MorphError: the experts correct those of another.
        """
        if self.owner.get("identity") != model.identity:
            raise MorphError(
                f"{self.path.name} corrects expressions of the model {self.owner.get('name')!r} "
                f"({self.owner.get('identity')}), not of {model.name!r} ({model.identity}); leave them out with `experts=none`"
            )
        self._landmarks = landmark_decoder(model)
        names = model.expression_names
        self._columns = {view: self.parts[view[0]].columns(names, view[1]) for view in self._views}
        self._eyes = {
            view: np.array([column for column in columns if names[column].startswith(PREFIX)], np.int64)
            for view, columns in self._columns.items()
        }

    def __call__(self, images: Sequence[Image], coefficients: Coefficients) -> Coefficients:
        """The coefficients of N faces with corrected expressions; eyes behind dark glasses rest.

        Args:
            images: N pictures ``(H, W, 3)`` uint8 RGB, one a face; the same one may come again.
            coefficients: of the first look, in pixels of the pictures.
        """
        return self.hold(*self.look(images, coefficients))

    def look(self, images: Sequence[Image], coefficients: Coefficients) -> tuple[Coefficients, Floats]:
        """As a call, but nothing rests yet; and how far eyes are hidden, ``(eyes, N)``, for :meth:`hold`."""
        if not len(images) or not self._views:
            return coefficients, np.zeros((0, len(images)))
        resting = self._landmarks(coefficients.shape, 0 * coefficients.expression)
        fed: dict[str, list[npt.NDArray[Any]]] = {}
        for name, mirrored in self._views:
            part = self.parts[name]
            affines = part.affines(resting, coefficients, mirrored)
            fed.setdefault(name, []).extend(
                part.cut(image, affine)[None] for image, affine in zip(images, affines, strict=True)
            )
            context = part.context(coefficients, self._columns[name, mirrored], resting, mirrored)
            fed.setdefault(f"{name}_context", []).append(context)
        joined = self._empty | {key: np.concatenate(values) for key, values in fed.items()}
        answers = self._session.run([f"{name}_correction" for name in PARTS], joined)
        corrected = self._add(coefficients, dict(zip(PARTS, answers, strict=True)))
        if "eye" not in self.use:
            return corrected, np.zeros((0, len(images)))
        return corrected, hidden_eyes(joined["eye"], images, coefficients, resting)

    def hold(self, coefficients: Coefficients, hidden: Floats) -> Coefficients:
        """Eyes that are hidden by ``(views, N)`` shares rest: nobody knows what they do, and a guess flickers."""
        if not hidden.any():
            return coefficients
        expression = np.array(coefficients.expression)
        views = [view for view in self._views if view[0] == "eye"]
        for view, shares in zip(views, hidden, strict=True):
            columns = self._eyes[view]
            shown = self.parts["eye"].weight(coefficients.rotation, view[1])  # else the crop may be of what is behind the head
            expression[:, columns] *= (1.0 - shown * shares)[:, None].astype(expression.dtype)
        return dataclasses.replace(coefficients, expression=expression)

    def _add(self, coefficients: Coefficients, answers: dict[str, Floats]) -> Coefficients:
        """Corrections, faded as parts turn away; where both eyes correct one expression, by how well each is seen."""
        count = len(coefficients.expression)
        total, weights = (np.zeros(coefficients.expression.shape) for _ in range(2))
        taken = dict.fromkeys(PARTS, 0)
        for name, mirrored in self._views:
            rows = answers[name][taken[name] : taken[name] + count]
            taken[name] += count
            weight = self.parts[name].weight(coefficients.rotation, mirrored)[:, None]
            columns = self._columns[name, mirrored]
            total[:, columns] += weight * weight * rows
            weights[:, columns] += weight
        corrected = coefficients.expression + total / np.maximum(weights, 1e-6)
        return dataclasses.replace(coefficients, expression=corrected.astype(coefficients.expression.dtype))


DEFAULT = "eyes"  # what earns its time, see data/experts/README.md


def _part(values: dict[str, Any]) -> FacePart:
    """A part as the metadata states it.

    Raises:
        TypeError: other keys than those of :class:`FacePart`.
    """
    stated: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    return FacePart(**stated)
