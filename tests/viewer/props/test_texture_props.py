import dataclasses

import cv2
import numpy as np
import pytest

from morph.errors import MorphError
from morph.export.textures.uv_chart import rasterise_chart
from morph.track_folder.read import load_track
from viewer.draw.scene import Scene, orbit_camera
from viewer.draw.software import SoftwareRenderer
from viewer.props import Placement, SkinTexture, Wearer, Wearing, find_prop, load_prop
from viewer.props.painting import WornTexture
from viewer.stage.track_scene import DisplayStyle, TrackScene

TEXTURES = ("paint", "mask")


def texture_of(name):
    (item,) = find_prop(name).items
    assert isinstance(item, SkinTexture)
    return item


def worn(prop, model, expression=None):
    expression = np.zeros(model.n_expression) if expression is None else expression
    (part,) = Wearing(prop, model).parts(Wearer(np.zeros(model.n_shape), expression), Placement(np.eye(3), np.zeros(3)))
    return part


def share_of_paint(item, model, vertices):
    """Greatest alpha on the triangles around vertices."""
    chart = rasterise_chart(model, len(item.rgba))
    triangles = np.flatnonzero(np.isin(model.triangles, vertices).any(axis=1))
    return item.rgba[..., 3][np.isin(chart.triangle_id, triangles)].max()


@pytest.mark.parametrize("name", TEXTURES)
def test_paint_leaves_out_eyes_and_mouth(name, coarse_model):
    item = texture_of(name)
    rows = np.unique(coarse_model.triangles[coarse_model.regions != coarse_model.region_names.index("skin")])
    assert share_of_paint(item, coarse_model, rows) == 0
    assert share_of_paint(item, coarse_model, np.flatnonzero(coarse_model.vertex_masks["inner_mouth"] > 0.9)) == 0
    assert share_of_paint(item, coarse_model, coarse_model.landmarks[[30]]) > 200  # tip of the nose


@pytest.mark.parametrize("name", TEXTURES)
def test_only_painted_triangles_lie_on_the_moving_skin(name, coarse_model):
    prop, moved = find_prop(name), np.full(coarse_model.n_expression, 0.8)
    for expression in (np.zeros(coarse_model.n_expression), moved):
        part = worn(prop, coarse_model, expression)
        head = coarse_model.mean + coarse_model.expression_basis @ (coarse_model.expression_std * expression).astype(np.float32)
        away = np.linalg.norm(part.vertices[:, None] - head[None], axis=2).min(axis=1)
        assert away.max() < prop.items[0].clear + 1e-3
        assert np.median(away) == pytest.approx(prop.items[0].clear, abs=1e-3)
        assert len(part.triangles) < 0.5 * len(coarse_model.triangles)


@pytest.mark.parametrize("name", TEXTURES)
def test_both_sides_are_painted_alike(name, coarse_model):
    part = worn(find_prop(name), coarse_model)
    camera = orbit_camera([0, 0, 0], 4000.0, 0, 0, 241, 241, 4.0)
    alpha = SoftwareRenderer().render(Scene((part,), camera, 241, 241))[..., 3]
    assert alpha.sum() > 4000
    assert np.abs(alpha - alpha[:, ::-1]).mean() < 0.01


@pytest.mark.parametrize("yaw", [75, -75])
def test_head_hides_the_far_cheek(yaw, write_track, coarse_model):
    stage = TrackScene(load_track(write_track([0])), coarse_model, find_prop("paint"))
    camera = stage.orbit(yaw, 0, 200, 200)
    head, paint = stage.model_scene(0, camera, 200, 200, DisplayStyle(head=False)).parts
    far = paint.vertices[paint.triangles, 0].mean(axis=1) * yaw < -35 * abs(yaw)
    cheek = dataclasses.replace(paint, triangles=paint.triangles[far])
    from_behind = dataclasses.replace(cheek, triangles=cheek.triangles[:, ::-1])
    alone, hidden = (
        SoftwareRenderer().render(Scene(parts, camera, 200, 200))[..., 3].sum()
        for parts in ((from_behind,), (head, cheek, from_behind))
    )
    assert alone > 100
    assert hidden < 0.01 * alone  # a pixel of the outline may show it


