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
AUTO = "auto"  # the first of these that starts
PREFERRED = ("cuda", "directml", "coreml", "cpu")
INSTALL = {  # what brings a device's provider
    "cuda": "replace onnxruntime by onnxruntime-gpu, on a machine with CUDA and cuDNN",
    "directml": "replace onnxruntime by onnxruntime-directml, on Windows",
    "coreml": "install onnxruntime on macOS",
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
        device: a key of :data:`PROVIDERS`, or "auto" for the first of :data:`PREFERRED` that starts; what another device than
            the CPU cannot do, the CPU does.

    Raises:
        MorphError: no such file, not an ONNX network, or a device that ONNX Runtime does not know or cannot start.
    """
    onnxruntime = load_onnxruntime()
    path = Path(path)
    if not path.is_file():
        raise MorphError(f"no weights file {path}; give an ONNX file, or leave the option out to use the shipped weights")
    known = onnxruntime.get_available_providers()
    if device != AUTO and PROVIDERS[device] not in known:
        raise MorphError(
            f"the ONNX Runtime that is installed cannot use {device!r}: {INSTALL[device]}; or leave `device=` at cpu"
        )
    wanted = [PROVIDERS[name] for name in (PREFERRED if device == AUTO else (device, "cpu"))]
    providers = list(dict.fromkeys(provider for provider in wanted if provider in known))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    with reading(path, "an ONNX network", "export one with `morph export`"):
        session = onnxruntime.InferenceSession(_given(path), options, providers=providers)
    if device != AUTO and session.get_providers()[0] != providers[0]:  # ONNX Runtime then takes the CPU, and says so nowhere
        raise MorphError(f"{device!r} does not start; is its driver installed? Leave `device=` at cpu, or give auto")
    return session


def _given(path: Path) -> str | bytes:
    """What ONNX Runtime takes: the name, or the file's bytes where the name is no UTF-8."""
    name = os.fspath(path)
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return path.read_bytes()
    return name
