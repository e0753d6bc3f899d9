"""A wider network that says what a narrower one says (Chen, Goodfellow and Shlens, *Net2Net*, ICLR 2016), for ShuffleNetV2.

Every channel of the wider network is a copy of one of the narrower, and what reads it shares the weights of that one among its
copies, in shares drawn by chance, so that training pulls the copies apart. The units of ShuffleNetV2 make it a puzzle: each
passes the first half of its channels on and rewrites the second, then interleaves both. A copy must be rewritten in the same
unit as what it copies; so channels are matched by how many units they have left to live. A
channel of the wider network that none matches is not read at first.
"""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor, nn

from morph.errors import MorphError
from morph.network.regressor import CoefficientRegressor
from morph.network.trunks import SHUFFLENET

STAGES = (2, 3, 4)  # places in ``CoefficientRegressor.features``
LEAST_SHARE = 0.25  # of the mean share that a copy gets


@torch.no_grad()
def widen(network: CoefficientRegressor, width: float, *, seed: int = 0) -> CoefficientRegressor:
    """The same function in a network of a larger ``width``, exact but for rounding.

    Raises:
        MorphError: ``width`` is not larger, or the network is no ShuffleNetV2.
    """
    if network.info.backbone != SHUFFLENET:
        raise MorphError(f"only a ShuffleNetV2 is widened, and these weights have {network.info.backbone}; start from others")
    if network.regions is not None:
        raise MorphError("a network with `regions` is not widened; start from weights without")
    if width <= network.info.width:
        raise MorphError(f"a network of width {network.info.width} cannot be widened to {width}")
    generator = torch.Generator().manual_seed(seed)
    wide = CoefficientRegressor(dataclasses.replace(network.info, width=width), network.mean, network.std)
    old, new = _blocks(network), _blocks(wide)
    new[0].load_state_dict(old[0].state_dict())
    carried = torch.arange(_convolution(old[0]).out_channels)
    for stage in STAGES:
        carried = _widen_stage(old[stage], new[stage], carried, generator)
    conv, wide_conv = _convolution(old[5]), _convolution(new[5])
    rows = _spread(conv.out_channels, wide_conv.out_channels)
    _copy_pointwise(conv, wide_conv, carried, rows, generator)
    _copy_norm(old[5].get_submodule("1"), new[5].get_submodule("1"), rows)
    wide.pool.weight.copy_(network.pool.weight[rows])
    wide.head.weight.copy_(_shared(network.head.weight, rows, generator))
    wide.head.bias.copy_(network.head.bias)
    if wide.experts is not None and network.experts is not None:
        wide.experts.heads.weight.copy_(_shared(network.experts.heads.weight, rows, generator))
        wide.experts.heads.bias.copy_(network.experts.heads.bias)
    return wide.train(network.training)


def _blocks(network: CoefficientRegressor) -> list[nn.Module]:
    return list(network.features.children())


def _convolution(block: nn.Module) -> nn.Conv2d:
    return block[0]  # type: ignore[index, no-any-return]


def _widen_stage(old: nn.Module, new: nn.Module, carried: Tensor, generator: torch.Generator) -> Tensor:
    """Fill a stage; ``carried`` says which channel of the narrower network each channel of the wider one holds."""
    units = list(zip(old, new, strict=True))  # type: ignore[call-overload]
    for number, (narrow, wide) in enumerate(units):
        left = len(units) - 1 - number
        half, wide_half = narrow.branch2[-3].out_channels, wide.branch2[-3].out_channels
        rows = _match(_life(2 * torch.arange(half) + 1, half, left), _life(2 * torch.arange(wide_half) + 1, wide_half, left))
        if number == 0:
            first = _match(_life(2 * torch.arange(half), half, left), _life(2 * torch.arange(wide_half), wide_half, left))
            _copy_norm_chain(narrow.branch1, wide.branch1, carried, first, generator)
            _copy_norm_chain(narrow.branch2, wide.branch2, carried, rows, generator)
        else:
            first = carried[:wide_half]
            _copy_norm_chain(narrow.branch2, wide.branch2, carried[wide_half:] - half, rows, generator)
        carried = torch.stack([2 * first, 2 * rows + 1], 1).flatten()
    return carried


def _life(position: Tensor, half: int, left: int) -> Tensor:
    """In how many units a channel at ``position`` is rewritten, if within ``left``; each unit doubles the position."""
    life = torch.full_like(position, left + 1)
    for units in range(left, 0, -1):
        life[position * 2 ** (units - 1) >= half] = units
    return life


def _match(old: Tensor, new: Tensor) -> Tensor:
    """For each channel of ``new`` one of ``old`` with the same life, all of them used; -1 where there is none."""
    rows = torch.full_like(new, -1)
    for life in torch.unique(old).tolist():
        mine, theirs = (new == life).nonzero()[:, 0], (old == life).nonzero()[:, 0]
        if len(mine) < len(theirs):
            raise MorphError("these two widths have no channels that match")
        rows[mine] = theirs[_spread(len(theirs), len(mine))]
    return rows


def _spread(old: int, new: int) -> Tensor:
    return torch.arange(new) * old // new


def _copy_norm_chain(
    narrow: nn.Sequential, wide: nn.Sequential, carried: Tensor, rows: Tensor, generator: torch.Generator
) -> None:
    """Fill a branch: depthwise convolutions keep their channels, pointwise ones go from ``carried`` to ``rows``."""
    for one, other in zip(narrow, wide, strict=True):
        if isinstance(one, nn.Conv2d) and one.groups > 1:
            other.weight.copy_(one.weight[carried.clamp_min(0)])  # type: ignore[operator]
        elif isinstance(one, nn.Conv2d):
            _copy_pointwise(one, other, carried, rows, generator)
            carried = rows
        elif isinstance(one, nn.BatchNorm2d):
            _copy_norm(one, other, carried)


def _copy_pointwise(narrow: nn.Module, wide: nn.Module, carried: Tensor, rows: Tensor, generator: torch.Generator) -> None:
    weight: Tensor = narrow.weight  # type: ignore[assignment]
    copy: Tensor = wide.weight  # type: ignore[assignment]
    copy.copy_(_shared(weight[rows.clamp_min(0), :, 0, 0], carried, generator)[..., None, None])


def _copy_norm(narrow: nn.Module, wide: nn.Module, rows: Tensor) -> None:
    for name in ("weight", "bias", "running_mean", "running_var"):
        getattr(wide, name).copy_(getattr(narrow, name)[rows.clamp_min(0)])


def _shared(weight: Tensor, carried: Tensor, generator: torch.Generator) -> Tensor:
    """``(O, I)`` weights over the channels that carry the ``I``: those of one add up to its weight, the others get 0."""
    known = (carried >= 0) & (carried < weight.shape[1])
    place = carried.clamp(0, weight.shape[1] - 1)
    share = (LEAST_SHARE + torch.rand(weight.shape[0], len(carried), generator=generator)) * known
    total = torch.zeros(weight.shape[0], weight.shape[1]).index_add_(1, place, share)
    return weight[:, place] * share / total[:, place].clamp_min(1e-9)
