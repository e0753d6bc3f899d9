"""Where a model's frame counts Euler angles from: 300W-LP's zero of pitch.

A model's rotation is relative to its own mean head, and the heads of two models do not look straight ahead alike: the Basel
model's, whose frame 300W-LP's angles belong to, looks up in its frame against the default model's in ours. Rotations stay as
they are everywhere; only Euler angles that users see and that the benchmark compares are of ``rotation @ rest_turn(model)``.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from morph.model.morphable_model import MorphableModel
from morph.model.rotation import euler_to_matrix

# Degrees, 300W-LP's sign, of the default model's frame in 300W-LP's, by data/default_model/point_set_study.py: -4.3 by poses
# that 3DDFA_V2 gives 3,000 crops of AFLW, -3.9 where the Basel model's keypoints lie over the head. AFLW2000-3D had no say.
REST_PITCH = {"morph-head-1": -4.3}


def rest_turn(model: MorphableModel) -> npt.NDArray[np.float64]:
    """The rotation ``(3, 3)`` from 300W-LP's frame of a head to the model's: the unit matrix where they are the same.

    Angles of a head follow 300W-LP as those of ``rotation @ rest_turn(model)``: its pitch is -4.3 degrees for the default model
    turned by nothing at all.

    Args:
        model: the morphable model that rotations belong to.
    """
    return np.asarray(euler_to_matrix(np.radians([REST_PITCH.get(model.name, 0.0), 0.0, 0.0])), np.float64)


def head_angles(turns: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """``(T, 3)`` yaw (positive to the subject's left), pitch (up) and roll (crown to the subject's right) in radians.

    Args:
        turns: ``(T, 3, 3)`` rotations of 300W-LP's frame, read as ``Rx(-pitch) Rz(roll) Ry(yaw)``.
    """
    yaw, roll = np.arctan2(turns[:, 0, 2], turns[:, 0, 0]), np.arcsin(np.clip(-turns[:, 0, 1], -1.0, 1.0))
    pitch = -np.arctan2(turns[:, 2, 1], turns[:, 1, 1])
    return np.asarray(np.stack([yaw, pitch, roll], axis=1) + 0.0)
