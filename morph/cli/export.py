"""``morph export``: a track for other programs."""

from __future__ import annotations

import argparse
import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from morph.cli.options import tracker_options
from morph.cli.options.claims import add_overwrite, claim
from morph.errors import MorphError

if TYPE_CHECKING:
    from morph.track_folder.export import ExportPlan

READS = ("source", "model", "texture", "over")
WEAR = "; wear it with `morph export TRACK --texture {} --out head.glb`"
FORMATS = "glb, usd, ply, csv, mdd, pc2, obj, html, abc, blend, shot"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the verb takes."""
    parser.add_argument("source", metavar="DIR", type=Path, nargs="?", help="what `morph track` wrote")
    parser.add_argument(
        "--extension", action="store_true", help="instead of a track: the extension for Blender that imports them, --out x.zip"
    )
    parser.add_argument("--out", type=Path, required=True, help="file to write; a folder for a sequence of ply or obj")
    add_overwrite(parser)
    parser.add_argument("--format", metavar="NAME", help=f"one of {FORMATS}; told from --out unless given")
    parser.add_argument("--id", type=int, metavar="N", help="which face; the one seen in the most frames unless given")
    parser.add_argument("--level", type=int, choices=(0, 1, 2), help="4, 16 or 64 thousand vertices of the default model (1)")
    parser.add_argument("--model", metavar="FILE", help="the model that was tracked with (.npz), if not the default one")
    parser.add_argument("--texture", metavar="FILE", help="a picture for the model's texture coordinates, not the plain skin")
    parser.add_argument(
        "--over", metavar="CLIP", help="texture from the tracked footage; --out x.png: that alone; x.blend: also the plate"
    )
    parser.add_argument(
        "--delight", action="store_true", help="with --over: take the clip's light and shade out of the texture"
    )
    parser.add_argument("--frame", type=int, metavar="N", help="for one ply or obj: which frame, whose; the first unless given")
    parser.add_argument(
        "--prop", metavar="NAME", help="what the head of a glb, usd or html wears: glasses, dog, hat … or the folder of a prop"
    )
    parser.add_argument("--clip-weights", action="store_true", help="weights in 0..1, for tools that clamp them (Blender)")
    parser.add_argument(
        "--neutral", metavar="auto|none|FRAME", help="resting face that weights are counted from (default: as it was tracked)"
    )
    parser.add_argument(
        "--gains",
        choices=("none", "auto"),
        help="stretch weights to what the person does at the most (default: as it was tracked)",
    )
    parser.add_argument("--blender", metavar="PROGRAM", help="for --out x.blend: Blender, if it is not on PATH")
    parser.add_argument("--static-head", action="store_true", help="the head stands still and the camera moves round it")
    tracker_options.add_lens(parser)
    parser.add_argument("--neutral-pose", action="store_true", help="the head faces the viewer and does not move")


def run(options: argparse.Namespace) -> None:
    """Export, and say what was written."""
    from morph.track_folder.export import export_track

    if options.extension or options.source is None:
        return _write_extension(options)
    check = functools.partial(claim, options, READS)
    exported = export_track(options.source, options.out, _plan(options), check)
    print(exported.as_text() + (WEAR.format(options.out) if options.out.suffix.lower() == ".png" else ""))


def _plan(options: argparse.Namespace) -> ExportPlan:
    """What was asked for."""
    from morph.track_folder.export import ExportPlan

    return ExportPlan(
        kind=options.format,
        person=options.id,
        level=options.level,
        model=options.model,
        texture=options.texture,
        over=options.over,
        delight=options.delight,
        frame=options.frame,
        **_wearing(options.prop),
        static_head=options.static_head,
        blender=options.blender,
        clip_weights=options.clip_weights,
        neutral_pose=options.neutral_pose,
        neutral=options.neutral,
        gains=options.gains,
        lens=tracker_options.lens_or_none(options),
    )


def _write_extension(options: argparse.Namespace) -> None:
    """The extension for Blender, which is of no track."""
    from morph.export.shot.extension import write_extension

    if options.source is not None or not options.extension:
        raise MorphError("give a track to export; or --extension alone, for Blender's import of tracks")
    claim(options, (), [options.out])
    write_extension(options.out)
    print(f"{options.out}: in Blender, Preferences > Get Extensions > Install from Disk; then File > Import > morph track")


def _wearing(name: str | None) -> dict[str, Any]:
    """What makes the prop of a page and of other scenes."""
    if name is None:
        return {}
    from viewer.props import find_prop
    from viewer.props.page import page_prop
    from viewer.props.worn import worn_prop

    prop = find_prop(name)
    return {} if prop is None else {"prop": functools.partial(page_prop, prop), "worn": functools.partial(worn_prop, prop)}
