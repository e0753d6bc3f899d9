import numpy as np
import pytest

from morph.errors import MorphError
from viewer.draw.scene import MeshPart, Scene, orbit_camera, picture_camera, two_sided

TRIANGLE = np.array([[0, 0, 0], [4, 0, 0], [0, 4, 0]], np.float32)
ONE = np.array([[0, 1, 2]], np.int32)


def part(**changes):
    return MeshPart(**{"vertices": TRIANGLE, "triangles": ONE, "albedo": np.ones((3, 4), np.float32)} | changes)


def test_picture_camera_puts_x_on_columns_and_minus_y_on_rows():
    assert picture_camera().project(np.array([[3.0, -7.0, 2.0]])).tolist() == [[3.0, 7.0, 2.0]]


@pytest.mark.parametrize("yaw", [0, 40, -120])
@pytest.mark.parametrize("pitch", [0, 30])
def test_orbit_camera_looks_at_its_target(yaw, pitch):
    camera = orbit_camera([1.0, 2.0, 3.0], 50.0, yaw, pitch, 101, 81)
    assert camera.project(np.array([[1.0, 2.0, 3.0]]))[0] == pytest.approx([50, 40, 50])
    np.testing.assert_allclose(camera.rotation @ camera.rotation.T, np.eye(3), atol=1e-12)
    above = camera.project(np.array([[1.0, 2.5, 3.0]]))[0]
    assert above[1] < 40
    assert above[0] == pytest.approx(50)


def test_orbit_walks_to_the_right():
    scene = Scene((), orbit_camera([0, 0, 0], 10.0, 90, 0, 8, 8), 8, 8)
    assert scene.eye == pytest.approx([10, 0, 0], abs=1e-6)
    assert Scene((), picture_camera(), 8, 8).eye is None


@pytest.mark.parametrize("camera", [picture_camera(), orbit_camera([2, -2, 0], 30.0, 20, 10, 40, 30)])
def test_finer_keeps_the_corners_of_pixels(camera):
    scene = Scene((), camera, 40, 30)
    fine = scene.finer(3)
    point = np.array([[5.0, -6.0, 1.0]])
    before, after = scene.camera.project(point)[0, :2], fine.camera.project(point)[0, :2]
    assert after + 0.5 == pytest.approx(3 * (before + 0.5))
    assert (fine.width, fine.height) == (120, 90)


@pytest.mark.parametrize("camera", [picture_camera(), orbit_camera([2, -2, 0], 30.0, 20, 10, 40, 30)])
def test_window_shows_a_part_of_the_picture(camera):
    scene = Scene((), camera, 40, 30)
    inner = scene.window(7, 3, 16, 8)
    point = np.array([[5.0, -6.0, 1.0]])
    before, after = scene.camera.project(point)[0, :2], inner.camera.project(point)[0, :2]
    assert after == pytest.approx(before - [7, 3])
    assert (inner.width, inner.height) == (16, 8)


def test_box_is_round_what_is_seen():
    assert Scene((part(vertices=TRIANGLE + np.float32([10, -12, 0])),), picture_camera(), 40, 30).box() == (10, 8, 15, 13)
    assert Scene((part(vertices=TRIANGLE + np.float32([10, -12, 0])),), picture_camera(), 40, 30).box(8) == (8, 8, 16, 16)
    assert Scene((part(vertices=TRIANGLE + np.float32([37, 2, 0])),), picture_camera(), 40, 30).box(16) is None
    assert Scene((part(holdout=True),), picture_camera(), 40, 30).box() is None


def test_colours_of_holdouts_and_normals():
    seen = Scene((), picture_camera(), 4, 4, show_normals=True)
    assert seen.colours(part())[0] == pytest.approx([0.5, 0.5, 1.0, 1.0])
    assert not seen.colours(part(holdout=True)).any()


def test_two_sided_has_a_back_that_faces_the_other_way():
    both = two_sided(part())
    assert both.vertices.shape == (6, 3)
    assert both.triangles.tolist() == [[0, 1, 2], [5, 4, 3]]
    assert both.normals[[0, 3], 2].tolist() == [1.0, -1.0]


def test_wrong_shapes():
    with pytest.raises(MorphError, match=r"albedo \(V, 4\)"):
        part(albedo=np.ones((3, 3), np.float32))
    with pytest.raises(MorphError, match="0x4"):
        Scene((), picture_camera(), 0, 4)
