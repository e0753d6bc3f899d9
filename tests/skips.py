"""Which skips are expected; on CI any other one fails the run, so that a missing program cannot hide a test."""

from __future__ import annotations

import pytest

EXPECTED = (
    "no CUDA device",
    "root may write everywhere",
    "MORPH_BLENDER_PYTHON is not set",
    "research data not found",
)


def reason_of(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Why a test or a file was skipped, without pytest's own first word."""
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


class SkipWatch:
    """A pytest plugin that remembers unexpected skips, and fails the run for them where it is strict."""

    def __init__(self, strict: bool) -> None:
        self.strict = strict
        self.unexpected: list[str] = []

    def _note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            reason = reason_of(report)
            if not any(expected in reason for expected in EXPECTED):
                self.unexpected.append(f"{report.nodeid}: {reason}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """After each phase of each test."""
        self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """After each file was collected."""
        self._note(report)

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Let an otherwise green run fail."""
        if self.strict and self.unexpected and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name them."""
        if self.strict and self.unexpected:
            terminalreporter.section("skips that CI does not expect")
            for line in self.unexpected:
                terminalreporter.line(line)
