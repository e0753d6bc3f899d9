"""Maps beside pictures: they agree with the labels, and asking for them changes nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from morph.cli import main
from morph.datasets.crops import CropSet
from morph.errors import MorphError
from morph.model import landmark_decoder
from morph.synthesis import (
    CLASSES,
    MAPS,
    Picture,
    Renderer,
    SynthesisPlan,
    open_maps,
    render_range,
    synthesise,
    texture_coordinates,
)
from morph.synthesis.sets import render_set as shards

SIZE = 128
NAMES = tuple(MAPS)


@pytest.fixture(scope="module")
def pictures(renderer: Renderer) -> list[Picture]:
    return [renderer.render((21, i), SIZE, maps=NAMES) for i in range(24)]


@pytest.fixture
def small_blocks(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "Renderer", lambda environments: renderer)
    monkeypatch.setattr(shards, "BLOCK", 3)


def inner(picture: Picture) -> npt.NDArray[np.bool_]:
    """Visible landmarks away from contours: the surface around them is whole."""
    depth = picture.maps["depth"]
    near, far = cv2.erode(np.where(depth > 0, depth, 1e6), np.ones((3, 3))), cv2.dilate(depth, np.ones((3, 3)))
    whole = cv2.erode((depth > 0).astype(np.uint8), np.ones((3, 3))).astype(bool) & (far - near < 8)
    return picture.visibility & at_landmarks(picture, whole)


def at_landmarks(picture: Picture, image: npt.NDArray) -> npt.NDArray:
    """``(68, ...)`` values of a map at the landmarks' pixels."""
    column, row = picture.landmarks.round().astype(int).clip(0, SIZE - 1).T
    return image[row, column]


def test_asking_for_maps_changes_nothing_else(renderer: Renderer, pictures: list[Picture]) -> None:
    for i in range(4):
        plain = renderer.render((21, i), SIZE)
        assert plain.maps == {}
        for name in ("image", "landmarks", "visibility", "shape", "expression"):
            np.testing.assert_array_equal(getattr(plain, name), getattr(pictures[i], name), err_msg=name)


def test_types_and_shapes(pictures: list[Picture]) -> None:
    for name, (kind, channels) in MAPS.items():
        assert pictures[0].maps[name].dtype == kind
        assert pictures[0].maps[name].shape == (SIZE, SIZE, *channels)


def test_depth_at_landmarks_is_that_of_the_decoded_vertices(renderer: Renderer, pictures: list[Picture]) -> None:
    decode = landmark_decoder(renderer.model)
    errors = []
    for picture in pictures:
        distance = picture.perspective.project(decode(picture.shape, picture.expression))[:, 2]
        errors.append((at_landmarks(picture, picture.maps["depth"]) - distance)[inner(picture)])
    error = np.abs(np.concatenate(errors))
    assert len(error) > 500
    assert np.median(error) < 1.0
    assert (error < 3).mean() > 0.98


def test_normals_are_unit_and_face_the_camera(pictures: list[Picture]) -> None:
    rows, columns = np.mgrid[0:SIZE, 0:SIZE]
    for picture in pictures[:8]:
        depth, normals = picture.maps["depth"], picture.maps["normals"].astype(float) / 127
        seen = depth > 0
        assert not normals[~seen].any()
        np.testing.assert_allclose(np.linalg.norm(normals[seen], axis=1), 1, atol=0.012)
        camera = picture.perspective
        ray = np.stack(
            [(columns - camera.centre[0]) / camera.focal, (camera.centre[1] - rows) / camera.focal, -1 + 0 * rows], -1
        )
        towards = -(normals * ray).sum(-1) / np.linalg.norm(ray, axis=-1)
        assert towards[seen].min() > 0.05
        assert towards[seen].mean() > 0.5


def test_depth_agrees_with_normals(pictures: list[Picture]) -> None:
    """Neighbours on the forehead and cheeks differ in depth as the normals say."""
    picture = pictures[0]
    depth, normals = picture.maps["depth"].astype(float), picture.maps["normals"].astype(float) / 127
    seen = (depth > 0) & (np.roll(depth, -1, 1) > 0) & (normals[..., 2] > 0.7)
    seen[:, -1] = False
    step = (np.roll(depth, -1, 1) - depth)[seen]
    across = (depth / float(picture.perspective.focal))[seen]
    wanted = normals[seen, 0] / normals[seen, 2] * across
    near = np.abs(step) < 5
    assert np.corrcoef(step[near], wanted[near])[0, 1] > 0.8


def test_segmentation_says_what_landmarks_are(pictures: list[Picture]) -> None:
    noses, lips = [], []
    for picture in pictures:
        names, seen = at_landmarks(picture, picture.maps["segmentation"]), inner(picture)
        noses += [CLASSES[names[30]]] if seen[30] else []
        lips += [CLASSES[names[i]] for i in (51, 57) if seen[i]]
    assert len(noses) > 8
    assert set(noses) == {"skin"}
    assert np.mean([name == "lips" for name in lips]) > 0.6  # the edge of the lip runs through the landmarks


def test_background_is_where_no_depth_is_but_for_hair_and_things(pictures: list[Picture]) -> None:
    loose = [CLASSES.index(name) for name in ("background", "hair", "beard", "glasses", "occluder")]
    for picture in pictures:
        empty = picture.maps["depth"] == 0
        assert np.isin(picture.maps["segmentation"][empty], loose).all()
        assert (picture.maps["segmentation"][~empty] != 0).all()


def test_all_classes_appear(renderer: Renderer) -> None:
    found = set()
    for i in range(60):
        found |= set(np.unique(renderer.render((22, i), 64, maps=("segmentation",)).maps["segmentation"]).tolist())
    assert {CLASSES[i] for i in found} >= set(CLASSES) - {"tongue", "mouth_inside"}


