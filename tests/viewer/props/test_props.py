import json
import struct
from pathlib import Path

import numpy as np
import pytest

from morph.errors import MorphError
from viewer.draw.scene import MeshPart, Scene, orbit_camera
from viewer.draw.software import SoftwareRenderer
from viewer.props import Item, Placement, Wearer, Wearing, find_prop, load_prop, shipped_props
from viewer.props.fitted_prop import fit
from viewer.props.meshes import read_mesh

GLASSES = Path(shipped_props()["glasses"])


def heads(model, count):
    """Identities to try a prop on: the mean, then random ones."""
    rng = np.random.default_rng(11)
    return [np.zeros(model.n_shape), *(0.9 * rng.normal(size=(count - 1, model.n_shape)))]


def decode(model, shape):
    return model.mean + model.shape_basis @ (model.shape_std * shape).astype(np.float32)


def worn(prop, model, shape, expression=None):
    expression = np.zeros(model.n_expression) if expression is None else expression
    return Wearing(prop, model).parts(Wearer(shape, expression), Placement(np.eye(3), np.zeros(3)))


def test_shipped_props_load():
    assert {"glasses", "dog", "hat", "moustache", "horns", "paint", "mask", "eyes", "beauty", "swap"} <= set(shipped_props())
    for name in shipped_props():
        prop = find_prop(name)
        assert prop is not None
        assert prop.name == name
        meshes = [piece for item in prop.items if isinstance(item, Item) for piece in item.pieces]
        assert all(len(piece.triangles) > 100 for piece in meshes)
        assert "licence" in (shipped_props()[name] / "prop.yaml").read_text()
    assert find_prop("none") is None


def test_glasses_sit_before_the_eyes(coarse_model):
    prop = find_prop("glasses")
    for shape in heads(coarse_model, 5):
        marks = decode(coarse_model, shape)[coarse_model.landmarks]
        lenses = [part.vertices for part in worn(prop, coarse_model, shape) if part.see_through]
        assert len(lenses) == 2
        for lens in lenses:
            middle = 0.5 * (lens.min(axis=0) + lens.max(axis=0))
            eye = marks[36:42] if middle[0] < 0 else marks[42:48]
            assert np.abs(middle - eye.mean(axis=0))[:2].max() < 8.0  # millimetres
            assert lens[:, 0].min() < eye[:, 0].min()
            assert eye[:, 0].max() < lens[:, 0].max()
            assert 4.0 < lens[:, 2].max() - eye[:, 2].max() < 30.0


def test_glasses_stay_out_of_the_face(coarse_model):
    prop = find_prop("glasses")
    for shape in heads(coarse_model, 4):
        head = MeshPart(
            decode(coarse_model, shape), coarse_model.triangles, np.ones((coarse_model.n_vertices, 4), np.float32), holdout=True
        )
        lenses = [part for part in worn(prop, coarse_model, shape) if part.see_through]
        opaque = [MeshPart(part.vertices, part.triangles, np.ones_like(part.albedo)) for part in lenses]
        camera = orbit_camera([0, 0, 0], 4000.0, 0, 0, 240, 240, 4.0)
        alone, behind = (
            SoftwareRenderer().render(Scene(tuple(parts), camera, 240, 240))[..., 3].sum()
            for parts in (opaque, [head, *opaque])
        )
        assert behind == pytest.approx(alone)


@pytest.mark.parametrize("yaw", [60, -60])
def test_head_hides_the_far_temple(coarse_model, yaw):
    shape = np.zeros(coarse_model.n_shape)
    head = MeshPart(
        decode(coarse_model, shape), coarse_model.triangles, np.ones((coarse_model.n_vertices, 4), np.float32), holdout=True
    )
    temples = [part for part in worn(find_prop("glasses"), coarse_model, shape) if np.ptp(part.vertices[:, 2]) > 60]
    assert len(temples) == 2
    camera = orbit_camera([0, 0, -50], 900.0, yaw, 0, 300, 300)
    seen = {}
    for whole in temples:
        behind = (whole.vertices[whole.triangles, 2] < -30).all(axis=1)  # beside the head, not the hinge before it
        temple = MeshPart(whole.vertices, whole.triangles[behind], whole.albedo, whole.normals)
        alone, with_head = (
            SoftwareRenderer().render(Scene(parts, camera, 300, 300))[..., 3].sum() for parts in ((temple,), (head, temple))
        )
        seen[float(np.sign(temple.vertices[:, 0].mean() * yaw))] = with_head / alone
    assert seen[-1.0] == 0.0
    assert seen[1.0] > 0.7  # all but its end behind the ear


def test_skull_props_ignore_expression_and_noses_follow(coarse_model):
    shape, moved = np.zeros(coarse_model.n_shape), np.full(coarse_model.n_expression, 0.8)
    for name, follows in (("glasses", False), ("dog", True)):
        still, moving = (worn(find_prop(name), coarse_model, shape, e)[0].vertices for e in (None, moved))
        assert (np.abs(still - moving).max() > 0.3) == follows


