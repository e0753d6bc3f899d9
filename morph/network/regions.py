"""What lies where: answers read from maps of features before they are pooled, so that each eye is read by itself."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from morph.errors import MorphError

HIDDEN = 256
SHARE = 32  # channels of the finer map; the last map gets twice as many
FINER = 4  # stages of a ShuffleNetV2 before its finer map: 1/16 of the picture


class RegionHead(nn.Module):
    """Corrections to the whitened coefficients from every cell of two maps of a ShuffleNetV2. They start as none.

    Each map is reduced to a few channels, and all cells of both are read by two linear layers. Pooling would leave one
    number a channel, in which a shut left eye and a shut right one are hard to tell apart.

    Args:
        trunk: whose maps are read.
        input_size: side of the pictures in pixels, a multiple of 32.
        size: of the coefficients.
    """

    def __init__(self, trunk: nn.Sequential, input_size: int, size: int) -> None:
        super().__init__()
        with torch.no_grad():
            maps = self.maps(trunk.eval(), torch.zeros(1, 3, input_size, input_size))
        trunk.train()
        reduced = (SHARE, 2 * SHARE)
        self.finer, self.last = (
            nn.Sequential(nn.Conv2d(x.shape[1], out, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU())
            for x, out in zip(maps, reduced, strict=True)
        )
        cells = sum(out * x.shape[2] * x.shape[3] for x, out in zip(maps, reduced, strict=True))
        self.describe = nn.Linear(cells, HIDDEN)
        self.say = nn.Linear(HIDDEN, size)
        nn.init.zeros_(self.say.weight)
        nn.init.zeros_(self.say.bias)

    @staticmethod
    def maps(trunk: nn.Sequential, image: Tensor) -> tuple[Tensor, Tensor]:
        """The finer ``(B, C, S / 16, S / 16)`` and the last ``(B, C, S / 32, S / 32)`` map of scaled pictures."""
        parts = list(trunk.children())
        x = image
        for part in parts[:FINER]:
            x = part(x)
        finer = x
        for part in parts[FINER:]:
            x = part(x)
        return finer, x

    def forward(self, finer: Tensor, last: Tensor) -> Tensor:
        """``(B, size)`` to add.

        Raises:
            MorphError: pictures of another size.
        """
        flat = torch.cat([self.finer(finer).flatten(1), self.last(last).flatten(1)], 1)
        if flat.shape[1] != self.describe.in_features:
            raise MorphError("a network with `regions` reads pictures of its own size only; leave out `training.stages`")
        return cast(Tensor, self.say(torch.relu(self.describe(flat))))
