"""Small stand-ins for tests: a model of a few hundred vertices, and weights that always give the same answer."""

from __future__ import annotations

import dataclasses
import json
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from clips import portrait, write_clip

from morph.export.performance import Performance
from morph.inference.regressor import Regressor
from morph.model import Coefficients, MorphableModel, landmark_decoder
from morph.model.rotation import euler_to_matrix

SIDE = 24  # vertices along one side of the toy face


def sheet_landmarks() -> np.ndarray:
    """68 points in iBUG order on a face of 150 mm, x right and y up, ``(68, 2)``."""
    t = np.linspace(np.pi, 2 * np.pi, 17)
    jaw = np.stack([70 * np.cos(t), 75 * np.sin(t)], 1)
    brows = [[x, 40 + 5 * np.cos(x / 20)] for x in np.r_[np.linspace(-55, -15, 5), np.linspace(15, 55, 5)]]
    nose = [[0, y] for y in np.linspace(20, -10, 4)] + [[x, -18] for x in np.linspace(-14, 14, 5)]
    eyes = [[c + 14 * np.cos(a), 20 + 6 * np.sin(a)] for c in (-32, 32) for a in np.deg2rad([180, 120, 60, 0, 300, 240])]
    mouth = [[25 * np.cos(a), -42 + 10 * np.sin(a)] for a in np.deg2rad(np.linspace(180, -150, 12))]
    lips = [[16 * np.cos(a), -42 + 5 * np.sin(a)] for a in np.deg2rad(np.linspace(180, -135, 8))]
    return np.concatenate([jaw, brows, nose, eyes, mouth, lips])


