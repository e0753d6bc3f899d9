import numpy as np
import pytest

from viewer.draw.scene import MeshPart, Scene, picture_camera
from viewer.draw.software import SoftwareRenderer, average


def square(left, top, right, bottom, z, rgba, **changes):
    corners = np.array([[left, -top, z], [left, -bottom, z], [right, -bottom, z], [right, -top, z]], np.float32)
    triangles = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    return MeshPart(corners, triangles, np.tile(np.array(rgba, np.float32), (4, 1)), **changes)


class Plain(Scene):
    """Colours as they are, without light."""

    def colours(self, part):
        alpha = part.albedo[:, 3:]
        return np.zeros_like(part.albedo) if part.holdout else np.concatenate([part.albedo[:, :3] * alpha, alpha], axis=1)


def render(*parts, samples=1, size=(20, 10)):
    return SoftwareRenderer(samples).render(Plain(parts, picture_camera(), *size))


def test_square_covers_its_pixels():
    layer = render(square(2.5, 1.5, 6.5, 4.5, 0, (1, 0, 0, 1)))
    assert layer[..., 3].sum() == 4 * 3
    assert layer[2, 3].tolist() == [1, 0, 0, 1]
    assert not layer[5:].any()


def test_samples_average_an_edge():
    layer = render(square(2.0, 1.5, 6.5, 4.5, 0, (1, 1, 1, 1)), samples=2)
    assert layer[2, 2].tolist() == [0.5, 0.5, 0.5, 0.5]  # half of the pixel is covered
    assert layer[2, 3].tolist() == [1, 1, 1, 1]


def test_nearer_wins_whatever_the_order():
    near, far = square(0, 0, 9, 9, 5, (1, 0, 0, 1)), square(0, 0, 9, 9, 1, (0, 1, 0, 1))
    for parts in ((near, far), (far, near)):
        assert render(*parts)[4, 4].tolist() == [1, 0, 0, 1]


def test_holdout_hides_and_is_not_seen():
    layer = render(square(0, 0, 4.5, 9, 5, (1, 1, 1, 1), holdout=True), square(0, 0, 9, 9, 1, (0, 1, 0, 1)))
    assert layer[4, 2].tolist() == [0, 0, 0, 0]
    assert layer[4, 7].tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(("depth", "expected"), [(9, [0.6, 0.0, 0.4, 1.0]), (1, [1.0, 0.0, 0.0, 1.0])])
def test_glass_mixes_in_front_only(depth, expected):
    glass = square(0, 0, 9, 9, depth, (0, 0, 1, 0.4), see_through=True)
    assert render(glass, square(0, 0, 19, 9, 5, (1, 0, 0, 1)))[4, 4] == pytest.approx(expected)


def test_glass_over_nothing_keeps_its_alpha():
    assert render(square(0, 0, 9, 9, 0, (0, 0, 1, 0.4), see_through=True))[4, 4] == pytest.approx([0, 0, 0.4, 0.4])


def test_out_of_the_picture_and_nothing():
    assert not render(square(50, 50, 60, 60, 0, (1, 1, 1, 1))).any()
    assert render().shape == (10, 20, 4)
    partly = render(square(-5, -5, 3.5, 2.5, 0, (1, 1, 1, 1)))
    assert partly[..., 3].sum() == 4 * 3


def test_average():
    layer = np.arange(16, dtype=np.float32).reshape(2, 2, 4)
    assert average(layer, 2)[0, 0] == pytest.approx([6, 7, 8, 9])
