"""Points against AFLW2000-3D: the published figures, the report, the command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from morph.cli import main
from morph.datasets.published.aflw2000 import Aflw2000, open_aflw2000
from morph.errors import MorphError
from morph.evaluation.aflw2000.points import align, evaluate_points, read_predictions

REFERENCE = "reference/3ddfa_v2_mb05_aflw2000_dev.npz"


def small_benchmark(n: int = 6) -> Aflw2000:
    rng = np.random.default_rng(0)
    original = rng.uniform(100, 300, (n, 68, 3)).astype(np.float32)
    return Aflw2000(
        Path("pictures"),
        np.array([f"image{i:05d}.jpg" for i in range(n)]),
        original,
        original[..., :2] - 1,
        np.linspace(-85, 85, n).astype(np.float32),
        np.tile(np.array([50, 60, 350, 360], np.float32), (n, 1)),
    )


def test_published_figures_of_the_reference(research_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "bench.json"
    data, predictions = str(research_data), str(research_data / REFERENCE)
    assert main(["bench", "aflw2000", "--data", data, "--predictions", predictions, "--json", str(out)]) == 0
    result = json.loads(out.read_text())
    assert result["original"]["bins"] == pytest.approx([2.946, 3.685, 4.790], abs=6e-4)
    assert result["original"]["balanced"] == pytest.approx(3.807, abs=6e-4)
    assert result["original"]["plain"] == pytest.approx(3.367, abs=6e-4)
    assert result["reannotated"]["bins"] == pytest.approx([2.164, 2.740, 4.151], abs=6e-4)
    assert result["reannotated"]["balanced"] == pytest.approx(3.018, abs=6e-4)
    assert result["reannotated"]["plain"] == pytest.approx(2.576, abs=6e-4)
    assert result["original"]["counts"] == [656, 191, 152]
    printed = capsys.readouterr().out
    assert "3.807" in printed
    assert "sqrt(w h)" in printed
    assert "balanced = mean of the three" in printed


def test_removing_hard_faces_from_the_predictions_does_not_help(research_data: Path) -> None:
    benchmark = open_aflw2000(research_data)
    names, points = read_predictions(research_data / REFERENCE)
    all_of_them = evaluate_points(benchmark, names, points)
    worst = np.argsort(all_of_them.original.errors)[-20:]
    fewer = evaluate_points(benchmark, np.delete(names, worst), np.delete(points, worst, axis=0))
    assert sum(fewer.original.not_found) == 20
    assert fewer.original.plain > all_of_them.original.plain
    assert "found only" in fewer.as_text()


def test_predictions_are_matched_by_name() -> None:
    benchmark = small_benchmark()
    order = np.array([3, 0, 5, 1])
    names = [f"some/where/image{i:05d}.png" for i in order] + ["other.jpg"]
    points = np.concatenate([benchmark.original[order], np.zeros((1, 68, 3))])
    aligned, others = align(benchmark, names, points)
    assert others == 1
    assert np.isnan(aligned[[2, 4]]).all()
    assert aligned[order] == pytest.approx(benchmark.original[order][..., :2])


def test_the_two_label_sets_and_the_count_from_one() -> None:
    benchmark = small_benchmark()
    report = evaluate_points(benchmark, benchmark.names, benchmark.original[..., :2] - 1)
    assert report.reannotated.plain == pytest.approx(0)
    assert report.original_from_1.plain == pytest.approx(0)
    assert report.original.plain > 0.5


@pytest.mark.parametrize(
    ("names", "points", "words"),
    [
        (["image00000.jpg"] * 2, np.zeros((2, 68, 2)), "twice"),
        (["nobody.jpg"], np.zeros((1, 68, 2)), "no prediction"),
        (["image00000.jpg"], np.zeros((1, 2, 68)), "must be names"),
    ],
)
def test_bad_predictions(names: list[str], points: np.ndarray, words: str) -> None:
    with pytest.raises(MorphError, match=words):
        evaluate_points(small_benchmark(), names, points)


def test_bad_prediction_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text.npz").write_text("no archive")
    np.savez(tmp_path / "other.npz", points=np.zeros(3))
    np.savez(tmp_path / "pickled.npz", names=np.array([None, 1], object), pts68=np.zeros((2, 68, 2)))
    for name, words in (
        ("none", "no predictions"),
        ("text", "not an .npz"),
        ("other", "it has points"),
        ("pickled", "not an .npz"),
    ):
        with pytest.raises(MorphError, match=words):
            read_predictions(tmp_path / f"{name}.npz")
    missing = str(tmp_path / "nowhere")
    assert main(["bench", "aflw2000", "--data", missing, "--predictions", missing]) == 2
    assert capsys.readouterr().err.count("\n") == 1
