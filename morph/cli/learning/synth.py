"""``morph synth``: render labelled training pictures."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the verb."""
    parser.add_argument("--count", type=int, required=True, help="how many pictures")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder of the crop set; a killed run goes on there")
    parser.add_argument("--seed", type=int, default=0, help="same seed, same bytes (default 0)")
    parser.add_argument("--size", type=int, default=160, help="pixels of the square pictures (default 160)")
    parser.add_argument("--start", type=int, default=0, help="number of the first picture (default 0)")
    parser.add_argument("--processes", type=int, default=1, help="how many processes render (default 1)")
    parser.add_argument("--supersampling", type=int, default=1, help="2 renders twice as large and scales down (default 1)")
    parser.add_argument(
        "--environments", metavar="DIR", help="folder of HDR panoramas (data/synthetic/prepare.py fetches some)"
    )
    parser.add_argument(
        "--maps", default="", metavar="NAME,...", help="write maps, too: depth, normals, segmentation, uv, or all"
    )
    parser.add_argument(
        "--poses", default="usual", help="wide: yaw to 100, pitch and roll to 60 degrees, 20 cm to 10 m (default usual)"
    )
    parser.add_argument(
        "--without",
        default="",
        metavar="NAME,...",
        help="leave out for an ablation: hair, light, occlusion, background, blur, noise, skin, expression",
    )
    parser.add_argument(
        "--people", default="even", help="measured: shapes about the mean of photographed people (default even: the mean head)"
    )
    parser.add_argument(
        "--expressions",
        default="posed",
        help="measured: all 52 weights, sides apart, correlated as in photographs (default posed: smiles, speech and so on); "
        "lively: the same, stronger and oftener",
    )
    parser.add_argument(
        "--pictures-per-person",
        type=int,
        default=1,
        metavar="K",
        help="K successive pictures show one person in other poses, expressions and light; `group` says whom (default 1)",
    )
    parser.add_argument(
        "--engine",
        type=int,
        default=1,
        help="2 adds expression wrinkles, lower lashes, wet lids, refracting glasses and video compression (default 1)",
    )


def run(options: argparse.Namespace) -> None:
    """Render and report."""
    from tqdm import tqdm

    from morph.synthesis import MAPS, Recipe, SynthesisPlan
    from morph.synthesis.sets.timed import synthesise_timed

    recipe = Recipe(
        options.poses, _names(options.without), options.engine, options.people, options.pictures_per_person, options.expressions
    )
    plan = SynthesisPlan(
        count=options.count,
        seed=options.seed,
        start=options.start,
        size=options.size,
        supersampling=options.supersampling,
        environments=options.environments,
        recipe=recipe,
        maps=tuple(MAPS) if options.maps == "all" else _names(options.maps),
    )
    with tqdm(total=plan.count, unit="picture", disable=None) as bar:
        report = synthesise_timed(plan, options.out, processes=options.processes, progress=bar.update)
    print(report.as_text(), end="")


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
