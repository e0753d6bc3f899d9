"""ONNX Runtime sessions, opened the same way everywhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from morph.errors import MorphError, reading

PROVIDERS = {  # of ONNX Runtime, by device
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
}


def load_onnxruntime() -> Any:
    """The ``onnxruntime`` module, which is imported here and nowhere else, with its telemetry off.

    From its import on it would keep a device id in the user's cache, queue events and send them.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # is read while the library is loaded
    import onnxruntime

    return onnxruntime


def open_session(path: str | os.PathLike[str], threads: int = 1, device: str = "cpu") -> Any:
    """An ``onnxruntime.InferenceSession``.

    Args:
        path: an ONNX file.
        threads: threads inside one operator; 1 is best for networks this small.
        device: a key of :data:`PROVIDERS`; what another device than the CPU cannot do, the CPU does.

    Raises:
        MorphError: no such file, not an ONNX network, or a device that the ONNX Runtime that is installed does not know.
    """
    onnxruntime = load_onnxruntime()
    path = Path(path)
    if not path.is_file():
        raise MorphError(f"no weights file {path}; give an ONNX file, or leave the option out to use the shipped weights")
    providers = list(dict.fromkeys([PROVIDERS[device], PROVIDERS["cpu"]]))
    if providers[0] not in onnxruntime.get_available_providers():
        raise MorphError(f"the ONNX Runtime that is installed cannot use {device!r}; install one that can, or choose cpu")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    with reading(path, "an ONNX network", "export one with `morph export`"):
        return onnxruntime.InferenceSession(_given(path), options, providers=providers)


def _given(path: Path) -> str | bytes:
    """What ONNX Runtime takes: the name, or the file's bytes where the name is no UTF-8."""
    name = os.fspath(path)
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return path.read_bytes()
    return name
