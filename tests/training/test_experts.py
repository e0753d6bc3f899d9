"""Training of experts: on pictures that show the opening they beat no correction, and a whole run gives a file that works."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import yaml

pytest.importorskip("torch")
pytest.importorskip("onnx")

from morph.cli import main
from morph.crop.parts import EYE
from morph.datasets.part_crops import MARGIN, PartCrops
from morph.errors import MorphError
from morph.inference.experts import Experts
from morph.model import MorphableModel, load_default_model
from morph.training.config import load_config
from morph.training.experts import opening_moves, train_expert
from morph.training.experts_config import ExpertsConfig

SMALL = {"widths": [4, 4, 4, 4, 4], "hidden": 8, "epochs": 1}
QUICK = {"widths": [8, 8, 8, 8, 8], "epochs": 6, "learning_rate": 0.003}


@pytest.fixture(scope="module")
def model() -> MorphableModel:
    return load_default_model(0)


def bars(model: MorphableModel, count: int) -> PartCrops:
    """Grey crops with a dark bar as high as the eye is open; the first look knows nothing of it."""
    rng = np.random.default_rng(0)
    moves = opening_moves(EYE, model).numpy()
    truth = np.zeros((count, len(EYE.expressions)), np.float32)
    truth[:, 0] = rng.uniform(0, 2, count)  # eyeBlinkLeft
    rest = 9.0
    opening = np.stack([rest + truth @ moves, np.full(count, rest)], 1).astype(np.float32)
    images = np.full((count, EYE.height + 2 * MARGIN, EYE.width + 2 * MARGIN, 3), 170, np.uint8)
    for image, high in zip(images, opening[:, 0], strict=True):
        middle = len(image) // 2
        image[middle - round(high / 2) : middle + round(high / 2) + 1, 12:-12] = 40
    context = np.zeros((count, len(EYE.expressions) + 4), np.float32)
    context[:, -1] = rest
    return PartCrops(images, context, truth, opening, np.ones(count, np.float32), np.arange(count))


@pytest.mark.slow
def test_beats_no_correction(model: MorphableModel) -> None:
    training = {"batch_size": 32, "threads": 1}
    config = ExpertsConfig.model_validate(
        {"name": "bars", "data": {"sets": [{"path": "none"}]}, "training": training, "eye": QUICK}
    )
    lines: list[str] = []
    _, curve = train_expert("eye", bars(model, 500), model, config, lines.append)
    last = curve[-1]
    assert last["z_after"] < 0.7 * last["z_before"]
    assert last["opening_after"] < 0.7 * last["opening_before"]
    assert last["correlation_after"] > 0.9
    assert len(lines) == QUICK["epochs"]


def test_what_opens_an_eye(model: MorphableModel) -> None:
    moves = dict(zip(EYE.expressions, opening_moves(EYE, model).tolist(), strict=True))
    assert moves["eyeBlinkLeft"] < -2
    assert moves["eyeWideLeft"] > 0.5
    assert abs(moves["browInnerUp"]) < 0.3


def recipe(folder: Path, **changes: object) -> Path:
    values = {
        "name": "tiny",
        "data": {"sets": [{"path": str(folder / "set")}], "validation_every": 4},
        "eye": SMALL,
        "mouth": SMALL,
        "training": {"batch_size": 8, "threads": 1},
        "licence": "CC0-1.0",
    }
    (folder / "recipe.yaml").write_text(yaml.safe_dump(values | changes))
    return folder / "recipe.yaml"


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rendered")
    assert main(["synth", "--count", "16", "--seed", "5", "--size", "96", "--out", str(folder / "set")]) in (0, None)
    return folder


def test_a_whole_run(rendered: Path, model: MorphableModel, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [rendered / "one", rendered / "two"]
    for run in runs:
        assert main(["train-experts", "--config", str(recipe(rendered)), "--out", str(run)]) == 0
    assert "experts.onnx: done" in capsys.readouterr().out
    experts = Experts(runs[0] / "experts.onnx")
    experts.bind(model)
    assert experts.info["licence"] == "CC0-1.0"
    assert experts.info["trained_on"] == "tiny: set"
    assert experts.parts["eye"] == EYE
    with (runs[0] / "curve.csv").open(newline="") as stream:
        assert [row["part"] for row in csv.DictReader(stream)] == ["eye", "mouth"]
    assert (runs[0] / "curve.csv").read_text() == (runs[1] / "curve.csv").read_text()  # the seed decides everything
    report = rendered / "report.json"
    chosen = ["--experts", str(runs[0] / "experts.onnx"), "--json", str(report)]
    assert main(["bench", "renders", str(rendered / "set"), *chosen]) == 0
    assert json.loads(report.read_text())["experts"] == "both of experts.onnx"


def test_the_mouth_may_be_left_out(rendered: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = rendered / "eyes"
    assert main(["train-experts", "--config", str(recipe(rendered, mouth=None)), "--out", str(out)]) == 0
    assert Experts(out / "experts.onnx").use == ("eye",)
    with pytest.raises(MorphError, match="no trained expert for the mouth"):
        Experts(out / "experts.onnx", use=("mouth",))


def test_bad_recipes(rendered: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = rendered / "bad"
    for changes, said in (
        ({"nettwork": {}}, "unknown key nettwork"),
        ({"data": {"sets": [{"path": str(rendered / "nothing")}]}}, "is not a whole crop set"),
        ({"training": {"batch_size": 4096}}, "too few for a batch of 4096"),
    ):
        assert main(["train-experts", "--config", str(recipe(rendered, **changes)), "--out", str(out)]) == 2
        assert said in capsys.readouterr().err
        assert not (out / "experts.onnx").exists()


def test_the_shipped_recipe() -> None:
    config = load_config(Path(__file__).parents[2] / "configs" / "experts.yaml", ExpertsConfig)  # type: ignore[type-var]
    assert config.mouth is None
    assert Experts().info["trained_on"].startswith(config.name)
    assert Experts().use == ("eye",)
