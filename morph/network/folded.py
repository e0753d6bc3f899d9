"""Weights out of an ONNX file, so that training can go on from what ships: batch normalisation comes back from its fold."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor, nn

from morph.errors import MorphError
from morph.network.onnx_graph import HALF
from morph.network.regressor import CoefficientRegressor, WeightsInfo
from morph.network.trunks import SHUFFLENET


def load_onnx_weights(path: str | os.PathLike[str]) -> CoefficientRegressor:
    """Read an ONNX file of :func:`~morph.network.onnx_graph.export_onnx` back into a network that computes the same.

    The file holds each convolution with its batch normalisation folded in. Here the normalisation stands still (mean 0,
    variance 1, scale 1, the folded bias): right for inference, but call :func:`unfold` before training.

    Raises:
        MorphError: missing, not ONNX, not written by morph, or of another backbone than ShuffleNetV2.
    """
    import onnx
    from google.protobuf.message import DecodeError

    path = Path(path)
    if not path.is_file():
        raise MorphError(f"no weights at {path}; give a .safetensors or .onnx file of `morph train`")
    try:
        graph = onnx.load(path)
    except DecodeError:
        raise MorphError(f"{path} is not an ONNX file; give one that `morph train` or `morph export` wrote") from None
    metadata = {item.key: item.value for item in graph.metadata_props}
    if "morph" not in metadata:
        raise MorphError(f"{path} was not written by morph; give one that `morph train` or `morph export` wrote")
    info = WeightsInfo.from_json(metadata["morph"])
    if info.backbone != SHUFFLENET:
        raise MorphError(f"{path} has the backbone {info.backbone}; give the weights.safetensors of its run")
    network = CoefficientRegressor(info)
    found = {
        item.name.removesuffix(HALF): torch.from_numpy(onnx.numpy_helper.to_array(item).copy())
        for item in graph.graph.initializer
    }
    bias = {
        node.input[1]: node.input[2] for node in graph.graph.node if node.op_type in ("Conv", "Gemm") and len(node.input) > 2
    }

    def shift(weight: str) -> Tensor:
        return found[bias[weight]] if weight in bias else torch.zeros(len(found[weight]))  # zeros are left out of the file

    state = network.state_dict()
    try:
        for name in ("pool.weight", "mean", "std"):
            state[name] = found[name]
        heads = ["head", *(["experts.heads"] if network.experts is not None else [])]
        heads += ["regions.describe", "regions.say"] if network.regions is not None else []
        for part in heads:
            state[f"{part}.weight"] = found[f"{part}.weight"]
            state[f"{part}.bias"] = shift(f"{part}.weight")
        for convolution, norm, layer in _pairs(network):
            state[f"{convolution}.weight"] = found[f"{convolution}.weight"]
            state[f"{norm}.weight"] = torch.ones(layer.num_features)
            state[f"{norm}.bias"] = shift(f"{convolution}.weight")
            state[f"{norm}.running_mean"] = torch.zeros(layer.num_features)
            state[f"{norm}.running_var"] = torch.full((layer.num_features,), 1.0 - layer.eps)
        network.load_state_dict(state)
    except (KeyError, RuntimeError) as error:
        raise MorphError(f"{path} does not hold the parts of a ShuffleNetV2 x{network.info.width} ({error})") from None
    return network.eval()


@torch.no_grad()
def unfold(network: CoefficientRegressor, crops: Iterable[Tensor]) -> CoefficientRegressor:
    """Give each batch normalisation the mean and variance of what reaches it, and the scale and shift that undo them.

    The network computes what it did before, but in training mode, where statistics come from the batch, it still does.

    Args:
        network: from :func:`load_onnx_weights`; changed in place.
        crops: ``(B, S, S, 3)`` uint8 batches like those that it will be trained on; a few hundred pictures are enough.
    """
    layers = [layer for *_, layer in _pairs(network)]
    sums = {layer: [torch.zeros(layer.num_features, dtype=torch.float64) for _ in range(2)] for layer in layers}
    counts = dict.fromkeys(layers, 0)

    def collect(layer: nn.BatchNorm2d, inputs: tuple[Tensor, ...]) -> None:
        x = inputs[0].double()
        sums[layer][0] += x.sum((0, 2, 3))
        sums[layer][1] += x.square().sum((0, 2, 3))
        counts[layer] += x.shape[0] * x.shape[2] * x.shape[3]

    handles = [layer.register_forward_pre_hook(collect) for layer in layers]
    training = network.training
    network.eval()
    for batch in crops:
        network.whitened(batch)
    for handle in handles:
        handle.remove()
    for layer in layers:
        mean = sums[layer][0] / counts[layer]
        variance = (sums[layer][1] / counts[layer] - mean.square()).clamp_min(1e-8)
        old = (layer.running_var.double() + layer.eps).sqrt()  # type: ignore[union-attr]
        gain = layer.weight.double() / old
        shift = layer.bias.double() - gain * layer.running_mean.double()  # type: ignore[union-attr]
        layer.weight.copy_(gain * (variance + layer.eps).sqrt())
        layer.bias.copy_(shift + gain * mean)
        layer.running_mean.copy_(mean)  # type: ignore[union-attr]
        layer.running_var.copy_(variance)  # type: ignore[union-attr]
    return network.train(training)


def _pairs(network: CoefficientRegressor) -> list[tuple[str, str, nn.BatchNorm2d]]:
    """Names of every convolution that a batch normalisation follows, and of that normalisation, and the latter itself."""
    out = []
    for name, module in network.named_modules():
        if not isinstance(module, nn.Sequential):
            continue
        for first, second in zip(list(module.named_children())[:-1], list(module.named_children())[1:], strict=True):
            if isinstance(first[1], nn.Conv2d) and isinstance(second[1], nn.BatchNorm2d):
                out.append((f"{name}.{first[0]}", f"{name}.{second[0]}", second[1]))
    return out
