"""USD: a head with blend shapes, time-sampled weights and transform, and the camera of every frame. Needs ``usd-core``."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from morph import __version__
from morph.arrays import Image
from morph.atomic import atomic_path
from morph.errors import MorphError, needs_extra
from morph.export.head_mesh import expressions, faces_of, png
from morph.export.linked_files import linked_path, path_for_cpp
from morph.export.performance import Performance
from morph.export.shot.options import HEAD_ALONE, SceneOptions
from morph.export.shot.regions import regions_of
from morph.export.shot.shot import shot_of
from morph.export.shot.usd_parts import add_camera, add_materials, add_worn, floats, sample_motion
from morph.rendering import vertex_normals

SUFFIXES = (".usd", ".usdc", ".usda", ".usdz")


def write_usd(
    path: str | os.PathLike[str], performance: Performance, texture: Image, options: SceneOptions = HEAD_ALONE
) -> None:
    """Write ``/Track/Head`` (transform) with ``Body/Mesh`` (UsdSkel blend shapes) and ``/Track/Camera``.

    Millimetres (metersPerUnit 0.001), y up, z towards the viewer. Time code = seconds x timeCodesPerSecond, with the clip's own
    time stamps; weights are not clipped. The camera is a perspective one through which the head lies over the footage. Skin,
    eyes, teeth and tongue are subsets of faces with materials of their own; what the head wears hangs below it. The texture is
    a PNG beside the file, or inside a ``.usdz``.

    Args:
        path: of the file.
        performance: one person of a track.
        texture: ``(H, W, 3)`` uint8 RGB for the model's texture coordinates.
        options: what else the scene holds.

    Raises:
        MorphError: ``usd-core`` is not installed, the suffix is not USD's, or the folder cannot be written.
    """
    with needs_extra("usd", "exporting USD"):
        from pxr import Sdf, UsdUtils
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise MorphError(f"{path} must end in one of {', '.join(SUFFIXES)}")
    picture = png(texture if options.worn is None else options.worn.painted(texture))
    if path.suffix.lower() != ".usdz":
        beside = linked_path(path, ".png")
        layer = _layer(performance, f"./{beside.name}", options)
        with atomic_path(beside) as temporary:
            temporary.write_bytes(picture)
        with atomic_path(path) as temporary, path_for_cpp(temporary) as place:
            _export(layer, place)
        return
    with atomic_path(path) as temporary, tempfile.TemporaryDirectory() as folder:
        Path(folder, "texture.png").write_bytes(picture)
        whole, packed = Path(folder, "track.usdc"), Path(folder, "track.usdz")
        _export(_layer(performance, "./texture.png", options), whole)
        if not UsdUtils.CreateNewUsdzPackage(Sdf.AssetPath(str(whole)), str(packed)) or not _is_whole(packed):
            raise MorphError(f"{path} could not be packed; is the disk of {folder} full?")
        shutil.copyfile(packed, temporary)


def _is_whole(package: Path) -> bool:
    """Whether every part of a package can be read; its writer does not say that the disk was full."""
    try:
        with zipfile.ZipFile(package) as archive:
            return archive.testzip() is None
    except (OSError, zipfile.BadZipFile):
        return False


def _export(layer: Any, path: Path) -> None:
    if not layer.Export(str(path)):
        raise MorphError(f"USD could not write {path.name}; is the disk full?")


def _layer(performance: Performance, texture: str, options: SceneOptions) -> Any:
    """The scene as an anonymous layer."""
    from pxr import Sdf, Usd, UsdGeom

    layer = Sdf.Layer.CreateAnonymous(".usda")
    stage = Usd.Stage.Open(layer)
    UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.y)
    UsdGeom.SetStageMetersPerUnit(stage, 0.001)
    rate, codes = time_codes(performance)
    stage.SetTimeCodesPerSecond(rate)
    stage.SetFramesPerSecond(rate)
    stage.SetStartTimeCode(codes[0])
    stage.SetEndTimeCode(codes[-1])
    model = performance.model
    layer.comment = f"made by morph {__version__}; head model {model.name}, licence {model.licence}"
    shot = shot_of(performance, options.static_head)
    camera = {name: value for name, value in shot.numbers(performance).items() if isinstance(value, (str, int))}
    layer.customLayerData = {"morph": {"model": model.name, "model_identity": model.identity, "camera": camera}}
    top = UsdGeom.Xform.Define(stage, "/Track")
    stage.SetDefaultPrim(top.GetPrim())
    head = UsdGeom.Xform.Define(stage, "/Track/Head")
    sample_motion(head, shot.head, codes)
    add_materials(stage, _body(stage, performance, codes), regions_of(model), texture)
    add_camera(stage, shot, codes)
    if options.worn is not None:
        add_worn(stage, options.worn, codes)
    return layer


def time_codes(performance: Performance) -> tuple[float, list[float]]:
    """Time codes a second, and the code of each row: whole numbers where the clip's time stamps allow."""
    rate = round(performance.fps, 3)
    rate = float(round(rate)) if abs(rate - round(rate)) < 5e-3 else rate
    codes = performance.time * rate
    near = np.round(codes)
    return rate, np.where(np.abs(codes - near) < 1e-3, near, codes).tolist()


