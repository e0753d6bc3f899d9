import cv2
import numpy as np
import pytest

from viewer.plate.composite import Finish, over_matched
from viewer.plate.grain import Grain, GrainMaker, measure_grain

LEVELS = np.array([[0.0] * 3, [255.0] * 3], np.float32)


def plate(spread=4.0, shared=0.0, blur=0.0, slope=0.0, size=240):
    """A picture of slopes and a few edges with noise."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[:size, :size]
    clean = np.repeat((60 + 100 * x / size + 30 * (y > size / 2))[..., None], 3, axis=2)
    clean[40:60, 40:60] = 220
    noise = np.sqrt(shared) * rng.normal(size=(size, size, 1)) + np.sqrt(1 - shared) * rng.normal(size=(size, size, 3))
    if blur:
        noise = cv2.GaussianBlur(noise, (0, 0), blur)
        noise /= noise.std()
    sd = np.sqrt(spread**2 + slope * clean)
    return np.clip(np.rint(clean + sd * noise), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("spread", [2.0, 6.0])
def test_spread_of_white_noise(spread):
    grain = measure_grain(plate(spread))
    np.testing.assert_allclose(grain.spread(np.full(3, 110.0)), spread, rtol=0.15)
    assert grain.blur < 0.3


def test_clean_pictures_have_none():
    assert measure_grain(plate(0.0)).spread(np.full(3, 110.0)).max() < 0.5
    assert not measure_grain(np.zeros((90, 90, 3), np.uint8)).spread([0, 0, 0]).any()
    assert not measure_grain(np.full((90, 90, 3), 255, np.uint8)).spread([255] * 3).any()
    assert not measure_grain(plate(6.0), (0, 0, 9, 9)).spread([100] * 3).any()


def test_noise_that_grows_with_light():
    grain = measure_grain(plate(1.0, slope=0.2))
    dark, bright = grain.spread(np.full(3, 70.0)), grain.spread(np.full(3, 180.0))
    np.testing.assert_allclose(dark, np.sqrt(1 + 0.2 * 70), rtol=0.25)
    np.testing.assert_allclose(bright, np.sqrt(1 + 0.2 * 180), rtol=0.25)


def test_channels_that_share_noise_and_coarse_noise():
    assert measure_grain(plate(5.0)).shared < 0.2
    assert measure_grain(plate(5.0, shared=0.8)).shared == pytest.approx(0.8, abs=0.15)
    assert measure_grain(plate(5.0, blur=0.9)).blur > 0.5


def test_layer_gets_the_plates_grain():
    grain = measure_grain(plate(5.0, shared=0.5))
    maker = GrainMaker(1)
    layer = np.zeros((150, 150, 4), np.float32)
    layer[..., :3], layer[..., 3] = 0.4, 1.0
    under = np.zeros((200, 200, 3), np.uint8)
    out = over_matched(layer, under, (20, 30), Finish(LEVELS, grain, maker.tile(grain, 3)))
    part = out[30:180, 20:170].astype(float)
    np.testing.assert_allclose(part.mean(axis=(0, 1)), 0.4 * 255, atol=0.5)
    np.testing.assert_allclose(part.std(axis=(0, 1)), grain.spread(np.full(3, 102.0)), rtol=0.08)
    assert not out[:30].any()
    again = over_matched(layer, under, (20, 30), Finish(LEVELS, grain, GrainMaker(1).tile(grain, 3)))
    np.testing.assert_array_equal(out, again)
    other = over_matched(layer, under, (20, 30), Finish(LEVELS, grain, maker.tile(grain, 4)))
    assert (out != other).mean() > 0.5


def test_clear_layers_get_little_grain_and_levels_lift_black():
    grain = Grain(np.full(3, 25.0, np.float32), np.zeros(3, np.float32))
    layer = np.zeros((100, 100, 4), np.float32)
    layer[..., 3] = 0.2
    under = np.full((100, 100, 3), 100, np.uint8)
    out = over_matched(layer, under, (0, 0), Finish(LEVELS, grain, GrainMaker().tile(grain, 0))).astype(float)
    assert out.mean() == pytest.approx(80, abs=0.3)
    assert out.std() == pytest.approx(0.2 * 5, rel=0.15)
    layer[..., 3] = 1.0
    none = Grain(np.zeros(3, np.float32), np.zeros(3, np.float32))
    lifted = over_matched(
        layer, under, (0, 0), Finish(np.array([[16.0, 12, 10], [235.0] * 3]), none, GrainMaker().tile(none, 0))
    )
    assert lifted[50, 50].tolist() == [16, 12, 10]
