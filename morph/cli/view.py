"""``morph view``: look at a track in a window, or write a picture or a clip of it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from morph.cli.options.claims import add_overwrite, claim

if TYPE_CHECKING:
    from viewer.draw.offscreen import SceneRenderer
    from viewer.output.preview import Preview
    from viewer.stage.track_scene import TrackScene


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the verb takes."""
    parser.add_argument("folder", metavar="DIR", help="what `morph track INPUT --out DIR` wrote")
    parser.add_argument("--out", metavar="FILE", help="write a .png, .jpg or .mp4 instead of opening a window")
    add_overwrite(parser)
    parser.add_argument("--layers", metavar="OUTDIR", help="with --over: write beauty, mattes, depth, normals, UV and ST maps")
    parser.add_argument(
        "--layers-format", choices=("exr", "png"), default="exr", help="exr (half and float) or png (16 bits a channel)"
    )
    parser.add_argument("--frames", type=_range, metavar="A-B", help="with --layers: those of frames A to B alone")
    parser.add_argument("--resume", action="store_true", help="with --layers: keep what a run that was killed has written")
    parser.add_argument("--frame", type=int, metavar="N", help="which frame; for a picture, the middle one unless given")
    parser.add_argument("--size", type=_size, metavar="WxH", help="of the window or the picture (640x480, or the footage's)")
    parser.add_argument("--prop", default="none", help="what the faces wear: glasses, dog, hat, paint, mask … or a folder")
    parser.add_argument("--face", metavar="FILE", help="for --prop swap: a texture of `morph export`, or another track")
    footage = parser.add_mutually_exclusive_group()
    footage.add_argument("--over", metavar="CLIP", help="lay it over the footage that was tracked; a clip keeps its sound")
    footage.add_argument("--beside", metavar="CLIP", help="show it beside the footage that was tracked")
    parser.add_argument(
        "--head", choices=("auto", "show", "hide"), default="auto", help="auto hides it over footage where there is a prop"
    )
    parser.add_argument(
        "--light", choices=("auto", "studio"), default="auto", help="with --over, auto takes it from the faces of the footage"
    )
    parser.add_argument(
        "--finish",
        choices=("matched", "plain"),
        default="matched",
        help="with --over, matched adds shadows on the skin and the footage's levels, sharpness, motion blur and grain",
    )
    parser.add_argument("--normals", action="store_true", help="colours say where the surface faces")
    parser.add_argument("--yaw", type=float, default=0.0, metavar="DEG", help="walk round the head, to the right")
    parser.add_argument("--pitch", type=float, default=0.0, metavar="DEG", help="and up")
    parser.add_argument("--model", metavar="FILE", help="the model that was tracked with (.npz), if not the default one")
    parser.add_argument(
        "--backend", choices=("auto", "egl", "osmesa", "software"), default="auto", help="what draws the picture"
    )
    parser.add_argument("--samples", type=int, default=2, choices=(1, 2, 3, 4), help="finer pixels averaged into one, each way")


def _size(text: str) -> tuple[int, int]:
    width, cross, height = text.lower().partition("x")
    if not cross or not width.isdigit() or not height.isdigit() or not (0 < int(width) <= 8192 and 0 < int(height) <= 8192):
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write it like 640x480, up to 8192x8192")
    return int(width), int(height)


def _range(text: str) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    if not (first.isdigit() and (last.isdigit() or not dash)) or (dash and int(last) < int(first)):
        raise argparse.ArgumentTypeError(f"{text!r} are no frames; write them like 10-40")
    return int(first), int(last or first)


def _frames(options: argparse.Namespace) -> tuple[int, int] | None:
    """Which frames layers are made of."""
    from morph.errors import MorphError

    if options.frame is not None and options.frames is not None:
        raise MorphError("--frame and --frames say the same; give one of them")
    return options.frames if options.frame is None else (options.frame, options.frame)


