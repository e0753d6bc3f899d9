"""The regressor as an ONNX file: crops in, coefficients out, metadata inside."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import warnings
from typing import Any

import numpy as np
import torch

from morph.atomic import atomic_path
from morph.errors import MorphError
from morph.inference.onnx_session import open_session
from morph.network.regressor import CoefficientRegressor

LARGE = 25_000  # numbers of a weight that is stored in half precision
HALF = "_half"  # what the name of such a weight ends in


def halve(graph: Any) -> None:
    """Store the large weights of an ONNX model in half precision; they are widened when a session opens."""
    from onnx import TensorProto, helper, numpy_helper

    for value in list(graph.graph.initializer):
        wide = numpy_helper.to_array(value)
        if wide.size < LARGE or wide.dtype != np.float32:
            continue
        name = value.name
        value.CopyFrom(numpy_helper.from_array(wide.astype(np.float16), name + HALF))
        graph.graph.node.insert(0, helper.make_node("Cast", [name + HALF], [name], to=TensorProto.FLOAT))


def export_onnx(
    network: CoefficientRegressor, path: str | os.PathLike[str], *, half: bool = False, tolerance: float = 1e-3
) -> float:
    """Write ``network`` as one ONNX file and check it in ONNX Runtime.

    Input ``image`` uint8 ``(N, S, S, 3)`` RGB; outputs ``coefficients`` ``(N, size)`` and ``log_error`` ``(N,)``; the
    metadata property ``morph`` holds :class:`~morph.network.regressor.WeightsInfo` as JSON.

    Args:
        network: to write.
        path: of the file.
        half: store large weights in half precision, which halves the file; it computes in single precision all the same.
        tolerance: see below; ten times as much with ``half``.

    Returns:
        The largest difference to PyTorch on random crops, in standard deviations of each coefficient.

    Raises:
        MorphError: the difference is above ``tolerance``.
    """
    import onnx

    network = network.eval()
    side = network.info.input_size
    crops = torch.randint(0, 256, (2, side, side, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    with atomic_path(path) as temporary:
        batch = torch.export.Dim("batch", min=1, max=4096)
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            torch.onnx.export(
                network,
                (crops,),
                str(temporary),
                input_names=["image"],
                output_names=["coefficients", "log_error"],
                dynamic_shapes={"image": {0: batch}},
                dynamo=True,
                external_data=False,
                verbose=False,
            )
        graph = onnx.load(temporary)
        del graph.metadata_props[:]
        graph.metadata_props.add(key="morph", value=network.info.to_json())
        for node in graph.graph.node:  # where in the source a node came from is of no use to a reader
            del node.metadata_props[:]
            node.doc_string = ""
        for value in [*graph.graph.value_info, *graph.graph.initializer, *graph.graph.input, *graph.graph.output]:
            del value.metadata_props[:]
        if half:
            halve(graph)
        onnx.save(graph, temporary)
        session = open_session(temporary)
        with torch.no_grad():
            want, want_error = network(crops)
        got, got_error = session.run(None, {"image": crops.numpy()})
        std = network.std.numpy()
        worst = float(max(np.abs((got - want.numpy()) / std).max(), np.abs(got_error - want_error.numpy()).max()))
        if not worst <= tolerance * (10 if half else 1):
            raise MorphError(f"the ONNX file differs from the network by {worst:.2g} standard deviations; it was not written")
    return worst
