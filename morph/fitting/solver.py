"""Batched Levenberg–Marquardt for pose, shape and expression under a scaled orthographic camera, in PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Reals
from morph.errors import MorphError, needs_extra
from morph.fitting.contour import JAW, ContourLines
from morph.fitting.options import FitOptions
from morph.model.morphable_model import MorphableModel

with needs_extra("train", "fitting"):
    import torch
    from torch import Tensor

POSE = 7  # rotation vector, log of the scale, translation and depth


class Problem:
    """The model's landmark rows, the priors and the noise; solves chunks of faces.

    A step solves ``(J'WJ + P + lambda D) x = J'Wr + P (centre - z)`` for every face at once, with W the Huber
    weights over the noise variance and P the inverse prior variances. A face whose cost does not fall keeps its place and gets
    a larger lambda; a coefficient at ``limit`` standard deviations of the prior that wants to go on is held there.
    """

    def __init__(
        self,
        model: MorphableModel,
        lines: ContourLines | None,
        options: FitOptions,
        vertices: npt.NDArray[np.integer[Any]] | None = None,
    ) -> None:
        std = np.concatenate([model.shape_std, model.expression_std])
        modes = np.concatenate([model.shape_basis, model.expression_basis], axis=2)
        self.n_shape, self.size = model.n_shape, len(std)
        # work in units of the face so that float32 is enough for millimetres and for BFM's micrometres alike
        chosen = model.landmarks if vertices is None else vertices
        self.unit = float(np.sqrt(np.prod(np.ptp(model.mean[model.landmarks][:, :2], axis=0))))
        self.mean = torch.from_numpy(model.mean[chosen] / self.unit)
        self.modes = torch.from_numpy((modes[chosen] * std / self.unit).astype(np.float32))
        self.lines: tuple[Tensor, Tensor, Tensor] | None = None
        if lines is not None:
            rows = np.unique(lines.vertices)
            place = np.searchsorted(rows, lines.vertices)
            local = ContourLines(place, lines.blend, lines.outward)
            line_modes = local.sample((modes[rows] * std / self.unit).astype(np.float32))
            self.lines = (
                torch.from_numpy(local.sample(model.mean[rows] / np.float32(self.unit))),
                torch.from_numpy(line_modes),
                torch.from_numpy(lines.outward),
            )
        self.noise, self.robust, self.limit = options.noise, options.robust, options.limit
        shape, expression = np.full(model.n_shape, options.shape_prior), np.full(model.n_expression, options.expression_prior)
        sigma = np.concatenate([shape, expression])
        self.precision = torch.from_numpy((1.0 / sigma**2).astype(np.float32))
        self.below: Tensor | None = None  # inverse variances of coefficients below 0, where they differ
        if options.negative_prior is not None:
            sigma[model.n_shape :] = np.minimum(options.negative_prior, sigma[model.n_shape :])
            self.below = torch.from_numpy((1.0 / sigma**2).astype(np.float32))
        middle = np.zeros(self.size, np.float32) if options.centre is None else np.asarray(options.centre, np.float32)
        if middle.shape != (self.size,):
            raise MorphError(f"centre must have shape ({self.size},), got {middle.shape}")
        self.centre = torch.from_numpy(middle)

    @torch.no_grad()
    def solve(self, points: Reals, weights: Reals, pose: tuple[Reals, Reals, Reals], iterations: int) -> tuple[Reals, ...]:
        """Shape, expression, rotation, scale, translation and matched points of one chunk."""
        target, weight = torch.from_numpy(points.copy()), torch.from_numpy(weights)
        target[..., 1] *= -1.0  # y up inside
        rotation, scale = (torch.from_numpy(np.asarray(a, np.float32)) for a in pose[:2])
        scale = scale * self.unit
        n, dims = len(target), target.shape[2]
        shift = torch.zeros(n, 3)
        shift[:, :2] = torch.from_numpy(np.asarray(pose[2], np.float32)) * torch.tensor([1.0, -1.0])
        if dims == 3:
            depth = torch.einsum("nj,pj->np", rotation[:, 2], self.mean) * scale[:, None]
            seen = weight[..., 2]
            shift[:, 2] = (seen * (target[..., 2] - depth)).sum(1) / seen.sum(1).clamp_min(1e-6)
        z = self.centre.expand(n, -1).clone()
        damping = torch.full((n,), 1e-2)
        eye = torch.eye(POSE + self.size)
        sigma = self.noise * scale  # pixels; fixed at the start so that the cost is one function
        for _ in range(iterations):
            mean, modes = self._rows(z, rotation)
            camera = self._camera(z, rotation, mean, modes)
            residual = target - (camera * scale[:, None, None] + shift[:, None])[..., :dims]
            huber = self._huber(residual, weight, sigma)
            jacobian = self._jacobian(camera, rotation, scale, modes, dims)
            w = (weight * huber[..., None] / sigma[:, None, None] ** 2).reshape(n, -1)
            flat = jacobian.reshape(n, w.shape[1], -1)
            weighted = flat * w[..., None]
            gram = weighted.transpose(1, 2) @ flat
            right = torch.einsum("nrp,nr->np", weighted, residual.reshape(n, -1))
            precision = self._precision(z, right[:, POSE:])
            gram[:, POSE:, POSE:] += torch.diag_embed(precision)
            right[:, POSE:] += precision * (self.centre - z)
            diagonal = gram.diagonal(dim1=1, dim2=2)
            held = self._held(z, right[:, POSE:])
            right[:, POSE:] = torch.where(held, 0.0, right[:, POSE:])
            extra = damping[:, None] * diagonal + 1e-6
            extra[:, POSE:] += 1e6 * held * diagonal[:, POSE:]
            gram = gram + eye * extra.unsqueeze(2)
            step = torch.linalg.solve_ex(gram, right.unsqueeze(2))[0].squeeze(2)
            before = self._cost(residual, weight, sigma, z)
            new_rotation = _exponential(step[:, :3]) @ rotation
            new_scale = scale * step[:, 3].clamp(-0.5, 0.5).exp()
            new_shift = shift + step[:, 4:7]
            new_z = self.centre + (z + step[:, POSE:] - self.centre).clamp(-self.limit, self.limit)
            if self.below is not None:  # one step does not cross 0, where the prior changes
                new_z = torch.where((self.below > self.precision) & (z > 0), new_z.clamp_min(0.0), new_z)
            moved = self._camera(new_z, new_rotation, mean, modes)
            after_residual = target - (moved * new_scale[:, None, None] + new_shift[:, None])[..., :dims]
            good = self._cost(after_residual, weight, sigma, new_z) < before
            rotation = torch.where(good[:, None, None], new_rotation, rotation)
            scale = torch.where(good, new_scale, scale)
            shift, z = torch.where(good[:, None], new_shift, shift), torch.where(good[:, None], new_z, z)
            damping = torch.where(good, damping * 0.3, damping * 8.0).clamp(1e-6, 1e4)
        mean, modes = self._rows(z, rotation)
        matched = self._camera(z, rotation, mean, modes) * scale[:, None, None] + shift[:, None]
        for array in (matched, shift):
            array[..., 1] *= -1.0
        parts = (z[:, : self.n_shape], z[:, self.n_shape :], rotation, scale / self.unit, shift)
        return tuple(a.numpy() for a in (*parts, matched[..., :dims]))

    def _rows(self, z: Tensor, rotation: Tensor) -> tuple[Tensor, Tensor]:
        """Mean ``(n, P, 3)`` and modes ``(P, 3, M)`` or ``(n, P, 3, M)`` of the points to compare, jaw on the outline."""
        n = len(z)
        if self.lines is None:
            return self.mean.expand(n, -1, -1), self.modes
        mean, modes, outward = self.lines
        where = mean + torch.einsum("lkim,nm->nlki", modes, z)
        direction = torch.einsum("nij,lj->nli", rotation[:, :2], outward)
        direction = direction / direction.norm(dim=-1, keepdim=True).clamp_min(1e-6)
        reach = torch.einsum("nlki,nji,nlj->nlk", where, rotation[:, :2], direction)
        turned_away = torch.einsum("nj,lj->nl", rotation[:, 2], outward) < 0.1
        best = torch.where(turned_away, reach.argmax(dim=2), 0)  # a landmark that faces the viewer is seen where it is
        line = torch.arange(JAW)
        jaw_mean, jaw_modes = mean[line, best], modes[line, best]
        inner_modes = self.modes[JAW:].expand(n, -1, -1, -1)
        return torch.cat([jaw_mean, self.mean[JAW:].expand(n, -1, -1)], 1), torch.cat([jaw_modes, inner_modes], 1)

    @staticmethod
    def _camera(z: Tensor, rotation: Tensor, mean: Tensor, modes: Tensor) -> Tensor:
        """``(n, P, 3)`` turned into the camera frame, before scale and shift."""
        shaped = mean + (modes @ z.T).permute(2, 0, 1) if modes.dim() == 3 else mean + (modes @ z[:, None, :, None]).squeeze(3)
        return shaped @ rotation.transpose(1, 2)

    @staticmethod
    def _jacobian(camera: Tensor, rotation: Tensor, scale: Tensor, modes: Tensor, dims: int) -> Tensor:
        """``(n, P, dims, 7 + M)``: the pixel by rotation vector (camera frame), log scale, shift, coefficients."""
        n, size = len(camera), modes.shape[-1]
        out = camera.new_zeros(n, camera.shape[1], 3, POSE + size)
        x, y, depth = camera.unbind(2)
        out[:, :, 1, 0], out[:, :, 2, 0] = -depth, y
        out[:, :, 0, 1], out[:, :, 2, 1] = depth, -x
        out[:, :, 0, 2], out[:, :, 1, 2] = -y, x
        out[..., 3] = camera
        if modes.dim() == 3:
            out[..., POSE:] = torch.einsum("nij,pjm->npim", rotation, modes)
        else:
            out[..., POSE:] = rotation[:, None] @ modes
        out *= scale[:, None, None, None]
        out[:, :, torch.arange(3), torch.arange(4, 7)] = 1.0
        return out[:, :, :dims]

    def _held(self, z: Tensor, gradient: Tensor) -> Tensor:
        """Coefficients that lie at the limit of the prior and want to go on."""
        away = z - self.centre
        return (away.abs() >= self.limit * (1 - 1e-5)) & (away * gradient > 0)

    def _huber(self, residual: Tensor, weight: Tensor, sigma: Tensor) -> Tensor:
        """``(n, P)`` weights in 0..1 of the robust loss: 1 up to ``robust`` standard deviations, then falling as 1/r."""
        length = (residual * (weight > 0)).norm(dim=2) / sigma[:, None]
        share: Tensor = self.robust / length.clamp_min(self.robust)
        return share

    def _cost(self, residual: Tensor, weight: Tensor, sigma: Tensor, z: Tensor) -> Tensor:
        length = (residual * weight.sqrt()).norm(dim=2) / sigma[:, None]
        data = torch.where(length < self.robust, 0.5 * length**2, self.robust * (length - 0.5 * self.robust)).sum(1)
        return data + 0.5 * (self._precision(z) * (z - self.centre) ** 2).sum(1)

    def _precision(self, z: Tensor, pull: Tensor | None = None) -> Tensor:
        """Inverse variances of the prior ``(n, M)`` where the coefficients are, and at 0 where the data ``pull`` them to."""
        if self.below is None:
            return self.precision.expand(z.shape)
        under = z < 0 if pull is None else (z < 0) | ((z <= 0) & (pull < 0))
        return torch.where(under, self.below, self.precision)


def _exponential(vector: Tensor) -> Tensor:
    """Rotation matrices ``(n, 3, 3)`` of rotation vectors ``(n, 3)``."""
    x, y, depth = vector.unbind(1)
    zero = torch.zeros_like(x)
    cross = torch.stack([zero, -depth, y, depth, zero, -x, -y, x, zero], 1).reshape(-1, 3, 3)
    rotation: Tensor = torch.linalg.matrix_exp(cross)
    return rotation
