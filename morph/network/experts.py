"""Small networks that look at crops of an eye or of the mouth and correct the expressions of a first look at the face."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from morph.atomic import atomic_path
from morph.crop.parts import FacePart
from morph.errors import MorphError
from morph.inference.experts import FORMAT, RULE
from morph.inference.onnx_session import open_session
from morph.network.onnx_graph import halve

STRIDES = (2, 2, 1, 2, 1)


@dataclass(frozen=True)
class ExpertsInfo:
    """What a caller must know to use experts; it travels with them in the ONNX file.

    Attributes:
        model_name, model_identity: the morphable model whose expressions they correct.
        first_look: weights whose answers they learned to correct.
        licence, trained_on: who may use them, and what they saw.
        trained: the parts whose experts learned something.
    """

    model_name: str
    model_identity: str
    first_look: str = ""
    licence: str = ""
    trained_on: str = ""
    trained: tuple[str, ...] = ("eye", "mouth")

    def to_json(self, parts: dict[str, FacePart]) -> str:
        """The metadata string of the ONNX file."""
        values = asdict(self)
        model = {key: values.pop(f"model_{key}") for key in ("name", "identity")}
        stated = {name: asdict(part) for name, part in parts.items()}
        return json.dumps({"format": FORMAT, "crop": RULE, "colour": "RGB", "model": model, "parts": stated, **values})


class PartExpert(nn.Module):
    """A crop and the first look's context in, what to add to the first look's z-scores out.

    Five convolutions on the crop, its own brightness and contrast taken out, lead to a few numbers that keep where things
    are; the context joins them before the last two layers.

    Args:
        part: what is looked at.
        widths: channels of the five convolutions.
        hidden: numbers that describe the crop.
        mean, std: ``(C + 4,)`` whitening of the context.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        part: FacePart,
        widths: Sequence[int],
        hidden: int = 64,
        mean: Tensor | None = None,
        std: Tensor | None = None,
    ) -> None:
        super().__init__()
        if len(widths) != len(STRIDES):
            raise MorphError(f"an expert has {len(STRIDES)} convolutions, got {len(widths)} widths")
        self.part = part
        count = len(part.expressions)
        layers: list[nn.Module] = []
        height, width, before = part.height, part.width, 3
        for channels, stride in zip(widths, STRIDES, strict=True):
            layers += [nn.Conv2d(before, channels, 3, stride, 1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()]
            height, width, before = -(-height // stride), -(-width // stride), channels
        self.features = nn.Sequential(*layers)
        self.reduce = nn.Conv2d(before, 24, 1)
        self.describe = nn.Linear(24 * height * width, hidden)
        self.join = nn.Linear(hidden + count + 4, hidden)
        self.head = nn.Linear(hidden, count)
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)
        self.register_buffer("mean", torch.zeros(count + 4) if mean is None else mean.float())
        self.register_buffer("std", torch.ones(count + 4) if std is None else std.float())

    def forward(self, image: Tensor, context: Tensor) -> Tensor:
        """``(N, C)`` corrections from ``(N, height, width, 3)`` uint8 RGB crops and ``(N, C + 4)`` contexts."""
        x = image.permute(0, 3, 1, 2).to(self.head.weight.dtype)
        x = x - x.mean((2, 3), keepdim=True)
        x = x / (x.square().mean((1, 2, 3), keepdim=True).sqrt() + 8.0)
        x = torch.relu(self.reduce(self.features(x))).flatten(1)
        x = torch.relu(self.describe(x))
        x = torch.relu(self.join(torch.cat([x, (context - self.mean) / self.std], 1)))
        said: Tensor = self.head(x)
        return said


class ExpertsModule(nn.Module):
    """The expert of the eyes and that of the mouth, side by side."""

    def __init__(self, eye: PartExpert, mouth: PartExpert) -> None:
        super().__init__()
        self.eye, self.mouth = eye, mouth

    def forward(self, eye: Tensor, eye_context: Tensor, mouth: Tensor, mouth_context: Tensor) -> tuple[Tensor, Tensor]:
        """What each expert adds."""
        return self.eye(eye, eye_context), self.mouth(mouth, mouth_context)


def export_experts(
    experts: ExpertsModule, info: ExpertsInfo, path: str | os.PathLike[str], *, tolerance: float = 1e-3
) -> float:
    """Write both experts as one ONNX file, metadata inside, and check it in ONNX Runtime.

    Returns:
        The largest difference to PyTorch on random crops, in standard deviations.

    Raises:
        MorphError: the difference is above ``tolerance``.
    """
    import numpy as np
    import onnx

    experts = experts.eval()
    parts = {"eye": experts.eye.part, "mouth": experts.mouth.part}
    generator = torch.Generator().manual_seed(0)
    inputs: dict[str, Tensor] = {}
    for count, (name, part) in zip((4, 2), parts.items(), strict=True):
        inputs[name] = torch.randint(0, 256, (count, part.height, part.width, 3), dtype=torch.uint8, generator=generator)
        inputs[f"{name}_context"] = torch.randn(count, len(part.expressions) + 4, generator=generator)
    eyes, mouths = (torch.export.Dim(name, min=1, max=4096) for name in ("eyes", "mouths"))
    with atomic_path(path) as temporary:
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            torch.onnx.export(
                experts,
                tuple(inputs.values()),
                str(temporary),
                input_names=list(inputs),
                output_names=[f"{name}_correction" for name in parts],
                dynamic_shapes=({0: eyes}, {0: eyes}, {0: mouths}, {0: mouths}),
                dynamo=True,
                external_data=False,
                verbose=False,
            )
        graph = onnx.load(temporary)
        del graph.metadata_props[:]
        graph.metadata_props.add(key="morph", value=info.to_json(parts))
        for node in graph.graph.node:
            del node.metadata_props[:]
            node.doc_string = ""
        for value in [*graph.graph.value_info, *graph.graph.initializer, *graph.graph.input, *graph.graph.output]:
            del value.metadata_props[:]
        halve(graph)
        onnx.save(graph, temporary)
        session = open_session(temporary)
        with torch.no_grad():
            want = experts(*inputs.values())
        got = session.run(None, {name: value.numpy() for name, value in inputs.items()})
        worst = max(float(np.abs(a - b.numpy()).max()) for a, b in zip(got, want, strict=True))
        if not worst <= tolerance:
            raise MorphError(f"the ONNX file differs from the experts by {worst:.2g}; it was not written")
    return worst
