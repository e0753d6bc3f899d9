"""Several pictures a person: who is seen stays, the moment changes, and any split of the set gives the same bytes."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from morph.cli import main
from morph.datasets.crops import CropSet
from morph.synthesis import Picture, Recipe, Renderer, SynthesisPlan, render_range, synthesise
from morph.synthesis.hair.styles import Strands
from morph.synthesis.scene import SampledScene
from morph.synthesis.sets import render_set as shards

PERSONS, EACH, SIZE = 4, 3, 64
RECIPE = Recipe(pictures_per_person=EACH)


@pytest.fixture(scope="module")
def pictures(renderer: Renderer) -> list[list[Picture]]:
    """By person."""
    return [[renderer.render((6, EACH * p + i), SIZE, recipe=RECIPE) for i in range(EACH)] for p in range(PERSONS)]


def scene(renderer: Renderer, number: int) -> SampledScene:
    person = RECIPE.person_seed((6, number))
    assert person is not None
    who, rng = np.random.default_rng(person), np.random.default_rng((6, number))
    return renderer.stage.compose(rng, SIZE, None, RECIPE, who)


def test_the_person_stays_and_the_moment_changes(pictures: list[list[Picture]]) -> None:
    for rows in pictures:
        for picture in rows[1:]:
            np.testing.assert_array_equal(picture.shape, rows[0].shape)
            assert not np.allclose(picture.expression, rows[0].expression)
            assert not np.allclose(picture.perspective.rotation, rows[0].perspective.rotation, atol=0.01)
            assert not np.allclose(picture.perspective.position, rows[0].perspective.position, rtol=0.01)
    shapes = np.stack([rows[0].shape for rows in pictures])
    apart = np.linalg.norm(shapes[:, None] - shapes, axis=2)
    assert apart[~np.eye(PERSONS, dtype=bool)].min() > 5


def test_skin_eyes_and_hair_belong_to_the_person(renderer: Renderer) -> None:
    compared, styles = 0, set()
    for person in range(PERSONS):
        first, *others = (scene(renderer, EACH * person + i) for i in range(EACH))
        styles.add(first.style.name)
        later = first.who.random()
        for other in others:
            assert vars(other.style) == vars(first.style)
            for name in ("masculine", "age", "tone"):
                assert getattr(other.person, name) == getattr(first.person, name)
            for name in ("skin", "hair", "brow", "iris"):
                np.testing.assert_array_equal(getattr(other.person, name), getattr(first.person, name))
            for name in vars(first.look):
                np.testing.assert_array_equal(getattr(other.look, name), getattr(first.look, name), err_msg=name)
            assert (other.hair is None) == (first.hair is None)
            if isinstance(first.hair, Strands) and isinstance(other.hair, Strands):
                compared += 1
                assert np.mean(other.hair.shade == first.hair.shade) > 0.95  # a strand may change its clump
                roots = np.linalg.norm(other.hair.nodes[:, 0] - first.hair.nodes[:, 0], axis=1)
                assert np.median(roots) < 2  # mm: the skin below moves with the expression
            assert other.who.random() == later  # what is drawn from here on agrees, too
            assert other.rng.random() != first.rng.random()
            assert not np.array_equal(other.clothes.colours, first.clothes.colours)
            assert not np.array_equal(other.lighting.turn, first.lighting.turn)
    assert compared >= 4
    assert len(styles) > 1


@pytest.mark.parametrize("recipe", [RECIPE, Recipe("wide", ("hair",), 2, "measured", 4)], ids=["usual", "engine 2"])
def test_same_seed_same_bytes(renderer: Renderer, recipe: Recipe) -> None:
    first, again, other = (renderer.render((6, i), SIZE, recipe=recipe).image for i in (5, 5, 4))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first.astype(int) - other).mean() > 5


def test_beards_and_what_is_drawn_late_belong_to_the_person(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lashes, teeth and the folds of the second engine are drawn from the same numbers in each of a person's pictures."""
    from morph.synthesis import drawing, shading

    seen: list[list[float]] = []

    def spy(module: ModuleType, name: str) -> None:
        plain = getattr(module, name)

        def wrapped(rng: np.random.Generator, *rest: object) -> object:
            seen[-1].append(float(np.random.default_rng(rng.bit_generator.state["state"]["state"]).random()))
            return plain(rng, *rest)

        monkeypatch.setattr(module, name, wrapped)

    spy(shading, "sample_folds")
    spy(drawing, "lower_lashes")
    recipe = Recipe(engine=2, pictures_per_person=EACH)
    for number in range(2 * EACH):
        seen.append([])
        renderer.render((6, number), SIZE, recipe=recipe)
    assert [len(row) for row in seen] == [2] * 2 * EACH
    assert seen[0] == seen[1] == seen[2]
    assert seen[3] == seen[4] == seen[5]
    assert seen[0] != seen[3]


