"""Layers as compositors read them: with OpenEXR's own reader and OpenCV, and put together again."""

from __future__ import annotations

import json
import sys

import cv2
import numpy as np
import pytest

from morph.cli import main
from morph.errors import MorphError
from morph.rendering.colour import decode_srgb, encode_srgb
from morph.track_folder.read import load_track
from viewer.draw.software import SoftwareRenderer
from viewer.output.layer_files import LayerOptions, write_layers
from viewer.output.layers import FAR, LayerMaker
from viewer.output.preview import Preview, draw_frame
from viewer.props import Prop, SkinTexture, find_prop
from viewer.stage.track_scene import DisplayStyle, TrackScene

SIZE = (320, 240)
HIDDEN = DisplayStyle(head=False)


@pytest.fixture
def stage_of(write_track, coarse_model):
    def make(prop=None, frames=(0,), people=1, name="track"):
        count = len(frames) * people
        place = np.tile(SIZE[0] * (np.arange(people) + 1) / (people + 1), len(frames))
        changes = {
            "scale": np.full(count, 0.9 / people),
            "translation": np.stack([place, np.full(count, 110.0)], axis=1),
            "size": np.array(SIZE),
        }
        return TrackScene(load_track(write_track(list(frames), people, name, **changes)), coarse_model, prop)

    return make


def noise(seed=0):
    """A plate in which no two places look alike."""
    small = np.random.default_rng(seed).integers(40, 220, (24, 32, 3)).astype(np.uint8)
    return cv2.resize(small, SIZE, interpolation=cv2.INTER_CUBIC)


@pytest.fixture
def footage(tmp_path):
    """A folder of four pictures."""
    folder = tmp_path / "footage"
    folder.mkdir()
    for number in range(4):
        cv2.imwrite(str(folder / f"{number:04d}.png"), noise(number)[..., ::-1])
    return folder


def layers_of(stage, look=HIDDEN, frame=0, samples=1, **more):
    scene = stage.picture_scene(frame, *SIZE, look=look)
    return LayerMaker(stage, SoftwareRenderer(samples), **more)(scene, frame)


def test_transfer_of_srgb():
    values = np.linspace(0, 1, 256, dtype=np.float32)
    np.testing.assert_allclose(encode_srgb(decode_srgb(values)), values, atol=1e-5)
    assert decode_srgb(np.float32(0.5)) == pytest.approx(0.2140, abs=1e-4)


@pytest.mark.parametrize("look", [HIDDEN, DisplayStyle()])
def test_beauty_over_the_plate_is_the_preview(look, stage_of):
    stage, plate = stage_of(find_prop("glasses")), noise()
    beauty = layers_of(stage, look, samples=2).beauty
    wanted = draw_frame(stage, SoftwareRenderer(2), Preview(look=look), 0, plate).astype(float)
    alpha = beauty[..., 3:]
    straight = encode_srgb(beauty[..., :3] / np.maximum(alpha, 1e-6))
    as_drawn = 255 * straight * alpha + plate * (1 - alpha)
    assert np.abs(as_drawn - wanted).max() < 1.0
    linear = 255 * encode_srgb(beauty[..., :3] + (1 - alpha) * decode_srgb((plate / 255).astype(np.float32)))
    whole = (alpha[..., 0] > 0.999) | (alpha[..., 0] == 0)
    assert np.abs(linear - wanted)[whole].max() < 1.0
    assert (beauty[..., :3] <= alpha + 1e-6).all()
    assert (alpha > 0.99).sum() > 300


def test_mattes(stage_of):
    stage = stage_of(find_prop("glasses"))
    head, prop, holdout = np.moveaxis(layers_of(stage, samples=2).matte, -1, 0)
    shown = SoftwareRenderer(2).render(stage.picture_scene(0, *SIZE))[..., 3]
    np.testing.assert_allclose(np.clip(head + prop, 0, 1), shown, atol=0.02)
    np.testing.assert_allclose(prop, SoftwareRenderer(2).render(stage.picture_scene(0, *SIZE, look=HIDDEN))[..., 3], atol=1e-6)
    assert (holdout >= head - 1e-6).all()
    assert ((holdout > 0.99) & (prop > 0.99)).sum() > 50  # glasses before the head
    bare = layers_of(stage_of(name="bare")).matte
    assert bare[..., 1].max() == 0
    np.testing.assert_allclose(bare[..., 0], bare[..., 2], atol=1e-6)


