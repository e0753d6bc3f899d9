"""Render the talking head that ``morph demo`` tracks: one person of the renderer, directed through four seconds.

    python data/demo/render_clip.py [--seed N] [--environments DIR] [--out FILE] [--truth FILE.npz]

The camera stands still; the head turns to both sides, nods, speaks, smiles and blinks twice.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from morph.atomic import atomic_path
from morph.export import VideoWriter
from morph.model.rotation import euler_to_matrix
from morph.synthesis import Renderer
from morph.synthesis.camera.viewpoint import BOX_SHARE, Viewpoint, place_camera
from morph.synthesis.person.people import Person

RATE = 25
SECONDS = 4.4
DISTANCE = 1100.0  # millimetres from the camera
NECK = np.array([0.0, -90.0, -95.0])  # millimetres from the middle of the face to where the head turns
BLINKS = (0.62, 2.75)  # seconds
SHARE = 0.66  # of the picture that the box of the face fills


def pose(time: float) -> tuple[float, float, float]:
    """Pitch, yaw and roll in radians: to one side, to the other, and back to the front."""
    t = time / SECONDS
    yaw = 42 * np.sin(2 * np.pi * t) * np.sin(np.pi * t) ** 0.5
    pitch = 7 * np.sin(6 * np.pi * t + 0.6) - 2
    roll = 5 * np.sin(4 * np.pi * t + 1.0) * np.sin(np.pi * t)
    return tuple(np.radians([pitch, yaw, roll]).tolist())


def bump(time: float, centre: float, width: float) -> float:
    """1 at the centre, 0 beyond the width, smooth."""
    return float(np.cos(np.clip((time - centre) / width, -1, 1) * np.pi / 2) ** 2)


def expression(time: float) -> dict[str, float]:
    """ARKit weights: syllables, a smile at the end, raised brows on the stress, blinks."""
    weights: dict[str, float] = {}

    def add(name: str, value: float) -> None:
        for side in ("Left", "Right") if name.endswith("*") else ("",):
            key = name.rstrip("*") + side
            weights[key] = min(1.0, weights.get(key, 0.0) + value)

    syllables = [(0.35, 0.5, 0.0), (0.6, 0.35, 0.5), (0.95, 0.7, 0.0), (1.25, 0.3, 0.7), (1.6, 0.55, 0.2), (1.9, 0.35, 0.6)]
    syllables += [(2.25, 0.75, 0.0), (2.55, 0.3, 0.4), (2.9, 0.6, 0.0), (3.2, 0.35, 0.6), (3.45, 0.45, 0.0)]
    for centre, jaw, round_ in syllables:
        amount = bump(time, centre, 0.19)
        add("jawOpen", 0.75 * jaw * amount)
        add("mouthFunnel", 0.7 * round_ * amount)
        add("mouthPucker", 0.4 * round_ * amount)
        add("mouthStretch*", 0.25 * (1 - round_) * jaw * amount)
    smile = bump(time, SECONDS, 1.1) + 0.35 * bump(time, 0.0, 0.4)
    add("mouthSmile*", 0.75 * smile)
    add("cheekSquint*", 0.4 * smile)
    add("browInnerUp", 0.6 * (bump(time, 0.95, 0.3) + bump(time, 2.25, 0.35)))
    add("browOuterUp*", 0.4 * bump(time, 2.25, 0.35))
    for blink in BLINKS:
        add("eyeBlink*", bump(time, blink, 0.12))
    return weights


class Director:
    """Moves one person: same face, clothes and light in every frame, a camera that stands still."""

    def __init__(self, renderer: Renderer, size: int) -> None:
        self.renderer, self.size = renderer, size
        self.time = 0.0
        self._focal: float | None = None

    def __call__(self, person: Person, view: Viewpoint) -> tuple[Person, Viewpoint]:
        """The person and the viewpoint at :attr:`time`."""
        model, weights = self.renderer.model, expression(self.time)
        vector = np.array([weights.get(name, 0.0) for name in model.expression_names])
        person = dataclasses.replace(
            person,
            expression=(vector / model.expression_std).astype(np.float32),
            weights=weights,
            gaze=np.zeros_like(person.gaze),
        )
        pitch, yaw, roll = pose(self.time)
        rotation = euler_to_matrix(np.array([pitch, yaw, roll]))
        swing = (np.eye(3) - rotation) @ NECK  # the face moves as it turns about the neck
        view = Viewpoint(
            rotation, DISTANCE - float(swing[2]), swing[:2] / DISTANCE, np.array([-0.75 * yaw, -0.5 * pitch]), 1.0, np.zeros(2)
        )
        return person, self._hold(person, view)

    def _hold(self, person: Person, view: Viewpoint) -> Viewpoint:
        """The viewpoint whose camera has the focal length and the centre of the first frame's."""
        head = self.renderer.anatomy.decoder(person.shape, person.expression)[self.renderer.model.landmarks]
        free = place_camera(view, head, self.size)
        if self._focal is None:
            self._focal = float(free.focal) * SHARE / BOX_SHARE
        scale = self._focal / float(free.focal)
        held = dataclasses.replace(view, scale=scale)
        camera = place_camera(held, head, self.size)
        middle = np.array([(self.size - 1) / 2, (self.size - 1) * 0.57])
        shift = (middle - camera.centre) / (BOX_SHARE * self.size * scale)
        return dataclasses.replace(held, shift=shift)


def main() -> None:
    """Parse, render, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=12, help="which person")
    parser.add_argument("--size", type=int, default=384, help="width and height in pixels, even")
    parser.add_argument("--supersampling", type=int, default=2)
    parser.add_argument("--environments", metavar="DIR", help="folder of HDR panoramas; procedural light without")
    parser.add_argument("--every", type=int, default=1, help="render every nth frame only, to look at a person quickly")
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parents[2] / "morph" / "assets" / "demo" / "talking_head.mp4"
    )
    parser.add_argument("--truth", type=Path, help="also write the true landmarks and coefficients of every frame")
    options = parser.parse_args()
    renderer = Renderer(options.environments)
    director = Director(renderer, options.size * options.supersampling)
    rows: list[dict[str, npt.NDArray]] = []
    with VideoWriter(options.out, RATE / options.every, quality=20) as video:
        for index in tqdm(range(0, round(SECONDS * RATE), options.every), disable=None):
            director.time = index / RATE
            picture = renderer.render(options.seed, options.size, options.supersampling, direct=director)
            video.write(picture.image, director.time)
            row = {"landmarks": picture.landmarks, "visibility": picture.visibility, "shape": picture.shape}
            row |= {"expression": picture.expression, "rotation": picture.camera.rotation}
            rows.append(row | {"scale": picture.camera.scale, "translation": picture.camera.translation})
    if options.truth:
        with atomic_path(options.truth) as path:
            np.savez_compressed(path, **{name: np.stack([row[name] for row in rows]) for name in rows[0]})  # type: ignore[arg-type]
    print(f"{options.out}: {len(rows)} frames, {options.out.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
