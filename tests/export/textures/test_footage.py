"""A painted head is drawn turning; its paint must come back from the pictures."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest
from standins import turning_head

from morph.cli import main
from morph.errors import MorphError
from morph.export.textures.footage import mirror_texels, texture_from_footage
from morph.export.textures.plain import plain_texture
from morph.export.textures.uv_chart import fill_gaps, rasterise_chart
from morph.frames.frame import Frame
from morph.model import load_default_model
from morph.rendering import interpolate, rasterise

SIZE, WIDTH, HEIGHT = 1024, 360, 320


@pytest.fixture(scope="module")
def model():
    return load_default_model(1)


@pytest.fixture(scope="module")
def chart(model):
    return rasterise_chart(model, SIZE)


@pytest.fixture(scope="module")
def paint(model, chart):
    """``(SIZE, SIZE, 3)``: red grows to the subject's left, green upwards, blue waves; smooth over the head."""
    place = interpolate(chart, model.uv_triangles, model.mean[model.triangles])
    colour = np.stack([128 + 1.2 * place[..., 0], 110 + 0.7 * place[..., 1], 128 + 60 * np.sin(place[..., 1] / 12)], axis=-1)
    return fill_gaps(np.clip(colour, 0, 255).astype(np.uint8), chart.covered)


def draw(performance, paint):
    """The frames that a camera would see, on a blue wall, unlit."""
    model, frames = performance.model, []
    for row in range(len(performance)):
        points = performance.vertices(row) * performance.scale[row] * [1, -1, 1]
        points += [(WIDTH - 1) / 2, (HEIGHT - 1) / 2, 0]
        seen = rasterise(points, model.triangles, HEIGHT, WIDTH)
        uv = interpolate(seen, model.triangles, model.uv[model.uv_triangles])
        at = (uv * [SIZE, -SIZE] + [-0.5, SIZE - 0.5]).astype(np.float32)
        picture = cv2.remap(paint, at[..., 0], at[..., 1], cv2.INTER_LINEAR)
        picture[~seen.covered] = (0, 0, 255)
        frames.append(Frame(row, row / 25.0, picture, str(row)))
    return frames


def texels_of(model, chart, places):
    """Rows and columns of the foremost texels at places ``(x, y)`` of the mean head, millimetres."""
    place = interpolate(chart, model.uv_triangles, model.mean[model.triangles])
    place[~chart.covered] = 1e6
    flat = []
    for x, y in places:
        near = np.flatnonzero(np.hypot(place[..., 0] - x, place[..., 1] - y) < 2)
        flat.append(near[place.reshape(-1, 3)[near, 2].argmax()])
    return np.unravel_index(flat, chart.depth.shape)


# forehead, cheeks, chin and jaw of the subject's left
PLACES = np.array([[15, 62], [30, -5], [10, -66], [45, -35], [50, 10]])


def test_paint_comes_back_from_a_turning_head(model, chart, paint):
    performance = turning_head(model, [-50, -25, 0, 25, 50], (WIDTH, HEIGHT), 1.1, (3.0, -5.0, 0.0))
    texture = texture_from_footage(performance, draw(performance, paint), size=SIZE)
    assert texture.shape == (SIZE, SIZE, 3)
    rows, columns = texels_of(model, chart, [*PLACES, *(PLACES * [-1, 1])])
    wrong = np.abs(texture[rows, columns].astype(int) - paint[rows, columns])
    assert wrong.max() < 12
    assert np.median(wrong) <= 3


def test_hidden_side_comes_from_the_other(model, chart, paint):
    performance = turning_head(model, [-70], (WIDTH, HEIGHT), 1.1, (3.0, -5.0, 0.0))
    frames = draw(performance, paint)
    towards = np.sign((performance.rotation[0] @ np.array([1.0, 0, 0]))[2])  # the side that faces the viewer
    seen, hidden = (texels_of(model, chart, [(side * towards * 55, 10)]) for side in (1, -1))
    texture = texture_from_footage(performance, frames, size=SIZE).astype(int)
    assert np.abs(texture[seen] - paint[seen]).max() < 14
    assert np.abs(texture[hidden] - paint[seen]).max() < 20
    assert np.abs(texture[hidden].astype(int) - paint[hidden])[0, 0] > 60  # red tells the sides apart


