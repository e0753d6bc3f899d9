"""The public interface as text: a change of a name, an argument or a default must be meant.

``python tests/test_public_api.py`` writes the snapshot again.
"""

from __future__ import annotations

import dataclasses
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import morph

SNAPSHOT = Path(__file__).with_name("public_api.txt")


def _signature(value: object) -> str:
    try:
        return str(inspect.signature(value))  # type: ignore[arg-type]
    except ValueError:
        return "(...)"


def _lines(name: str) -> list[str]:
    """The name, and the public methods, properties and fields of a class, a line each."""
    value = getattr(morph, name)
    if not inspect.isclass(value):
        return [name + (_signature(value) if callable(value) else "")]
    lines = [f"class {name}{_signature(value)}"]
    fields = {field.name for field in dataclasses.fields(value)} if dataclasses.is_dataclass(value) else set()
    for member in sorted({key for kind in value.__mro__[:-1] for key in vars(kind)} | fields):
        if member.startswith("_") or (issubclass(value, Exception) and hasattr(Exception, member)):
            continue
        found = inspect.getattr_static(value, member, None)
        if isinstance(found, (classmethod, staticmethod)):
            found = found.__func__
        lines.append(f"    {member}{_signature(found) if inspect.isfunction(found) else ''}")
    return lines


def interface() -> str:
    """All public names with their signatures."""
    return "\n".join(line for name in sorted(morph.__all__) if name != "__version__" for line in _lines(name)) + "\n"


def test_public_interface_is_the_one_that_was_agreed_on() -> None:
    assert interface() == SNAPSHOT.read_text(), "run `python tests/test_public_api.py` if the change is meant"


def test_every_public_name_is_listed_and_documented() -> None:
    for name in morph.__all__:
        assert name in dir(morph)
        assert name == "__version__" or inspect.getdoc(getattr(morph, name)), f"{name} has no docstring"


def test_unknown_names_are_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Trakcer'"):
        morph.Trakcer  # noqa: B018


def test_import_loads_nothing_heavy() -> None:
    code = "import sys, morph; print(sorted({'numpy', 'cv2', 'av', 'onnxruntime', 'numba', 'torch'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


if __name__ == "__main__":
    SNAPSHOT.write_text(interface())
