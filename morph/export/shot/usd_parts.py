"""The parts of a USD scene beside the head's mesh: camera, materials, and what the head wears. Needs ``usd-core``."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Floats
from morph.export.shot.regions import Region
from morph.export.shot.shot import FAR, FILM, NEAR, Motion, Shot
from morph.export.shot.worn import Worn, WornItem, WornPiece

TENTH = 10.0  # USD measures focal length and apertures in tenths of the scene's unit


def sample_motion(xform: Any, motion: Motion, codes: list[float]) -> None:
    """Say where a prim stands at each time code."""
    from pxr import Gf, UsdGeom

    move = xform.AddTranslateOp(UsdGeom.XformOp.PrecisionDouble)
    turn = xform.AddOrientOp(UsdGeom.XformOp.PrecisionDouble)
    rows = zip(codes, motion.translation.tolist(), motion.quaternions.tolist(), strict=True)
    for number, (code, place, (x, y, z, w)) in enumerate(rows):
        if number and not motion.moves:
            break
        move.Set(Gf.Vec3d(*place), *([code] if motion.moves else []))
        turn.Set(Gf.Quatd(w, x, y, z), *([code] if motion.moves else []))


def add_camera(stage: Any, shot: Shot, codes: list[float]) -> None:
    """``/Track/Camera``: a film whose longer side has 36 mm, and the focal length that goes with it."""
    from pxr import Gf, UsdGeom

    camera = UsdGeom.Camera.Define(stage, "/Track/Camera")
    camera.CreateProjectionAttr(UsdGeom.Tokens.perspective)
    camera.CreateClippingRangeAttr(Gf.Vec2f(NEAR, FAR))
    film = FILM / max(shot.size)  # millimetres of a pixel
    width, height = shot.size
    camera.CreateHorizontalApertureAttr(TENTH * film * width)
    camera.CreateVerticalApertureAttr(TENTH * film * height)
    aside = -shot.offset * film  # the middle of the film lies there from the axis
    camera.CreateHorizontalApertureOffsetAttr(TENTH * float(aside[0]))
    camera.CreateVerticalApertureOffsetAttr(TENTH * float(aside[1]))
    focal = camera.CreateFocalLengthAttr()
    if np.ptp(shot.focal) < 1e-6 * shot.focal[0]:
        focal.Set(TENTH * float(shot.focal[0]) * film)
    else:
        for code, pixels in zip(codes, shot.focal.tolist(), strict=True):
            focal.Set(TENTH * pixels * film, code)
    sample_motion(camera, shot.camera, codes)


def add_materials(stage: Any, mesh: Any, regions: list[Region], texture: str) -> None:
    """``/Track/Materials/skin`` and so on, all with the texture, bound to a subset of faces each."""
    from pxr import Sdf, UsdGeom, UsdShade, Vt

    kinds = Sdf.ValueTypeNames
    UsdGeom.Scope.Define(stage, "/Track/Materials")
    binding = UsdShade.MaterialBindingAPI.Apply(mesh.GetPrim())
    for region in regions:
        path = f"/Track/Materials/{region.name}"
        material, surface = _surface(stage, path, region.roughness, 0.0)
        reader = UsdShade.Shader.Define(stage, f"{path}/Chart")
        reader.CreateIdAttr("UsdPrimvarReader_float2")
        reader.CreateInput("varname", kinds.String).Set("st")
        picture = UsdShade.Shader.Define(stage, f"{path}/Picture")
        picture.CreateIdAttr("UsdUVTexture")
        picture.CreateInput("file", kinds.Asset).Set(Sdf.AssetPath(texture))
        picture.CreateInput("sourceColorSpace", kinds.Token).Set("sRGB")
        for side in ("wrapS", "wrapT"):
            picture.CreateInput(side, kinds.Token).Set("clamp")
        picture.CreateInput("st", kinds.Float2).ConnectToSource(reader.CreateOutput("result", kinds.Float2))
        colour = picture.CreateOutput("rgb", kinds.Float3)
        surface.CreateInput("diffuseColor", kinds.Color3f).ConnectToSource(colour)
        if len(regions) == 1:
            binding.Bind(material)
            continue
        rows = Vt.IntArray.FromNumpy(region.faces.astype(np.int32))
        part = binding.CreateMaterialBindSubset(region.name, rows)
        UsdShade.MaterialBindingAPI.Apply(part.GetPrim()).Bind(material)
    if len(regions) > 1:
        binding.SetMaterialBindSubsetsFamilyType(UsdGeom.Tokens.partition)


def _surface(stage: Any, path: str, roughness: float, metallic: float) -> tuple[Any, Any]:
    from pxr import Sdf, UsdShade

    kinds = Sdf.ValueTypeNames
    material = UsdShade.Material.Define(stage, path)
    surface = UsdShade.Shader.Define(stage, f"{path}/Surface")
    surface.CreateIdAttr("UsdPreviewSurface")
    surface.CreateInput("roughness", kinds.Float).Set(roughness)
    surface.CreateInput("metallic", kinds.Float).Set(metallic)
    material.CreateSurfaceOutput().ConnectToSource(surface.CreateOutput("surface", kinds.Token))
    return material, surface


def add_worn(stage: Any, worn: Worn, codes: list[float]) -> None:
    """``/Track/Head/<prop>``: an Xform for each item, below the head, a mesh and a material for each of its pieces."""
    from pxr import Tf, UsdGeom

    name = Tf.MakeValidIdentifier(worn.name)
    for number, item in enumerate(worn.items):
        path = f"/Track/Head/{name}{number if len(worn.items) > 1 else ''}"
        xform = UsdGeom.Xform.Define(stage, path)
        _sample_item(xform, item, codes)
        for row, piece in enumerate(item.pieces):
            _piece(stage, f"{path}/Piece{row}", f"/Track/Materials/{name}_{number}_{row}", piece)


def _sample_item(xform: Any, item: WornItem, codes: list[float]) -> None:
    from pxr import Gf

    sample_motion(xform, Motion(item.linear / item.scale[:, None, :], item.shift), codes)
    size = xform.AddScaleOp()
    if not item.moves:
        size.Set(Gf.Vec3f(*item.scale[0].tolist()))
        return
    for code, scale in zip(codes, item.scale.tolist(), strict=True):
        size.Set(Gf.Vec3f(*scale), code)


def _piece(stage: Any, path: str, material_path: str, piece: WornPiece) -> None:
    from pxr import Gf, Sdf, UsdGeom, UsdShade, Vt

    kinds = Sdf.ValueTypeNames
    mesh = UsdGeom.Mesh.Define(stage, path)
    mesh.CreatePointsAttr(Vt.Vec3fArray.FromNumpy(floats(piece.vertices)))
    mesh.CreateFaceVertexCountsAttr([3] * len(piece.triangles))
    mesh.CreateFaceVertexIndicesAttr(Vt.IntArray.FromNumpy(np.ascontiguousarray(piece.triangles.ravel(), np.int32)))
    mesh.CreateSubdivisionSchemeAttr(UsdGeom.Tokens.none)
    mesh.CreateNormalsAttr(Vt.Vec3fArray.FromNumpy(floats(piece.normals)))
    mesh.SetNormalsInterpolation(UsdGeom.Tokens.vertex)
    mesh.CreateExtentAttr(Vt.Vec3fArray.FromNumpy(floats([piece.vertices.min(0), piece.vertices.max(0)])))
    mesh.CreateDisplayColorPrimvar(UsdGeom.Tokens.vertex).Set(Vt.Vec3fArray.FromNumpy(floats(piece.colours[:, :3])))
    mesh.CreateDisplayOpacityPrimvar(UsdGeom.Tokens.vertex).Set(Vt.FloatArray.FromNumpy(floats(piece.colours[:, 3])))
    material, surface = _surface(stage, material_path, piece.roughness, piece.metallic)
    colour = surface.CreateInput("diffuseColor", kinds.Color3f)
    if np.ptp(piece.colours, axis=0).max(initial=0) < 1e-3:
        colour.Set(Gf.Vec3f(*piece.colours[0, :3].astype(float).tolist()))
    else:
        reader = UsdShade.Shader.Define(stage, f"{material_path}/Colour")
        reader.CreateIdAttr("UsdPrimvarReader_float3")
        reader.CreateInput("varname", kinds.String).Set("displayColor")
        colour.ConnectToSource(reader.CreateOutput("result", kinds.Float3))
    if piece.see_through:
        surface.CreateInput("opacity", kinds.Float).Set(float(piece.colours[:, 3].mean()))
    UsdShade.MaterialBindingAPI.Apply(mesh.GetPrim()).Bind(material)


def floats(array: npt.ArrayLike) -> Floats:
    """As single precision, row after row."""
    return np.ascontiguousarray(array, np.float32)
