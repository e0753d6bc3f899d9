"""``morph export``: a track for other programs, or a trained checkpoint as ONNX."""

from __future__ import annotations

import argparse
from pathlib import Path

from morph.errors import MorphError

FORMATS = "glb, usd, ply, csv, mdd, pc2, obj"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the verb takes."""
    parser.add_argument("source", metavar="DIR|WEIGHTS", type=Path, help="what `morph track` wrote, or weights.safetensors")
    parser.add_argument("--out", type=Path, required=True, help="file to write; a folder for a sequence of ply or obj")
    track = parser.add_argument_group("of a track")
    track.add_argument("--format", metavar="NAME", help=f"one of {FORMATS}; told from --out unless given")
    track.add_argument("--id", type=int, metavar="N", help="which face; the one seen in the most frames unless given")
    track.add_argument("--level", type=int, choices=(0, 1, 2), help="4, 16 or 64 thousand vertices of the default model (1)")
    track.add_argument("--model", metavar="FILE", help="the model that was tracked with (.npz), if not the default one")
    track.add_argument("--texture", metavar="FILE", help="a picture for the model's texture coordinates, not the plain skin")
    track.add_argument("--frame", type=int, metavar="N", help="for one ply or obj: which frame; the first unless given")
    track.add_argument("--clip-weights", action="store_true", help="weights in 0..1, for tools that clamp them (Blender)")
    track.add_argument("--neutral-pose", action="store_true", help="the head faces the viewer and does not move")


def run(options: argparse.Namespace) -> None:
    """Export one or the other."""
    if options.source.suffix == ".safetensors":
        _export_weights(options)
    else:
        _export_track(options)


def _export_track(options: argparse.Namespace) -> None:
    from morph.export.formats import FORMATS, export_performance, read_texture
    from morph.export.performance import performance_of_track
    from morph.export.usd import SUFFIXES
    from morph.model import load_default_model, load_model
    from viewer.track import load_track

    suffix = options.out.suffix.lower()
    kind = options.format.lower() if options.format else ("usd" if suffix in SUFFIXES else suffix[1:])
    if kind not in FORMATS:
        asked = f"unknown format {options.format!r}" if options.format else f"{options.out} does not tell the format"
        raise MorphError(f"{asked}; give --format one of {', '.join(FORMATS)}")
    track = load_track(options.source)
    if options.model is not None and options.level is not None:
        raise MorphError("--level is for the default model; leave it out beside --model")
    model = load_default_model(1 if options.level is None else options.level) if options.model is None else None
    performance = performance_of_track(track, model or load_model(options.model), options.id)
    if options.neutral_pose:
        performance = performance.still()
    if options.clip_weights:
        performance = performance.clipped()
    texture = None if options.texture is None else read_texture(options.texture)
    files = export_performance(performance, kind, options.out, texture=texture, frame=options.frame)
    beside = f"; beside it {', '.join(file.name for file in files[1:])}" if files[1:] else ""
    size = f", {files[0].stat().st_size / 1e6:.1f} MB" if files[0].is_file() else ""
    frames = f"{len(performance)} {'frame' if len(performance) == 1 else 'frames'}"
    print(f"{files[0]}: face {performance.id}, {frames}, {performance.model.n_vertices} vertices{size}{beside}")


def _export_weights(options: argparse.Namespace) -> None:
    """Export, compare with PyTorch, print the difference."""
    for name in ("format", "id", "level", "model", "texture", "frame", "clip_weights", "neutral_pose"):
        if getattr(options, name) not in (None, False):
            raise MorphError(f"--{name.replace('_', '-')} is for a track; a checkpoint only takes --out FILE.onnx")
    try:
        from morph.network.onnx_graph import export_onnx
        from morph.network.regressor import load_weights
    except ImportError as error:
        raise MorphError(f"exporting needs the training extra ({error.name} is missing): pip install 'morph[train]'") from None
    worst = export_onnx(load_weights(options.source), options.out)
    size = options.out.stat().st_size / 1e6
    print(f"{options.out}: {size:.1f} MB, differs from PyTorch by at most {worst:.1e} standard deviations")
