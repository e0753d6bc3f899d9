"""One door to every format: look at the content of a file, not at its name, and call the reader for it."""

from __future__ import annotations

import os
from pathlib import Path

from morph.errors import MorphError
from morph.model.default_model import load_default_model
from morph.model.morphable_model import MorphableModel, load_model
from morph.model.readers.basel import read_basel
from morph.model.readers.bfm_300w_lp import read_300w_lp_arrays, read_300w_lp_mat, read_300w_lp_npz
from morph.model.readers.eos import looks_like_eos, read_eos
from morph.model.readers.files import first_bytes, npz_names, refuse_pickle

PathLike = str | os.PathLike[str]


def open_model(name: PathLike, *, std: PathLike | None = None) -> MorphableModel:
    """The default model at level 1 by the name "default", or a file of any known format.

    Args:
        name: "default", or as :func:`read_model` takes it.
        std: as :func:`read_model` takes it.

    Raises:
        MorphError: see :func:`read_model`.
    """
    return load_default_model() if name == "default" else read_model(name, std=std)


def read_model(
    path: PathLike,
    *,
    landmarks: PathLike | None = None,
    expressions: PathLike | None = None,
    std: PathLike | None = None,
) -> MorphableModel:
    """Read a morphable model of any known format.

    Known are: morph's own ``.npz``; the BFM with expressions of 300W-LP (``Model_Shape.mat`` and ``Model_Exp.mat``, or
    a folder that holds them, a folder of 3DDFA's ``.npy`` arrays, an ``.npz`` of ``u``, ``w_shp``, ``w_exp``); the Basel
    Face Model 2009, 2017 and 2019 as ``.h5``; eos ``.bin``. Nothing is ever unpickled.

    Args:
        path: a file, or a folder of 300W-LP files.
        landmarks: which vertices the 68 iBUG points are, for models that do not say so themselves; see
            :func:`morph.model.readers.landmarks.read_landmarks`.
        expressions: the expression part where it is a file of its own (``Model_Exp.mat``, eos blendshapes).
        std: text file of raw standard deviations for the arrays of 3DDFA, which come without; its last S + E numbers are
            used. Without it the spread of :func:`morph.model.readers.parts.assumed_std` stands in.

    Raises:
        MorphError: missing, damaged, unknown or pickled file, parts of different size, or landmarks that cannot be settled.
    """
    path = Path(path)
    options: dict[str, Path | None] = {
        "landmarks": Path(landmarks) if landmarks else None,
        "expressions": Path(expressions) if expressions else None,
        "std": Path(std) if std else None,
    }
    for extra in options.values():
        if extra is not None and not extra.is_file():
            raise MorphError(f"no file {extra}")

    def used(**given: bool) -> dict[str, Path | None]:
        for name, value in options.items():
            if value is not None and name not in given:
                raise MorphError(f"{path} is a model that takes no --{name}; leave it out")
        return {name: options[name] for name in given}

    if path.is_dir():
        if (path / "Model_Shape.mat").is_file():
            return read_300w_lp_mat(path / "Model_Shape.mat", **used(landmarks=True, expressions=True))
        return read_300w_lp_arrays(path, **used(landmarks=True, std=True))
    head = first_bytes(path)
    refuse_pickle(path, head)
    if head.startswith(b"PK"):
        if {"u", "w_shp", "w_exp"} <= npz_names(path):
            return read_300w_lp_npz(path, **used(landmarks=True, std=True))
        used()
        return load_model(path)
    if head.startswith(b"MATLAB"):
        return read_300w_lp_mat(path, **used(landmarks=True, expressions=True))
    if head.startswith(b"\x89HDF"):
        return read_basel(path, **used(landmarks=True))
    if looks_like_eos(head):
        return read_eos(path, **used(landmarks=True, expressions=True))
    hint = "give the folder that holds the arrays" if head.startswith(b"\x93NUMPY") else "see the help of `morph model convert`"
    raise MorphError(f"{path} is no morphable model that morph knows; {hint}")