def test_uv_at_landmarks_is_that_of_the_model(renderer: Renderer, pictures: list[Picture]) -> None:
    model = renderer.model
    corner = {int(v): int(t) for v, t in zip(model.triangles.ravel(), model.uv_triangles.ravel(), strict=True)}
    wanted = model.uv[[corner[int(v)] for v in model.landmarks]]
    skin = np.isin(np.arange(68), [*range(36), *range(48, 60)])  # next to lids and inner lips lie eyes and teeth
    errors = []
    for picture in pictures:
        uv = at_landmarks(picture, texture_coordinates(picture.maps["uv"]))
        errors.append(np.linalg.norm(uv - wanted, axis=1)[inner(picture) & skin])
    error = np.concatenate(errors)
    assert np.median(error) < 0.005
    assert (error < 0.03).mean() > 0.97
    nowhere = texture_coordinates(pictures[0].maps["uv"])[pictures[0].maps["depth"] == 0]
    assert (nowhere == -1).all()


def test_supersampling_keeps_surfaces(renderer: Renderer, pictures: list[Picture]) -> None:
    fine = renderer.render((21, 1), SIZE, 2, maps=NAMES).maps
    for name in ("depth", "normals", "uv"):
        close = np.isclose(fine[name].astype(float), pictures[1].maps[name].astype(float), atol=1.01, rtol=1e-3)
        assert close.mean() > 0.995, name
    loose = [CLASSES.index(name) for name in ("hair", "beard", "glasses", "occluder")]  # a larger picture draws others
    mine, other = fine["segmentation"], pictures[1].maps["segmentation"]
    both = ~np.isin(mine, loose) & ~np.isin(other, loose)
    assert both.any()
    assert (mine == other)[both].mean() > 0.97


@pytest.mark.usefixtures("small_blocks")
def test_a_set_with_maps(tmp_path: Path, renderer: Renderer) -> None:
    plan = SynthesisPlan(7, seed=5, size=64, maps=("uv", "depth", "normals", "segmentation"))
    expected = render_range(renderer, plan, 0, 7)
    crops = synthesise(plan, tmp_path / "whole")
    np.testing.assert_array_equal(crops.images, render_range(renderer, SynthesisPlan(7, seed=5, size=64), 0, 7)["images"])
    maps = open_maps(tmp_path / "whole")
    assert set(maps) == set(NAMES)
    for name, rows in maps.items():
        assert isinstance(rows, np.memmap)
        np.testing.assert_array_equal(rows, expected[name], err_msg=name)
    meta = json.loads((tmp_path / "whole" / "meta.json").read_text())
    assert meta["plan"]["maps"] == list(NAMES)
    assert meta["maps"]["segmentation"]["classes"]["1"] == "skin"
    later = SynthesisPlan(3, seed=5, size=64, start=4, maps=("depth",))
    synthesise(later, tmp_path / "later")
    np.testing.assert_array_equal(open_maps(tmp_path / "later")["depth"], expected["depth"][4:])
    assert sorted(path.name for path in (tmp_path / "later").iterdir()) == [
        "depth.npy",
        "images.npy",
        "labels.npz",
        "meta.json",
    ]


@pytest.mark.usefixtures("small_blocks")
def test_a_killed_set_with_maps_goes_on(tmp_path: Path, renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = SynthesisPlan(7, seed=5, size=64, maps=("segmentation",))
    render, calls = shards.render_range, []

    def stop(renderer: Renderer, plan: SynthesisPlan, first: int, last: int) -> dict[str, np.ndarray]:
        calls.append(first)
        if first == 3 and calls.count(3) == 1:
            raise KeyboardInterrupt
        return render(renderer, plan, first, last)

    monkeypatch.setattr(shards, "render_range", stop)
    with pytest.raises(KeyboardInterrupt):
        synthesise(plan, tmp_path)
    with pytest.raises(MorphError, match="no whole maps"):
        open_maps(tmp_path)
    with pytest.raises(MorphError, match="parts of another set"):
        synthesise(SynthesisPlan(7, seed=5, size=64), tmp_path)
    synthesise(plan, tmp_path)
    assert calls == [0, 3, 3, 6]
    np.testing.assert_array_equal(open_maps(tmp_path)["segmentation"], render(renderer, plan, 0, 7)["segmentation"])


@pytest.mark.usefixtures("small_blocks")
def test_sets_without_maps_say_so(tmp_path: Path) -> None:
    synthesise(SynthesisPlan(2, size=64), tmp_path)
    with pytest.raises(MorphError, match="has no maps; render a set with `morph synth maps=all`"):
        open_maps(tmp_path)
    assert set(CropSet.open(tmp_path).meta["plan"]) == {
        *("count", "seed", "start", "size", "supersampling", "environments", "renderer")
    }


@pytest.mark.usefixtures("small_blocks")
def test_missing_maps_are_named(tmp_path: Path) -> None:
    assert main(["synth", "--count", "2", "--size", "64", "--maps", "depth,uv", "--out", str(tmp_path)]) == 0
    assert open_maps(tmp_path)["uv"].shape == (2, 64, 64, 2)
    (tmp_path / "uv.npy").unlink()
    with pytest.raises(MorphError, match="has no whole maps"):
        open_maps(tmp_path)


def test_unknown_maps_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["synth", "--count", "2", "--maps", "depth,albedo", "--out", str(tmp_path / "set")]) == 2
    error = capsys.readouterr().err
    assert "--maps knows depth, normals, segmentation, uv and all; got albedo" in error
    assert error.count("\n") == 1
    assert not (tmp_path / "set").exists()
