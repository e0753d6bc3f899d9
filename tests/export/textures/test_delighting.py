"""A head of a known texture is drawn under a strong side light; the texture that is told from it must not show the light."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from standins import turning_head

from morph.cli import main
from morph.errors import MorphError
from morph.export.textures.delighting import delight
from morph.export.textures.footage import texture_from_footage
from morph.export.textures.plain import plain_texture
from morph.export.textures.uv_chart import rasterise_chart
from morph.frames.frame import Frame
from morph.model import load_default_model
from morph.rendering import interpolate, rasterise, vertex_normals
from morph.rendering.harmonics import harmonic_basis, irradiance

SIZE, WIDTH, HEIGHT = 1024, 300, 300
LAMP = np.array([0.8, 0.2, 0.56])


@pytest.fixture(scope="module")
def model():
    return load_default_model(1)


def draw(performance, paint, lamp=LAMP):
    """The frames under a lamp that stands still and a dim sky, in linear light."""
    model, frames = performance.model, []
    for row in range(len(performance)):
        vertices = performance.vertices(row)
        points = vertices * performance.scale[row] * [1, -1, 1]
        points += [(WIDTH - 1) / 2, (HEIGHT - 1) / 2, 0]
        seen = rasterise(points, model.triangles, HEIGHT, WIDTH)
        uv = interpolate(seen, model.triangles, model.uv[model.uv_triangles])
        at = (uv * [SIZE, -SIZE] + [-0.5, SIZE - 0.5]).astype(np.float32)
        albedo = (cv2.remap(paint, at[..., 0], at[..., 1], cv2.INTER_LINEAR) / 255.0) ** 2.2
        normals = vertex_normals(vertices, model.triangles)
        light = interpolate(seen, model.triangles, (0.2 + 1.2 * np.maximum(normals @ lamp, 0))[:, None].astype(np.float32))
        picture = (255 * np.clip(albedo * light, 0, 1) ** (1 / 2.2)).astype(np.uint8)
        picture[~seen.covered] = (20, 20, 60)
        frames.append(Frame(row, row / 25.0, picture, str(row)))
    return frames


def sides(model, texture, paint):
    """Linear texture over the true one, median over each cheek: (the subject's left, right)."""
    chart = rasterise_chart(model, SIZE)
    place = interpolate(chart, model.uv_triangles, model.mean[model.triangles])
    skin = chart.covered & (model.regions[chart.triangle_id] == 0) & (place[..., 2] > -50)
    ratio = ((texture / 255.0) ** 2.2).sum(-1) / np.maximum(((paint / 255.0) ** 2.2).sum(-1), 1e-3)
    cheek = skin & (np.abs(place[..., 1]) < 20) & (np.abs(np.abs(place[..., 0]) - 50) < 10)
    return [float(np.median(ratio[cheek & (np.sign(place[..., 0]) == side)])) for side in (1, -1)]


@pytest.fixture(scope="module")
def textures(model):
    """Paint, what is pooled from a lit head that turns, and the same without its light."""
    paint = plain_texture(model, SIZE)
    performance = turning_head(model, [-25, -10, 0, 10, 25], (WIDTH, HEIGHT))
    frames = draw(performance, paint)
    return paint, *(texture_from_footage(performance, frames, size=SIZE, without_light=off) for off in (False, True))


def test_both_sides_come_out_alike(model, textures):
    paint, lit, flat = textures
    before, after = (sides(model, texture, paint) for texture in (lit, flat))
    assert before[0] / before[1] > 2.0
    assert 0.87 < after[0] / after[1] < 1.15


def test_mean_colour_of_the_face_stays(model, textures):
    _, lit, flat = textures
    chart = rasterise_chart(model, SIZE)
    face = (model.vertex_masks["face"][model.triangles] > 0.9).all(axis=1)[chart.triangle_id] & chart.covered
    face &= model.regions[chart.triangle_id] == 0
    before, after = (((texture[face] / 255.0) ** 2.2).mean(axis=0) for texture in (lit, flat))
    np.testing.assert_allclose(after, before, rtol=0.08)
    assert flat.dtype == np.uint8
    assert flat[face].min() > 0


def test_lips_stay_lips(model, textures):
    paint, _, flat = textures
    chart = rasterise_chart(model, SIZE)
    lips = (model.vertex_masks["lips"][model.triangles] > 0.9).all(axis=1)[chart.triangle_id] & chart.covered
    cheek = (model.vertex_masks["face"][model.triangles] > 0.9).all(axis=1)[chart.triangle_id] & chart.covered & ~lips

    def redness(texture):
        red, green = (np.median(texture[part].astype(float), axis=0)[:2].T for part in (lips, cheek))
        return (red[0] / red[1]) / (green[0] / green[1])

    assert redness(flat) == pytest.approx(redness(paint), rel=0.15)


def test_light_that_stands_still_while_places_turn():
    rng = np.random.default_rng(2)
    normals = rng.normal(size=(3, 4000, 3)) * [1, 1, 0.3] + [0, 0, 1.2]
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    basis = harmonic_basis(normals).mean(axis=0)
    light = np.vstack([[2.0, 2.0, 2.0], 0.3 * rng.normal(size=(8, 3))])
    albedo = np.array([0.4, 0.25, 0.2]) * (1 + 0.05 * rng.normal(size=(4000, 1)))
    colours = 255 * np.clip(albedo * irradiance(light, basis), 0, 1) ** (1 / 2.2)
    flat = (delight(colours, basis, np.ones(4000)) / 255) ** 2.2
    kept = flat / albedo
    assert np.std(kept / kept.mean(axis=0)) < 0.03
    with pytest.raises(MorphError, match="at least nine places"):
        delight(colours, basis, np.zeros(4000))


@pytest.mark.slow
def test_command_takes_it_over_footage_only(write_track, performance, tmp_path, capsys):
    track = write_track("again")
    assert main(["export", str(track), "--out", str(tmp_path / "a.glb"), "--delight"]) == 2
    said = capsys.readouterr().err
    assert "--delight is for a texture from footage; give the clip with --over" in said
    assert said.count("\n") == 1
    width, height = performance.size
    across = np.linspace(40, 220, width)[None, :, None]
    footage = tmp_path / "footage"
    footage.mkdir()
    for number in range(10):
        cv2.imwrite(str(footage / f"{number:04d}.png"), np.tile(across, (height, 1, 3)).astype(np.uint8))
    words = ["export", str(track), "--over", str(footage), "--delight", "--out", str(tmp_path / "a.png")]
    assert main(words) == 0
    assert cv2.imread(str(tmp_path / "a.png")).shape == (2048, 2048, 3)
