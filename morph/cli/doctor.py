"""``morph doctor``: what works on this machine, and what to install for the rest."""

from __future__ import annotations

import argparse

from morph.errors import MorphError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It has no options."""


def run(options: argparse.Namespace) -> None:
    """Print a line a check.

    Raises:
        MorphError: tracking does not work here.
    """
    from morph.cli.machine.checks import run_checks

    checks = run_checks()
    width = max(len(check.name) for check in checks)
    for check in checks:
        mark = "ok" if check.works else "NO" if check.needed else "--"
        print(f"{mark}  {check.name:<{width}}  {check.found}")
        if check.advice:
            print(f"    {'':<{width}}  {check.advice}")
    broken = [check.name for check in checks if check.needed and not check.works]
    if broken:
        raise MorphError(f"tracking does not work here ({', '.join(broken)}); do what the lines marked NO say")
