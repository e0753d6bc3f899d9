"""The Basel Face Model 2009 with expressions, as 300W-LP and 3DDFA use it, in micrometres.

Three forms: the Matlab files of the release (Zhu et al. 2016), 3DDFA's NumPy arrays, and one ``.npz`` of the first modes.
All keep raw coefficients, those of the ``.mat`` labels: ``vertices = mu + w Shape_Para + w_exp Exp_Para``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from morph.errors import MorphError
from morph.model.morphable_model import MorphableModel
from morph.model.readers.files import load_array, load_arrays, load_mat
from morph.model.readers.landmarks import read_landmarks
from morph.model.readers.parts import ModelParts, assemble, assumed_std, from_one, read_std, to_vertices

LICENCE = "Basel Face Model 2009 and FaceWarehouse expressions: research use only, do not pass on"
NAME = "bfm-300w-lp"


def read_300w_lp_npz(path: Path, landmarks: Path | None = None, std: Path | None = None) -> MorphableModel:
    """An ``.npz`` of ``u (V, 3)``, ``w_shp (3V, S)``, ``w_exp (3V, E)``, ``tri (3, F)`` from 1, ``keypoints (68,)`` from 0."""
    arrays = load_arrays(path)
    if "tri" not in arrays:
        raise MorphError(f"{path} holds no tri (3, F); a model needs triangles")
    source = _Source(arrays["u"], arrays["w_shp"], arrays["w_exp"], arrays["tri"], arrays.get("keypoints"))
    return _build(path, source, landmarks, std)


def read_300w_lp_arrays(folder: Path, landmarks: Path | None = None, std: Path | None = None) -> MorphableModel:
    """A folder of 3DDFA's arrays (u_shp, u_exp, w_shp_sim, w_exp_sim, keypoints_sim, each ``.npy``) and its ``tri.mat``."""
    if not (folder / "w_shp_sim.npy").is_file():
        raise MorphError(f"{folder} holds neither Model_Shape.mat nor w_shp_sim.npy; give a model file or its folder")
    u, v, w_shape, w_expression = (load_array(folder / f"{n}.npy") for n in ("u_shp", "u_exp", "w_shp_sim", "w_exp_sim"))
    if u.size != v.size:
        raise MorphError(f"{folder}: u_shp.npy has {u.size} numbers and u_exp.npy {v.size}; the parts do not match")
    triangles = next((p for p in (folder / "tri.mat", folder / "visualize" / "tri.mat") if p.is_file()), None)
    if triangles is None:
        odd = "tri.pkl is a pickle, which morph never opens" if (folder / "tri.pkl").is_file() else "there are no triangles"
        raise MorphError(f"{folder}: {odd}; put 3DDFA's tri.mat beside the arrays")
    keypoints = None
    if (folder / "keypoints_sim.npy").is_file():
        rows = load_array(folder / "keypoints_sim.npy").ravel()
        keypoints = rows.reshape(-1, 3)[:, 0] // 3 if rows.size == 204 else rows  # 204 rows of 3V, or 68 vertices
    tri = _pick(load_mat(triangles), "tri", triangles)
    source = _Source(u.reshape(-1, 3) + v.reshape(-1, 3), w_shape, w_expression, tri, keypoints)
    return _build(folder, source, landmarks, std)


def read_300w_lp_mat(path: Path, landmarks: Path | None = None, expressions: Path | None = None) -> MorphableModel:
    """``Model_Shape.mat`` (mu_shape, w, sigma, tri, keypoints) and ``Model_Exp.mat`` (mu_exp, w_exp, sigma_exp).

    The expression file is found beside the first one, under either of its published names, or given.
    """
    shape = load_mat(path)
    if "mu_shape" not in shape:
        raise MorphError(f"{path} holds no mu_shape; give Model_Shape.mat")
    if expressions is None:
        beside = [path.with_name(f"{name}.mat") for name in ("Model_Exp", "Model_Expression")]
        expressions = next((p for p in beside if p.is_file()), None)
        if expressions is None:
            raise MorphError(f"no Model_Exp.mat beside {path}; name it with `expressions=`")
    exp = load_mat(expressions)
    mu, mu_exp = _pick(shape, "mu_shape", path).ravel(), _pick(exp, "mu_exp", expressions).ravel()
    if mu.size != mu_exp.size or mu.size % 3:
        raise MorphError(f"{path} has {mu.size} rows and {expressions} {mu_exp.size}; the parts do not match")
    n = mu.size // 3
    w = to_vertices(_pick(shape, "w", path), n, f"{path}: w")
    w_exp = to_vertices(_pick(exp, "w_exp", expressions), n, f"{expressions}: w_exp")
    sigma, sigma_exp = _pick(shape, "sigma", path).ravel(), _pick(exp, "sigma_exp", expressions).ravel()
    mean = to_vertices((mu.astype(np.float64) + mu_exp)[:, None], n, f"{path}: mu_shape")[..., 0]
    return assemble(
        ModelParts(
            name=NAME,
            unit="um",
            licence=LICENCE,
            mean=mean,
            shape=(w, sigma.astype(np.float32)),
            expression=(w_exp, sigma_exp.astype(np.float32)),
            triangles=from_one(_pick(shape, "tri", path), n, f"{path}: tri"),
            landmarks=_landmarks(shape["keypoints"].ravel() - 1 if "keypoints" in shape else None, landmarks, mean, path),
        )
    )


class _Source(NamedTuple):
    """Arrays as 3DDFA names them; keypoints are vertices or None."""

    mean: npt.NDArray[Any]
    w_shape: npt.NDArray[Any]
    w_expression: npt.NDArray[Any]
    tri: npt.NDArray[Any]
    keypoints: npt.NDArray[Any] | None


def _build(path: Path, source: _Source, landmarks: Path | None, std: Path | None) -> MorphableModel:
    mean, w_shape, w_expression, tri, keypoints = source
    n = mean.size // 3
    mean = to_vertices(mean.reshape(-1, 1), n, f"{path}: the mean")[..., 0]
    shape = to_vertices(w_shape, n, f"{path}: the shape basis")
    expression = to_vertices(w_expression, n, f"{path}: the expression basis")
    if std is None:
        shape_std, expression_std = assumed_std(shape, expression, "um")
    else:
        shape_std, expression_std = read_std(std, shape.shape[-1], expression.shape[-1])
    return assemble(
        ModelParts(
            name=NAME,
            unit="um",
            licence=LICENCE,
            mean=mean,
            shape=(shape, shape_std),
            expression=(expression, expression_std),
            triangles=from_one(tri, n, f"{path}: tri"),
            landmarks=_landmarks(keypoints, landmarks, mean, path),
        )
    )


def _landmarks(own: npt.NDArray[Any] | None, given: Path | None, mean: npt.NDArray[Any], path: Path) -> npt.NDArray[Any]:
    if given is not None:
        return read_landmarks(given, mean)
    if own is None or own.size != 68:
        raise MorphError(f"{path} names no 68 keypoints; give them with `landmarks=`")
    if own.min() < 0 or own.max() >= len(mean):
        raise MorphError(f"{path}: keypoints point outside the {len(mean)} vertices; the parts do not match")
    return own.astype(np.int32)


def _pick(variables: dict[str, Any], name: str, path: Path) -> npt.NDArray[Any]:
    if name not in variables:
        raise MorphError(f"{path} holds no {name}; it has {', '.join(sorted(variables)) or 'nothing'}")
    return np.asarray(variables[name])