def test_light_falls_on_paint_and_normals_show_through(write_track, coarse_model):
    stage = TrackScene(load_track(write_track([0])), coarse_model, find_prop("mask"))
    lit, facing = (stage.picture_scene(0, 160, 120, look=DisplayStyle(head=False, normals=n)) for n in (False, True))
    part = lit.parts[1]
    colours = lit.colours(part)
    assert np.ptp(colours[:, :3].mean(axis=1)) > 0.2
    shown = SoftwareRenderer().render(facing)
    solid = shown[..., 3] > 0.99
    assert solid.sum() > 100
    assert shown[solid][:, 2].mean() > 0.8  # towards the viewer is blue


def test_model_of_another_layout(coarse_model):
    other = dataclasses.replace(coarse_model, name="mine", identity="ffff")
    with pytest.raises(MorphError, match=r"paint\.png is painted in the UV layout of model .*'mine' \(ffff\)"):
        Wearing(find_prop("paint"), other)
    blank = SkinTexture(np.zeros((512, 512, 4), np.uint8))
    blank.rgba[0, 511, 3] = 255  # a corner that no triangle covers
    with pytest.raises(MorphError, match="paints nothing on the head"):
        WornTexture(blank, coarse_model, coarse_model)


def folder_with(tmp_path, text, picture=None):
    folder = tmp_path / "prop"
    folder.mkdir()
    (folder / "prop.yaml").write_text(text)
    if picture is not None:
        cv2.imwrite(str(folder / "a.png"), picture)
    return folder


def test_own_texture_in_one_line(tmp_path, coarse_model):
    picture = np.full((512, 512, 4), (10, 20, 250, 255), np.uint8)
    prop = load_prop(folder_with(tmp_path, "texture: a.png\n", picture))
    assert (prop.name, prop.items[0].clear) == ("prop", 0.3)
    assert prop.items[0].rgba[0, 0].tolist() == [250, 20, 10, 255]
    part = worn(prop, coarse_model)
    assert len(part.triangles) == len(coarse_model.triangles)


def test_textures_and_meshes_in_one_prop(tmp_path, coarse_model):
    folder = folder_with(
        tmp_path,
        "items: [{texture: a.png}, {mesh: a.glb, landmarks: [27, 36, 45]}]\n",
        np.full((512, 512, 4), 255, np.uint8),
    )
    (folder / "a.glb").write_bytes(b"")
    with pytest.raises(MorphError, match=r"a\.glb is not a binary glTF"):
        load_prop(folder)
    glasses = find_prop("glasses")
    both = dataclasses.replace(glasses, items=(*find_prop("paint").items, *glasses.items))
    mean = Wearer(np.zeros(coarse_model.n_shape), np.zeros(coarse_model.n_expression))
    parts = Wearing(both, coarse_model).parts(mean, Placement(np.eye(3), np.zeros(3)))
    assert [part.texture is not None for part in parts] == [True] + 7 * [False]


OPAQUE = np.full((512, 512, 4), 255, np.uint8)


@pytest.mark.parametrize(
    ("text", "picture", "says"),
    [
        ("texture: b.png\n", OPAQUE, "names the texture b.png, which is not beside it"),
        ("texture: prop.yaml\n", None, "cannot be read as a picture"),
        ("texture: a.png\n", OPAQUE[..., :3], "has no alpha"),
        ("texture: a.png\n", OPAQUE.astype(np.uint16), "has no alpha of 8 bits"),
        ("texture: a.png\n", OPAQUE[:400], "512x400; the UV layout of the head is square"),
        ("texture: a.png\n", OPAQUE[:256, :256], "256 texels wide; use 512 to 8192"),
        ("texture: a.png\n", 0 * OPAQUE, "clear all over"),
        ("texture: a.png\nlandmarks: [1, 2, 3]\n", OPAQUE, "unknown landmarks; choose from texture, clear"),
        ("texture: a.png\nblend: multiply\n", OPAQUE, "unknown blend"),
        ("texture: a.png\nclear: thick\n", OPAQUE, "clear must be 0 to 50"),
        ("items: [{texture: a.png, mesh: a.glb}]\n", OPAQUE, "unknown mesh; choose from texture, clear"),
        ("items: [{texture: a.png}]\ntexture: a.png\n", OPAQUE, "not both"),
    ],
)
def test_malformed_textures(tmp_path, text, picture, says):
    with pytest.raises(MorphError, match=says) as caught:
        load_prop(folder_with(tmp_path, text, picture))
    assert "\n" not in str(caught.value)
