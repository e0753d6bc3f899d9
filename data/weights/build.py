"""The shipped weights from their sources: ``python data/weights/build.py --network x1.0 --free-faces DIR --fairface DIR``.

A YAML beside this file lists the parts of the work for each network: what to run, what that makes, how long it took on two
cores and what it gave. Parts whose result is there are skipped, and each part goes on where it was killed; so does the same
command.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from morph.atomic import atomic_path, output_folder
from morph.datasets.prepare import run_script
from morph.errors import MorphError

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
KEYS = {"name", "run", "makes", "hours", "gave", "recipe"}
Runner = Callable[[Sequence[str]], int]


@dataclass(frozen=True)
class Part:
    """One part of the work, with all names of files filled in.

    Attributes:
        name: of the part.
        commands: to run in turn.
        makes: the file or folder that is there when the part is done.
        hours: what it took on two cores.
        gave: the figures that it gave, in words.
        recipe: of ``morph train`` or ``morph finetune``; written beside the runs as NAME.yaml before the commands run.
    """

    name: str
    commands: tuple[tuple[str, ...], ...]
    makes: Path
    hours: float
    gave: str
    recipe: dict[str, Any] | None


def read_parts(path: Path, places: dict[str, str]) -> list[Part]:
    """The parts of a network.

    Args:
        path: the YAML.
        places: what stands for ``{work}``, ``{free_faces}``, ``{fairface}`` and ``{labeller}`` in it.

    Raises:
        MorphError: no such file, or parts that are not whole.
    """
    try:
        listed = yaml.safe_load(path.read_text())["parts"]
    except OSError:
        known = ", ".join(sorted(file.stem for file in path.parent.glob("*.yaml")))
        raise MorphError(f"there is no recipe {path.name}; choose one of {known}") from None
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise MorphError(f"{path} lists no parts ({error})") from None
    parts = []
    for values in listed:
        if set(values) - KEYS or {"name", "run", "makes"} - set(values):
            raise MorphError(f"{path}: a part needs name, run and makes, and may have hours, gave and recipe, not {values}")
        filled = _fill(values, places)
        lines = filled["run"] if isinstance(filled["run"], list) else [filled["run"]]
        commands = tuple(tuple(shlex.split(line)) for line in lines)
        makes = Path(filled["makes"])
        hours, gave = float(values.get("hours", 0)), str(values.get("gave", ""))
        parts.append(Part(str(values["name"]), commands, makes, hours, gave, filled.get("recipe")))
    return parts


def _fill(values: Any, places: dict[str, str]) -> Any:
    if isinstance(values, dict):
        return {key: _fill(value, places) for key, value in values.items()}
    if isinstance(values, list):
        return [_fill(value, places) for value in values]
    if isinstance(values, str):
        for name, place in places.items():
            values = values.replace("{" + name + "}", place)
    return values


def build(parts: Sequence[Part], work: Path, runner: Runner) -> None:
    """Do what is not done yet, part by part.

    Args:
        parts: in order.
        work: folder of everything that is made.
        runner: runs a command and returns its exit status.

    Raises:
        MorphError: a part failed, or ended without making what it should.
    """
    output_folder(work)
    for number, part in enumerate(parts, 1):
        title = f"{number} of {len(parts)}, {part.name}"
        if part.makes.exists():
            print(f"{title}: there is {part.makes}")
            continue
        print(f"{title}: about {part.hours:g} hours on two cores" + (f"; gave {part.gave}" if part.gave else ""), flush=True)
        if part.recipe is not None:
            with atomic_path(work / f"{part.name}.yaml") as path:
                path.write_text(yaml.safe_dump(part.recipe, sort_keys=False))
        started = time.perf_counter()
        for command in part.commands:
            status = runner(command)
            if status:
                raise MorphError(
                    f"{part.name} ended with status {status}: {shlex.join(command)}; the same command goes on there"
                )
        if not part.makes.exists():
            raise MorphError(f"{part.name} ended without making {part.makes}")
        print(f"{title}: done in {(time.perf_counter() - started) / 3600:.2f} hours", flush=True)


def _run(command: Sequence[str]) -> int:
    """Run a command line of ``python`` or ``morph`` with this interpreter, in the root of the project."""
    known = {"python": [sys.executable], "morph": [sys.executable, "-m", "morph"]}
    line = [*known.get(command[0], [command[0]]), *command[1:]]
    return subprocess.run(line, cwd=ROOT, check=False).returncode


def run(options: argparse.Namespace) -> None:
    """Read the recipe of the network and do it."""
    places = {"work": options.work, "free_faces": options.free_faces, "fairface": options.fairface}
    filled = {name: str(place.resolve()) for name, place in places.items()}
    parts = read_parts(HERE / f"{options.network}.yaml", filled)
    if options.list:
        for part in parts:
            print(f"{part.name}: {part.hours:g} hours; makes {part.makes}" + (f"; gave {part.gave}" if part.gave else ""))
        return
    build(parts, options.work.resolve(), _run)


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    out = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    out.add_argument("--network", required=True, metavar="NAME", help="x1.0 or expressions")
    out.add_argument("--free-faces", type=Path, required=True, metavar="DIR", help="see data/free_faces/README.md")
    out.add_argument("--fairface", type=Path, required=True, metavar="DIR", help="repository or folder with fair_face/train")
    out.add_argument("--work", type=Path, default=Path("runs/weights"), metavar="DIR", help="for all that is made")
    out.add_argument("--list", action="store_true", help="name the parts, and run none")
    return out


if __name__ == "__main__":
    sys.exit(run_script(parser(), run))