def sheet_model(name: str = "toy") -> MorphableModel:
    """A curved sheet with a seam down its middle: 576 vertices, 3 shape and 2 expression modes, quads and a texture chart."""
    line = np.linspace(-90.0, 90.0, SIDE)
    x, y = (grid.ravel() for grid in np.meshgrid(line, -line))
    mean = np.stack([x, y, 60 - (x**2 + y**2) / 200], 1)
    index = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    quads = np.stack([index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]], -1).reshape(-1, 4)
    uv = np.stack([(x + 90) / 180, (y + 90) / 180], 1)
    seam = index[:, SIDE // 2]  # the right half has texture coordinates of its own there
    uv_quads = quads.reshape(SIDE - 1, SIDE - 1, 4).copy()
    uv_quads[:, SIDE // 2] = np.where(
        np.isin(uv_quads[:, SIDE // 2], seam), uv_quads[:, SIDE // 2] // SIDE + len(uv), uv_quads[:, SIDE // 2]
    )
    uv_quads = uv_quads.reshape(-1, 4)
    uv = np.concatenate([uv, uv[seam] * [0.999, 1.0]])

    def triangles(faces: np.ndarray) -> np.ndarray:
        return np.stack([faces[:, [0, 1, 2]], faces[:, [0, 2, 3]]], 1).reshape(-1, 3)

    rng = np.random.default_rng(3)
    landmarks = [int(np.argmin(np.square(mean[:, :2] - point).sum(1))) for point in sheet_landmarks()]
    return MorphableModel(
        name=name,
        unit="mm",
        licence="CC0-1.0",
        mean=mean + (name != "toy") * 0.25,
        shape_basis=rng.normal(0, 1, (len(mean), 3, 3)),
        expression_basis=rng.normal(0, 1, (len(mean), 3, 2)),
        shape_std=np.array([3.0, 2.0, 1.0]),
        expression_std=np.array([0.5, 0.25]),
        triangles=triangles(quads),
        landmarks=np.array(landmarks),
        expression_names=("jawOpen", "eyeBlinkLeft"),
        uv=uv,
        uv_triangles=triangles(uv_quads),
        quads=quads,
        uv_quads=uv_quads,
    )


def frontal(model: MorphableModel, size: int) -> Coefficients:
    """The mean face, placed in a ``size`` square crop so that the crop of its landmarks is that crop again."""
    shape, expression = np.zeros(model.n_shape, np.float32), np.zeros(model.n_expression, np.float32)
    points = landmark_decoder(model)(shape, expression)[:, :2] * [1, -1]
    low, high = points.min(0), points.max(0)
    scale = size / np.sqrt(2) / (high - low).max()
    translation = (size - 1) / 2 - scale * (low + high) / 2
    return Coefficients(shape, expression, np.eye(3, dtype=np.float32), np.float32(scale), translation.astype(np.float32))


def write_weights(
    path: Path,
    model: MorphableModel,
    *,
    size: int = 64,
    error: float | None = 0.02,
    answer: Coefficients | None = None,
    info: dict[str, object] | None = None,
) -> Path:
    """An ONNX file of weights for ``model`` that answers ``answer`` (the frontal mean face) whatever it is shown.

    ``info`` changes what the metadata states.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    flat = (answer or frontal(model, size)).flatten().astype(np.float32)
    constants = {"answer": flat[None], "none": np.zeros((1, 1), np.float32)}
    nodes = [
        helper.make_node("Cast", ["image"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["float"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Unsqueeze", ["nothing"], ["column"], axes=[1]),
        helper.make_node("Add", ["column", "answer"], ["coefficients"]),
    ]
    constants["zero"] = np.zeros(1, np.float32)
    outputs = [helper.make_tensor_value_info("coefficients", TensorProto.FLOAT, ["N", flat.size])]
    if error is not None:
        constants["error"] = np.array([np.log(error)], np.float32)
        nodes.append(helper.make_node("Add", ["nothing", "error"], ["log_error"]))
        outputs.append(helper.make_tensor_value_info("log_error", TensorProto.FLOAT, ["N"]))
    graph = helper.make_graph(
        nodes,
        "standin",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", size, size, 3])],
        outputs,
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    stated: dict[str, object] = {
        "format": "morph-weights-1",
        "input_size": size,
        "crop": "box68-sqrt2",
        "colour": "RGB",
        "width": 1.0,
        "licence": "CC0-1.0",
        "model": {
            "name": model.name,
            "identity": model.identity,
            "n_shape": model.n_shape,
            "n_expression": model.n_expression,
        },
    }
    written = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)], ir_version=8)
    helper.set_model_props(written, {"morph": json.dumps(stated | (info or {}))})
    onnx.save(written, path)
    return path


def write_toy_tracking(folder: Path) -> Path:
    """A toy model, its weights, a clip of a face that sways and a grey one, in ``folder``."""
    model = sheet_model()
    model.save(folder / "toy.npz")
    write_weights(folder / "toy.onnx", model)
    shift = np.round(12 + 10 * np.sin(np.arange(30) / 4)).astype(int)
    write_clip(folder / "clip.mp4", [portrait(shift=int(x)) for x in shift])
    write_clip(folder / "grey.mp4", [np.full((96, 128, 3), 127, np.uint8)] * 3)
    return folder


def turning_head(
    model: MorphableModel,
    yaws: Sequence[float],
    size: tuple[int, int],
    scale: float = 1.0,
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Performance:
    """A neutral mean head at yaws of some degrees, one a frame at 25 frames a second."""
    count = len(yaws)
    turn = np.stack([np.zeros(count), np.radians(yaws), np.zeros(count)], axis=1)
    return Performance(
        model=model,
        id=0,
        frame=np.arange(count),
        time=np.arange(count) / 25.0,
        shape=np.zeros(model.n_shape),
        weights=np.zeros((count, model.n_expression)),
        rotation=euler_to_matrix(turn),
        translation=np.tile(np.array(shift), (count, 1)),
        scale=np.full(count, scale),
        size=size,
    )


def shake_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in's answers are shifted by up to some pixels, always the same ones for the same crop."""
    plain = Regressor.__call__

    def noisy(self: Regressor, crops: np.ndarray) -> tuple[Coefficients, np.ndarray | None]:
        found, errors = plain(self, crops)
        shift = [np.random.default_rng(zlib.crc32(crop.tobytes())).normal(0, 0.7, 2) for crop in crops]
        return dataclasses.replace(found, translation=np.float32(found.translation + shift)), errors

    monkeypatch.setattr(Regressor, "__call__", noisy)
