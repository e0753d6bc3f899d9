"""``morph export``: a track for other programs, or a trained checkpoint as ONNX."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from morph.cli.options.claims import add_overwrite, claim
from morph.errors import MorphError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from morph.export.performance import RecordedTrack
    from morph.model import MorphableModel

READS = ("source", "average", "model", "texture", "over")
FORMATS = "glb, usd, ply, csv, mdd, pc2, obj, html, abc"
NAMED = 8  # faces that are left out and named, at most


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the verb takes."""
    parser.add_argument("source", metavar="DIR|WEIGHTS", type=Path, help="what `morph track` wrote, or weights.safetensors")
    parser.add_argument(
        "--average",
        type=Path,
        metavar="WEIGHTS",
        help="with weights: the mean with others that came from them, or they from, perhaps narrower",
    )
    parser.add_argument("--half", action="store_true", help="with weights: ONNX of half the size, stored in half precision")
    parser.add_argument("--out", type=Path, required=True, help="file to write; a folder for a sequence of ply or obj")
    add_overwrite(parser)
    track = parser.add_argument_group("of a track")
    track.add_argument("--format", metavar="NAME", help=f"one of {FORMATS}; told from --out unless given")
    track.add_argument("--id", type=int, metavar="N", help="which face; the one seen in the most frames unless given")
    track.add_argument("--level", type=int, choices=(0, 1, 2), help="4, 16 or 64 thousand vertices of the default model (1)")
    track.add_argument("--model", metavar="FILE", help="the model that was tracked with (.npz), if not the default one")
    track.add_argument("--texture", metavar="FILE", help="a picture for the model's texture coordinates, not the plain skin")
    track.add_argument("--over", metavar="CLIP", help="texture from the footage that was tracked; --out x.png: that alone")
    track.add_argument("--delight", action="store_true", help="with --over: take the clip's light and shade out of the texture")
    track.add_argument("--frame", type=int, metavar="N", help="for one ply or obj: which frame, whose; the first unless given")
    track.add_argument(
        "--prop", metavar="NAME", help="for html: what the head wears, glasses, dog, hat … or the folder of a prop"
    )
    track.add_argument("--clip-weights", action="store_true", help="weights in 0..1, for tools that clamp them (Blender)")
    track.add_argument("--neutral-pose", action="store_true", help="the head faces the viewer and does not move")


def run(options: argparse.Namespace) -> None:
    """Export one or the other."""
    if options.source.suffix.lower() == ".safetensors":
        _export_weights(options)
    else:
        _export_track(options)


def _export_track(options: argparse.Namespace) -> None:
    if options.average is not None or options.half:
        asked = "--half" if options.half else "--average"
        raise MorphError(f"{asked} is for weights; a track is exported as it is")
    from morph.export.formats import FORMATS, ExportOptions, export_performance, planned_files, read_texture
    from morph.export.performance import performance_of_track, person_of_track
    from morph.export.usd import SUFFIXES
    from morph.model import load_default_model, load_model
    from morph.track_folder.read import load_track

    suffix = options.out.suffix.lower()
    kind = options.format.lower() if options.format else ("usd" if suffix in SUFFIXES else suffix[1:])
    if kind == "png" and options.over is not None:
        return _export_texture(options)
    if kind not in FORMATS:
        asked = f"unknown format {options.format!r}" if options.format else f"{options.out} does not tell the format"
        raise MorphError(f"{asked}; give --format one of {', '.join(FORMATS)}")
    prop = None
    if options.prop is not None:
        from viewer.props import find_prop

        prop = find_prop(options.prop)
    track = load_track(options.source)
    if options.model is not None and options.level is not None:
        raise MorphError("--level is for the default model; leave it out beside --model")
    model = load_default_model(1 if options.level is None else options.level) if options.model is None else None
    person = options.id = person_of_track(track, options.id, options.frame)
    performance = performance_of_track(track, model or load_model(options.model), person)
    if options.delight and options.over is None:
        raise MorphError("--delight is for a texture from footage; give the clip with --over")
    if options.neutral_pose:
        performance = performance.still()
    if options.clip_weights:
        performance = performance.clipped()
    if options.over is not None and options.texture is not None:
        raise MorphError("--texture and --over both give a texture; leave one out")
    claim(options, READS, *planned_files(performance, kind, options.out))
    texture = None if options.texture is None else read_texture(options.texture)
    texture = texture if options.over is None else _texture_from_footage(options)[0]
    worn = None
    if prop is not None:
        from viewer.props.page import page_prop

        worn = page_prop(prop, performance)
    files = export_performance(performance, kind, options.out, ExportOptions(texture, options.frame, worn))
    beside = f"; beside it {', '.join(file.name for file in files[1:])}" if files[1:] else ""
    size = f", {files[0].stat().st_size / 1e6:.1f} MB" if files[0].is_file() else ""
    frames = f"{len(performance)} {'frame' if len(performance) == 1 else 'frames'}"
    print(f"{files[0]}: face {performance.id}, {frames}, {performance.model.n_vertices} vertices{size}{beside}")
    _say_left_out(track, person)


