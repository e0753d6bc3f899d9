"""The tables of ``configs/README.md``, from the sections of recipes and their docstrings: ``python configs/describe.py``.

A key without an entry in its section's docstring is an error.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from morph.datasets.augmentation import AugmentationConfig
from morph.training.config import TrainingConfig, keys_of, section_in
from morph.training.experts_config import ExpertsConfig
from morph.training.flow_config import Clips, Registration

HERE = Path(__file__).resolve().parent
ENTRY = re.compile(r"^([a-z_0-9, ]+): (.*)$")
ROLE = re.compile(r":[a-z]+:`~?(?:morph\.)?([^`]*)`")
MARK = "<!-- from here on written by configs/describe.py -->"


def meanings(section: type[Any]) -> dict[str, str]:
    """What the docstrings of a section and of those it extends say of each key."""
    found: dict[str, str] = {}
    for kind in reversed(section.__mro__):
        text = inspect.cleandoc(kind.__dict__.get("__doc__") or "")
        names: list[str] = []
        for line in text.partition("Attributes:\n")[2].splitlines():
            entry = ENTRY.match(line[4:]) if line.startswith("    ") and not line.startswith("     ") else None
            if entry:
                names = [name.strip() for name in entry.group(1).split(",")]
                found.update(dict.fromkeys(names, entry.group(2).strip()))
            elif line.strip():
                found.update({name: f"{found[name]} {line.strip()}" for name in names})
    return found


def default_of(section: type[Any], key: str) -> str:
    """A key's default as YAML; "" for one that must be given."""
    if dataclasses.is_dataclass(section):
        value = next(item.default for item in dataclasses.fields(section) if item.name == key)
    else:
        item = section.model_fields[key]
        if item.is_required():
            return ""
        value = item.default
    text = str(yaml.safe_dump(list(value) if isinstance(value, tuple) else value, default_flow_style=True, width=1000))
    return f"`{text.split(chr(10))[0]}`"


def rows(section: type[Any], before: str = "", after: frozenset[type[Any]] = frozenset()) -> Iterator[str]:
    """A row of a table a key, with those of the sections within; sections of ``after`` are described elsewhere.

    Raises:
        KeyError: a docstring does not say what a key means.
    """
    said = meanings(section)
    for key, kind in keys_of(section).items():
        inner = section_in(kind)
        many = inner is not None and "tuple" in str(kind)
        name = f"{before}{key}"
        if inner in after:
            continue
        if inner is None:
            meaning = ROLE.sub(r"`\1`", said[key]).replace("``", "`").replace("|", "\\|")
            yield f"| `{name}` | {default_of(section, key)} | {meaning} |"
        else:
            yield from rows(inner, f"{name}.{'N.' if many else ''}", after)


def recipes() -> Iterator[str]:
    """A row a recipe: its file, and what it gave or, where that is not said, what it is for."""
    for file in sorted(HERE.glob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        gave = " ".join(str(yaml.safe_load(text).get("result", "")).split())
        purpose = next((line.lstrip("# ") for line in text.splitlines() if line.startswith("#")), "")
        yield f"| [{file.name}]({file.name}) | {(gave or purpose).replace('|', ' ')} |"


def tables() -> str:
    """The part of ``configs/README.md`` that is written."""
    head = ["| key | default | meaning |", "| --- | --- | --- |"]
    augmentation = frozenset({AugmentationConfig})
    parts = [
        MARK,
        "## Recipes\n",
        "| recipe | what it gave, or is for |",
        "| --- | --- |",
        *recipes(),
        "\n## Keys of `morph train`\n",
        "A key without a default must be given. `N` counts from 0, as in `--set data.sets.0.path=DIR`.\n",
        *head,
        *rows(TrainingConfig),
        "\n## Keys of `morph finetune` beside those\n",
        "`network.start` must be given. `registration.augmentation` has the keys of `augmentation`;",
        "by default it moves windows a little and changes no pixels.\n",
        *head,
        *rows(Clips, "clips."),
        *rows(Registration, "registration.", augmentation),
        "\n## Keys of `morph train-experts`\n",
        "`augmentation` has the keys of `morph train`.\n",
        *head,
        *rows(ExpertsConfig, after=augmentation),
    ]
    return "\n".join(parts) + "\n"


def main() -> int:
    """Write the tables after what stands before them."""
    file = HERE / "README.md"
    before = file.read_text(encoding="utf-8").partition(MARK)[0] if file.is_file() else "# Recipes\n\n"
    file.write_text(before + tables(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
