"""Surroundings that light a face and fill the background: measured panoramas, or procedural ones."""

from __future__ import annotations

import base64
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from morph.arrays import Doubles, Floats
from morph.errors import MorphError
from morph.rendering.harmonics import harmonic_basis

HEIGHT, WIDTH = 256, 512


@dataclass(frozen=True, eq=False)
class Environment:
    """A panorama in linear light, normalised so that the mean irradiance is 1.

    Attributes:
        panorama: ``(256, 512, 3)``; the first row is straight up, the middle column lies towards -z of the world.
        harmonics: ``(9, 3)`` spherical harmonics of the irradiance over pi.
        peak: ``(3,)`` unit direction of the brightest light, with its neighbourhood.
        peak_light: ``(3,)`` irradiance over pi that comes from there.
        display: ``(256, 512, 3)`` the panorama with highlights rolled off, for backgrounds.
    """

    panorama: Floats
    harmonics: Floats
    peak: Floats
    peak_light: Floats
    display: Floats


def load_environments(folder: str | os.PathLike[str] | None) -> list[Environment]:
    """Panoramas below a folder (``.exr.js`` of the npm package @pmndrs/assets, ``.exr``, ``.hdr``), then procedural ones.

    Args:
        folder: where to look; None makes procedural ones only.

    Raises:
        MorphError: no such folder, nothing readable in it, or ``.exr`` files without the package OpenEXR.
    """
    made = [analyse(_procedural(seed)) for seed in range(16)]
    if folder is None:
        return made
    return [analyse(_read(path)) for path in panorama_files(folder)] + made[:6]


def panorama_files(folder: str | os.PathLike[str]) -> list[Path]:
    """The panoramas anywhere below a folder, in the order in which they are read.

    Raises:
        MorphError: no such folder, or none in it.
    """
    root = Path(folder)
    if not root.is_dir():
        raise MorphError(
            f"no such environments folder {root}; fetch some with data/synthetic/prepare.py, or leave the option out"
        )
    files = sorted(p for p in root.rglob("*") if p.name.endswith((".exr.js", ".exr", ".hdr")))
    if not files:
        raise MorphError(f"no .exr, .hdr or .exr.js panoramas below {root}; fetch some with data/synthetic/prepare.py")
    return files


