"""300W-LP to a crop set: ``python data/300w_lp/prepare.py --data 300W_LP --model BFM --out crops/300w_lp``."""

from __future__ import annotations

import argparse
import sys

from morph.datasets.prepare import prepare, run_script, script_parser
from morph.datasets.published.lp300w import LICENCE, PairReader, count_pairs, find_pairs
from morph.model.readers import read_model


def run(options: argparse.Namespace) -> None:
    """Count what is there, then write the crops."""
    pairs = find_pairs(options.data, flipped=not options.no_flipped)
    for name, (count, expected) in count_pairs(pairs).items():
        note = "" if expected is None else f" of {expected}" + ("" if count == expected else ", NOT ALL")
        print(f"{name}: {count}{note}")
    model = read_model(options.model, std=options.std) if options.std else read_model(options.model)
    reader = PairReader(options.data, model, inner=options.inner, size=options.size)
    meta = {
        "source": "300W-LP",
        "licence": LICENCE,
        "model": {"name": model.name, "identity": model.identity},
        "crop": f"box68-sqrt2 in the central {options.inner} of {options.size} pixels",
    }
    prepare(options, pairs, reader, meta)


if __name__ == "__main__":
    parser = script_parser(__doc__ or "", model=True)
    parser.add_argument("--no-flipped", action="store_true", help="leave the _Flip folders out (training flips by itself)")
    parser.add_argument("--std", metavar="FILE", help="standard deviations of the coefficients, where the model has none")
    parser.add_argument("--inner", type=int, default=120, help="side of the published crop in pixels (120)")
    parser.add_argument("--size", type=int, default=160, help="side of what is stored, with a margin for augmentation (160)")
    sys.exit(run_script(parser, run))