def test_depth_and_normals(stage_of):
    stage = stage_of(find_prop("glasses"))
    layers, bare = layers_of(stage), layers_of(stage_of(name="bare"))
    there = layers.depth > FAR
    assert there.sum() > 8000
    np.testing.assert_allclose(np.linalg.norm(layers.normals[there], axis=-1), 1.0, atol=1e-5)
    assert (layers.normals[~there] == 0).all()
    assert layers.normals[there][:, 2].mean() > 0.6
    assert (layers.depth >= bare.depth - 1e-3).all()  # a prop is never behind what it covers
    frame = (layers.matte[..., 1] > 0.99) & (bare.depth > FAR)
    assert np.median((layers.depth - bare.depth)[frame]) > 1.0
    vertices = stage.head.vertices(stage.track.coefficients.shape[0], stage.track.coefficients.expression[0])
    pose = stage.track.coefficients[0]
    marks = stage.head.decoder.project(pose)[stage.model.landmarks]
    for k in (8, 30, 33):  # chin and nose, in millimetres of the head itself
        x, y = np.rint(marks[k, :2]).astype(int)
        wanted = (vertices @ pose.rotation.T)[stage.model.landmarks[k], 2]
        assert layers.depth[y, x] == pytest.approx(wanted, abs=3.0)
    x, y = np.rint(marks[30, :2]).astype(int)
    left, right = bare.normals[y, x - 40], bare.normals[y, x + 40]
    assert left[0] < -0.1 < 0.1 < right[0]


def test_uv_draws_the_texture(stage_of, coarse_model):
    size = 512
    u, v = np.meshgrid((np.arange(size) + 0.5) / size, 1 - (np.arange(size) + 0.5) / size)
    waves = [128 + 100 * np.sin(25 * u), 128 + 100 * np.sin(25 * v), 0 * u + 128, 0 * u + 255]
    texture = np.stack(waves, -1).astype(np.uint8)
    white = np.full_like(texture, 255)
    drawn = []
    for name, rgba in (("painted", texture), ("white", white)):
        stage = stage_of(Prop("paint", (SkinTexture(rgba, 0.3),)), name=name)
        drawn.append(SoftwareRenderer().render(stage.picture_scene(0, *SIZE, look=HIDDEN)))
    uv = layers_of(stage_of(name="bare")).uv
    at = (uv[..., :2] * [size, -size] + [-0.5, size - 0.5]).astype(np.float32)
    sampled = cv2.remap(texture[..., :3], at[..., 0], at[..., 1], cv2.INTER_LINEAR) / 255
    seen = (uv[..., 2] == 1) & (drawn[1][..., 3] > 0.99) & (drawn[1][..., :3].min(-1) > 0.1)
    assert seen.sum() > 8000
    wrong = np.abs(drawn[0][..., :3] / np.maximum(drawn[1][..., :3], 1e-3) - sampled)[seen].max(axis=-1)
    assert np.percentile(wrong, 97) < 0.06  # where textures were made smaller, and at seams


def test_st_map_unwraps_the_plate_and_uv_wraps_it_again(stage_of):
    layers, plate = layers_of(stage_of(), map_size=2048), noise()
    (st,) = layers.st.values()
    at = (st[..., :2] * [SIZE[0], -SIZE[1]] + [-0.5, SIZE[1] - 0.5]).astype(np.float32)
    unwrapped = cv2.remap(plate, at[..., 0], at[..., 1], cv2.INTER_LINEAR)
    back = (layers.uv[..., :2] * [2048, -2048] + [-0.5, 2047.5]).astype(np.float32)
    known = cv2.remap(st[..., 2], back[..., 0], back[..., 1], cv2.INTER_LINEAR) * layers.uv[..., 2] > 0.999
    assert known.sum() > 6000
    wrapped = cv2.remap(unwrapped, back[..., 0], back[..., 1], cv2.INTER_LINEAR).astype(int)
    wrong = np.abs(wrapped - plate)[known].max(axis=-1)
    assert np.percentile(wrong, 95) < 12
    assert np.median(wrong) <= 4


def test_two_people(stage_of):
    layers = layers_of(stage_of(people=2))
    assert sorted(layers.st) == [0, 1]
    first, second = (np.median(layers.st[k][layers.st[k][..., 2] == 1][:, 0]) for k in (0, 1))
    assert first < 0.5 < second


def exr(path):
    OpenEXR = pytest.importorskip("OpenEXR")
    with OpenEXR.File(str(path), separate_channels=True) as file:
        return {name: channel.pixels.copy() for name, channel in file.channels().items()}


