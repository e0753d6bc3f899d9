"""The decoder, rotations and projection in PyTorch: differentiable, batched, on any device. Needs the extra `train`.

The conventions are those of :mod:`morph.model.rotation`, :mod:`morph.model.camera` and :mod:`morph.model.coefficients`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from morph.errors import MorphError, needs_extra
from morph.model.coefficients import FlatLayout
from morph.model.morphable_model import MorphableModel

with needs_extra("train", "a model in PyTorch"):
    import torch
    from torch import Tensor, nn
    from torch.nn import functional


class TorchDecoder(nn.Module):
    """Decodes a model's vertices, or only those asked for, from z-scores; the twin of :class:`morph.model.Decoder`.

    Its buffers are not persistent: a checkpoint holds no copy of the model. It computes in the type of its buffers
    (float32, or float64 after ``.double()``), under autocast too: half precision would cost millimetres.

    Args:
        model: the morphable model.
        vertices: ``(K,)`` vertex indices; None decodes all V.
    """

    mean: Tensor
    modes: Tensor

    def __init__(self, model: MorphableModel, vertices: npt.ArrayLike | None = None) -> None:
        super().__init__()
        rows = np.arange(model.n_vertices) if vertices is None else np.asarray(vertices)
        self.n_shape, self.n_expression, self.n_vertices = model.n_shape, model.n_expression, len(rows)
        self.layout = FlatLayout(model.n_shape, model.n_expression)
        scaled = [model.shape_basis[rows] * model.shape_std, model.expression_basis[rows] * model.expression_std]
        modes = np.concatenate(scaled, axis=2).reshape(3 * len(rows), -1).T
        self.register_buffer("mean", torch.tensor(model.mean[rows].reshape(-1)), persistent=False)
        self.register_buffer("modes", torch.tensor(np.ascontiguousarray(modes)), persistent=False)

    def forward(self, shape: Tensor, expression: Tensor) -> Tensor:
        """Vertices ``(..., K, 3)`` in the model frame and unit from ``(..., S)`` and ``(..., E)`` z-scores.

        Raises:
            MorphError: a coefficient vector is not as long as the model's.
        """
        for name, got, want in (("shape", shape, self.n_shape), ("expression", expression, self.n_expression)):
            if got.shape[-1] != want:
                raise MorphError(f"{name} must have shape (..., {want}), got {tuple(got.shape)}")
        z = torch.cat([shape, expression], dim=-1).to(self.modes.dtype)
        with torch.autocast(device_type=z.device.type, enabled=False):
            out = z @ self.modes + self.mean
        return out.reshape(*z.shape[:-1], self.n_vertices, 3)

    def decode_flat(self, flat: Tensor) -> Tensor:
        """Pixels ``(..., K, 3)`` from coefficients ``(..., S + E + 9)`` laid out as :meth:`Coefficients.flatten` does.

        Returns:
            x right, y down, depth in pixels (larger is nearer).

        Raises:
            MorphError: not S + E + 9 numbers.
        """
        at = self.layout
        if flat.shape[-1] != at.size:
            want = f"{at.n_shape} + {at.n_expression} + {at.POSE}"
            raise MorphError(f"flat coefficients must have shape (..., {want}), got {tuple(flat.shape)}")
        flat = flat.to(self.modes.dtype)
        vertices = self(flat[..., at.shape], flat[..., at.expression])
        rotation, scale = sixd_to_matrix(flat[..., at.rotation]), flat[..., at.log_scale][..., 0].exp()
        return project(vertices, rotation, scale, flat[..., at.translation])


def project(vertices: Tensor, rotation: Tensor, scale: Tensor, translation: Tensor) -> Tensor:
    """Scaled orthographic projection, as :class:`morph.model.ScaledOrthographicCamera` does it.

    Args:
        vertices: ``(..., K, 3)`` model points.
        rotation: ``(..., 3, 3)`` model to camera.
        scale: ``(...)`` pixels for one unit of the model.
        translation: ``(..., 2)`` pixel of the model's origin.

    Returns:
        ``(..., K, 3)`` x right, y down, depth in pixels (larger is nearer).
    """
    scale = scale[..., None, None]
    scaled = rotation * torch.cat([scale, -scale, scale], dim=-2)  # rows: x, y turned down, depth
    with torch.autocast(device_type=vertices.device.type, enabled=False):
        camera = vertices @ scaled.to(vertices.dtype).transpose(-1, -2)
    return camera + functional.pad(translation, (0, 1))[..., None, :].to(vertices.dtype)


def sixd_to_matrix(sixd: Tensor) -> Tensor:
    """``(..., 6)`` to proper rotations ``(..., 3, 3)``; see :func:`morph.model.rotation.sixd_to_matrix`."""
    first = functional.normalize(sixd[..., :3], dim=-1)
    second = sixd[..., 3:]
    second = functional.normalize(second - (first * second).sum(-1, keepdim=True) * first, dim=-1)
    return torch.stack([first, second, torch.linalg.cross(first, second, dim=-1)], dim=-2)


def matrix_to_sixd(matrix: Tensor) -> Tensor:
    """The first two rows of rotation matrices: ``(..., 3, 3)`` to ``(..., 6)``."""
    return matrix[..., :2, :].flatten(-2)


def euler_to_matrix(angles: Tensor) -> Tensor:
    """Pitch, yaw, roll ``(..., 3)`` in radians, 300W-LP sign, to ``(..., 3, 3)`` matrices ``Rx @ Ry @ Rz``."""
    (cx, cy, cz), (sx, sy, sz) = angles.cos().unbind(-1), angles.sin().unbind(-1)
    rows = [
        torch.stack([cy * cz, cy * sz, -sy], dim=-1),
        torch.stack([sx * sy * cz - cx * sz, sx * sy * sz + cx * cz, sx * cy], dim=-1),
        torch.stack([cx * sy * cz + sx * sz, cx * sy * sz - sx * cz, cx * cy], dim=-1),
    ]
    return torch.stack(rows, dim=-2)
