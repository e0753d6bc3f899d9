"""``configs/README.md`` says of every key of every recipe what the code says."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import yaml

from morph.errors import MorphError
from morph.training.config import TrainingConfig, load_config
from morph.training.flow_config import FinetuneConfig

CONFIGS = Path(__file__).parents[2] / "configs"
README = (CONFIGS / "README.md").read_text(encoding="utf-8")


def describe():
    spec = importlib.util.spec_from_file_location("describe", CONFIGS / "describe.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_tables_are_what_the_code_says() -> None:
    module = describe()
    assert module.MARK + README.partition(module.MARK)[2] == module.tables(), "run python configs/describe.py"


def test_a_key_that_no_docstring_describes_is_an_error() -> None:
    class Undescribed(TrainingConfig):
        """Nothing is said of it.

        Attributes:
            clock: is described.
        """

        clock: int = 0
        tick: int = 0

    with pytest.raises(KeyError, match="tick"):
        list(describe().rows(Undescribed))


def test_the_recipe_for_faces_of_ones_own_is_one(tmp_path: Path) -> None:
    text = README.split("```yaml\n")[1].split("```")[0]
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    config = load_config(tmp_path / "mine.yaml")
    assert str(config.network.start) == "x1.0"
    assert config.training.epochs * config.training.samples_per_epoch / 205 < 12 * 60


@pytest.mark.parametrize(
    ("kind", "values", "known"),
    [
        (
            TrainingConfig,
            {"data": {"sets": [{"path": "a", "wieght": 2}]}},
            "unknown key data.sets.0.wieght; known are path, weight",
        ),
        (TrainingConfig, {"augmentation": {"blurr": 1}}, "unknown key augmentation.blurr; known are rotation, rotation_wide,"),
        (FinetuneConfig, {"clip": {}}, "unknown key clip; known are name, data, network, augmentation,"),
    ],
)
def test_an_unknown_key_is_refused_with_the_known_ones(tmp_path: Path, kind, values, known) -> None:
    whole = {"name": "n", "data": {"sets": [{"path": "a"}]}} | values
    (tmp_path / "r.yaml").write_text(yaml.safe_dump(whole), encoding="utf-8")
    with pytest.raises(MorphError) as raised:
        load_config(tmp_path / "r.yaml", kind)
    assert known in str(raised.value)
