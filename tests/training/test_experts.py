"""Training of experts: they learn what crops show, by how far labels are trusted, and a whole run gives a file that works."""

from __future__ import annotations

import csv
import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import yaml

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from morph.cli import main  # noqa: E402
from morph.crop.parts import EYE  # noqa: E402
from morph.datasets.part_crops import MARGIN, PartCrops  # noqa: E402
from morph.errors import MorphError  # noqa: E402
from morph.inference.experts import Experts  # noqa: E402
from morph.model import MorphableModel, load_default_model  # noqa: E402
from morph.training.config import load_config  # noqa: E402
from morph.training.experts import loss_of, opening_moves, train_expert  # noqa: E402
from morph.training.experts_config import ExpertsConfig  # noqa: E402

SMALL = {"widths": [4, 4, 4, 4, 4], "hidden": 8, "epochs": 1}
QUICK = {"widths": [8, 8, 8, 8, 8], "epochs": 6, "learning_rate": 0.003}


@pytest.fixture(scope="module")
def model() -> MorphableModel:
    return load_default_model(0)


def bars(model: MorphableModel, count: int) -> PartCrops:
    """Grey crops with a dark bar as high as the eye is open."""
    rng = np.random.default_rng(0)
    moves = opening_moves(EYE, model).numpy()
    truth = np.zeros((count, len(EYE.expressions)), np.float32)
    truth[:, 0] = rng.uniform(0, 2, count)  # eyeBlinkLeft
    rest = 9.0
    images = np.full((count, EYE.height + 2 * MARGIN, EYE.width + 2 * MARGIN, 3), 170, np.uint8)
    for image, high in zip(images, rest + truth @ moves, strict=True):
        middle = len(image) // 2
        image[middle - round(high / 2) : middle + round(high / 2) + 1, 12:-12] = 40
    context = np.zeros((count, 4), np.float32)
    context[:, -1] = rest
    trust = np.ones_like(truth)
    return PartCrops(images, context, truth, trust, np.ones(count, np.float32), np.arange(count))


def quick(name: str) -> ExpertsConfig:
    training, data = {"batch_size": 32, "threads": 1}, {"sets": [{"path": "none"}]}
    return ExpertsConfig.model_validate({"name": name, "data": data, "training": training, "eye": QUICK})


@pytest.mark.slow
def test_an_expert_learns_what_its_crops_show(model: MorphableModel) -> None:
    lines: list[str] = []
    expert, curve = train_expert("eye", bars(model, 500), model, quick("bars"), lines.append)
    assert curve[-1]["z"] < 0.7 * curve[0]["z"]
    assert len(lines) == QUICK["epochs"]
    crops = bars(model, 60)
    inside = torch.from_numpy(crops.images[:, MARGIN:-MARGIN, MARGIN:-MARGIN])
    with torch.no_grad():
        said = expert(inside, torch.from_numpy(crops.context)).numpy()
    assert np.corrcoef(said[:, 0], crops.truth[:, 0])[0, 1] > 0.9


def test_labels_that_are_not_trusted_cost_nothing(model: MorphableModel) -> None:
    crops, moves = bars(model, 8), opening_moves(EYE, model)
    wrong = torch.from_numpy(crops.truth + 1.0)
    doubted = dataclasses.replace(crops, trust=np.zeros_like(crops.trust))
    assert float(loss_of(wrong, crops, moves, 0.3)) > 0.3
    assert float(loss_of(wrong, doubted, moves, 0.3)) == 0
    assert float(loss_of(torch.from_numpy(crops.truth), crops, moves, 0.3)) == 0


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
    assert config.mouth is not None
    assert Experts().info["trained_on"].startswith(config.name)
    assert Experts().use == ("eye", "mouth")
