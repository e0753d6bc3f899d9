"""The regressor as an ONNX file: crops in, coefficients out, metadata inside."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import warnings

import numpy as np
import torch

from morph.atomic import atomic_path
from morph.errors import MorphError
from morph.network.regressor import CoefficientRegressor


def export_onnx(network: CoefficientRegressor, path: str | os.PathLike[str], *, tolerance: float = 1e-3) -> float:
    """Write ``network`` as one ONNX file and check it in ONNX Runtime.

    Input ``image`` uint8 ``(N, S, S, 3)`` RGB; outputs ``coefficients`` ``(N, size)`` and ``log_error`` ``(N,)``; the
    metadata property ``morph`` holds :class:`~morph.network.regressor.WeightsInfo` as JSON.

    Returns:
        The largest difference to PyTorch on random crops, in standard deviations of each coefficient.

    Raises:
        MorphError: the difference is above ``tolerance``.
    """
    import onnx
    import onnxruntime

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
        onnx.save(graph, temporary)
        session = onnxruntime.InferenceSession(str(temporary), providers=["CPUExecutionProvider"])
        with torch.no_grad():
            want, want_error = network(crops)
        got, got_error = session.run(None, {"image": crops.numpy()})
        std = network.std.numpy()
        worst = float(max(np.abs((got - want.numpy()) / std).max(), np.abs(got_error - want_error.numpy()).max()))
        if not worst <= tolerance:
            raise MorphError(f"the ONNX file differs from the network by {worst:.2g} standard deviations; it was not written")
    return worst