def test_one_picture_a_person_is_the_usual_recipe(renderer: Renderer) -> None:
    one = Recipe(pictures_per_person=1)
    assert one.note() == {}
    assert one.person_seed((6, 3)) is None
    assert SynthesisPlan(2, recipe=one).note() == SynthesisPlan(2).note()
    assert RECIPE.note() == {"pictures_per_person": EACH}
    np.testing.assert_array_equal(renderer.render((6, 3), SIZE).image, renderer.render((6, 3), SIZE, recipe=one).image)


@pytest.mark.slow
def test_splits_continue_each_other_and_groups_are_persons(
    tmp_path: Path, renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = render_range(renderer, SynthesisPlan(9, seed=6, size=SIZE, recipe=RECIPE), 0, 9)
    monkeypatch.setattr(shards, "BLOCK", 4)
    with monkeypatch.context() as patch:
        patch.setattr(shards, "Renderer", lambda environments: renderer)
        for start, count in ((0, 5), (5, 4)):
            part = synthesise(SynthesisPlan(count, 6, start, SIZE, recipe=RECIPE), tmp_path / str(start))
            np.testing.assert_array_equal(part.images, whole["images"][start : start + count])
            for name in shards.LABELS:
                np.testing.assert_array_equal(part.labels[name], whole[name][start : start + count], err_msg=name)
            np.testing.assert_array_equal(part.labels["group"], np.arange(start, start + count) // EACH)
    both = synthesise(SynthesisPlan(9, 6, 0, SIZE, recipe=RECIPE), tmp_path / "two", processes=2)
    np.testing.assert_array_equal(both.images, whole["images"])


def test_command(
    tmp_path: Path, renderer: Renderer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shards, "Renderer", lambda environments: renderer)
    plain = ["synth", "--count", "4", "--size", "64", "--seed", "6", "--out", str(tmp_path / "set")]
    assert main([*plain, "--pictures-per-person", "3"]) == 0
    found = CropSet.open(tmp_path / "set")
    np.testing.assert_array_equal(found.labels["group"], [0, 0, 0, 1])
    np.testing.assert_array_equal(found.labels["shape"][0], found.labels["shape"][2])
    assert not np.array_equal(found.labels["shape"][0], found.labels["shape"][3])
    assert json.loads((tmp_path / "set" / "meta.json").read_text())["plan"]["pictures_per_person"] == 3
    assert main([*plain, "--pictures-per-person", "3"]) == 0  # finished: kept
    capsys.readouterr()
    assert main(plain) == 2
    assert "holds another crop set" in capsys.readouterr().err


@pytest.mark.parametrize("each", ["0", "-2"])
def test_mistakes_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], each: str) -> None:
    assert main(["synth", "--count", "2", "--out", str(tmp_path / "set"), "--pictures-per-person", each]) == 2
    error = capsys.readouterr().err
    assert f"--pictures-per-person must be at least 1, got {each}" in error
    assert error.count("\n") == 1
    assert not (tmp_path / "set").exists()
