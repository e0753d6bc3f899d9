import cv2
import numpy as np
import pytest

from viewer.plate.sharpness import measure_blur, soften

BOX = (0, 0, 160, 160)


def edges(blur):
    """Discs and bars, drawn finer and averaged, then blurred."""
    fine = np.full((1280, 1280), 90, np.uint8)
    rng = np.random.default_rng(4)
    for _ in range(40):
        x, y = rng.integers(80, 1200, 2)
        cv2.circle(fine, (int(x), int(y)), int(rng.integers(30, 90)), int(rng.integers(20, 240)), -1)
    picture = cv2.resize(fine, (160, 160), interpolation=cv2.INTER_AREA)
    if blur:
        picture = cv2.GaussianBlur(picture, (0, 0), blur)
    return np.repeat(picture[..., None], 3, axis=2)


@pytest.mark.parametrize("blur", [0.8, 1.2, 2.0])
def test_blur_comes_back(blur):
    assert measure_blur(edges(blur), BOX) == pytest.approx(blur, rel=0.3)


def test_sharp_pictures_leave_layers_sharp():
    assert measure_blur(edges(0.0), BOX) < 0.5
    layer = np.random.default_rng(0).random((30, 30, 4)).astype(np.float32)
    assert soften(layer, 0.4) is layer


def test_nothing_to_see():
    assert measure_blur(np.full((160, 160, 3), 90, np.uint8), BOX) == 0.0
    assert measure_blur(edges(1.0), (0, 0, 5, 5)) == 0.0


def test_softened_layer_is_as_soft_as_the_plate():
    sharp = edges(0.0)
    layer = np.dstack([sharp / np.float32(255), np.ones((160, 160), np.float32)]).astype(np.float32)
    out = np.rint(soften(layer, measure_blur(edges(1.5), BOX))[..., :3] * 255).astype(np.uint8)
    assert measure_blur(out, BOX) == pytest.approx(1.5, rel=0.3)
    assert soften(layer, 1.5).sum() == pytest.approx(layer.sum(), rel=1e-3)
