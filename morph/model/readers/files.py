"""Reading files from outside safely: no pickle, one clear line for each way in which a file can be bad."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.errors import MorphError, needs_extra
from morph.npz import read_npz


def first_bytes(path: Path, count: int = 64) -> bytes:
    """The beginning of a file.

    Raises:
        MorphError: it is absent, unreadable or empty.
    """
    if not path.is_file():
        raise MorphError(f"no model file {path}; check the path")
    try:
        with path.open("rb") as stream:
            head = stream.read(count)
    except OSError as error:
        raise MorphError(f"cannot read {path}: {error.strerror}") from None
    if not head:
        raise MorphError(f"{path} is empty; fetch it again")
    return head


def refuse_pickle(path: Path, head: bytes) -> None:
    """Stop at Python pickles: opening one runs whatever code it holds.

    Raises:
        MorphError: the file is a pickle (protocol 2 to 5, or a .pkl by name).
    """
    if (head[:1] == b"\x80" and head[1:2] in b"\2\3\4\5") or path.suffix.lower() in (".pkl", ".pickle"):
        raise MorphError(
            f"{path} is a Python pickle, which can run any code when opened, so morph never opens it; "
            "use the .mat or .npy files of the same model"
        )


def npz_names(path: Path) -> set[str]:
    """Names of the arrays in an ``.npz``.

    Raises:
        MorphError: not a whole archive, or a PyTorch checkpoint (a pickle inside).
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except Exception:  # whatever zipfile says of damaged bytes
        raise MorphError(f"{path} is cut short or damaged; fetch it again") from None
    if any(name.endswith(".pkl") for name in names):
        raise MorphError(f"{path} holds a Python pickle, which morph never opens; use the .mat or .npy files of the same model")
    return {name.removesuffix(".npy") for name in names}


def load_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """All arrays of an ``.npz``.

    Raises:
        MorphError: damaged, or it holds pickled objects.
    """
    try:
        return read_npz(path, "a whole npz", "fetch it again")
    except MorphError as error:
        raise _bad_array(path, error) from None


def load_array(path: Path) -> npt.NDArray[Any]:
    """The array of an ``.npy``.

    Raises:
        MorphError: absent, damaged, or pickled objects.
    """
    if not path.is_file():
        raise MorphError(f"no file {path}; the model needs it")
    try:
        return np.asarray(np.load(path, allow_pickle=False))
    except Exception as error:  # whatever NumPy says of damaged bytes
        raise _bad_array(path, error) from None


def load_mat(path: Path) -> dict[str, npt.NDArray[Any]]:
    """The variables of a Matlab file, of version 5 to 7.3 (the last needs h5py).

    Raises:
        MorphError: damaged, or h5py is missing for version 7.3.
    """
    with needs_extra("convert", "reading Matlab files"):
        from scipy.io import loadmat

    if b"MATLAB 7.3" in first_bytes(path):
        with open_h5(path) as file:
            return {name: np.asarray(item).T for name, item in file.items() if hasattr(item, "dtype")}
    try:
        return {name: value for name, value in loadmat(path).items() if not name.startswith("__")}
    except Exception:  # scipy raises a dozen unrelated types on damaged files
        raise MorphError(f"{path} is not a whole Matlab file; fetch it again") from None


def open_h5(path: Path) -> Any:
    """An open ``h5py.File``, for reading.

    Raises:
        MorphError: damaged, or h5py is not installed.
    """
    try:
        import h5py
    except ImportError:
        raise MorphError(f"{path} is HDF5; install what reads it with `pip install 'morph-face[convert]'`") from None
    try:
        return h5py.File(path, "r")
    except OSError:
        raise MorphError(f"{path} is not a whole HDF5 file; fetch it again") from None


def _bad_array(path: Path, error: Exception) -> MorphError:
    reason = f"{error} {error.__cause__}"
    if "allow_pickle" in reason or "Object arrays" in reason:
        return MorphError(f"{path} holds Python pickles, which morph never opens; use the .mat files of the same model")
    return MorphError(f"{path} is cut short or damaged; fetch it again")