def test_exr_files_carry_the_numbers_of_the_frames(stage_of, footage, tmp_path):
    stage = stage_of(find_prop("glasses"), frames=(1, 2))
    out = tmp_path / "layers"
    make = LayerMaker(stage, SoftwareRenderer(), 256)
    summary = write_layers(make, Preview(footage=str(footage), look=HIDDEN), out)
    numbers = (1, 2)
    assert (summary["frames"], summary["frames_without_face"]) == ([1, 2], [0, 3])
    names = {f"layers.{n:06d}.exr" for n in numbers} | {f"st.{n:06d}.exr" for n in numbers} | {"layers.json"}
    assert {file.name for file in out.iterdir()} == names
    for number in numbers:
        got, wanted = exr(out / f"layers.{number:06d}.exr"), layers_of(stage, frame=number, map_size=256)
        assert got["R"].dtype == np.float16
        assert got["depth.Z"].dtype == np.float32
        np.testing.assert_allclose(np.stack([got[c] for c in "RGBA"], -1), wanted.beauty, atol=6e-4)
        np.testing.assert_array_equal(got["depth.Z"], wanted.depth)
        np.testing.assert_array_equal(np.stack([got[f"uv.{c}"] for c in "RGA"], -1), wanted.uv)
        np.testing.assert_allclose(np.stack([got[f"N.{c}"] for c in "XYZ"], -1), wanted.normals, atol=6e-4)
        np.testing.assert_allclose(
            np.stack([got[f"matte.{c}"] for c in ("head", "prop", "holdout")], -1), wanted.matte, atol=6e-4
        )
        assert got["uv.A"].max() > 0
    for number in (1, 2):
        got = exr(out / f"st.{number:06d}.exr")
        np.testing.assert_array_equal(np.stack([got[c] for c in "RGA"], -1), layers_of(stage, frame=number, map_size=256).st[0])
    assert [row["frame"] for row in json.loads((out / "layers.json").read_text())["camera"]] == [1, 2]


def test_png_files(stage_of, footage, tmp_path):
    stage = stage_of(find_prop("glasses"), frames=(1,))
    make = LayerMaker(stage, SoftwareRenderer(2), 256)
    write_layers(make, Preview(footage=str(footage), look=HIDDEN), tmp_path / "png", LayerOptions("png", (1, 1)))
    wanted = layers_of(stage, frame=1, samples=2, map_size=256)
    got = {name: cv2.imread(str(tmp_path / "png" / f"{name}.000001.png"), cv2.IMREAD_UNCHANGED) for name in
           ("beauty", "matte", "depth", "normals", "uv", "st")}  # fmt: skip
    assert all(picture.dtype == np.uint16 for picture in got.values())
    beauty = cv2.cvtColor(got["beauty"], cv2.COLOR_BGRA2RGBA) / 65535
    np.testing.assert_allclose(decode_srgb(beauty[..., :3]) * beauty[..., 3:], wanted.beauty[..., :3], atol=1e-4)
    there = wanted.depth > FAR
    np.testing.assert_allclose((got["depth"][there] - 32768.0) / 64, wanted.depth[there], atol=1 / 100)
    assert (got["depth"][~there] == 0).all()
    normals = (got["normals"][..., ::-1].astype(float) - 32768) / 32767
    np.testing.assert_allclose(normals[there], wanted.normals[there], atol=1e-4)
    np.testing.assert_allclose(got["uv"][..., 2] / 65535, wanted.uv[..., 0], atol=1e-5)
    np.testing.assert_allclose(got["st"][..., 1] / 65535, wanted.st[0][..., 1], atol=1e-5)


def test_effects_bring_their_plate(stage_of, footage, tmp_path):
    stage = stage_of(find_prop("beauty"))
    make = LayerMaker(stage, SoftwareRenderer(), 256)
    write_layers(make, Preview(footage=str(footage), look=HIDDEN), tmp_path / "fx", LayerOptions(frames=(0, 0)))
    got = exr(tmp_path / "fx" / "layers.000000.exr")
    retouched = stage.retouched(0, noise(0))
    assert (retouched != noise(0)).any()
    linear = np.stack([got[f"plate.{c}"].astype(np.float32) for c in "RGB"], -1)
    assert np.abs(255 * encode_srgb(linear) - retouched).max() < 0.5
    assert got["A"].max() == 0


def view(capsys, *words):
    status = main(["view", *map(str, words), "--backend", "software", "--samples", "1"])
    said = capsys.readouterr()
    return status, said.out, said.err


@pytest.fixture
def words(write_track, footage):
    where = {"scale": np.full(3, 0.9), "translation": np.tile([160.0, 110.0], (3, 1)), "size": np.array(SIZE)}
    return [write_track([0, 1, 2], **where), "--prop", "hat", "--over", footage]


