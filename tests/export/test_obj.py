import dataclasses

import numpy as np
import pytest
import trimesh
from standins import sheet_model

from morph.errors import MorphError
from morph.export import ObjWriter
from morph.model import load_default_model
from morph.rendering import vertex_normals


def numbers(data: bytes, key: str) -> np.ndarray:
    """The lines that begin with ``key``, as an array."""
    return np.array([line.split()[1:] for line in data.decode().splitlines() if line.startswith(key + " ")], float)


@pytest.fixture(scope="module")
def model():
    return sheet_model()


def test_positions_are_exact_to_a_ten_thousandth(model):
    points = model.mean + np.random.default_rng(0).normal(0, 300, model.mean.shape).astype(np.float32)
    points[0], points[1] = [0.00004, -0.00004, -0.0], [99999.9, -9999.99996, 10000.0]
    read = numbers(b"".join(ObjWriter(model).encode(points)), "v")
    assert np.abs(read - points.astype(np.float64)).max() <= 0.5001e-4


def test_normals_are_those_of_the_mesh(model):
    read = numbers(b"".join(ObjWriter(model).encode(model.mean)), "vn")
    assert np.abs(read - vertex_normals(model.mean, model.triangles)).max() <= 0.5001e-3
    assert (read[:, 2] > 0).all()  # the sheet looks towards the viewer


@pytest.mark.parametrize("normals", [True, False])
def test_trimesh_reads_faces_seams_and_texture_coordinates(model, tmp_path, normals):
    ObjWriter(model, normals=normals).write(tmp_path / "a.obj", model.mean)
    mesh = trimesh.load(tmp_path / "a.obj", process=False)
    assert len(mesh.faces) == len(model.triangles)
    assert len(mesh.vertices) == len(mesh.visual.uv) == len(model.uv)  # vertices on the seam come twice
    assert mesh.area == pytest.approx(trimesh.Trimesh(model.mean, model.triangles, process=False).area, rel=1e-4)
    nearest = np.argmin(np.square(mesh.vertices[:, None, :2] - model.mean[None, :, :2]).sum(-1), axis=1)
    assert np.abs(mesh.visual.uv - (model.mean[nearest, :2] + 90) / 180).max() < 2e-3


def test_the_default_model_in_trimesh(tmp_path):
    model = load_default_model(0)
    ObjWriter(model).write(tmp_path / "a.obj", model.mean)
    mesh = trimesh.load(tmp_path / "a.obj", process=False)
    assert len(mesh.faces) == len(model.triangles)
    assert mesh.visual.uv.shape == (len(mesh.vertices), 2)
    assert model.n_vertices <= len(mesh.vertices) <= len(model.uv) + 500
    assert np.abs(mesh.bounds - [model.mean.min(0), model.mean.max(0)]).max() < 1e-3


def test_quads_stay_quads_and_triangles_triangles(model):
    text = b"".join(ObjWriter(model).encode(model.mean)).decode().splitlines()
    faces = [line.split()[1:] for line in text if line.startswith("f ")]
    assert len(faces) == len(model.quads)
    assert {len(face) for face in faces} == {4}
    first = [corner.split("/") for corner in faces[0]]
    assert [int(v) - 1 for v, _, _ in first] == model.quads[0].tolist()
    assert [int(vt) - 1 for _, vt, _ in first] == model.uv_quads[0].tolist()
    assert [v for v, _, _ in first] == [vn for _, _, vn in first]
    plain = dataclasses.replace(model, quads=np.zeros((0, 4), np.int32), uv_quads=np.zeros((0, 4), np.int32))
    text = b"".join(ObjWriter(plain, normals=False, material=None).encode(model.mean)).decode()
    assert text.count("\nf ") == len(model.triangles)
    assert "mtllib" not in text


def test_a_quad_that_repeats_its_last_corner_is_a_triangle(model):
    quads, uv_quads = model.quads.copy(), model.uv_quads.copy()
    quads[0, 3], uv_quads[0, 3] = quads[0, 2], uv_quads[0, 2]
    odd = dataclasses.replace(model, quads=quads, uv_quads=uv_quads)
    text = b"".join(ObjWriter(odd).encode(model.mean)).decode()
    first = next(line for line in text.splitlines() if line.startswith("f "))
    assert len(first.split()) == 4


def test_a_model_in_micrometres_is_written_in_millimetres(model):
    micro = dataclasses.replace(model, mean=model.mean * 1000, unit="um")
    read = numbers(b"".join(ObjWriter(micro).encode(micro.mean)), "v")
    assert np.abs(read - model.mean).max() < 1e-3


def test_a_model_without_texture_coordinates(model, tmp_path):
    bare = dataclasses.replace(
        model,
        uv=np.zeros((0, 2), np.float32),
        uv_triangles=np.zeros((0, 3), np.int32),
        quads=np.zeros((0, 4), np.int32),
        uv_quads=np.zeros((0, 4), np.int32),
    )
    ObjWriter(bare).write(tmp_path / "a.obj", bare.mean)
    mesh = trimesh.load(tmp_path / "a.obj", process=False)
    assert (len(mesh.vertices), len(mesh.faces)) == (bare.n_vertices, len(bare.triangles))


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e5])
def test_numbers_that_do_not_fit(model, value):
    points = model.mean.copy()
    points[3, 1] = value
    with pytest.raises(MorphError, match="not finite or too large"):
        ObjWriter(model).encode(points)


def test_wrong_shape(model):
    with pytest.raises(MorphError, match=r"vertices must be \(576, 3\)"):
        ObjWriter(model).encode(model.mean[:-1])


def test_a_folder_that_is_not_there(model, tmp_path):
    with pytest.raises(MorphError, match="cannot write"):
        ObjWriter(model).write(tmp_path / "nothing" / "a.obj", model.mean)
