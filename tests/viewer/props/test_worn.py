"""Props in GLB and USD lie where the viewer draws them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from morph.errors import MorphError
from morph.export.gltf.glb import write_glb
from morph.export.performance import Performance
from morph.export.shot.options import SceneOptions
from morph.export.shot.shot import shot_of
from morph.export.shot.worn import Worn
from morph.export.textures.plain import plain_texture
from morph.export.usd import write_usd
from morph.model import MorphableModel, load_default_model
from viewer.props import Wearer, Wearing, find_prop
from viewer.props.fitted_prop import WornItem
from viewer.props.meshes import read_mesh
from viewer.props.worn import worn_prop


@pytest.fixture(scope="module")
def model() -> MorphableModel:
    return load_default_model(0)


@pytest.fixture
def performance(model: MorphableModel) -> Performance:
    """A head that talks and turns."""
    rng = np.random.default_rng(5)
    turns = Rotation.from_euler("yx", [[0, 0], [25, 5], [40, -8]], degrees=True).as_matrix()
    moving = np.array([[0.0, 0.0, 0.0], [30.0, 5.0, 0.0], [60.0, -10.0, 0.0]])
    weights = rng.uniform(0, 0.8, (3, model.n_expression))
    frame = np.arange(3)
    shape = rng.normal(size=model.n_shape)
    return Performance(model, 0, frame, frame / 25, shape, weights, turns, moving, np.full(3, 1.2), (640, 360))


def _worn(name: str, performance: Performance) -> Worn:
    prop = find_prop(name)
    assert prop is not None
    return worn_prop(prop, performance)


def _drawn(name: str, performance: Performance, row: int) -> list[np.ndarray]:
    """Where the viewer puts the vertices of each piece, on the head without rotation and translation."""
    prop = find_prop(name)
    assert prop is not None
    wearer = Wearer(performance.shape, performance.scores(performance.weights[row]), performance.shape)
    items = [item for item in Wearing(prop, performance.model).items if isinstance(item, WornItem)]
    return [item.place(wearer)(piece.vertices) for item in items for piece in item.item.pieces]


@pytest.mark.parametrize("name", ["glasses", "dog", "moustache"])
def test_items_are_where_the_viewer_draws_them(performance: Performance, name: str) -> None:
    worn = _worn(name, performance)
    for row in range(len(performance)):
        pieces = [
            item.linear[row] @ piece.vertices.T + item.shift[row][:, None] for item in worn.items for piece in item.pieces
        ]
        again = [
            (Rotation.from_quat(item.quaternions[row]).apply(piece.vertices * item.scale[row]) + item.shift[row]).T
            for item in worn.items
            for piece in item.pieces
        ]
        for here, decomposed, wanted in zip(pieces, again, _drawn(name, performance, row), strict=True):
            np.testing.assert_allclose(here.T, wanted, atol=0.01)
            np.testing.assert_allclose(decomposed.T, wanted, atol=0.01)


def test_what_follows_the_skull_does_not_move_on_it(performance: Performance) -> None:
    assert not any(item.moves for item in _worn("glasses", performance).items)
    assert any(item.moves for item in _worn("moustache", performance).items)


def test_a_glb_holds_the_prop_on_the_head(performance: Performance, tmp_path: Path) -> None:
    write_glb(
        tmp_path / "head.glb",
        performance,
        plain_texture(performance.model, 16),
        SceneOptions(worn=_worn("glasses", performance)),
    )
    parts, head = read_mesh(tmp_path / "head.glb"), shot_of(performance).head
    drawn = [points @ head.rotation[0].T + head.translation[0] for points in _drawn("glasses", performance, 0)]
    found = parts[-len(drawn) :]
    for part, wanted in zip(found, drawn, strict=True):
        np.testing.assert_allclose(part.vertices * 1000, wanted, atol=0.01)


def test_a_usd_holds_the_prop_on_the_head(performance: Performance, tmp_path: Path) -> None:
    usd = pytest.importorskip("pxr.Usd", reason="usd-core is not installed")
    from pxr import UsdGeom, UsdShade

    options = SceneOptions(worn=_worn("dog", performance))
    write_usd(tmp_path / "head.usdc", performance, plain_texture(performance.model, 16), options)
    stage, head = usd.Stage.Open(str(tmp_path / "head.usdc")), shot_of(performance).head
    meshes = [UsdGeom.Mesh(prim) for prim in stage.Traverse() if prim.GetName().startswith("Piece")]
    for row in (0, 2):
        drawn = [points @ head.rotation[row].T + head.translation[row] for points in _drawn("dog", performance, row)]
        for mesh, wanted in zip(meshes, drawn, strict=True):
            matrix = np.array(mesh.ComputeLocalToWorldTransform(row))
            points = np.array(mesh.GetPointsAttr().Get()) @ matrix[:3, :3] + matrix[3, :3]
            np.testing.assert_allclose(points, wanted, atol=0.01)
            assert UsdShade.MaterialBindingAPI(mesh.GetPrim()).ComputeBoundMaterial()[0]


def test_paint_lies_on_the_texture_of_the_head(performance: Performance) -> None:
    worn = _worn("mask", performance)
    plain = np.full((64, 64, 3), 200, np.uint8)
    painted = worn.painted(plain)
    assert painted.shape[0] == max(len(layer) for layer in worn.paint)
    alpha = worn.paint[0][..., 3]
    assert (painted[alpha == 0] == 200).all()
    np.testing.assert_array_equal(painted[alpha == 255], worn.paint[0][..., :3][alpha == 255])


def test_what_changes_the_footage_is_refused(performance: Performance) -> None:
    with pytest.raises(MorphError, match="changes the footage"):
        _worn("beauty", performance)
