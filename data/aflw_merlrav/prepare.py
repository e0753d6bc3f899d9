"""AFLW with MERL-RAV's points to a crop set: ``python data/aflw_merlrav/prepare.py --data AFLW_MERLRAV --out crops/aflw``."""

from __future__ import annotations

import argparse
import sys

from morph.datasets.prepare import prepare, run_script, script_parser
from morph.datasets.published.aflw_merlrav import EXPECTED, LICENCE, MerlRavReader, open_aflw_merlrav


def run(options: argparse.Namespace) -> None:
    """Count what is there, then write the crops."""
    labels = open_aflw_merlrav(options.data)
    print(f"labels: {len(labels)} of {EXPECTED}" + ("" if len(labels) == EXPECTED else ", NOT ALL"))
    meta = {"source": "AFLW, MERL-RAV", "licence": LICENCE, "crop": "as published, 120 pixels"}
    prepare(options, labels.names.tolist(), MerlRavReader(labels), meta)


if __name__ == "__main__":
    sys.exit(run_script(script_parser(__doc__ or "", model=False), run))
