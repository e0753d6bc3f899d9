import numpy as np
import pytest

from morph.errors import MorphError
from viewer.draw.scene import MeshPart, Scene, picture_camera
from viewer.draw.software import SoftwareRenderer
from viewer.draw.texture import Texture, sample


def quarters(size=64):
    """Red upper left, green upper right, blue lower left, clear lower right."""
    rgba = np.zeros((size, size, 4), np.uint8)
    half = size // 2
    rgba[:half, :half], rgba[:half, half:], rgba[half:, :half] = (255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 128)
    rgba[half:, half:] = (255, 255, 255, 0)
    return rgba


def test_origin_is_bottom_left():
    image = Texture(quarters()).levels[0]
    corners = np.array([[0, 1], [1, 1], [0, 0], [1, 0]], np.float32)
    np.testing.assert_allclose(
        sample(image, corners), [[1, 0, 0, 1], [0, 1, 0, 1], [0, 0, 128 / 255, 128 / 255], [0, 0, 0, 0]], atol=1e-6
    )


def test_bilinear_between_centres_of_texels():
    image = np.zeros((1, 4, 4), np.uint8)
    image[0, :, 0] = [0, 100, 200, 40]
    places = np.array([[0.125, 0.5], [0.25, 0.5], [0.375, 0.5], [0.4375, 0.5], [2.0, 0.5]], np.float32)
    np.testing.assert_allclose(sample(image, places)[:, 0] * 255, [0, 50, 100, 125, 40], atol=1e-4)


def test_levels_average_colour_times_alpha():
    rgba = np.zeros((16, 16, 4), np.uint8)
    rgba[:, ::2] = (200, 100, 0, 255)
    rgba[:, 1::2] = (0, 0, 255, 0)  # what is clear has no colour
    texture = Texture(rgba)
    assert [level.shape[0] for level in texture.levels] == [16, 8]
    assert texture.levels[1][4, 4].tolist() == [100, 50, 0, 128]
    assert texture.straight(1)[4, 4, :3].tolist() == pytest.approx([200, 100, 0], abs=1)


def test_straight_colours_reach_into_clear_texels():
    straight = Texture(quarters()).straight(0)
    assert straight[-1, -1, 3] == 0
    assert straight[40, 63].tolist() == [0, 255, 0, 0]


@pytest.mark.parametrize(("texels", "level"), [(0.1, 0), (1.0, 0), (1.9, 1), (4.0, 2), (1e6, 3)])
def test_level_by_texels_of_a_pixel(texels, level):
    assert Texture(quarters()).level(texels) == level


def painted(left, top, right, bottom, z, texture):
    corners = np.array([[left, -top, z], [left, -bottom, z], [right, -bottom, z], [right, -top, z]], np.float32)
    uv = np.array([[0, 1], [0, 0], [1, 0], [1, 1]], np.float32)
    triangles = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    return MeshPart(corners, triangles, np.ones((4, 4), np.float32), see_through=True, texture=texture, coordinates=uv)


class Plain(Scene):
    """White where there is a part, and half of it where there is glass."""

    def colours(self, part):
        return np.zeros((len(part.vertices), 4), np.float32) if part.holdout else part.albedo.copy()


def test_drawn_texture_multiplies_and_what_is_nearer_hides_it():
    paint = painted(-0.5, -0.5, 31.5, 31.5, 5, Texture(quarters()))
    wall = MeshPart(
        np.array([[-9, 9, 8], [-9, -9.5, 8], [40, -9.5, 8], [40, 9, 8]], np.float32),
        np.array([[0, 1, 2], [0, 2, 3]], np.int32),
        np.ones((4, 4), np.float32),
        holdout=True,
    )
    glass = MeshPart(
        np.array([[-0.5, 0.5, 9], [-0.5, -31.5, 9], [31.5, -31.5, 9], [31.5, 0.5, 9]], np.float32),
        np.array([[0, 1, 2], [0, 2, 3]], np.int32),
        np.full((4, 4), 0.5, np.float32),
        see_through=True,
    )
    scene = Plain((paint, wall), picture_camera(), 32, 32)
    assert scene.texture_level(paint) == 1
    layer = SoftwareRenderer().render(scene)
    assert layer[12, 4].tolist() == [1, 0, 0, 1]
    assert layer[12, 28].tolist() == [0, 1, 0, 1]
    assert layer[28, 4] == pytest.approx([0, 0, 0.5, 0.5], abs=0.003)
    assert not layer[:10].any()
    assert not layer[20:, 20:].any()
    through = SoftwareRenderer().render(Plain((glass, paint), picture_camera(), 32, 32))
    assert through[12, 4] == pytest.approx([1.0, 0.5, 0.5, 1.0])  # skin below glass, whatever the order


def test_texture_needs_coordinates():
    with pytest.raises(MorphError, match=r"coordinates \(3, 2\), got None"):
        MeshPart(
            *(np.zeros((3, 3), np.float32), np.array([[0, 1, 2]], np.int32), np.ones((3, 4), np.float32)),
            texture=Texture(quarters()),
        )