def _body(stage: Any, performance: Performance, codes: list[float]) -> Any:
    """The mesh."""
    from pxr import Sdf, Tf, UsdGeom, UsdSkel, Vt

    model = performance.model
    root = UsdSkel.Root.Define(stage, "/Track/Head/Body")
    mesh = UsdGeom.Mesh.Define(stage, "/Track/Head/Body/Mesh")
    faces = faces_of(model)
    mesh.CreatePointsAttr(Vt.Vec3fArray.FromNumpy(np.ascontiguousarray(performance.base)))
    mesh.CreateFaceVertexCountsAttr([len(face) for face, _ in faces])
    mesh.CreateFaceVertexIndicesAttr([corner for face, _ in faces for corner in face])
    mesh.CreateSubdivisionSchemeAttr(UsdGeom.Tokens.none)
    mesh.CreateNormalsAttr(Vt.Vec3fArray.FromNumpy(floats(vertex_normals(performance.base, model.triangles))))
    mesh.SetNormalsInterpolation(UsdGeom.Tokens.vertex)
    if len(model.uv_triangles):
        chart = UsdGeom.PrimvarsAPI(mesh).CreatePrimvar("st", Sdf.ValueTypeNames.TexCoord2fArray, UsdGeom.Tokens.faceVarying)
        chart.Set(Vt.Vec2fArray.FromNumpy(floats(model.uv)))
        chart.SetIndices(Vt.IntArray([corner for _, uv in faces for corner in uv]))
    reach = np.abs(performance.deltas).sum(0) * max(float(np.abs(performance.weights).max(initial=0.0)), 1.0)
    extent = np.stack([(performance.base - reach).min(0), (performance.base + reach).max(0)])
    for shape in (mesh, root):
        shape.CreateExtentAttr(Vt.Vec3fArray.FromNumpy(floats(extent)))
    # Blend shapes are driven through a skeleton; this one has no joints.
    skeleton = UsdSkel.Skeleton.Define(stage, "/Track/Head/Body/Skeleton")
    motion = UsdSkel.Animation.Define(stage, "/Track/Head/Body/Motion")
    UsdSkel.BindingAPI.Apply(skeleton.GetPrim()).CreateAnimationSourceRel().SetTargets([motion.GetPath()])
    binding = UsdSkel.BindingAPI.Apply(mesh.GetPrim())
    binding.CreateSkeletonRel().SetTargets([skeleton.GetPath()])
    names, targets = [], []
    for expression in expressions(performance):
        name = Tf.MakeValidIdentifier(expression.name)
        shape = UsdSkel.BlendShape.Define(stage, mesh.GetPath().AppendChild(name))
        shape.CreateOffsetsAttr(Vt.Vec3fArray.FromNumpy(floats(expression.offsets)))
        shape.CreateNormalOffsetsAttr(Vt.Vec3fArray.FromNumpy(floats(expression.normals)))
        shape.CreatePointIndicesAttr(Vt.IntArray.FromNumpy(expression.rows.astype(np.int32)))
        names.append(name)
        targets.append(shape.GetPath())
    binding.CreateBlendShapesAttr(names)
    binding.CreateBlendShapeTargetsRel().SetTargets(targets)
    motion.CreateBlendShapesAttr(names)
    weights = motion.CreateBlendShapeWeightsAttr()
    for code, row in zip(codes, performance.weights, strict=True):
        weights.Set(Vt.FloatArray.FromNumpy(floats(row)), code)
    return mesh
