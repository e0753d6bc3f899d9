"""Training, benchmark and tracker cut the same pixels of the same face."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from standins import frontal, sheet_model, write_weights

pytest.importorskip("onnx")

import morph
from morph.crop.face_crop import box_of
from morph.crop.geometry import crop_similarity
from morph.crop.rules import CropRule
from morph.datasets.crops import CropSet
from morph.datasets.published.aflw2000 import Aflw2000
from morph.datasets.training_batches import TrainingBatches
from morph.evaluation.aflw2000.crops import cut_benchmark
from morph.inference.face_reader import FaceReader
from morph.inference.regressor import Regressor
from morph.model import Coefficients, landmark_decoder, model_symmetry
from morph.stopwatch import Stopwatch

SIZE = 64


def face_at(factor: float) -> tuple[np.ndarray, Coefficients, np.ndarray]:
    """A detailed picture, a face in it whose crop is ``factor`` times as wide as the network's input, and its landmarks."""
    side = round(SIZE * factor) + 1  # not on the very edge at which averaging begins
    width = side + 97
    grain = np.random.default_rng(5).integers(0, 256, (width, width, 3), np.uint8)
    picture = cv2.GaussianBlur(grain, (0, 0), 0.8)
    model = sheet_model()
    face = frontal(model, side)
    shifted = Coefficients(face.shape, face.expression, face.rotation, face.scale, face.translation + np.float32(41.0))
    return picture, shifted, landmark_decoder(model).project(shifted)[:, :2].astype(np.float64)


def as_training_cuts_it(picture: np.ndarray, face: Coefficients, points: np.ndarray) -> np.ndarray:
    model = sheet_model()
    labels: dict[str, Any] = {name: value[None] for name, value in vars(face).items()}
    labels |= {"landmarks": points[None], "group": np.zeros(1, int)}
    crops = CropSet(picture[None], labels, {"model": {"name": "toy", "identity": model.identity}})
    return np.asarray(TrainingBatches([crops], model_symmetry(model), CropRule(SIZE), None).batch([0])["image"][0])


def as_the_benchmark_cuts_it(picture: np.ndarray, points: np.ndarray, folder: Path) -> np.ndarray:
    cv2.imwrite(str(folder / "a.png"), picture[..., ::-1])
    low, high = points.min(0), points.max(0)
    half = (high - low).max() / np.sqrt(2)
    # a published box is [y0:y1, x0:x1] of whole pixels, so its centre lies half a pixel further than that of pixel centres
    box = np.concatenate([(low + high) / 2 + 0.5 - half, (low + high) / 2 + 0.5 + half])
    benchmark = Aflw2000(
        folder,
        np.array(["a.png"]),
        np.concatenate([points, np.zeros((68, 1))], 1)[None],
        points[None],
        np.zeros(1),
        box[None],
    )
    return np.asarray(cut_benchmark(benchmark, SIZE).images[0])


def as_a_tracker_cuts_it(picture: np.ndarray, points: np.ndarray, folder: Path, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    seen: list[np.ndarray] = []
    plain = Regressor.__call__

    def spy(self: Regressor, crops: np.ndarray) -> Any:
        seen.append(crops)
        return plain(self, crops)

    monkeypatch.setattr(Regressor, "__call__", spy)
    model = sheet_model()
    reader = FaceReader(Regressor(write_weights(folder / "w.onnx", model, size=SIZE)), landmark_decoder(model))
    reader.look_once([picture], [box_of(points)], [0.0], Stopwatch())
    return seen[0][0]


@pytest.mark.parametrize("factor", [1.5, 2.0, 2.5, 4.0])
def test_training_benchmark_and_tracker_cut_the_same_pixels(
    factor: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture, face, points = face_at(factor)
    shrink = 1 / crop_similarity(points, SIZE)[0, 0]
    assert shrink == pytest.approx(factor, abs=0.03)
    tracked = as_a_tracker_cuts_it(picture, points, tmp_path, monkeypatch)
    assert tracked.std() > 3  # there is something to be seen
    for other in (as_training_cuts_it(picture, face, points), as_the_benchmark_cuts_it(picture, points, tmp_path)):
        assert np.abs(tracked.astype(int) - other).max() <= 1  # labels and boxes are kept in single precision


def test_faces_are_cut_in_one_place() -> None:
    root = Path(morph.__file__).parent
    elsewhere = ("synthesis",)  # warps textures and frames, not crops of faces
    found = [
        str(path.relative_to(root))
        for path in sorted(root.rglob("*.py"))
        if "warpAffine(" in path.read_text() and path.relative_to(root).parts[0] not in elsewhere
    ]
    assert found == ["crop/face_crop.py"]
    assert len(re.findall(r"warpAffine\(", (root / found[0]).read_text())) == 1
