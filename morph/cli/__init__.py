"""The command line: parse, call, print. One module a verb; it is imported only when its verb is used.

The library names parameters in its messages; here they become the options of the verb."""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from morph import __version__
from morph.cli.options.spelling import option_names
from morph.console import as_options, run_command
from morph.errors import MorphError

VERBS = {
    "demo": "track the pictures that ship with morph and show what comes out",
    "doctor": "say what works on this machine, and what to install for the rest",
    "track": "track faces in a picture, a folder, a clip or a camera",
    "batch": "track many clips and pictures, by several processes",
    "live": "track a camera, or a clip at its own speed, in a window and to other programs",
    "view": "look at a track: a window, a picture or a clip",
    "model": "show, convert or check morphable models",
    "synth": "render labelled training pictures",
    "fit": "fit a morphable model to the landmarks of a data set",
    "profile": "turn photographed faces to larger yaws, as 300W-LP was made",
    "train": "train a regressor",
    "train-experts": "train the eye and mouth refinement networks",
    "finetune": "make a trained regressor steadier on clips",
    "bench": "measure on a benchmark",
    "export": "a track for other programs",
    "weights": "a trained checkpoint as ONNX, or averaged with another",
}
LEARNING = ("synth", "fit", "profile", "train", "train-experts", "finetune", "weights")  # verbs with a room of their own
SMALL = ("demo", "doctor", "track", "live", "view", "bench")  # verbs whose products of matrices are too small to share

GREETING = f"""\
morph {__version__}: pixels of a face to an animatable 3D mesh, on a CPU

  morph demo                           track the pictures that ship, and say where to look
  morph track CLIP --out DIR           meshes, landmarks, 52 weights and an overlay of a clip
  morph view DIR                       turn the head around; --prop glasses puts some on
  morph export DIR --out shot.glb      for Blender, Unreal, Maya, Nuke or a web page
  morph live 0                         a webcam in a window; --stream sends it to avatars

`morph VERB --help` says more, `morph --help` lists all verbs, `morph doctor` tells what works on this machine."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit status, see :func:`morph.console.run_command`."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    return run_command("morph", lambda: _run(words))


def module_of(verb: str) -> str:
    """The module that holds a verb's ``add_arguments`` and ``run``."""
    return f"morph.cli.{'learning.' if verb in LEARNING else ''}{verb.replace('-', '_')}"


def _run(words: list[str]) -> None:
    if not words:
        print(GREETING)
        return
    parser = _Parser(prog="morph", description="Pixels of a face to an animatable 3D mesh, on a CPU.")
    parser.add_argument("--version", action="version", version=f"morph {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    wanted = next((word for word in words if not word.startswith("-")), None)
    for verb, text in VERBS.items():
        sub = verbs.add_parser(verb, help=text, description=text)
        if verb == wanted:
            module = importlib.import_module(module_of(verb))
            module.add_arguments(sub)
            sub.set_defaults(run=module.run)
    options = parser.parse_args(words)
    options.words = words
    names = option_names(verbs.choices[options.verb], options)
    with _threads(1 if options.verb in SMALL else None), _warnings(names):
        try:
            options.run(options)
        except MorphError as error:
            raise MorphError(as_options(str(error), names)) from error


class _Parser(argparse.ArgumentParser):
    """Refuses empty words, which an unset variable of a shell leaves: as a path they would mean the working folder."""

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        if arg_string == "" and action.default != "" and action.nargs != argparse.PARSER:  # that one takes all that follows
            name = "/".join(action.option_strings) or action.metavar or action.dest
            raise MorphError(f"{name} is empty; is a variable of the shell unset?")
        return super()._get_value(action, arg_string)  # type: ignore[misc]


@contextmanager
def _warnings(names: Mapping[str, str]) -> Iterator[None]:
    """What the "morph" logger warns of, on stderr, each line once."""
    logger, handler = logging.getLogger("morph"), _Lines(names)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


class _Lines(logging.Handler):
    """Writes a warning as errors are written."""

    def __init__(self, names: Mapping[str, str]) -> None:
        super().__init__(logging.WARNING)
        self._names = names
        self._said: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        line = as_options(record.getMessage(), self._names)
        if line not in self._said:
            self._said.add(line)
            print(f"morph: {line}", file=sys.stderr)


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    """NumPy's linear algebra and OpenCV on ``count`` threads: a second one only spins between a tracker's frames."""
    if count is None:
        yield
        return
    import cv2
    import numpy  # noqa: F401  (its library must be loaded before it can be told)
    from threadpoolctl import threadpool_limits

    before = cv2.getNumThreads()
    cv2.setNumThreads(count)
    try:
        with threadpool_limits(count, user_api="blas"):
            yield
    finally:
        cv2.setNumThreads(before)
