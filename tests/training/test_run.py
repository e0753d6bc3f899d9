"""Whole runs on toy pictures: files, resuming, recipes and their errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

pytest.importorskip("lightning", reason="lightning is not installed: pip install 'morph-face[train]'")

from toy_crops import recipe

from morph.cli import main
from morph.errors import MorphError
from morph.inference.regressor import default_weights
from morph.network.regressor import load_weights
from morph.training.config import TrainingConfig, load_config
from morph.training.run import read_curve, train


@pytest.mark.slow
def test_run_writes_everything_and_lowers_the_loss(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = TrainingConfig.model_validate(recipe(tmp_path, epochs=6, samples_per_epoch=48, learning_rate=3e-3))
    weights = train(config, tmp_path / "run", progress=False)
    assert "training on " in capsys.readouterr().out
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert {"config.yaml", "last.ckpt", "curve.csv", "curve.png", "weights.safetensors", "weights.onnx"} <= names
    assert weights.stat().st_size > 1e6
    curve = read_curve(tmp_path / "run")
    assert len(curve) == 6
    later = sum(row["loss"] for row in curve[3:]) / 3  # a single epoch of six steps may be a bad one
    assert later < curve[0]["loss"] - 0.2  # how well it learns is tested on renders


def test_folder_of_another_recipe(tmp_path: Path) -> None:
    config = TrainingConfig.model_validate(recipe(tmp_path))
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.yaml").write_text("name: other")
    with pytest.raises(MorphError, match="another recipe"):
        train(config, tmp_path / "run")


def test_data_of_another_model(tmp_path: Path) -> None:
    values = recipe(tmp_path)
    values["data"]["model"] = "default"
    with pytest.raises(MorphError, match="holds coefficients of model 'toy'"):
        train(TrainingConfig.model_validate(values), tmp_path / "run")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epocks": 3}, "unknown key training.epocks"),
        ({"epochs": 0}, "training.epochs"),
        ({"schedule": "linear"}, "training.schedule"),
    ],
)
def test_config_faults_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any], message: str
) -> None:
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(recipe(tmp_path, **change)))
    assert main(["train", "--config", str(tmp_path / "c.yaml")]) == 2
    text = capsys.readouterr().err
    assert message in text
    assert text.count("\n") == 1


def test_unknown_augmentation_key(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(recipe(tmp_path) | {"augmentation": {"blurr": 1}}))
    with pytest.raises(MorphError, match=r"unknown key augmentation\.blurr"):
        load_config(tmp_path / "c.yaml")


def test_keys_are_changed_from_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(recipe(tmp_path)))
    changes = ["losses.wing=0", "data.sets.0.path=elsewhere", "network.width=1.0", "data.balance_yaw = 0.5"]
    config = load_config(tmp_path / "c.yaml", changes=changes)
    assert config.losses.wing == 0
    assert config.data.sets[0].path == Path("elsewhere")
    assert (config.network.width, config.data.balance_yaw) == (1.0, 0.5)


@pytest.mark.parametrize("change", ["losses.wing", "data.sets.7.path=x", "data.sets.first=x", "name.wing=1", "=3"])
def test_changes_that_cannot_be_made(tmp_path: Path, change: str) -> None:
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(recipe(tmp_path)))
    with pytest.raises(MorphError, match="cannot change"):
        load_config(tmp_path / "c.yaml", changes=[change])


def test_a_wider_start_is_refused(tmp_path: Path) -> None:
    values = recipe(tmp_path)
    values["network"] = {"width": 0.5, "start": str(default_weights()), "input_size": 64}
    with pytest.raises(MorphError, match=r"has width 1.0, the recipe asks for only 0.5"):
        train(TrainingConfig.model_validate(values), tmp_path / "run")


@pytest.mark.slow
def test_only_experts_by_angle_learn(tmp_path: Path) -> None:
    values = recipe(tmp_path, epochs=1)
    config = TrainingConfig.model_validate(values)
    train(config, tmp_path / "first", progress=False)
    start = tmp_path / "first" / "weights.safetensors"
    values["network"] |= {"start": str(start), "angle_borders": [30, 60], "freeze": True}
    train(TrainingConfig.model_validate(values), tmp_path / "second", progress=False)
    old, new = load_weights(start).state_dict(), load_weights(tmp_path / "second" / "weights.safetensors").state_dict()
    assert all(new[name].equal(value) for name, value in old.items())
    assert new["experts.heads.weight"].abs().max() > 1e-4


@pytest.mark.slow
def test_a_start_takes_the_whitening_of_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = recipe(tmp_path, epochs=1)
    train(TrainingConfig.model_validate(values), tmp_path / "first", progress=False)
    start = load_weights(tmp_path / "first" / "weights.safetensors")
    values["network"] |= {"start": str(tmp_path / "first" / "weights.safetensors"), "rewhiten": True}
    values["augmentation"] = {"rotation": 60.0, "rotation_wide": 1.0}  # other rotations, another whitening
    values["training"] |= {"compile": True}
    compiled: list[bool] = []
    monkeypatch.setattr("torch.compile", lambda look, *, dynamic: (compiled.append(dynamic), look)[1])  # takes a minute
    train(TrainingConfig.model_validate(values), tmp_path / "second", progress=False)
    second = load_weights(tmp_path / "second" / "weights.safetensors")
    assert not second.std.equal(start.std)
    assert compiled == [False]


def test_missing_config() -> None:
    with pytest.raises(MorphError, match="cannot read config"):
        load_config("absent.yaml")


OTHERS = ("finetune", "experts")  # recipes of other kinds, which have tests of their own
RECIPES = [path for path in sorted((Path(__file__).parents[2] / "configs").glob("*.yaml")) if not path.stem.startswith(OTHERS)]


@pytest.mark.parametrize("path", RECIPES, ids=lambda p: p.stem)
def test_shipped_recipes_are_valid(path: Path) -> None:
    assert load_config(path).name == path.stem
