"""Rotations of the model frame: Euler angles, the 6D form, axis-angle, matrices. Radians throughout.

Convention (300W-LP): ``R = Rx(pitch) @ Ry(yaw) @ Rz(roll)`` with

    Rx = [[1, 0, 0], [0, c, s], [0, -s, c]]
    Ry = [[c, 0, -s], [0, 1, 0], [s, 0, c]]     Rz = [[c, s, 0], [-s, c, 0], [0, 0, 1]]

and a column vector of the model frame (x to the right of a frontal picture, y up, z to the viewer) goes to ``R @ v``.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from morph.arrays import Reals
from morph.errors import MorphError


def _check_last(name: str, array: Reals, tail: tuple[int, ...]) -> None:
    if array.shape[len(array.shape) - len(tail) :] != tail:
        want = ", ".join(str(n) for n in tail)
        raise MorphError(f"{name} must have shape (..., {want}), got {array.shape}")


def euler_to_matrix(angles: npt.ArrayLike) -> Reals:
    """Euler angles to rotation matrices.

    Args:
        angles: ``(..., 3)`` pitch, yaw, roll in radians, 300W-LP sign. Positive yaw turns the nose to -x:
            ``euler_to_matrix([0, pi/2, 0]) @ [0, 0, 1] == [-1, 0, 0]``.

    Returns:
        ``(..., 3, 3)`` matrices ``Rx @ Ry @ Rz``.

    Example:
        >>> euler_to_matrix([0.0, np.pi / 2, 0.0]).round(3) @ [0.0, 0.0, 1.0]  # the nose turns to -x
        array([-1.,  0.,  0.])
    """
    angles = np.asarray(angles, dtype=np.float64 if not hasattr(angles, "dtype") else None)
    _check_last("angles", angles, (3,))
    cx, cy, cz = (np.cos(angles[..., i]) for i in range(3))
    sx, sy, sz = (np.sin(angles[..., i]) for i in range(3))
    rows = [
        [cy * cz, cy * sz, -sy],
        [sx * sy * cz - cx * sz, sx * sy * sz + cx * cz, sx * cy],
        [cx * sy * cz + sx * sz, cx * sy * sz - sx * cz, cx * cy],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def matrix_to_euler(matrix: npt.ArrayLike) -> Reals:
    """Rotation matrices to Euler angles, the inverse of :func:`euler_to_matrix`.

    Args:
        matrix: ``(..., 3, 3)`` rotation matrices.

    Returns:
        ``(..., 3)`` pitch, yaw, roll in radians; yaw lies in [-pi/2, pi/2]. At yaw = ±pi/2 (gimbal lock) roll is 0.

    Example:
        >>> np.degrees(matrix_to_euler(euler_to_matrix(np.radians([10.0, -40.0, 5.0])))).round(3)
        array([ 10., -40.,   5.])
    """
    m = np.asarray(matrix)
    _check_last("matrix", m, (3, 3))
    yaw = np.arcsin(np.clip(-m[..., 0, 2], -1.0, 1.0))
    locked = np.abs(m[..., 0, 2]) > 1.0 - 1e-9
    pitch = np.where(locked, np.arctan2(-m[..., 2, 1], m[..., 1, 1]), np.arctan2(m[..., 1, 2], m[..., 2, 2]))
    roll = np.where(locked, 0.0, np.arctan2(m[..., 0, 1], m[..., 0, 0]))
    return np.stack([pitch, yaw, roll], axis=-1)


def matrix_to_sixd(matrix: npt.ArrayLike) -> Reals:
    """The first two rows of rotation matrices: ``(..., 3, 3)`` to ``(..., 6)`` (Zhou et al. 2019, with rows for columns).

    Example:
        >>> matrix_to_sixd(np.eye(3))
        array([1., 0., 0., 0., 1., 0.])
    """
    m = np.asarray(matrix)
    _check_last("matrix", m, (3, 3))
    return m[..., :2, :].reshape(*m.shape[:-2], 6)


def sixd_to_matrix(sixd: npt.ArrayLike) -> Reals:
    """Any six numbers to a rotation matrix by Gram–Schmidt on the two rows; the third row is their cross product.

    Args:
        sixd: ``(..., 6)``; the first three must not be zero, nor parallel to the last three.

    Returns:
        ``(..., 3, 3)`` proper rotations.

    Example:
        >>> sixd_to_matrix([2.0, 0.0, 0.0, 5.0, 3.0, 0.0])
        array([[1., 0., 0.],
               [0., 1., 0.],
               [0., 0., 1.]])
    """
    d = np.asarray(sixd)
    _check_last("sixd", d, (6,))
    out = np.empty((*d.shape[:-1], 3, 3), np.result_type(d.dtype, np.float32))
    a, b, c = out[..., 0, :], out[..., 1, :], out[..., 2, :]
    a[...] = d[..., :3] / np.sqrt((d[..., :3] ** 2).sum(-1, keepdims=True))
    b[...] = d[..., 3:] - (a * d[..., 3:]).sum(-1, keepdims=True) * a
    b /= np.sqrt((b * b).sum(-1, keepdims=True))
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):  # np.cross is slow on few vectors
        c[..., i] = a[..., j] * b[..., k] - a[..., k] * b[..., j]
    return out


def nearest_rotation(matrix: npt.ArrayLike) -> Reals:
    """The rotation nearest to each ``(..., 3, 3)`` matrix in the Frobenius norm (SVD, determinant +1).

    Example:
        >>> nearest_rotation(1.2 * np.eye(3)).round(3)
        array([[1., 0., 0.],
               [0., 1., 0.],
               [0., 0., 1.]])
    """
    m = np.asarray(matrix)
    _check_last("matrix", m, (3, 3))
    u, _, vh = np.linalg.svd(m)
    sign = np.sign(np.linalg.det(u @ vh))
    u = u.copy()
    u[..., :, 2] *= sign[..., None]
    return np.asarray(u @ vh)


def angle_between(first: npt.ArrayLike, second: npt.ArrayLike) -> Reals:
    """Geodesic angle in radians between two sets of rotations ``(..., 3, 3)``; a quarter turn apart gives pi/2.

    Example:
        >>> float(np.degrees(angle_between(np.eye(3), rotation_about(2, np.pi / 2))).round(3))
        90.0
    """
    relative = np.einsum("...ji,...jk->...ik", np.asarray(first), np.asarray(second))
    cosine = (np.trace(relative, axis1=-2, axis2=-1) - 1.0) / 2.0
    skew = relative - np.swapaxes(relative, -1, -2)
    sine = np.sqrt((skew**2).sum(axis=(-2, -1)) / 8.0)  # exact near 0, where arccos loses half the digits
    return np.asarray(np.arctan2(sine, cosine))


def rotation_log(rotation: npt.ArrayLike) -> Reals:
    """``(..., 3)`` axis times angle (radians, 0..pi) of ``(..., 3, 3)`` rotations; a quarter turn about z is (0, 0, pi/2).

    Example:
        >>> rotation_log(rotation_about(2, 0.5)).round(3)
        array([0. , 0. , 0.5])
    """
    r = np.asarray(rotation, np.float64)
    twice_sine = np.stack([r[..., 2, 1] - r[..., 1, 2], r[..., 0, 2] - r[..., 2, 0], r[..., 1, 0] - r[..., 0, 1]], axis=-1)
    diagonal = np.stack([r[..., 0, 0], r[..., 1, 1], r[..., 2, 2]], axis=-1)
    sine = np.linalg.norm(twice_sine, axis=-1) / 2
    cosine = (diagonal.sum(-1) - 1) / 2
    angle = np.arctan2(sine, cosine)
    small = sine < 1e-7
    out = twice_sine * (np.where(small, 1.0, angle) / np.where(small, 2.0, 2 * sine))[..., None]
    half = small & (cosine < 0)
    if half.any():  # near a half turn the axis comes from (R + 1) / 2 = axis axis^T
        square = (r + np.eye(3)) / 2
        column = np.argmax(diagonal, axis=-1)
        axis = np.take_along_axis(square, column[..., None, None], axis=-1)[..., 0]
        axis = axis / np.linalg.norm(axis, axis=-1, keepdims=True)
        out = np.where(half[..., None], axis * angle[..., None], out)
    return out


def rotation_exp(vector: npt.ArrayLike) -> Reals:
    """``(..., 3, 3)`` rotations by ``(..., 3)`` axis times angle in radians (Rodrigues' formula), the inverse of the log.

    Example:
        >>> bool(np.allclose(rotation_exp([0.0, 0.0, 0.5]), rotation_about(2, 0.5)))
        True
    """
    v = np.asarray(vector, np.float64)
    angle = np.linalg.norm(v, axis=-1)
    cross = np.zeros((*v.shape[:-1], 3, 3))
    cross[..., 2, 1], cross[..., 0, 2], cross[..., 1, 0] = v[..., 0], v[..., 1], v[..., 2]
    cross -= np.swapaxes(cross, -1, -2)
    first = np.sinc(angle / np.pi)[..., None, None]
    second = (np.sinc(angle / (2 * np.pi)) ** 2 / 2)[..., None, None]  # (1 - cos a) / a^2
    return np.asarray(np.eye(3) + first * cross + second * (cross @ cross))


def rotation_about(axis: int, angle: float) -> Reals:
    """Right-handed rotation about one axis: a quarter turn about z takes x to y.

    Args:
        axis: 0, 1 or 2 for x, y or z.
        angle: radians.

    Returns:
        ``(3, 3)`` float64.

    Example:
        >>> rotation_about(2, np.pi / 2).round(3) @ [1.0, 0.0, 0.0]
        array([0., 1., 0.])
    """
    c, s = np.cos(angle), np.sin(angle)
    out = np.eye(3)
    a, b = (axis + 1) % 3, (axis + 2) % 3
    out[a, a], out[a, b], out[b, a], out[b, b] = c, -s, s, c
    return out