def expressing(model, **weights):
    """Z-scores of named expressions at raw weights."""
    out = np.zeros(model.n_expression)
    for name, weight in weights.items():
        index = model.expression_names.index(name)
        out[index] = weight / model.expression_std[index]
    return out


def test_each_half_of_the_moustache_goes_with_its_corner_of_the_mouth(coarse_model):
    prop, shape = find_prop("moustache"), np.zeros(coarse_model.n_shape)
    still, left, shut, open_ = (
        worn(prop, coarse_model, shape, expression)
        for expression in (
            None,
            expressing(coarse_model, mouthSmileLeft=1.0),
            expressing(coarse_model, mouthUpperUpLeft=1.0, mouthUpperUpRight=1.0),
            expressing(coarse_model, jawOpen=1.0),
        )
    )
    moved = [np.linalg.norm(b.vertices - a.vertices, axis=1).mean() for a, b in zip(still, left, strict=True)]
    assert still[0].vertices[:, 0].mean() > 0 > still[1].vertices[:, 0].mean()
    assert moved[0] > 1.5
    assert moved[0] > 2 * moved[1]
    assert (shut[0].vertices - still[0].vertices)[:, 1].mean() > 1.0  # a raised lip raises it
    jaw = np.abs(open_[0].vertices - still[0].vertices).max()
    chin = np.abs(coarse_model.expression_basis[coarse_model.landmarks[8], :, coarse_model.expression_names.index("jawOpen")])
    assert jaw < 0.6 * chin.max()


def test_moustache_lies_on_the_lip_of_every_head(coarse_model):
    prop = find_prop("moustache")
    for shape in heads(coarse_model, 5):
        marks = decode(coarse_model, shape)[coarse_model.landmarks]
        middle = np.concatenate([part.vertices for part in worn(prop, coarse_model, shape)])
        middle = middle[np.abs(middle[:, 0] - marks[51, 0]) < 4]
        assert marks[57, 1] < middle[:, 1].min() < middle[:, 1].max() < marks[30, 1]
        assert 0 < middle[:, 2].max() - marks[[33, 51], 2].max() < 12


@pytest.mark.parametrize(("yaw", "low", "high"), [(0, 0.7, 1.0), (180, 0.0, 0.6)])
def test_forehead_hides_the_roots_of_the_horns_and_the_head_what_is_behind(coarse_model, yaw, low, high):
    shape = np.zeros(coarse_model.n_shape)
    head = MeshPart(
        decode(coarse_model, shape), coarse_model.triangles, np.ones((coarse_model.n_vertices, 4), np.float32), holdout=True
    )
    horns = worn(find_prop("horns"), coarse_model, shape)
    camera = orbit_camera([0, 60, -50], 900.0, yaw, 0, 300, 300)
    alone, with_head = (
        SoftwareRenderer().render(Scene(tuple(parts), camera, 300, 300))[..., 3].sum() for parts in (horns, [head, *horns])
    )
    assert low < with_head / alone < high
    moved = worn(find_prop("horns"), coarse_model, shape, expressing(coarse_model, browInnerUp=1.0))
    np.testing.assert_array_equal(moved[0].vertices, horns[0].vertices)


@pytest.mark.slow
def test_horns_grow_out_of_every_forehead(coarse_model):
    for shape in heads(coarse_model, 5):
        skull = decode(coarse_model, shape)
        for horn in worn(find_prop("horns"), coarse_model, shape):
            away = np.linalg.norm(horn.vertices[:, None] - skull[None], axis=2).min(axis=1)
            assert away.min() < 8.0  # the coarse mesh has few vertices up there
            assert away.max() > 40.0


def test_scene_transform_moves_everything(coarse_model):
    shape, neutral = np.zeros(coarse_model.n_shape), np.zeros(coarse_model.n_expression)
    wearing = Wearing(find_prop("dog"), coarse_model)
    turn = np.array([[0.0, 0, 2], [0, 2, 0], [-2, 0, 0]])
    here, there = (
        wearing.parts(Wearer(shape, neutral), Placement(m, s))
        for m, s in ((np.eye(3), np.zeros(3)), (turn, np.array([1.0, 2, 3])))
    )
    for a, b in zip(here, there, strict=True):
        np.testing.assert_allclose(b.vertices, a.vertices @ turn.T + [1, 2, 3], atol=1e-3)
        np.testing.assert_allclose(b.normals, a.normals @ turn.T / 2, atol=1e-4)


