"""Runs a command whole, then kills it at seeded moments and starts it again; says what is not as it should be.

``python -m robustness.killed JSON`` with ``words`` of the command (``{out}`` stands for the folder that it writes), ``place``
to work in, ``seed``, ``kills``, ``untold`` (names of files that hold times), ``growing`` (beginnings of names that may be
otherwise until the end), ``before`` (commands that make inputs) and ``again`` (words that are added after a kill). Prints a
JSON list of faults. Every run is a fork of this process, which has imported everything and started no thread.

A moment is the n-th time that a file below the folder is opened, moved or removed: there, and not between two clock ticks,
is where half-written files come from, and the same number is the same moment on every machine.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from pathlib import Path
from random import Random

EVENTS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "tempfile.mkstemp", "shutil.move")


def run(words: list[str], out: Path, kill_at: int | None = None) -> tuple[int, int]:
    """One run in a process of its own: how it ended (-9 where it was killed), and how many moments it had."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        _run_here([word.format(out=out) for word in words], out, kill_at, writer)
    os.close(writer)
    counted = b"".join(iter(lambda: os.read(reader, 4096), b""))
    os.close(reader)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), len(counted)


def _run_here(words: list[str], out: Path, kill_at: int | None, writer: int) -> None:
    moments = 0
    below = str(out)

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal moments
        if event in EVENTS and any(
            isinstance(word, (str, bytes, os.PathLike)) and below in os.fsdecode(word) for word in arguments
        ):
            moments += 1
            os.write(writer, b".")
            if moments == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    from morph.cli import main

    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os._exit(main(words))


def contents(folder: Path, untold: list[str]) -> dict[str, bytes]:
    """Files under their own names; those that begin with a dot are half written, and nobody takes them for whole."""
    files = (file for file in folder.rglob("*") if file.is_file())
    named = ((str(file.relative_to(folder)), file) for file in files)
    return {name: file.read_bytes() for name, file in named if "/." not in f"/{name}" and Path(name).name not in untold}


def faults(words: list[str], place: Path, seed: str, kills: int, again: list[str], **names: list[str]) -> list[str]:
    """What is not as it should be; ``names`` are ``untold`` and ``growing``."""
    untold, growing = names["untold"], tuple(names["growing"])
    out: list[str] = []
    whole, broken = place / "whole", place / "broken"
    for folder in (whole, broken):
        folder.mkdir()
    status, moments = run(words, whole)
    if status:
        return [f"the unbroken run ended with {status}"]
    expected = contents(whole, untold)
    if not expected or not moments:
        return [f"the unbroken run wrote {sorted(expected)} in {moments} moments"]
    random = Random(seed)
    for number in sorted(random.sample(range(1, moments + 1), min(kills, moments))):
        status, _ = run([*words, *again], broken, number)
        if status not in (-9, 0):
            out.append(f"killed at moment {number} of {moments}: ended with {status}")
        for name, data in contents(broken, untold).items():
            if data != expected.get(name) and not name.startswith(growing):
                kind = "half written" if name in expected else "no file of the unbroken run"
                out.append(f"killed at moment {number} of {moments}: {name} is {kind}")
    status, _ = run([*words, *again], broken)
    found = contents(broken, untold)
    if status or found != expected:
        odd = sorted(name for name in {*found, *expected} if found.get(name) != expected.get(name))
        out.append(f"the last run ended with {status} and differs in {odd}")
    return out


def serve() -> None:
    """Do what the command line says."""
    asked = json.loads(sys.argv[1])
    for name in asked.pop("imports"):
        importlib.import_module(name)
    place = asked["place"] = Path(asked["place"])
    for words in asked.pop("before"):
        status, _ = run(words, place)
        if status:
            print(json.dumps([f"{words} ended with {status}"]))
            return
    print(json.dumps(faults(**asked)))


if __name__ == "__main__":
    serve()
