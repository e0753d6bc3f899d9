"""``morph`` alone greets, ``morph doctor`` reports."""

from __future__ import annotations

import pytest

from morph.cli import VERBS, main
from morph.cli.machine.checks import Check


def test_no_words_are_greeted_with_what_one_can_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    out, err = capsys.readouterr()
    named = [line.split()[1] for line in out.splitlines() if line.startswith("  morph ")]
    assert named == ["demo", "track", "view", "export", "live"]
    assert set(named) < set(VERBS)
    assert "morph doctor" in out
    assert err == ""


@pytest.mark.parametrize(("needed", "status", "mark"), [(False, 0, "--"), (True, 2, "NO")])
def test_only_what_tracking_needs_fails_it(
    needed: bool, status: int, mark: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    checks = [Check("python", True, "3.11"), Check("broken", False, "nothing", "plug it in", needed)]
    monkeypatch.setattr("morph.cli.machine.checks.run_checks", lambda: checks)
    assert main(["doctor"]) == status
    out, err = capsys.readouterr()
    assert out.splitlines() == ["ok  python  3.11", f"{mark}  broken  nothing", "            plug it in"]
    assert err == ("morph: tracking does not work here (broken); do what the lines marked NO say\n" if needed else "")
