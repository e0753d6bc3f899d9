"""The morphable model: a mean mesh, linear shape and expression modes, and what is known about its vertices."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import os
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Floats, Ints
from morph.atomic import atomic_path
from morph.errors import MorphError
from morph.model.ibug68 import OUTER_EYE_CORNERS
from morph.npz import read_npz

FORMAT = "morph-model-1"
MILLIMETRES = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "um": 0.001, "µm": 0.001}  # in a unit of length
EYE_CORNERS = 88.0  # millimetres between the outer corners of the eyes of an average head
FLOATS = ("mean", "shape_basis", "expression_basis", "shape_std", "expression_std", "uv", "shape_mirror")
INDICES = ("triangles", "landmarks", "uv_triangles", "quads", "uv_quads", "regions", "vertex_mirror", "finer_landmarks")


def _empty(*shape: int, dtype: npt.DTypeLike = np.int32) -> Any:
    return field(default_factory=lambda: np.zeros(shape, dtype))


@dataclass(frozen=True, eq=False, repr=False)
class MorphableModel:
    """``vertices = mean + shape_basis @ (shape_std * s) + expression_basis @ (expression_std * e)``; s and e are z-scores.

    Frame: x to the right of a frontal picture (the subject's left), y up, z towards the viewer.

    Attributes:
        name, unit, licence: what it is called, the unit of length of ``mean``, and who may use it.
        mean: ``(V, 3)`` float32.
        shape_basis, expression_basis: ``(V, 3, S)`` and ``(V, 3, E)`` float32.
        shape_std, expression_std: ``(S,)`` and ``(E,)``: one standard deviation of each raw coefficient.
        triangles: ``(F, 3)`` int32, anticlockwise seen from outside.
        landmarks: ``(68,)`` vertex indices in iBUG order.
        finer_landmarks: ``(68,)`` vertices of the once subdivided mesh that lie closer to the same points. Empty: the same.
        expression_names: one name a mode (ARKit's names in the default model), or numbered.
        uv, uv_triangles: ``(T, 2)`` texture coordinates (origin bottom left) and ``(F, 3)`` indices into them.
        quads, uv_quads: ``(Q, 4)`` faces for subdivision; a triangle repeats its last corner. Empty: not subdivisible.
        regions, region_names: ``(F,)`` which part of the head each triangle is ("skin", "left_eye", …).
        vertex_mirror: ``(V,)`` the vertex on the other side of the face. Empty: found by geometry.
        shape_mirror: ``(S,)`` ±1 where mirroring the head only flips signs of shape modes. Empty: solved by least squares.
        vertex_masks: named ``(V,)`` float32 weights in 0..1 (lips, ears, …).
        identity: hash of level 0, carried through subdivision; weights name the model they were trained for by it.

    Example:
        >>> from morph.model import load_default_model
        >>> load_default_model(0).expression_names[:2]
        ('browDownLeft', 'browDownRight')
    """

    name: str
    unit: str
    licence: str
    mean: Floats
    shape_basis: Floats
    expression_basis: Floats
    shape_std: Floats
    expression_std: Floats
    triangles: Ints
    landmarks: Ints
    expression_names: tuple[str, ...] = ()
    uv: Floats = _empty(0, 2, dtype=np.float32)
    uv_triangles: Ints = _empty(0, 3)
    quads: Ints = _empty(0, 4)
    uv_quads: Ints = _empty(0, 4)
    regions: Ints = _empty(0)
    region_names: tuple[str, ...] = ()
    vertex_mirror: Ints = _empty(0)
    finer_landmarks: Ints = _empty(0)
    shape_mirror: Floats = _empty(0, dtype=np.float32)
    vertex_masks: dict[str, Floats] = field(default_factory=dict)
    identity: str = ""

    def __post_init__(self) -> None:
        for name in FLOATS:
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), dtype=np.float32))
        for name in INDICES:
            value = np.asarray(getattr(self, name))
            whole = value.astype(np.int32)
            if (whole != value).any():
                raise MorphError(f"model {self.name!r}: {name} must hold whole numbers")
            object.__setattr__(self, name, np.ascontiguousarray(whole))
        masks = {name: np.ascontiguousarray(mask, dtype=np.float32) for name, mask in self.vertex_masks.items()}
        object.__setattr__(self, "vertex_masks", masks)
        self._check()
        if not self.expression_names:
            names = tuple(f"expression_{i:02d}" for i in range(self.n_expression))
            object.__setattr__(self, "expression_names", names)
        if not self.identity:
            object.__setattr__(self, "identity", self._hash())

    @property
    def millimetres(self) -> float:
        """Millimetres in one unit of length of ``mean``; 1 where the unit is not known."""
        return MILLIMETRES.get(self.unit, 1.0)

    @property
    def average_millimetre(self) -> float:
        """Units of length for what is a millimetre on an average head, whose outer eye corners are 88 mm apart.

        Sizes of effects and textures are given in it, so that they fit models whose unit is not known.
        """
        left, right = self.mean[self.landmarks[list(OUTER_EYE_CORNERS)]].astype(np.float64)
        return float(np.linalg.norm(left - right)) / EYE_CORNERS

    def __repr__(self) -> str:
        return f"MorphableModel({self.name!r}, {self.n_vertices} vertices, {self.n_shape} + {self.n_expression} modes)"

    def _check(self) -> None:
        for name, axes in (("mean", 2), ("shape_basis", 3), ("expression_basis", 3)):
            if getattr(self, name).ndim != axes:
                raise MorphError(f"model {self.name!r}: {name} must have {axes} axes, got shape {getattr(self, name).shape}")
        v, s, e, f = self.n_vertices, self.n_shape, self.n_expression, len(self.triangles)
        wanted: dict[str, tuple[int, ...]] = {
            "mean": (v, 3),
            "shape_basis": (v, 3, s),
            "expression_basis": (v, 3, e),
            "shape_std": (s,),
            "expression_std": (e,),
            "triangles": (f, 3),
            "landmarks": (68,),
            "uv": (len(self.uv), 2),
        }
        for name, tail in (  # what may be left out
            ("uv_triangles", (f, 3)),
            ("quads", (len(self.quads), 4)),
            ("uv_quads", (len(self.quads), 4)),
            ("regions", (f,)),
            ("vertex_mirror", (v,)),
            ("shape_mirror", (s,)),
            ("finer_landmarks", (68,)),
        ):
            if len(getattr(self, name)):
                wanted[name] = tail
        for name, shape in wanted.items():
            got = getattr(self, name).shape
            if got != shape:
                raise MorphError(f"model {self.name!r}: {name} must have shape {shape}, got {got}")
        for name, mask in self.vertex_masks.items():
            if mask.shape != (v,):
                raise MorphError(f"model {self.name!r}: mask {name} must have shape ({v},), got {mask.shape}")
        self._check_numbers()

    def _check_numbers(self) -> None:
        v, e = self.n_vertices, self.n_expression
        for name in FLOATS:
            if not np.isfinite(getattr(self, name)).all():
                raise MorphError(f"model {self.name!r}: {name} holds numbers that are not finite")
        for names, count, what in (
            (("triangles", "landmarks", "quads", "vertex_mirror"), v, "vertices"),
            (("uv_triangles", "uv_quads"), len(self.uv), "texture coordinates"),
        ):
            for name in names:
                index = getattr(self, name)
                if index.size and (index.min() < 0 or index.max() >= count):
                    raise MorphError(f"model {self.name!r}: {name} points outside its {count} {what}")
        if self.expression_names and len(self.expression_names) != e:
            raise MorphError(f"model {self.name!r}: {len(self.expression_names)} names for {e} expressions")

    @property
    def n_vertices(self) -> int:
        """V, the number of vertices."""
        return len(self.mean)

    @property
    def n_shape(self) -> int:
        """S, the number of shape (identity) modes."""
        return int(self.shape_basis.shape[-1])

    @property
    def n_expression(self) -> int:
        """E, the number of expression modes."""
        return int(self.expression_basis.shape[-1])

    @functools.cached_property
    def edges(self) -> Ints:
        """``(n, 2)`` undirected edges, each once."""
        pairs = np.sort(self.triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
        return np.unique(pairs, axis=0)

    def _hash(self) -> str:
        digest = hashlib.sha256()
        for name in ("mean", "shape_basis", "expression_basis", "shape_std", "expression_std", "triangles"):
            digest.update(np.ascontiguousarray(getattr(self, name)).tobytes())
        return digest.hexdigest()[:16]

    def save(self, path: str | os.PathLike[str], *, half: bool = False) -> None:
        """Write ``.npz`` (no pickle); ``half`` stores the two bases as float16, each mode scaled by its largest entry."""
        arrays: dict[str, Any] = {"format": np.array(FORMAT)}
        for spec in dataclasses.fields(self):
            value = getattr(self, spec.name)
            if spec.name == "vertex_masks":
                arrays |= {f"mask_{key}": mask.astype(np.float16 if half else np.float32) for key, mask in value.items()}
            elif half and spec.name in ("shape_basis", "expression_basis"):
                peak = np.maximum(np.abs(value).max(axis=(0, 1)), 1e-12)
                arrays[spec.name] = (value / peak).astype(np.float16)
                arrays[f"{spec.name}_peak"] = peak.astype(np.float32)
            else:
                arrays[spec.name] = np.asarray(value)
        with atomic_path(path) as temporary:
            _write_npz(temporary, arrays)


def _write_npz(path: Path, arrays: dict[str, Any]) -> None:
    """A compressed npz whose bytes depend on the arrays alone (numpy's own writer stamps the time of day)."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(arrays):
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            with archive.open(info, "w") as stream:
                np.lib.format.write_array(stream, np.asanyarray(arrays[name]), allow_pickle=False)


def load_model(path: str | os.PathLike[str]) -> MorphableModel:
    """Read a model that :meth:`MorphableModel.save` wrote.

    Raises:
        MorphError: no such file, not a morph model, or arrays of the wrong shape.

    Example:
        >>> import tempfile
        >>> from morph.model import load_default_model
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     load_default_model(0).save(Path(folder) / "head.npz")
        ...     load_model(Path(folder) / "head.npz").n_vertices
        4054
    """
    path = Path(path)
    if not path.is_file():
        raise MorphError(f"no model file {path}; make one with `morph model convert`")
    arrays = read_npz(path, "a morph model", "convert other formats with `morph model convert`")
    if str(arrays.pop("format", "")) != FORMAT:
        raise MorphError(f"{path} is not a morph model (.npz, {FORMAT}); convert other formats with `morph model convert`")
    for name in ("shape_basis", "expression_basis"):
        if f"{name}_peak" in arrays:
            scaled, peak = arrays[name].astype(np.float32), arrays.pop(f"{name}_peak")
            if scaled.shape[-1:] != peak.shape:
                raise MorphError(f"{path}: damaged morph model, check {name}")
            arrays[name] = scaled * peak
    masks = {name[5:]: arrays.pop(name) for name in list(arrays) if name.startswith("mask_")}
    known = {spec.name for spec in dataclasses.fields(MorphableModel)} - {"vertex_masks"}
    absent = dataclasses.MISSING
    needed = {s.name for s in dataclasses.fields(MorphableModel) if s.default is absent and s.default_factory is absent}
    missing = needed - set(arrays)
    if missing or set(arrays) - known:
        odd = sorted(missing) or sorted(set(arrays) - known)
        raise MorphError(f"{path}: damaged morph model, check {', '.join(odd)}")
    values: dict[str, Any] = {}
    for name, array in arrays.items():
        if name in ("name", "unit", "licence", "identity"):
            values[name] = str(array)
        elif name in ("expression_names", "region_names"):
            values[name] = tuple(str(item) for item in array)
        else:
            values[name] = array
    return MorphableModel(vertex_masks=masks, **values)
