"""`morph model`: show and convert morphable models."""

from __future__ import annotations

import argparse
from pathlib import Path

from morph.cli.options.claims import add_overwrite, claim
from morph.errors import MorphError

FORMATS = """formats that are read:
  morph .npz            what `convert` writes
  300W-LP BFM           Model_Shape.mat (with Model_Exp.mat beside it), a folder of 3DDFA's .npy arrays and tri.mat,
                        or one .npz of u, w_shp, w_exp, tri, keypoints
  Basel Face Model      2009, 2017 or 2019 .h5 (needs `pip install 'morph-face[convert]'`)
  eos                   .bin, with its landmark mapping and, where they are apart, its blendshapes"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's own arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    raw = argparse.RawDescriptionHelpFormatter
    info = actions.add_parser("info", help="check a model and say what is in it", epilog=FORMATS, formatter_class=raw)
    info.add_argument("model", metavar="FILE", help="model file or folder, or `default` for the one that ships with morph")
    convert = actions.add_parser("convert", help="write any known model as .npz", epilog=FORMATS, formatter_class=raw)
    convert.add_argument("model", metavar="IN", help="model file or folder")
    convert.add_argument("output", metavar="OUT.npz", help="where to write the model")
    add_overwrite(convert)
    convert.add_argument("--half", action="store_true", help="store the modes in half precision: half the size")
    for sub in (info, convert):
        sub.add_argument(
            "--landmarks", metavar="FILE", help="vertices of the 68 iBUG points: lines `ibug = vertex`, or 68 numbers"
        )
        sub.add_argument("--expressions", metavar="FILE", help="the expressions, where they are a file of their own")
        sub.add_argument("--std", metavar="FILE", help="text file of standard deviations, for 3DDFA's arrays, which have none")


def run(options: argparse.Namespace) -> None:
    """Show or convert."""
    from morph.model.default_model import load_default_model
    from morph.model.readers import read_model
    from morph.model.summary import describe

    if options.action == "convert" and not options.output.endswith(".npz"):
        raise MorphError(f"cannot write {options.output}: a morph model is an .npz; name it so")
    if options.action == "convert":
        claim(options, ("model", "landmarks", "expressions", "std"), [Path(options.output)])
    extras = {"landmarks": options.landmarks, "expressions": options.expressions, "std": options.std}
    if options.model == "default":
        given = [name for name, value in extras.items() if value]
        if given:
            raise MorphError(f"the default model takes no --{given[0]}; leave it out")
        model = load_default_model()
    else:
        model = read_model(options.model, **extras)
    if options.action == "convert":
        model.save(options.output, half=options.half)
        print(f"{options.output}: {model.name}, {model.n_vertices} vertices, {model.n_shape} + {model.n_expression} modes")
    else:
        print(describe(model))
