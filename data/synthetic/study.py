"""What each ingredient of the renders buys on real photographs: one short training for each that is left out.

    python data/synthetic/study.py --test AFLW2000 --environments data/synthetic/environments --out runs/study

Renders the sets, trains `configs/study.yaml` on each and measures the weights on AFLW2000-3D (original labels, ground-truth
crop); prints a Markdown table. What is there already is not made again, so a stopped study goes on.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CONFIG = Path(__file__).parents[2] / "configs" / "study.yaml"
SEED = 21
PARTS = ("hair", "light", "occlusion", "background", "blur", "noise", "skin", "expression")


@dataclass(frozen=True)
class Row:
    """One training of the table.

    Attributes:
        title: as the table says it.
        name: of its folder.
        count: pictures that are rendered.
        without: an ingredient, or nothing.
        changes: of the recipe, KEY=VALUE.
        renders, real: whether it sees renders, and the real faces of ``--real``.
    """

    title: str
    name: str
    count: int
    without: str = ""
    changes: tuple[str, ...] = ()
    renders: bool = True
    real: bool = False

    def crop_set(self) -> str:
        """Name of the rendered set's folder."""
        return f"without_{self.without}" if self.without else f"all_{self.count}"


def study_rows(count: int, real: bool) -> list[Row]:
    """The table, with sets of ``count`` pictures."""
    rows = [
        Row(f"everything, {count:,} pictures", "base", count),
        Row("the same, another seed of the training", "again", count, changes=("training.seed=1",)),
    ]
    rows += [Row(f"without {part}", f"without_{part}", count, part) for part in PARTS]
    rows += [
        Row(f"{count // 4:,} pictures", "quarter", count // 4),
        Row(f"{count * 4:,} pictures", "four", count * 4),
        Row("96 px", "pixels", count, changes=("network.input_size=96",)),
        Row("width 1.0", "wide", count, changes=("network.width=1.0",)),
        Row("three times the pictures drawn", "long", count, changes=("training.epochs=60",)),
    ]
    if real:
        rows += [
            Row("real faces alone", "real", count, renders=False, real=True),
            Row("renders and real faces", "both", count, real=True),
        ]
    return rows


def main(arguments: list[str] | None = None) -> int:
    """Run the study."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--test", type=Path, required=True, help="AFLW2000-3D, as morph bench aflw2000 takes it")
    parser.add_argument("--environments", type=Path, required=True, help="panoramas, see prepare.py")
    parser.add_argument("--out", type=Path, default=Path("runs/study"))
    parser.add_argument("--count", type=int, default=5000, help="pictures of a set (default: 5000)")
    parser.add_argument("--real", type=Path, help="a crop set of real faces that morph fit made with the default model")
    parser.add_argument("--only", help="names of rows, with commas (default: all)")
    options = parser.parse_args(arguments)
    rows = study_rows(options.count, options.real is not None)
    if options.only:
        chosen = options.only.split(",")
        unknown = set(chosen) - {row.name for row in rows}
        if unknown:
            parser.error(f"no row {sorted(unknown)[0]}; choose of {', '.join(row.name for row in rows)}")
        rows = [row for row in rows if row.name in chosen]
    results = [(row, _measure(row, options)) for row in rows]
    print("| | 0–30 | 30–60 | 60–90 | balanced |\n| --- | --- | --- | --- | --- |")
    for row, values in results:
        print(f"| {row.title} | " + " | ".join(f"{value:.2f}" for value in values) + " |")
    return 0


def _measure(row: Row, options: argparse.Namespace) -> list[float]:
    """Make what is missing of a row; its error by bin and their mean."""
    folder = options.out / row.name
    report = folder / "aflw2000.json"
    if not report.is_file():
        sets = [_render(row, options)] if row.renders else []
        sets += [options.real] if row.real else []
        changes = [f"data.sets=[{', '.join(f'{{path: {path}}}' for path in sets)}]", *row.changes]
        _morph("train", "--config", CONFIG, "--out", folder, *(word for change in changes for word in ("--set", change)))
        _morph("bench", "aflw2000", "--data", options.test, "--weights", folder / "weights.onnx", "--json", report)
    original = json.loads(report.read_text())["original"]
    return [*original["bins"], original["balanced"]]


def _render(row: Row, options: argparse.Namespace) -> Path:
    crops: Path = options.out / "crops" / row.crop_set()
    if not (crops / "labels.npz").is_file():
        extra = ["--without", row.without] if row.without else []
        common = ["--people", "measured", "--environments", options.environments, "--seed", SEED]
        _morph("synth", "--count", row.count, *common, *extra, "--out", crops)
    return crops


def _morph(*words: object) -> None:
    command = shutil.which("morph")
    line = [command] if command else [sys.executable, "-m", "morph"]
    subprocess.run([*line, *(str(word) for word in words)], check=True, stdout=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
