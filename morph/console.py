"""How a command meets its terminal: streams that can be written whatever they are, errors as one line, exit statuses."""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import sys
import traceback
from collections.abc import Callable, Mapping

from morph.errors import one_line, outside_line

PLAIN = {
    **dict.fromkeys("‘’", "'"),
    **dict.fromkeys("“”", '"'),
    **dict.fromkeys("–—−", "-"),
    "…": "...",
    "×": "x",
    "°": " degrees",
    "→": "->",
    "±": "+-",
    "≤": "<=",
    "≥": ">=",
    "€": "EUR",
    "·": "-",
    "µ": "u",
    "²": "^2",
}
QUOTED = re.compile(r"`([^`]+)`")
PARAMETER = re.compile(r"(?<!\S)([a-z_][a-z0-9_]*)=(\S*)")
TRACEBACK = "MORPH_TRACEBACK"  # an environment variable: set to 1, errors come with where they arose


def run_command(name: str, command: Callable[[], None], interrupted: str = "interrupted") -> int:
    """Run a command and say in one line what stopped it.

    Args:
        name: before the line.
        command: what to do; may print.
        interrupted: said at Ctrl-C.

    Returns:
        The exit status: 0 done, 2 the user can put it right, 1 a fault of the program, 130 interrupted.
    """
    prepare_streams()
    try:
        command()
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _stop(name, interrupted, 130)
    except BrokenPipeError:  # who reads has had enough
        _drop_output()
        return 0
    except Exception as error:
        line = outside_line(error)
        if os.environ.get(TRACEBACK, "0") not in ("", "0"):
            traceback.print_exc()
        if line is not None:
            return _stop(name, as_options(line), 2)
        return _stop(name, _fault(error), 1)
    return 0


def as_options(line: str, names: Mapping[str, str] | None = None) -> str:
    """A message of the library in the words of a command line.

    Messages name parameters: `` `frame=` is for one mesh``, ``leave them out with `experts=none` ``, or those of a verb:
    ``see `morph view DIR over=CLIP` ``. On a command line they are options: ``--frame is for one mesh``.

    Args:
        line: that says what is wrong and what to do next.
        names: the option of each parameter; any other ``max_bad`` is ``--max-bad``.
    """
    known = names or {}

    def option(match: re.Match[str]) -> str:
        parameter, value = match.groups()
        spelled = known.get(parameter, f"--{parameter.replace('_', '-')}")
        return spelled if value in ("", "True") else f"{spelled} {value}"

    def quoted(match: re.Match[str]) -> str:
        inner = match.group(1)
        if inner.startswith("morph "):
            return f"`{PARAMETER.sub(option, inner)}`"
        whole = PARAMETER.fullmatch(inner)
        return option(whole) if whole else match.group()

    return QUOTED.sub(quoted, line)


def prepare_streams() -> None:
    """Make standard output and standard error such that printing cannot fail.

    A closed one (``2>&-``, pythonw) leads nowhere; its number would else go to the next file that is opened, and what
    libraries print into that file. What the terminal's encoding lacks is written in ASCII.
    """
    codecs.register_error("morph", _plain)
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8", errors="replace"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure") and stream.errors in ("strict", "backslashreplace", "surrogateescape"):
            stream.reconfigure(errors="morph")


def _plain(error: UnicodeError) -> tuple[str, int]:
    """An error handler of codecs: characters in ASCII where there is a usual way, else their code."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    characters = error.object[error.start : error.end]
    return "".join(PLAIN.get(c, c.encode("ascii", "backslashreplace").decode()) for c in characters), error.end


def _fault(error: BaseException) -> str:
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{os.path.basename(place.filename)}:{place.lineno}"
    return (
        f"a fault of the program, {type(error).__name__} in {where}: {one_line(error)}; "
        f"please report it to its makers, with what {TRACEBACK}=1 shows"
    )


def _stop(name: str, line: str, status: int) -> int:
    with contextlib.suppress(OSError):  # nobody can be told
        print(f"{name}: {line}", file=sys.stderr, flush=True)
    try:
        sys.stdout.flush()
    except OSError:
        _drop_output()
    return status


def _drop_output() -> None:
    """Send what standard output still holds nowhere, so that Python does not stumble over it at its end."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
