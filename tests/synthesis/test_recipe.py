"""Recipes: each ingredient that is left out changes pictures and not their labels; wide poses; the second engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from morph.cli import main
from morph.datasets.crops import CropSet
from morph.errors import MorphError
from morph.evaluation.aflw2000.pose import nearest_euler
from morph.model import landmark_decoder
from morph.synthesis import CLASSES, INGREDIENTS, Picture, Recipe, Renderer
from morph.synthesis.camera.video_compression import pass_through_video
from morph.synthesis.camera.viewpoint import sample_viewpoint
from morph.synthesis.recipe import measured_people
from morph.synthesis.sets import render_set as shards

SEEDS = range(10)
SIZE = 96
Draw = Callable[[Recipe], list[Picture]]


@pytest.fixture(scope="module")
def draw(renderer: Renderer) -> Draw:
    kept: dict[Recipe, list[Picture]] = {}

    def pictures(recipe: Recipe) -> list[Picture]:
        if recipe not in kept:
            kept[recipe] = [renderer.render((31, i), SIZE, recipe=recipe, maps=("segmentation",)) for i in SEEDS]
        return kept[recipe]

    return pictures


def classes(pictures: list[Picture]) -> set[str]:
    return {CLASSES[i] for picture in pictures for i in np.unique(picture.maps["segmentation"])}


@pytest.mark.parametrize("ingredient", INGREDIENTS)
def test_leaving_one_out_changes_pictures_and_not_labels(draw: Draw, ingredient: str) -> None:
    usual, without = draw(Recipe()), draw(Recipe(without=(ingredient,)))
    changed = [np.abs(a.image.astype(int) - b.image).mean() for a, b in zip(usual, without, strict=True)]
    assert max(changed) > 2
    if ingredient != "occlusion":  # not every face has something before it
        assert np.median(changed) > 0.3
    for a, b in zip(usual, without, strict=True):
        np.testing.assert_array_equal(a.shape, b.shape)
        np.testing.assert_array_equal(a.perspective.rotation, b.perspective.rotation)
        if ingredient == "expression":
            assert not b.expression.any()
            continue
        for name in ("landmarks", "expression"):
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
        for name in ("rotation", "scale", "translation"):
            np.testing.assert_array_equal(getattr(a.camera, name), getattr(b.camera, name))


def test_no_hair(draw: Draw) -> None:
    assert {"hair", "beard"} <= classes(draw(Recipe()))
    bald = draw(Recipe(without=("hair",)))
    assert not {"hair", "beard"} & classes(bald)
    assert "brows" in classes(bald)


def test_nothing_in_the_way(draw: Draw) -> None:
    assert {"headwear", "glasses", "occluder"} & classes(draw(Recipe()))
    clear = draw(Recipe(without=("occlusion",)))
    assert not {"headwear", "glasses", "occluder"} & classes(clear)
    assert np.mean([p.visibility.mean() for p in clear]) >= np.mean([p.visibility.mean() for p in draw(Recipe())])


def test_even_light_has_no_shadows(draw: Draw) -> None:
    """Skin of one face differs less in brightness, and colour casts of panoramas are gone."""

    def unevenness(pictures: list[Picture]) -> float:
        out = []
        for picture in pictures:
            skin = picture.image[picture.maps["segmentation"] == CLASSES.index("skin")].mean(1)
            out.append(skin.std() / skin.mean())
        return float(np.median(out))

    assert unevenness(draw(Recipe(without=("light",)))) < 0.8 * unevenness(draw(Recipe()))


def test_no_blur_is_sharper(draw: Draw) -> None:
    def sharpness(pictures: list[Picture]) -> float:
        return float(np.median([cv2.Laplacian(p.image.mean(2).astype(np.float32), cv2.CV_32F).std() for p in pictures]))

    assert sharpness(draw(Recipe(without=("blur",)))) > 1.1 * sharpness(draw(Recipe()))


def test_several_at_once(draw: Draw) -> None:
    bare = draw(Recipe(without=("occlusion", "hair")))
    assert not {"hair", "beard", "headwear", "glasses", "occluder"} & classes(bare)
    assert Recipe(without=("occlusion", "hair")) == Recipe(without=("hair", "occlusion"))


def test_wide_poses() -> None:
    def angles(poses: str) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(0)
        views = [sample_viewpoint(rng, poses) for _ in range(3000)]
        turns = np.stack([view.rotation for view in views])
        return np.abs(np.degrees(nearest_euler(turns, np.zeros((3000, 3))))), np.array([view.distance for view in views])

    (usual, far), (wide, farther) = angles("usual"), angles("wide")
    assert np.mean(wide[:, 1] > 60) > np.mean(usual[:, 1] > 60) + 0.02
    assert np.mean(wide[:, 1] > 95) > 2 * np.mean(usual[:, 1] > 95)
    for axis in (0, 2):
        assert np.mean(wide[:, axis] > 45) > 2 * np.mean(usual[:, axis] > 45)
    assert far.min() >= 250
    assert 200 <= farther.min() < 215
    assert far.max() < 4500 < 9000 < farther.max() < 10000


def test_wide_poses_render(renderer: Renderer) -> None:
    recipe = Recipe(poses="wide")
    pictures = [renderer.render((32, i), 64, recipe=recipe) for i in range(12)]
    assert np.isfinite([p.landmarks for p in pictures]).all()
    low = np.array([p.landmarks.min() for p in pictures])
    high = np.array([p.landmarks.max() for p in pictures])
    assert low.min() > -20
    assert high.max() < 84


def test_second_engine(draw: Draw) -> None:
    usual, second = draw(Recipe()), draw(Recipe(engine=2))
    changed = [np.abs(a.image.astype(int) - b.image).mean() for a, b in zip(usual, second, strict=True)]
    assert np.mean(np.array(changed) > 0) > 0.7
    for a, b in zip(usual, second, strict=True):
        np.testing.assert_array_equal(a.landmarks, b.landmarks)
        np.testing.assert_array_equal(a.expression, b.expression)


def test_measured_people(renderer: Renderer, draw: Draw) -> None:
    usual, measured = draw(Recipe()), draw(Recipe(people="measured"))
    middle = measured_people(renderer.model.n_shape)
    assert 1.5 < np.linalg.norm(middle) < 4
    for a, b in zip(usual, measured, strict=True):
        np.testing.assert_allclose(b.shape, a.shape + middle, atol=1e-5)
        np.testing.assert_array_equal(b.expression, a.expression)
    points = landmark_decoder(renderer.model)(
        np.stack([np.zeros_like(middle), middle]), np.zeros((2, renderer.model.n_expression))
    )
    eyes, jaw = points[:, 45, 0] - points[:, 36, 0], points[:, 16, 0] - points[:, 0, 0]
    assert eyes[1] / jaw[1] > 1.02 * eyes[0] / jaw[0]  # what the photographs asked for
    with pytest.raises(MorphError, match="default model only"):
        measured_people(7)


def test_same_recipe_same_bytes(renderer: Renderer, draw: Draw) -> None:
    for recipe in (Recipe(engine=2), Recipe(without=("hair", "noise"))):
        again = renderer.render((31, 3), SIZE, recipe=recipe)
        np.testing.assert_array_equal(again.image, draw(recipe)[3].image)


def test_video_compression() -> None:
    picture = np.kron(np.random.default_rng(0).integers(0, 255, (9, 11, 3)), np.ones((4, 4, 1))).astype(np.uint8)[:35]
    out = pass_through_video(picture, np.random.default_rng(1))
    assert out.shape == picture.shape
    assert out.dtype == np.uint8
    difference = np.abs(out.astype(int) - picture).mean()
    assert 1 < difference < 60
    np.testing.assert_array_equal(out, pass_through_video(picture, np.random.default_rng(1)))
    tiny = pass_through_video(picture[:9, :13], np.random.default_rng(1))
    assert tiny.shape == (9, 13, 3)


def test_command_keeps_the_recipe(
    tmp_path: Path, renderer: Renderer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shards, "Renderer", lambda environments: renderer)
    options = ["--without", "blur,hair", "--poses", "wide", "--engine", "2"]
    assert main(["synth", "--count", "2", "--size", "64", "--out", str(tmp_path), *options]) == 0
    assert "ms of processor time a picture" in capsys.readouterr().out
    kept = CropSet.open(tmp_path)
    plan = kept.meta["plan"]
    assert (plan["without"], plan["poses"], plan["engine"]) == (["hair", "blur"], "wide", 2)
    recipe = Recipe("wide", ("hair", "blur"), 2)
    np.testing.assert_array_equal(kept.images[1], renderer.render((0, 1), 64, recipe=recipe).image)
    assert main(["synth", "--count", "2", "--size", "64", "--out", str(tmp_path)]) == 2
    assert "holds another crop set" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--without", "hair,nose"], "--without knows hair, light"),
        (["--poses", "narrow"], "--poses is usual or wide, got narrow"),
        (["--people", "tall"], "--people is even or measured, got tall"),
        (["--engine", "3"], "--engine is 1 or 2, got 3"),
    ],
)
def test_mistakes_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    assert main(["synth", "--count", "2", "--out", str(tmp_path / "set"), *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "set").exists()
