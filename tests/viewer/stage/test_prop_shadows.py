import numpy as np
import pytest

from morph.rendering import rasterise, vertex_normals
from morph.rendering.harmonics import COSINE_LOBE, harmonic_basis
from viewer.draw.lighting import studio_light
from viewer.plate.footage_light import as_lighting
from viewer.plate.shadow import cast_shadow
from viewer.props import Wearing, find_prop
from viewer.stage.prop_shadows import Contact


def lamp(direction):
    out = np.pi * COSINE_LOBE[:, None] * harmonic_basis(np.array(direction) / np.linalg.norm(direction))[:, None] * np.ones(3)
    out[0] += 0.25 / 0.282095
    return as_lighting(out)


@pytest.fixture(scope="module")
def contact(coarse_model):
    return {name: Contact(coarse_model, Wearing(find_prop(name), coarse_model)) for name in ("hat", "dog", "glasses")}


def near(model, mark, reach=9.0):
    return np.linalg.norm(model.mean - model.mean[model.landmarks[mark]], axis=1) < reach


def test_hat_shades_the_forehead_under_light_from_above(coarse_model, contact):
    forehead = np.linalg.norm(coarse_model.mean - [0, 60, 20], axis=1) < 15
    assert forehead.any()
    above, front = (contact["hat"].share(lamp(d), np.eye(3))[forehead].mean() for d in ([0, 1, 0.4], [0, 0, 1]))
    assert above < 0.8
    assert above < front - 0.03
    assert contact["hat"].share(lamp([0, 1, 0.4]), np.eye(3))[near(coarse_model, 8)].min() > 0.97  # not the chin


def test_shadow_falls_away_from_the_light(coarse_model, contact):
    nose = np.abs(coarse_model.mean - coarse_model.mean[coarse_model.landmarks[30]])
    beside = (nose[:, 1] < 18) & (nose[:, 0] > 12) & (nose[:, 0] < 30) & (coarse_model.mean[:, 2] > -25)
    left, right = beside & (coarse_model.mean[:, 0] < 0), beside & (coarse_model.mean[:, 0] > 0)
    share = contact["dog"].share(lamp([-1, 0, 0.35]), np.eye(3))
    assert share[right].mean() < share[left].mean() - 0.02
    # a head that has turned half round sees the same lamp on its other side
    back = np.diag([-1.0, 1.0, -1.0])
    turned = contact["dog"].share(lamp([1, 0, -0.35]), back)
    np.testing.assert_allclose(turned, share, atol=1e-4)


def test_shares_are_sane_and_far_skin_stays(coarse_model, contact):
    for each in contact.values():
        for light in (studio_light(), lamp([0.3, 1, 0.5]), as_lighting(np.zeros((9, 3)))):
            share = each.share(light, np.eye(3))
            assert share.shape == (coarse_model.n_vertices, 3)
            assert np.isfinite(share).all()
            assert share.min() >= 0.25
            assert share.max() <= 1.0
    neck = coarse_model.vertex_masks["neck"] > 0.98
    assert contact["glasses"].share(studio_light(), np.eye(3))[neck].min() > 0.99


def test_props_are_darker_where_they_touch(contact):
    for each in contact.values():
        for occlusion in each.occlusion:
            assert (occlusion >= 0.15).all()
            assert (occlusion <= 1).all()
    assert min(o.mean() for o in contact["glasses"].occlusion) < 0.9


def test_textures_shade_nothing(coarse_model):
    paint = Contact(coarse_model, Wearing(find_prop("paint"), coarse_model))
    assert not paint.occlusion
    assert (paint.share(studio_light(), np.eye(3)) == 1).all()


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_shadow_is_drawn_on_visible_skin_only(coarse_model, scale):
    vertices = coarse_model.mean * np.float32(scale) + np.array([100, -100, 0], np.float32)
    normals = vertex_normals(vertices, coarse_model.triangles)
    plate = np.full((200, 200, 3), 200, np.uint8)
    share = np.ones((coarse_model.n_vertices, 3), np.float32)
    assert cast_shadow(plate, vertices, normals, coarse_model.triangles, share) is plate
    share -= (1 - np.array([0.4, 0.5, 0.6], np.float32)) * coarse_model.vertex_masks["face"][:, None]
    out = cast_shadow(plate, vertices, normals, coarse_model.triangles, share)
    tip = np.rint(vertices[coarse_model.landmarks[33]]).astype(int)
    cheek = out[-tip[1], tip[0] + int(30 * scale)]
    np.testing.assert_allclose(cheek, 200 * np.array([0.4, 0.5, 0.6]) ** (1 / 2.2), atol=4)
    assert (plate == 200).all()  # the footage itself is left alone
    points = vertices * np.array([1, -1, 1], np.float32)
    head = rasterise(points, coarse_model.triangles, 200, 200).covered
    changed = (out != 200).any(axis=-1)
    assert not (changed & ~head).any()  # nothing beside the head, for shadow ends before the outline does
    assert changed.sum() > 0.1 * head.sum()


def test_shadow_of_a_head_out_of_the_picture(coarse_model):
    vertices = coarse_model.mean + np.array([900, -100, 0], np.float32)
    normals = vertex_normals(vertices, coarse_model.triangles)
    plate = np.full((200, 200, 3), 200, np.uint8)
    share = np.full((coarse_model.n_vertices, 3), 0.5, np.float32)
    assert (cast_shadow(plate, vertices, normals, coarse_model.triangles, share) == 200).all()
