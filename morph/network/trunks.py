"""From pictures to a map of features: ShuffleNetV2, or a convolutional network of timm."""

from __future__ import annotations

import torch
import torchvision
from torch import nn

from morph.errors import MorphError

SHUFFLENET = "shufflenet_v2"
TIMM = "timm/"  # begins the names of timm's networks
WIDTHS = {0.5: "shufflenet_v2_x0_5", 1.0: "shufflenet_v2_x1_0", 1.5: "shufflenet_v2_x1_5", 2.0: "shufflenet_v2_x2_0"}


def build_trunk(backbone: str, width: float, input_size: int) -> tuple[nn.Module, int, int]:
    """A fresh trunk, how many channels its last map has, and how many cells each way.

    Args:
        backbone: "shufflenet_v2", or "timm/NAME" with a convolutional network of timm, which starts from chance.
        width: of a ShuffleNetV2; timm's have their width in their name.
        input_size: side of the pictures in pixels.

    Raises:
        MorphError: no such width or network, timm is not installed, or the network gives no map of features.
    """
    if backbone == SHUFFLENET:
        if width not in WIDTHS:
            raise MorphError(f"no ShuffleNetV2 of width {width}; choose one of {sorted(WIDTHS)}")
        whole = getattr(torchvision.models, WIDTHS[width])(weights=None)
        parts = (whole.conv1, whole.maxpool, whole.stage2, whole.stage3, whole.stage4, whole.conv5)
        return nn.Sequential(*parts), whole.fc.in_features, (input_size + 31) // 32
    if not backbone.startswith(TIMM):
        raise MorphError(f"no backbone {backbone!r}; it is {SHUFFLENET}, or {TIMM}NAME with a network of timm")
    trunk = _of_timm(backbone.removeprefix(TIMM))
    with torch.no_grad():
        found = trunk.eval()(torch.zeros(1, 3, input_size, input_size))
    if found.ndim != 4 or found.shape[2] != found.shape[3]:
        raise MorphError(f"{backbone} gives no map of features (N, C, H, W); choose a convolutional network of timm")
    return trunk.train(), found.shape[1], found.shape[2]


def _of_timm(name: str) -> nn.Module:
    try:
        import timm
    except ModuleNotFoundError:
        raise MorphError("backbones of timm need it; install it with: pip install timm") from None
    try:
        trunk: nn.Module = timm.create_model(name, pretrained=False, num_classes=0, global_pool="")
    except (RuntimeError, TypeError) as error:  # an unknown name; a network without those arguments
        reason = str(error).splitlines()[0]
        raise MorphError(f"timm makes no backbone {name!r} ({reason}); timm.list_models() lists its networks") from None
    return trunk
