"""The one command that makes the weights: parts in order, what is there is skipped, failures stop it on one line."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
import yaml
from scripts import load_script

from morph.errors import MorphError
from morph.training.config import TrainingConfig, load_config
from morph.training.flow_config import FinetuneConfig

FOLDER = Path(__file__).parents[2] / "data" / "weights"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load_script("data/weights/build.py")


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    parts = [
        {"name": "first", "run": "make {work}/one", "makes": "{work}/one", "hours": 0.1},
        {"name": "second", "run": ["note x", "make {work}/two"], "makes": "{work}/two", "recipe": {"start": "{work}/one"}},
    ]
    path = tmp_path / "x9.0.yaml"
    path.write_text(yaml.safe_dump({"parts": parts}))
    return path


class Hand:
    """Runs "make FILE", notes everything, and fails where it is told to."""

    def __init__(self, failing: str = "") -> None:
        self.ran: list[str] = []
        self.failing = failing

    def __call__(self, command: tuple[str, ...]) -> int:
        self.ran.append(" ".join(command))
        if self.failing and self.failing in command[-1]:
            return 3
        if command[0] == "make":
            Path(command[-1]).write_text("made")
        return 0


def test_parts_run_in_order_and_only_once(script: ModuleType, recipe: Path, tmp_path: Path) -> None:
    parts, hand = script.read_parts(recipe, {"work": str(tmp_path / "work")}), Hand()
    script.build(parts, tmp_path / "work", hand)
    assert hand.ran == [f"make {tmp_path}/work/one", "note x", f"make {tmp_path}/work/two"]
    assert yaml.safe_load((tmp_path / "work" / "second.yaml").read_text()) == {"start": f"{tmp_path}/work/one"}
    script.build(parts, tmp_path / "work", hand)
    assert len(hand.ran) == 3


def test_a_killed_build_goes_on_with_the_part_that_failed(script: ModuleType, recipe: Path, tmp_path: Path) -> None:
    parts = script.read_parts(recipe, {"work": str(tmp_path / "work")})
    with pytest.raises(MorphError, match="second ended with status 3"):
        script.build(parts, tmp_path / "work", Hand("two"))
    again = Hand()
    script.build(parts, tmp_path / "work", again)
    assert again.ran == ["note x", f"make {tmp_path}/work/two"]


def test_a_part_that_makes_nothing_is_an_error(script: ModuleType, recipe: Path, tmp_path: Path) -> None:
    parts = script.read_parts(recipe, {"work": str(tmp_path / "work")})
    with pytest.raises(MorphError, match="first ended without making"):
        script.build(parts, tmp_path / "work", lambda command: 0)


def test_an_unknown_width_is_one_line(script: ModuleType, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    options = script.parser().parse_args(["--network", "x7.0", "--free-faces", str(tmp_path), "--fairface", str(tmp_path)])
    with pytest.raises(MorphError, match=r"no recipe x7\.0\.yaml; choose one of expressions, x1\.0"):
        script.run(options)


def test_what_ships_reads_and_holds_recipes_that_train(script: ModuleType, tmp_path: Path) -> None:
    for path in sorted(FOLDER.glob("x*.yaml")):
        parts = script.read_parts(path, {name: str(tmp_path) for name in ("work", "free_faces", "fairface")})
        assert len({part.makes for part in parts}) == len(parts)
        folders = {part.makes.parent.parent for part in parts}
        for part in parts:
            assert "{" not in str(part)[: str(part).find("recipe=")]
            if part.recipe is None:
                continue
            (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(part.recipe))
            config = load_config(tmp_path / "recipe.yaml", FinetuneConfig if "registration" in part.recipe else TrainingConfig)
            assert all(source.path.parent in folders for source in config.data.sets), part.name
