"""How commands meet their terminal: closed streams, poor encodings, full disks, errors of other libraries, faults."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
import yaml

from morph.console import run_command
from morph.errors import MorphError, reading

ASTRONAUT = Path(__file__).parents[1] / "morph" / "assets" / "demo" / "astronaut.jpg"


def fail(error: BaseException) -> Any:
    """A command that raises it."""

    def command() -> None:
        raise error

    return command


def outside_errors() -> list[Exception]:
    """What other libraries raise, as they raise it."""
    out: list[Exception] = []
    for act in (
        lambda: cv2.resize(np.zeros((0, 0, 3), np.uint8), (3, 3)),
        lambda: av.open(io.BytesIO(b"nothing")),
        lambda: yaml.safe_load("{a: [\n1"),
    ):
        try:
            act()
        except Exception as error:
            out.append(error)
    return out


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (MorphError("give a picture"), "verb: give a picture"),
        (OSError(errno.ENOSPC, "No space left on device", "a b.obj"), "verb: a b.obj: No space left on device; make room"),
        (PermissionError(errno.EACCES, "Permission denied", b"x\xff"), "Permission denied; check whom"),
        (MemoryError(), "verb: there is not enough memory"),
        (ModuleNotFoundError("No module named 'cv2'"), "verb: a library cannot be loaded (No module named 'cv2'); install"),
        (
            UnicodeEncodeError("ascii", "é.png", 0, 1, "ordinal not in range"),
            "'\\xe9.png' cannot be written in ascii; set PYTHONUTF8",
        ),
        *((error, "says: ") for error in outside_errors()),
    ],
)
def test_errors_of_the_machine_are_one_line(capsys: pytest.CaptureFixture[str], error: BaseException, line: str) -> None:
    assert run_command("verb", fail(error)) == 2
    text = capsys.readouterr().err
    assert line in text
    assert text.count("\n") == 1


def test_a_fault_of_the_program_says_where_and_shows_more_when_asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MORPH_TRACEBACK", raising=False)
    assert run_command("verb", fail(KeyError("mouth"))) == 1
    text = capsys.readouterr().err
    assert "KeyError in test_console.py" in text
    assert "please report" in text
    assert text.count("\n") == 1
    monkeypatch.setenv("MORPH_TRACEBACK", "1")
    assert run_command("verb", fail(KeyError("mouth"))) == 1
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_an_interrupt_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command("verb", fail(KeyboardInterrupt()), "come back") == 130
    assert capsys.readouterr().err == "verb: come back\n"


def test_what_a_reader_raises_is_one_line_about_its_file() -> None:
    for error, words in [
        (ZeroDivisionError("x"), "a.mat cannot be read: it is not a label file, or damaged; get it again"),
        (
            FileNotFoundError(errno.ENOENT, "No such file or directory"),
            "a.mat cannot be read: No such file or directory",
        ),
        (MemoryError(), "a.mat needs more memory than there is"),
        (MorphError("its own line"), "^its own line$"),
    ]:
        with pytest.raises(MorphError, match=words), reading("a.mat", "a label file", "get it again"):
            raise error


def run(shell: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """A shell command that may call ``$morph``."""
    command = f"{sys.executable} -m morph"
    path = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    return subprocess.run(
        ["bash", "-c", shell], env={**os.environ, "PYTHONPATH": path, "morph": command, **environment}, capture_output=True
    )


def test_without_any_stream_nothing_is_lost(tmp_path: Path) -> None:
    done = run(f"$morph track {ASTRONAUT} --out {tmp_path}/t --no-overlay <&- >&- 2>&-")
    assert done.returncode == 0
    assert sorted(path.name for path in (tmp_path / "t").iterdir()) == [
        "coefficients.npz",
        "head_pose.csv",
        "landmarks.csv",
        "mesh",
        "summary.json",
    ]
    for file in (tmp_path / "t").rglob("*.*"):
        assert b"frames" not in file.read_bytes() or file.name == "summary.json"  # what was printed is in no file
    assert run("$morph track /nowhere --out x 2>&-").returncode == 2


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_poor_terminals_are_written_to_plainly(tmp_path: Path, encoding: str) -> None:
    name = tmp_path / "a°’ … × 頭"
    done = run(f"$morph track {ASTRONAUT} --out '{name}' --no-overlay; $morph live --help", PYTHONIOENCODING=encoding)
    assert done.stderr == b""
    last = {"ascii": "a degrees' ... x \\u982d", "cp1252": "a°’ … × \\u982d"}[encoding]
    assert last in done.stdout.decode(encoding)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_that_cannot_be_written_is_one_line() -> None:
    done = run("$morph model info default >/dev/full; echo $?; $morph model info default | true; echo ${PIPESTATUS[0]}")
    assert done.stdout == b"2\n0\n"
    assert done.stderr == b"morph: No space left on device; make room on the disk\n"
