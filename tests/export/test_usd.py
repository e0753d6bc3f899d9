"""USD, read back with OpenUSD: blend shapes are evaluated by its own skinning."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from morph.errors import MorphError
from morph.export import plain_texture
from morph.export.performance import Performance
from morph.export.shot.regions import regions_of
from morph.export.shot.shot import shot_of
from morph.export.usd import time_codes, write_usd

MESH = "/Track/Head/Body/Mesh"


@pytest.fixture
def usd() -> Any:
    return pytest.importorskip("pxr.Usd", reason="usd-core is not installed")


@pytest.fixture
def written(performance: Performance, usd: Any, tmp_path: Path) -> Path:
    """A .usdc of the made-up track."""
    write_usd(tmp_path / "head.usdc", performance, plain_texture(performance.model, 64))
    return tmp_path / "head.usdc"


def _bake(usd: Any, path: Path) -> Any:
    from pxr import UsdSkel

    stage = usd.Stage.Open(usd.Stage.Open(str(path)).Flatten())
    assert UsdSkel.BakeSkinning(stage.Traverse())
    return stage


def _points(stage: Any, code: float) -> np.ndarray:
    from pxr import Usd, UsdGeom

    mesh = UsdGeom.Mesh(stage.GetPrimAtPath(MESH))
    matrix = np.array(mesh.ComputeLocalToWorldTransform(Usd.TimeCode(code)))
    return np.array(mesh.GetPointsAttr().Get(code)) @ matrix[:3, :3] + matrix[3, :3]


@pytest.mark.parametrize("suffix", [".usda", ".usdc", ".usdz"])
def test_frames_are_where_they_were_tracked(performance: Performance, usd: Any, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"head{suffix}"
    write_usd(path, performance, plain_texture(performance.model, 64))
    stage = _bake(usd, path)
    for row, frame in enumerate(performance.frame.tolist()):
        assert np.abs(_points(stage, frame) - shot_of(performance).standing(performance).vertices(row)).max() < 0.01


def test_a_resting_face_moves_no_vertex(performance: Performance, rested: Performance, usd: Any, tmp_path: Path) -> None:
    write_usd(tmp_path / "head.usdc", rested, plain_texture(rested.model, 64))
    stage = _bake(usd, tmp_path / "head.usdc")
    for row, frame in enumerate(performance.frame.tolist()):
        assert np.abs(_points(stage, frame) - shot_of(performance).standing(performance).vertices(row)).max() < 0.01


def test_stage_says_units_axes_and_times(performance: Performance, usd: Any, written: Path) -> None:
    from pxr import UsdGeom, UsdSkel

    stage = usd.Stage.Open(str(written))
    assert UsdGeom.GetStageUpAxis(stage) == "Y"
    assert UsdGeom.GetStageMetersPerUnit(stage) == 0.001
    assert (stage.GetStartTimeCode(), stage.GetEndTimeCode(), stage.GetTimeCodesPerSecond()) == (3, 9, 30)
    motion = UsdSkel.Animation(stage.GetPrimAtPath("/Track/Head/Body/Motion"))
    assert list(motion.GetBlendShapesAttr().Get()) == list(performance.model.expression_names)
    assert motion.GetBlendShapeWeightsAttr().GetTimeSamples() == [3, 4, 5, 7, 8, 9]
    np.testing.assert_allclose(motion.GetBlendShapeWeightsAttr().Get(5), performance.weights[2], atol=1e-6)  # below 0 too
    assert stage.GetRootLayer().customLayerData["morph"]["camera"]["kind"] == "perspective"


def test_texture_and_its_coordinates(performance: Performance, usd: Any, written: Path) -> None:
    from pxr import UsdGeom, UsdShade

    stage = usd.Stage.Open(str(written))
    chart = UsdGeom.PrimvarsAPI(stage.GetPrimAtPath(MESH)).GetPrimvar("st")
    counts = np.array(UsdGeom.Mesh(stage.GetPrimAtPath(MESH)).GetFaceVertexCountsAttr().Get())
    assert chart.GetInterpolation() == "faceVarying"
    corners = performance.model.uv[performance.model.uv_quads[counts == 4]].reshape(-1, 2)
    flattened = np.array(chart.ComputeFlattened())
    np.testing.assert_allclose(flattened[np.repeat(counts, counts) == 4], corners)
    bound = UsdShade.MaterialBindingAPI(stage.GetPrimAtPath(MESH))
    regions = regions_of(performance.model)
    for part, region in zip(bound.GetMaterialBindSubsets(), regions, strict=True):
        (material, _) = UsdShade.MaterialBindingAPI(part.GetPrim()).ComputeBoundMaterial()
        assert material.GetPath() == f"/Track/Materials/{region.name}"
        np.testing.assert_array_equal(np.array(part.GetIndicesAttr().Get()), region.faces)
    asset = UsdShade.Shader(stage.GetPrimAtPath("/Track/Materials/skin/Picture")).GetInput("file").Get()
    picture = cv2.imread(asset.resolvedPath)
    np.testing.assert_array_equal(picture[..., ::-1], plain_texture(performance.model, 64))


def test_usd_validators_find_nothing(performance: Performance, usd: Any, tmp_path: Path, written: Path) -> None:
    validation = pytest.importorskip("pxr.UsdValidation", reason="this usd-core has no validators")
    write_usd(tmp_path / "packed.usdz", performance, plain_texture(performance.model, 64))
    context = validation.ValidationContext(validation.ValidationRegistry().GetOrLoadAllValidators())
    for path in (written, tmp_path / "packed.usdz"):
        assert [error.GetMessage() for error in context.Validate(usd.Stage.Open(str(path)))] == []


def test_time_codes_are_whole_where_the_clip_allows(performance: Performance) -> None:
    import dataclasses

    ntsc = dataclasses.replace(performance, time=performance.frame * 1001 / 30000)
    rate, codes = time_codes(ntsc)
    assert rate == 29.97
    np.testing.assert_allclose(codes, performance.frame, atol=1e-3)
    uneven = dataclasses.replace(performance, time=performance.time + np.array([0, 0.01, 0, 0, 0, 0]))
    assert time_codes(uneven)[1][:3] == [3, pytest.approx(4.3), 5]


def test_missing_extra_is_one_line(performance: Performance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pxr", None)
    with pytest.raises(MorphError, match=r"pip install 'morph-face\[usd\]'"):
        write_usd(tmp_path / "head.usdc", performance, np.zeros((4, 4, 3), np.uint8))
    assert list(tmp_path.glob("head*")) == []


def test_other_suffix_is_one_line(performance: Performance, usd: Any, tmp_path: Path) -> None:
    with pytest.raises(MorphError, match="must end in one of"):
        write_usd(tmp_path / "head.fbx", performance, np.zeros((4, 4, 3), np.uint8))