@pytest.mark.parametrize(("kind", "scale"), [("rigid", [1, 1, 1]), ("similarity", [1.3] * 3), ("stretch", [1.3, 1.2, 1.1])])
def test_fit_finds_a_known_transform(kind, scale):
    rng = np.random.default_rng(0)
    rest = rng.normal(size=(9, 3))
    angle = 0.4
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    target = (rest * scale) @ turn.T + [5, 6, 7]
    placement = fit(rest, target, np.ones(9), kind)
    np.testing.assert_allclose(placement(rest), target, atol=2e-3)


def test_glb_agrees_with_trimesh():
    trimesh = pytest.importorskip("trimesh", reason="trimesh is not installed")
    for name, file in (("glasses", "glasses.glb"), ("dog", "ears.glb")):
        path = shipped_props()[name] / file
        theirs = list(trimesh.load_scene(str(path)).geometry.values())
        ours = read_mesh(path)
        assert len(ours) == len(theirs)
        for mesh in theirs:
            assert any(
                np.allclose(part.vertices[: len(mesh.vertices)], mesh.vertices, atol=1e-4)
                for part in ours
                if len(part.vertices) >= len(mesh.vertices)
            )


def test_other_formats_come_through_trimesh(tmp_path):
    pytest.importorskip("trimesh", reason="trimesh is not installed")
    (tmp_path / "a.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    (part,) = read_mesh(tmp_path / "a.obj")
    assert sorted(map(tuple, part.vertices[part.triangles[0]].tolist())) == [(0, 0, 0), (0, 1, 0), (1, 0, 0)]


def folder_with(tmp_path, text, mesh=True):
    folder = tmp_path / "prop"
    folder.mkdir()
    (folder / "prop.yaml").write_text(text)
    if mesh:
        (folder / "a.glb").write_bytes((GLASSES / "glasses.glb").read_bytes())
    return folder


def test_own_prop_in_four_lines(tmp_path, coarse_model):
    prop = load_prop(folder_with(tmp_path, "mesh: a.glb\nlandmarks: [27, 36, 45]\nfit: rigid\npoints: [[0, 148, -87]]\n"))
    assert (prop.name, prop.items[0].fit, prop.items[0].clear) == ("prop", "rigid", None)
    assert len(worn(prop, coarse_model, np.zeros(coarse_model.n_shape))) == 7


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("mesh: [a\n", "is not YAML.*in line"),
        ("- a\n", "key: value"),
        ("mesh: a.glb\n", "does not say landmarks"),
        ("mesh: a.glb\nlandmarks: [1, 2]\n", "at least three"),
        ("mesh: a.glb\nlandmarks: [1, 2, 68]\n", "0 to 67"),
        ("mesh: a.glb\nlandmarks: {1: 1, 2: -1, 3: 1}\n", "landmarks must be"),
        ("mesh: a.glb\nlandmarks: [1, 2, 3]\nfollow: skull\n", "unknown follow"),
        ("mesh: a.glb\nlandmarks: [1, 2, 3]\nfollows: nose\n", "skull or expression"),
        ("mesh: a.glb\nlandmarks: [1, 2, 3]\nfit: loose\n", "rigid or similarity or stretch"),
        ("mesh: a.glb\nlandmarks: [1, 2, 3]\nclear: much\n", "clear must be"),
        ("mesh: a.glb\nlandmarks: [1, 2, 3]\npoints: [[1, 2]]\n", "points must be"),
        ("mesh: b.glb\nlandmarks: [1, 2, 3]\n", "b.glb, which is not beside it"),
        ("items: []\n", "items must be"),
        ("items: [{mesh: a.glb, landmarks: [1, 2, 3]}]\nmesh: a.glb\n", "not both"),
    ],
)
def test_malformed_props(tmp_path, text, says):
    with pytest.raises(MorphError, match=says) as caught:
        load_prop(folder_with(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_no_prop_of_that_name(tmp_path):
    with pytest.raises(MorphError, match=r"no prop beard; choose none, .*glasses"):
        find_prop("beard")
    with pytest.raises(MorphError, match=r"has no prop\.yaml"):
        find_prop(tmp_path)


def glb(document, binary=b""):
    text = json.dumps(document).encode()
    body = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return b"glTF" + struct.pack("<II", 2, 12 + len(body)) + body


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"not a mesh at all, just text", "not a binary glTF"),
        ((GLASSES / "glasses.glb").read_bytes()[:5000], "not a whole binary glTF"),
        (glb({"scenes": [{"nodes": []}]}), "holds no triangles"),
        (glb({"extensionsRequired": ["KHR_draco_mesh_compression"]}), "KHR_draco_mesh_compression"),
        (glb({"scenes": [{"nodes": [0]}], "nodes": []}), "not a whole binary glTF"),
    ],
)
def test_damaged_meshes(tmp_path, data, says):
    path = tmp_path / "a.glb"
    path.write_bytes(data)
    with pytest.raises(MorphError, match=says):
        read_mesh(path)
