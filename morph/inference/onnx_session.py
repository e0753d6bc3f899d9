"""ONNX Runtime sessions, opened the same way everywhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from morph.errors import MorphError, reading


def load_onnxruntime() -> Any:
    """The ``onnxruntime`` module, which is imported here and nowhere else, with its telemetry off.

    From its import on it would keep a device id in the user's cache, queue events and send them.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # is read while the library is loaded
    import onnxruntime

    return onnxruntime


def open_session(path: str | os.PathLike[str], threads: int = 1) -> Any:
    """An ``onnxruntime.InferenceSession`` on the CPU.

    Args:
        path: an ONNX file.
        threads: threads inside one operator; 1 is best for networks this small.

    Raises:
        MorphError: no such file, or not an ONNX network.
    """
    onnxruntime = load_onnxruntime()
    path = Path(path)
    if not path.is_file():
        raise MorphError(f"no weights file {path}; give an ONNX file, or leave the option out to use the shipped weights")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    with reading(path, "an ONNX network", "export one with `morph export`"):
        return onnxruntime.InferenceSession(os.fspath(path), options, providers=["CPUExecutionProvider"])
