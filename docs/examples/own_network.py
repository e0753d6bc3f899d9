"""A network of one's own as weights: here one that always sees the mean head in the middle. python own_network.py OUT.onnx"""

import json
import sys

import numpy as np
import onnx
import torch
from torch import nn

from morph import Tracker, load_default_model
from morph.model.coefficients import FlatLayout

SIZE, MODEL = 112, load_default_model(1)  # side of the crops; the model whose coefficients come out
LAYOUT = FlatLayout(MODEL.n_shape, MODEL.n_expression)
PIXELS = np.sqrt(0.5) * SIZE / np.ptp(MODEL.mean[MODEL.landmarks, :2], axis=0).max()  # a millimetre, in such a crop
MIDDLE = (MODEL.mean[MODEL.landmarks, :2].min(0) + MODEL.mean[MODEL.landmarks, :2].max(0)) / 2
POSE = [1, 0, 0, 0, 1, 0, np.log(PIXELS), SIZE / 2 - PIXELS * MIDDLE[0], SIZE / 2 + PIXELS * MIDDLE[1]]


class Network(nn.Module):
    """``(N, SIZE, SIZE, 3)`` uint8 RGB to coefficients ``(N, S + E + 9)`` in pixels of the crop and log errors ``(N,)``."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, 4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head = nn.Linear(8, LAYOUT.size + 1)
        nn.init.zeros_(self.head.weight)  # train it instead
        self.head.bias.data = torch.tensor([0.0] * (MODEL.n_shape + MODEL.n_expression) + [*POSE, np.log(0.03)]).float()

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        out = self.head(self.body((image.permute(0, 3, 1, 2).float() - 127.5) / 64))
        return out[:, :-1], out[:, -1]


names = {"input_names": ["image"], "output_names": ["coefficients", "log_error"]}
batch = {"image": {0: torch.export.Dim("batch")}}
crops = torch.zeros(2, SIZE, SIZE, 3, dtype=torch.uint8)
torch.onnx.export(Network().eval(), (crops,), sys.argv[1], **names, dynamic_shapes=batch, dynamo=True, external_data=False)
graph = onnx.load(sys.argv[1])
modes = {"n_shape": MODEL.n_shape, "n_expression": MODEL.n_expression}
model = {"name": MODEL.name, "identity": MODEL.identity, **modes}
about = {"format": "morph-weights-1", "model": model, "input_size": SIZE, "crop": "box68-sqrt2", "colour": "RGB"}
graph.metadata_props.add(key="morph", value=json.dumps(about))
onnx.save(graph, sys.argv[1])
print(Tracker(sys.argv[1]).regressor.input_size)