def _note(line: str) -> None:
    print(f"morph: {line}", file=sys.stderr)


def run(options: argparse.Namespace) -> None:
    """Read the track, then write the preview or open the window."""
    _check_layers(options)
    stage = _stage(options)
    preview = _preview(options, stage)
    if options.out is not None:
        claim(options, ("folder", "over", "beside", "face", "model"), [Path(options.out)])
    if options.out is None and options.layers is None:
        from viewer.windows.window import open_window

        open_window(stage, preview, prop=options.prop, frame=options.frame)
        return
    from viewer.draw.offscreen import open_renderer

    renderer = open_renderer(options.backend, options.samples, say=_note)
    try:
        (_write_preview if options.layers is None else _write_layers)(options, stage, renderer, preview)
    finally:
        renderer.close()


def _stage(options: argparse.Namespace) -> TrackScene:
    """The track, and what its faces wear."""
    from morph.model import load_default_model, load_model
    from morph.track_folder.read import load_track
    from viewer.props import find_prop, with_face
    from viewer.stage.track_scene import TrackScene

    track = load_track(options.folder)
    prop = find_prop(options.prop)
    model = load_default_model(1) if options.model is None else load_model(options.model)
    if options.face is not None:
        prop = with_face(prop, options.face, model)
    if prop is not None and not options.over:
        prop.check_footage()
    return TrackScene(track, model, prop)


def _preview(options: argparse.Namespace, stage: TrackScene) -> Preview:
    """How the stage is shown."""
    from viewer.output.preview import Preview
    from viewer.stage.track_scene import DisplayStyle

    shown = options.head == "show" or (options.head == "auto" and not (options.over and stage.prop))
    return Preview(
        size=options.size,
        footage=options.over or options.beside,
        layout="beside" if options.beside else "over",
        look=DisplayStyle(head=shown, normals=options.normals),
        yaw=options.yaw,
        pitch=options.pitch,
        light=options.light,
        finish=options.finish,
    )


def _write_preview(options: argparse.Namespace, stage: TrackScene, renderer: SceneRenderer, preview: Preview) -> None:
    from tqdm import tqdm

    from viewer.output.preview import write_preview

    count = write_preview(
        stage,
        renderer,
        preview,
        options.out,
        options.frame,
        progress=lambda frames, total: iter(tqdm(frames, total=total, unit="frame", disable=None)),
    )
    print(f"{options.out}: {count} {'frame' if count == 1 else 'frames'}, drawn with {renderer.name}")


def _check_layers(options: argparse.Namespace) -> None:
    from morph.errors import MorphError

    if options.layers is None:
        if options.resume:
            raise MorphError("--resume continues layers; add --layers OUTDIR")
        if options.frames is not None:
            raise MorphError("--frames are those of layers; add --layers OUTDIR")
        return
    if not options.over:
        raise MorphError("--layers lie over footage; give the clip that was tracked with --over")
    if options.out is not None or options.normals:
        raise MorphError(f"{'--out' if options.out else '--normals'} does not go with --layers; leave it out")


def _write_layers(options: argparse.Namespace, stage: TrackScene, renderer: SceneRenderer, preview: Preview) -> None:
    from tqdm import tqdm

    from viewer.output.layer_files import LayerOptions, write_layers
    from viewer.output.layers import LayerMaker

    summary = write_layers(
        LayerMaker(stage, renderer),
        preview,
        options.layers,
        LayerOptions(options.layers_format, _frames(options), options.resume),
        progress=lambda source: iter(tqdm(source, total=source.count, unit="frame", disable=None)),
    )
    count, kept = len(summary["frames"]), summary["kept"]
    again = f", {kept} of them kept" if kept else ""
    if without := len(summary["frames_without_face"]):
        again += f", {without} more show no face"
    print(f"{options.layers}: layers of {count} {'frame' if count == 1 else 'frames'}{again}, drawn with {renderer.name}")