def _texture_from_footage(options: argparse.Namespace) -> tuple[npt.NDArray[np.uint8], MorphableModel]:
    """Of the one face, and the model that it is for; at level 1, for the texture coordinates of all levels are the same."""
    from morph.export.performance import performance_of_track
    from morph.export.textures.footage import texture_from_footage
    from morph.frames.sources import open_source
    from morph.model import load_default_model, load_model
    from morph.track_folder.read import load_track

    model = load_default_model(1) if options.model is None else load_model(options.model)
    performance = performance_of_track(load_track(options.source), model, options.id)
    return texture_from_footage(performance, open_source(options.over), without_light=options.delight), model


def _export_texture(options: argparse.Namespace) -> None:
    from morph.atomic import atomic_path
    from morph.export.head_mesh import png
    from morph.export.performance import person_of_track
    from morph.track_folder.read import load_track

    for name in ("level", "texture", "frame", "prop", "clip_weights", "neutral_pose"):
        if not (getattr(options, name) is None or getattr(options, name) is False):  # level 0 is one
            raise MorphError(f"--{name.replace('_', '-')} is for a mesh; a texture only takes --over, --id and --model")
    track = load_track(options.source)
    options.id = person_of_track(track, options.id)
    claim(options, READS, [options.out])
    texture, model = _texture_from_footage(options)
    with atomic_path(options.out) as temporary:
        temporary.write_bytes(png(texture, model))
    size = f"{texture.shape[1]}x{texture.shape[0]}, {options.out.stat().st_size / 1e6:.1f} MB"
    print(f"{options.out}: texture {size}; wear it with `morph export TRACK --texture {options.out} --out head.glb`")
    _say_left_out(track, options.id)


def _say_left_out(track: RecordedTrack, person: int) -> None:
    """Name on stderr who is in a track and not in what is exported."""
    from morph.export.performance import left_out

    others = left_out(track, person)
    if not others:
        return
    named = [f"{number} ({count} {'frame' if count == 1 else 'frames'})" for number, count in others.items()]
    more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
    faces = "face" if len(named) == 1 else "faces"
    print(
        f"morph: face {person} is exported, left out: {faces} {', '.join(named[:NAMED])}{more}; choose with --id",
        file=sys.stderr,
    )


def _export_weights(options: argparse.Namespace) -> None:
    """Export, compare with PyTorch, print the difference."""
    of_meshes = ("format", "id", "level", "model", "texture", "frame", "prop", "clip_weights", "neutral_pose")
    for name in (*of_meshes, "over", "delight"):
        if getattr(options, name) not in (None, False):
            raise MorphError(f"--{name.replace('_', '-')} is for a track; a checkpoint only takes --out FILE.onnx")
    try:
        from morph.network.onnx_graph import export_onnx
        from morph.network.regressor import average_weights, load_weights, save_weights
        from morph.network.widen import widen
    except ImportError as error:
        raise MorphError(f"exporting needs the training extra ({error.name} is missing): pip install 'morph[train]'") from None
    claim(options, READS, [options.out])
    network = load_weights(options.source)
    if options.average is not None:
        other = load_weights(options.average)
        if other.info.width < network.info.width:  # it was widened to begin from
            other = widen(other, network.info.width)
        network = average_weights([network, other])
    if options.out.suffix.lower() == ".safetensors":
        save_weights(network, options.out)
        print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB")
        return
    worst = export_onnx(network, options.out, half=options.half)
    size = options.out.stat().st_size / 1e6
    print(f"{options.out}: {size:.1f} MB, differs from PyTorch by at most {worst:.1e} standard deviations")
