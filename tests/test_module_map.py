"""Every module has a test file of its own name, or stands in ``tested_elsewhere.txt`` with the tests that reach it.

``python tests/test_module_map.py`` lists what is missing and what stands there without need.
"""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
MAP = TESTS / "tested_elsewhere.txt"


def modules() -> list[str]:
    """Modules of both packages by their path; files that only re-export or start something are left out."""
    found = [file.relative_to(ROOT) for package in ("morph", "viewer") for file in (ROOT / package).rglob("*.py")]
    return sorted(str(path.as_posix()) for path in found if path.name not in ("__init__.py", "__main__.py"))


def own_test(module: str) -> Path:
    """Where the test file of a module lies: the tests of ``morph`` mirror it, those of ``viewer`` have its name before them."""
    path = Path(module)
    folder = path.parent if path.parts[0] == "viewer" else path.parent.relative_to("morph")
    return TESTS / folder / f"test_{path.stem}.py"


def elsewhere() -> dict[str, list[str]]:
    """The map: a module, then the test files that reach it."""
    lines = [line.split() for line in MAP.read_text().splitlines() if line.strip() and not line.startswith("#")]
    return {module: files for module, *files in lines}


def test_every_module_has_a_test() -> None:
    missing = [module for module in modules() if not own_test(module).is_file() and module not in elsewhere()]
    assert missing == [], "give these a test file of their own, or name the tests that reach them in tests/tested_elsewhere.txt"


def test_the_map_is_true() -> None:
    known, table = set(modules()), elsewhere()
    assert [module for module in table if module not in known] == []
    assert [module for module in table if own_test(module).is_file()] == []
    assert [name for files in table.values() for name in files if not (TESTS / name).is_file()] == []
    assert [module for module, files in table.items() if not files] == []


if __name__ == "__main__":
    for module in modules():
        if not own_test(module).is_file() and module not in elsewhere():
            print("missing", module)
