"""The two named sets of 68 points on the default model, and the rows of the bench that say which is which."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from toy import toy_model

from morph.datasets.published.aflw2000 import Aflw2000
from morph.errors import MorphError
from morph.evaluation.aflw2000.crops import BenchmarkCrops
from morph.evaluation.aflw2000.evaluator import Aflw2000Evaluator
from morph.model import Coefficients, Decoder, load_default_model
from morph.model.ibug68 import MIRRORED_68
from morph.model.point_sets import POINT_SETS, has_point_set, point_set
from morph.model.rotation import euler_to_matrix

YAW = (0.0, 40.0, 75.0)


def test_both_sides_of_the_face_have_the_same_points() -> None:
    model = load_default_model(1)
    for name in POINT_SETS:
        vertices = point_set(model, name)
        assert len(vertices) == 68
        assert np.array_equal(model.vertex_mirror[vertices], vertices[MIRRORED_68])


def test_the_sets_lie_on_the_same_features() -> None:
    model = load_default_model(1)
    away = np.linalg.norm(model.mean[point_set(model, "300w_lp")] - model.mean[point_set(model, "ibug68")], axis=1)
    assert 1.0 < away.mean() < 8.0
    assert away.max() < 22.0


def test_models_without_the_points_say_so() -> None:
    assert has_point_set(toy_model(), "ibug68")
    assert not has_point_set(toy_model(), "300w_lp")
    assert not has_point_set(load_default_model(0), "300w_lp")
    with pytest.raises(MorphError, match="has no points 300w_lp; load the default model"):
        point_set(toy_model(), "300w_lp")
    with pytest.raises(MorphError, match="choose ibug68 or 300w_lp"):
        point_set(load_default_model(1), "menpo")


def test_the_bench_gives_each_set_its_own_rows(tmp_path: Path) -> None:
    model, n = load_default_model(1), len(YAW)
    truth = Coefficients(
        np.zeros((n, model.n_shape)),
        np.zeros((n, model.n_expression)),
        euler_to_matrix(np.radians([[5.0, yaw, 0.0] for yaw in YAW])),
        np.full(n, 0.6),
        np.full((n, 2), 60.0),
    )
    labels = Decoder(model, point_set(model, "300w_lp")).project(truth)
    benchmark = Aflw2000(
        tmp_path,
        np.array(["a.jpg", "b.jpg", "c.jpg"]),
        labels,
        labels[..., :2],
        np.array(YAW),
        np.tile([0, 0, 120, 120], (n, 1)),
    )
    same = np.tile(np.array([[1.0, 0, 0], [0, 1.0, 0]]), (n, 1, 1))
    crops = BenchmarkCrops(np.zeros((n, 120, 120, 3), np.uint8), same, np.full(n, 120))
    evaluator = Aflw2000Evaluator(benchmark, model, 120, crops)
    report = evaluator.report(evaluator.predict(lambda images: truth.flatten()[: len(images)]))
    original, reannotated = report.others["300w_lp"]
    assert [original.balanced, reannotated.balanced] == pytest.approx([0, 0], abs=1e-3)
    assert report.original.balanced > 1.0
    text = report.as_text()
    assert "original, 300w_lp" in text
    assert "ibug68 where annotators of photographs put the points" in text
    assert report.as_json()["point_sets"]["300w_lp"]["original"]["balanced"] == pytest.approx(0, abs=1e-3)
