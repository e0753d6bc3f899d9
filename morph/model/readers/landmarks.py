"""Which vertices the 68 iBUG points are: mapping files, and points that a mapping leaves out."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from morph.arrays import Ints, Reals
from morph.errors import MorphError, needs_extra

LEAST = 12  # points that must be known before the rest is inferred


def read_landmarks(path: Path, mean: Reals, names: Mapping[str, int] | None = None) -> Ints:
    """The ``(68,)`` vertices that a mapping file states; those that it leaves out are inferred.

    Two forms are read: lines ``ibug = vertex`` as eos writes them (iBUG counts from 1, vertices from 0, ``#`` starts a
    comment, a quoted name stands for one of ``names``), or 68 vertex numbers from 0, as text or ``.npy``.

    Args:
        path: the mapping file.
        mean: ``(V, 3)`` vertices of the model, to infer the points that are left out; see :func:`complete_landmarks`.
        names: named vertices of the model.

    Raises:
        MorphError: not a mapping, or it points outside the model.
    """
    if path.suffix.lower() == ".npy":
        from morph.model.readers.files import load_array

        numbers = load_array(path).ravel()
        return _check(path, dict(enumerate(numbers.tolist())), mean, whole=True)
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError):
        raise MorphError(f"{path} is no text file of landmarks") from None
    lines = [line.split("#")[0].strip() for line in _mapping_section(text)]
    lines = [line for line in lines if line]
    found: dict[int, int] = {}
    pairs = [re.fullmatch(r'"?(\d+)"?\s*=\s*"?([^"]+?)"?', line) for line in lines]
    if lines and all(pairs):
        for pair in pairs:
            assert pair is not None
            ibug, vertex = int(pair[1]), pair[2]
            if not 1 <= ibug <= 68:
                raise MorphError(f"{path}: there is no iBUG point {ibug}, they count from 1 to 68")
            if vertex.isdigit():
                found[ibug - 1] = int(vertex)
            elif names and vertex in names:
                found[ibug - 1] = names[vertex]
            else:
                raise MorphError(f"{path}: the model has no vertex named {vertex!r}")
        return _check(path, found, mean, whole=False)
    words = " ".join(lines).replace(",", " ").split()
    if not words or not all(word.isdigit() for word in words):
        raise MorphError(f"{path} is no landmark file: it needs lines `ibug = vertex`, or 68 vertex numbers")
    return _check(path, {i: int(word) for i, word in enumerate(words)}, mean, whole=True)


def _mapping_section(text: str) -> list[str]:
    """The lines of ``[landmark_mappings]``, or all of them where the file has no such section (eos adds contours)."""
    lines = text.splitlines()
    headers = [i for i, line in enumerate(lines) if re.match(r"\s*\[\s*[A-Za-z]\w*\s*\]", line)]
    for start, end in itertools.pairwise([*headers, len(lines)]):
        if "landmark_mappings" in lines[start]:
            return lines[start + 1 : end]
    return lines


def _check(path: Path, found: dict[int, int], mean: Reals, *, whole: bool) -> Ints:
    if whole and len(found) != 68:
        raise MorphError(f"{path} holds {len(found)} vertex numbers; 68 are needed")
    bad = [vertex for vertex in found.values() if not 0 <= vertex < len(mean)]
    if bad:
        raise MorphError(f"{path} names vertex {bad[0]}, but the model has {len(mean)}; give the mapping of this model")
    return complete_landmarks(mean, {i: int(v) for i, v in found.items()})


def complete_landmarks(mean: Reals, known: Mapping[int, int], reference: Reals | None = None) -> Ints:
    """The ``(68,)`` vertices from those known; the others are inferred from a face whose 68 points are all known.

    The reference points are brought onto the known ones by a similarity; what is left between them is interpolated linearly
    in distance (a radial basis that does not run away outside), and each left-out point takes the vertex nearest to where it
    falls. On the BFM with its jaw withheld this misses its own jaw points by 7 mm in the mean: good enough to train on with a
    low weight, not to measure with. Give all 68 where they are known.

    Args:
        mean: ``(V, 3)``, in the model frame.
        known: iBUG number (from 0) to vertex.
        reference: ``(68, 3)`` points of a whole face; the default model's if None.

    Raises:
        MorphError: fewer than 12 points are known.
    """
    out = np.full(68, -1, np.int32)
    for ibug, vertex in known.items():
        out[ibug] = vertex
    missing = np.flatnonzero(out < 0)
    if not len(missing):
        return out
    if len(missing) > 68 - LEAST:
        raise MorphError(f"only {68 - len(missing)} of the 68 landmarks are known; {LEAST} are needed to infer the rest")
    if reference is None:
        from morph.model.default_model import load_default_model

        default = load_default_model(0)
        reference = default.mean[default.landmarks]
    with needs_extra("convert", "inferring landmarks"):
        from scipy.interpolate import RBFInterpolator
        from scipy.spatial import cKDTree

    have = np.flatnonzero(out >= 0)
    target = mean[out[have]].astype(np.float64)
    moved = _similarity(reference[have].astype(np.float64), target, reference.astype(np.float64))
    size = np.linalg.norm(target - target.mean(0), axis=1).mean()
    rest = RBFInterpolator(moved[have] / size, (target - moved[have]) / size, kernel="linear", degree=0)
    out[missing] = cKDTree(mean).query(moved[missing] + size * rest(moved[missing] / size))[1]
    return out


def _similarity(source: Reals, target: Reals, points: Reals) -> Reals:
    """``points`` under the similarity that best brings ``source`` onto ``target``, all ``(N, 3)`` (Umeyama 1991)."""
    a, b = source - source.mean(0), target - target.mean(0)
    u, s, vh = np.linalg.svd(b.T @ a)
    flip = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vh))])
    rotation = (u * flip) @ vh
    scale = (s * flip).sum() / (a**2).sum()
    return np.asarray(scale * (points - source.mean(0)) @ rotation.T + target.mean(0))
