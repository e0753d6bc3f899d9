"""Identity of persons: what pools the pictures of one, how they weigh, and where the report says it."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from morph.cli import main
from morph.evaluation.renders.identity import pooled_shape_error, shape_error
from morph.model import MorphableModel, load_default_model
from morph.tracking.smoothing.face_smoother import IdentityPool

PERSONS, EACH = 12, 8


@pytest.fixture(scope="module")
def model() -> MorphableModel:
    return load_default_model(1)


@pytest.fixture(scope="module")
def shapes(model: MorphableModel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Predicted, true, person: as right as the truth and one standard deviation of noise."""
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(PERSONS) + 40, EACH)
    want = np.repeat(rng.normal(size=(PERSONS, model.n_shape)), EACH, 0)
    return want + rng.normal(size=want.shape), want, group


def test_noise_averages_out(model: MorphableModel, shapes: tuple[np.ndarray, ...]) -> None:
    got, want, group = shapes
    single, of_mean = shape_error(model, got, want)
    pooled, also_of_mean = pooled_shape_error(model, got, want, group)
    assert also_of_mean == pytest.approx(of_mean, rel=1e-4)  # as many pictures of each
    assert pooled == pytest.approx(single / math.sqrt(EACH), rel=0.15)


def test_what_is_wrong_in_every_picture_stays(model: MorphableModel, shapes: tuple[np.ndarray, ...]) -> None:
    _, want, group = shapes
    pooled, of_mean = pooled_shape_error(model, np.zeros_like(want), want, group)
    assert pooled == pytest.approx(of_mean)
    halved, _ = pooled_shape_error(model, 0.5 * want, want, group)
    assert halved == pytest.approx(0.5 * of_mean, rel=0.05)


def test_the_order_of_pictures_does_not_matter(model: MorphableModel, shapes: tuple[np.ndarray, ...]) -> None:
    got, want, group = shapes
    expected = np.random.default_rng(1).uniform(0.02, 0.2, len(got))
    order = np.random.default_rng(2).permutation(len(got))
    first = pooled_shape_error(model, got, want, group, expected)
    assert pooled_shape_error(model, got[order], want[order], group[order], expected[order]) == pytest.approx(first)


def test_doubtful_pictures_count_less(model: MorphableModel, shapes: tuple[np.ndarray, ...]) -> None:
    _, want, group = shapes
    bad = np.arange(len(group)) % EACH == 0
    got = np.where(bad[:, None], -2 * want, want)
    alike = pooled_shape_error(model, got, want, group)[0]
    known = pooled_shape_error(model, got, want, group, np.where(bad, 0.3, 0.02))[0]
    unknown = pooled_shape_error(model, got, want, group, np.full(len(got), 0.05))[0]
    assert known < 0.1 * alike
    assert unknown == pytest.approx(alike)


def test_pooled_as_the_tracker_pools(model: MorphableModel, shapes: tuple[np.ndarray, ...]) -> None:
    got, want, _ = shapes
    got, want = got[:EACH], want[:EACH]
    expected = np.random.default_rng(3).uniform(0.01, 0.3, EACH)
    pool = IdentityPool()
    for shape, error in zip(got, expected, strict=True):
        mean = pool.add(shape, 1 / (1 + (error / 0.09) ** 2))
    found, _ = pooled_shape_error(model, got, want, np.zeros(EACH, int), expected)
    assert found == pytest.approx(shape_error(model, mean[None], want[:1])[0], rel=1e-3)


def test_one_picture_a_person(model: MorphableModel, shapes: tuple[np.ndarray, ...]) -> None:
    got, want, _ = shapes
    assert np.isnan(pooled_shape_error(model, got, want, np.arange(len(got)))).all()
    twice = np.minimum(np.arange(len(got)), len(got) - 2)
    assert np.isfinite(pooled_shape_error(model, got, want, twice)).all()


@pytest.mark.slow
@pytest.mark.parametrize("each", [1, 4])
def test_report(tmp_path: Path, capsys: pytest.CaptureFixture[str], each: int) -> None:
    rendered, report = tmp_path / "held", tmp_path / "report.json"
    synth = ["synth", "--count", "12", "--seed", "77", "--size", "96", "--pictures-per-person", str(each)]
    assert main([*synth, "--out", str(rendered)]) == 0
    capsys.readouterr()
    assert main(["bench", "renders", str(rendered), "--experts", "none", "--json", str(report)]) == 0
    rows = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.split("\n\n")[0].splitlines())
    found = json.loads(report.read_text())
    assert "shape_pooled_mm and shape_pooled_gain" in found["protocol"]
    if each == 1:
        assert rows["shape_pooled_mm"] == rows["shape_pooled_gain"] == "-"
        assert math.isnan(found["shape_pooled_mm"])
        assert math.isnan(found["shape_pooled_gain"])
    else:
        assert rows["shape_pooled_mm"] == f"{found['shape_pooled_mm']:.3f}"
        assert 0 < found["shape_pooled_mm"] < 1.1 * found["shape_mm"]
        assert found["shape_pooled_gain"] == pytest.approx(1 - found["shape_pooled_mm"] / found["mean_head_mm"], abs=1e-4)