def test_what_nobody_saw_is_plain_in_the_tone_of_the_skin(model, chart):
    performance = turning_head(model, [0], (WIDTH, HEIGHT), 1.1, (3.0, -5.0, 0.0))
    green = np.full((SIZE, SIZE, 3), (40, 120, 60), np.uint8)
    texture = texture_from_footage(performance, draw(performance, green), size=SIZE)
    place = interpolate(chart, model.uv_triangles, model.mean[model.triangles])
    scalp = (place[..., 2] < -150) & (place[..., 1] > 40) & chart.covered
    assert np.abs(np.median(texture[scalp], axis=0) - (40, 120, 60)).max() < 25
    eye = np.isin(model.regions[chart.triangle_id], [model.region_names.index("left_eye")]) & chart.covered
    plain = plain_texture(model, SIZE)[eye].astype(float)
    gain = texture[eye][:, 1].mean() / plain[:, 1].mean()
    assert 0.3 < gain < 1.0  # eyes are darker, but not green
    assert np.abs(np.diff(texture[eye].astype(float), axis=1)).mean() < 20


def test_mirror_image_of_texels(model, chart):
    mirror = mirror_texels(model, chart)
    place = interpolate(chart, model.uv_triangles, model.mean[model.triangles])
    inner = np.isin(chart.triangle_id, np.flatnonzero((model.vertex_masks["face"][model.triangles] > 0.5).all(axis=1)))
    assert (mirror[inner] >= 0).all()
    column, row = np.rint(mirror[inner]).astype(int).T
    away = np.linalg.norm(place[row, column] - place[inner] * [-1, 1, 1], axis=-1)
    assert np.percentile(away, 99) < 2.0  # millimetres; a texel is one


def test_footage_that_cannot_be(model, paint):
    performance = turning_head(model, [0], (WIDTH, HEIGHT), 1.1, (3.0, -5.0, 0.0))
    small = Frame(0, 0.0, np.zeros((10, 20, 3), np.uint8), "0")
    with pytest.raises(MorphError, match="the footage is 20x10, the track was made of 360x320; give the clip"):
        texture_from_footage(performance, [small], size=256)
    with pytest.raises(MorphError, match="shows nothing of the face"):
        texture_from_footage(performance, [Frame(9, 0.0, paint[:HEIGHT, :WIDTH], "9")], size=256)
    bare = dataclasses.replace(performance, model=dataclasses.replace(model, uv_triangles=np.zeros((0, 3))))
    with pytest.raises(MorphError, match="has no texture coordinates"):
        texture_from_footage(bare, [small], size=256)


def test_command_writes_the_texture_and_wears_it(write_track, performance, tmp_path, capsys):
    trimesh = pytest.importorskip("trimesh")
    track = write_track("again")
    width, height = performance.size
    plate = np.full((height, width, 3), (60, 90, 120), np.uint8)[..., ::-1]
    footage = tmp_path / "footage"
    footage.mkdir()
    for number in range(10):
        cv2.imwrite(str(footage / f"{number:04d}.png"), plate)
    words = ["export", str(track), "--over", str(footage)]
    assert main([*words, "--out", str(tmp_path / "texture.png")]) == 0
    assert "texture 2048x2048" in capsys.readouterr().out
    texture = cv2.imread(str(tmp_path / "texture.png"))[..., ::-1]
    assert np.abs(np.median(texture.reshape(-1, 3), axis=0) - (60, 90, 120)).max() < 20
    assert main([*words, "--out", str(tmp_path / "a.ply"), "--level", "0"]) == 0
    colours = trimesh.load(tmp_path / "a.ply", process=False).visual.vertex_colors[:, :3]
    assert np.abs(np.median(colours, axis=0) - (60, 90, 120)).max() < 20


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--out", "{tmp}/a.png"], "does not tell the format"),
        (["--out", "{tmp}/a.png", "--over", "{tmp}/none.mp4"], "no file"),
        (["--out", "{tmp}/a.png", "--over", "{tmp}", "--level", "0"], "--level is for a mesh"),
        (["--out", "{tmp}/a.glb", "--over", "{tmp}", "--texture", "{tmp}/a.png"], "leave one out"),
    ],
)
def test_mistakes_are_one_line(write_track, tmp_path, capsys, more, says):
    assert main(["export", str(write_track()), *(word.format(tmp=tmp_path) for word in more)]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1


def test_model_without_masks_and_mirror(model, chart, paint):
    bare = dataclasses.replace(
        model, vertex_masks={}, vertex_mirror=[], regions=[], region_names=(), quads=[], uv_quads=[], identity="bare"
    )
    performance = turning_head(bare, [0], (WIDTH, HEIGHT), 1.1, (3.0, -5.0, 0.0))
    texture = texture_from_footage(performance, draw(performance, paint), size=SIZE).astype(int)
    rows, columns = texels_of(model, chart, PLACES[:3])
    assert np.abs(texture[rows, columns] - paint[rows, columns]).max() < 12