def _read(path: Path) -> Floats:
    if path.suffix.lower() == ".hdr":
        image = cv2.imread(str(path), cv2.IMREAD_ANYDEPTH | cv2.IMREAD_COLOR)
        if image is None:
            raise MorphError(f"cannot read the panorama {path}; remove it or fetch it again")
        panorama = np.asarray(image[..., ::-1], np.float32)
    else:
        panorama = np.asarray(_read_exr(path), np.float32)
    panorama = np.clip(np.nan_to_num(panorama), 0, 3e4)
    return np.asarray(cv2.resize(panorama, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.float32)


def _read_exr(path: Path) -> Floats:
    try:
        import OpenEXR
    except ImportError:
        raise MorphError("reading .exr panoramas needs OpenEXR; install it with `pip install 'morph-face[synth]'`") from None
    try:
        if path.suffix.lower() == ".js":
            found = re.search(r"base64,([^'\"]+)", path.read_text())
            if found is None:
                raise ValueError("no data inside")
            with tempfile.NamedTemporaryFile(suffix=".exr") as file:
                file.write(base64.b64decode(found[1]))
                file.flush()
                channels = OpenEXR.File(file.name).channels()
        else:
            channels = OpenEXR.File(str(path)).channels()
        for name in ("RGB", "RGBA"):
            if name in channels:
                return np.asarray(channels[name].pixels[..., :3])
        return np.stack([channels[name].pixels for name in "RGB"], -1)
    except (ValueError, KeyError, RuntimeError, OSError) as error:
        raise MorphError(f"cannot read the panorama {path} ({error}); remove it or fetch it again") from None


def directions() -> tuple[Floats, Floats]:
    """``(256, 512, 3)`` world directions of a panorama's pixels (y up) and ``(256, 512)`` their solid angles."""
    down = (np.arange(HEIGHT) + 0.5) / HEIGHT * np.pi
    round_ = (np.arange(WIDTH) + 0.5) / WIDTH * 2 * np.pi - np.pi
    s, c = np.sin(down)[:, None], np.cos(down)[:, None]
    d = np.stack([s * np.sin(round_), c + 0 * round_, -s * np.cos(round_)], -1).astype(np.float32)
    return d, np.broadcast_to(s * (np.pi / HEIGHT) * (2 * np.pi / WIDTH), (HEIGHT, WIDTH)).astype(np.float32)


def analyse(panorama: Floats) -> Environment:
    """Normalise a panorama, split off its brightest light and project the rest on spherical harmonics."""
    d, solid = directions()
    panorama = panorama / max(float((panorama.mean(2) * solid).sum() / (4 * np.pi)), 1e-6)
    level = cv2.GaussianBlur(panorama.mean(2), (0, 0), 4, borderType=cv2.BORDER_REFLECT) * (d[..., 1] > -0.1)
    peak = d[np.unravel_index(level.argmax(), level.shape)]
    bright = (d @ peak > np.cos(np.radians(20))) & (panorama.mean(2) > 6)
    light = (np.minimum(panorama, 4000) * (solid * bright)[..., None]).sum((0, 1)) / np.pi
    rest = np.where(bright[..., None], 3.0, np.minimum(panorama, 30))
    band = np.array([np.pi] + [2 * np.pi / 3] * 3 + [np.pi / 4] * 5)[:, None] / np.pi
    harmonics = np.einsum("hwk,hwc,hw->kc", harmonic_basis(d, np.float32), rest, solid) * band
    middle = float(np.median(panorama))
    display = panorama / max(2.2 * middle, 0.3)
    display = np.where(display < 0.7, display, 0.7 + 0.5 * (1 - np.exp(-(display - 0.7) / 0.5)))
    return Environment(panorama, harmonics.astype(np.float32), peak, light.astype(np.float32), display.astype(np.float32))


def _procedural(seed: int) -> Floats:
    """A sky over ground, or a room with lamps and windows."""
    rng = np.random.default_rng([11, seed])
    d, _ = directions()
    grain = rng.standard_normal((HEIGHT, WIDTH)).astype(np.float32)
    soft = [cv2.GaussianBlur(grain, (0, 0), s, borderType=cv2.BORDER_REFLECT) for s in (2, 6, 20)]
    cloud = sum(layer / layer.std() * weight for layer, weight in zip(soft, (0.2, 0.35, 0.45), strict=True))
    up = d[..., 1:2]
    if seed % 2 == 0:
        zenith, horizon = np.array([0.25, 0.45, 0.9]) * rng.uniform(0.4, 1), np.array([0.8, 0.85, 0.95]) * rng.uniform(0.5, 1)
        ground = np.array([0.22, 0.2, 0.14]) * rng.uniform(0.4, 1.5, 3)
        sky = horizon + (zenith - horizon) * np.clip(up, 0, 1) ** 0.6 + 0.25 * np.clip(cloud, 0, 2)[..., None]
        image = np.where(up > 0.02 * cloud[..., None], sky, ground * (1 + 0.4 * cloud[..., None]))
        towards = _unit(rng.normal(0, 1), rng.uniform(0.15, 1.0), rng.normal(0, 1))
        image = image + np.array([1, 0.9, 0.75]) * (rng.choice([0, 1500.0]) * (d @ towards > 0.9985))[..., None]
    else:
        wall = rng.uniform(0.15, 0.8) * np.clip(1 + rng.normal(0, 0.12, 3), 0.4, 1.6)
        image = wall * (1 + 0.12 * cloud[..., None]) * np.where(up < -0.35, 0.5, 1.0) * np.where(up > 0.6, 1.3, 1.0)
        for _ in range(rng.integers(1, 5)):
            towards = _unit(rng.normal(0, 1), rng.uniform(-0.1, 1.2), rng.normal(0, 1))
            side = _unit(*np.cross(towards, [0, 1, 0]))
            a, b = np.abs(d @ side), np.abs(d @ np.cross(side, towards))
            window = (a < rng.uniform(0.08, 0.4)) & (b < rng.uniform(0.08, 0.4)) & (d @ towards > 0)
            image = np.where(window[..., None], rng.uniform(4, 25) * np.clip(1 + rng.normal(0, 0.12, 3), 0.5, 1.5), image)
    return np.asarray(np.clip(image, 0.005, None).astype(np.float32))


def _unit(*v: float) -> Doubles:
    out = np.asarray(v, np.float64)
    return np.asarray(out / np.linalg.norm(out))