def test_a_killed_run_goes_on(words, tmp_path, capsys, monkeypatch):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    status, said, _ = view(capsys, *words, "--layers", whole, "--layers-format", "png")
    assert (status, said) == (0, f"{whole}: layers of 3 frames, 1 more show no face, drawn with software\n")
    call, calls = LayerMaker.__call__, []

    def dies(self, *arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return call(self, *arguments)

    monkeypatch.setattr(LayerMaker, "__call__", dies)
    assert view(capsys, *words, "--layers", broken, "--layers-format", "png")[0] == 130
    assert not (broken / "layers.json").exists()
    (broken / ".beauty.000002-abcdefgh.png").write_bytes(b"half")
    (broken / "notes.txt").write_text("mine")
    monkeypatch.setattr(LayerMaker, "__call__", call)
    status, said, _ = view(capsys, *words, "--layers", broken, "--layers-format", "png", "--resume")
    assert (status, said) == (0, f"{broken}: layers of 3 frames, 2 of them kept, 1 more show no face, drawn with software\n")
    names = {file.name for file in whole.iterdir()}
    assert {file.name for file in broken.iterdir()} == names | {"notes.txt"}
    for name in names - {"layers.json"}:
        assert (broken / name).read_bytes() == (whole / name).read_bytes()
    status, _, said = view(capsys, *words, "--layers", broken, "--layers-format", "png", "--resume", "--head", "show")
    assert status == 2
    assert "was begun with other head; give the same" in said


def test_a_range_of_frames_is_that_of_a_whole_run(words, tmp_path, capsys):
    png = ("--layers-format", "png")
    assert view(capsys, *words, "--layers", tmp_path / "all", *png)[0] == 0
    status, said, _ = view(capsys, *words, "--layers", tmp_path / "some", *png, "--frames", "1-3")
    assert (status, said) == (0, f"{tmp_path}/some: layers of 2 frames, 1 more show no face, drawn with software\n")
    some = [file for file in (tmp_path / "some").iterdir() if file.suffix == ".png"]
    assert {file.name.split(".")[1] for file in some} == {"000001", "000002"}
    assert all(file.read_bytes() == (tmp_path / "all" / file.name).read_bytes() for file in some)
    for frames, line in (("3-3", "the track has no face in frame 3"), ("7-9", "has no frames 7 to 9")):
        status, _, said = view(capsys, *words, "--layers", tmp_path / "none", *png, "--frames", frames)
        assert (status, line in said) == (2, True), said
    assert not (tmp_path / "none" / "layers.json").exists()


def test_earlier_layers_go(words, tmp_path, capsys):
    out = tmp_path / "layers"
    assert view(capsys, *words, "--layers", out, "--layers-format", "png")[0] == 0
    assert view(capsys, *words, "--layers", out, "--layers-format", "png", "--frame", "1")[0] == 0
    assert {file.name.split(".")[1] for file in out.glob("*.png")} == {"000001"}


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--layers", "{tmp}/a", "--out", "{tmp}/a.png"], "--out does not go with --layers"),
        (["--layers", "{tmp}/a", "--normals"], "--normals does not go with --layers"),
        (["--resume"], "--resume continues layers"),
        (["--layers", "{tmp}/a", "--frame", "9"], "has no frame 9"),
        (["--layers", "{tmp}/file"], "it is a file; give a folder"),
    ],
)
def test_mistakes_are_one_line(words, tmp_path, capsys, more, says):
    (tmp_path / "file").write_text("")
    status, _, said = view(capsys, *words, *(word.format(tmp=tmp_path) for word in more))
    assert status == 2
    assert says in said
    assert said.count("\n") == 1
    assert not list(tmp_path.glob("a/*.exr"))


def test_other_mistakes(words, tmp_path, capsys, monkeypatch, stage_of, footage):
    status, _, said = view(capsys, words[0], "--layers", tmp_path / "a")
    assert status == 2
    assert "give the clip that was tracked with --over" in said
    cv2.imwrite(str(tmp_path / "small.png"), np.zeros((20, 30, 3), np.uint8))
    status, _, said = view(capsys, words[0], "--over", tmp_path / "small.png", "--layers", tmp_path / "a")
    assert status == 2
    assert "the footage is 30x20, the track was made of 320x240" in said
    stage = stage_of(name="own")
    with pytest.raises(MorphError, match="give the clip"):
        write_layers(LayerMaker(stage, SoftwareRenderer()), Preview(), tmp_path / "a", LayerOptions("png"))
    monkeypatch.setitem(sys.modules, "OpenEXR", None)
    status, _, said = view(capsys, *words, "--layers", tmp_path / "a")
    assert status == 2
    assert "pip install 'morph-face[layers]', or use --layers-format png" in said
    assert not (tmp_path / "a").exists()
