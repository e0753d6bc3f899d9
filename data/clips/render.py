"""Render clips of moving heads for `morph finetune`: one person a clip, each with its own light, motion, noise and compression.

    python data/clips/render.py [--count 12] [--seed 1] [--environments DIR] --out DIR

Clips that a killed run finished are kept. The same count and seed give the same pictures.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from morph.atomic import atomic_path, output_folder
from morph.errors import MorphError
from morph.export import VideoWriter
from morph.model.rotation import euler_to_matrix
from morph.synthesis.camera.photograph import ExtraChance, develop
from morph.synthesis.camera.viewpoint import BOX_SHARE, Viewpoint, place_camera
from morph.synthesis.drawing import Drawing, draw_scene
from morph.synthesis.person.people import Person
from morph.synthesis.scene import SceneComposer

Floats = npt.NDArray[np.floating]

RATE = 25
SUPERSAMPLING = 2
NECK = np.array([0.0, -90.0, -95.0])  # millimetres from the middle of the face to where the head turns
LIVELINESS = (0.1, 0.5, 1.0, 2.0)  # of the motion, in turn: hardly moving, listening, talking, restless
SYLLABLES = ("jawOpen", "mouthFunnel", "mouthPucker", "mouthStretch*", "mouthPress*", "mouthShrugUpper")
MOODS = ("mouthSmile*", "browInnerUp", "browOuterUp*", "browDown*", "cheekSquint*", "mouthFrown*", "eyeSquint*")


class Wander:
    """A smooth random curve: sines of a few random frequencies; deviation about 1.

    Args:
        rng: random numbers.
        slow, fast: range of frequencies, Hz.
    """

    def __init__(self, rng: np.random.Generator, slow: float, fast: float) -> None:
        self.frequency = np.exp(rng.uniform(np.log(slow), np.log(fast), 4))
        self.phase, self.amplitude = rng.uniform(0, 2 * np.pi, 4), rng.uniform(0.4, 1.0, 4)

    def __call__(self, time: float) -> float:
        """Its value at a time in seconds."""
        return float((self.amplitude * np.sin(2 * np.pi * self.frequency * time + self.phase)).sum())


class Direction:
    """How one person moves through one clip, before a camera that holds its focal length and hardly shakes.

    Args:
        stage: whose model is moved.
        seed: of the clip.
        lively: scales the motion; 1 is somebody who talks.
        size: side of the picture that is drawn, in pixels.
    """

    def __init__(self, stage: SceneComposer, seed: tuple[int, ...], lively: float, size: int) -> None:
        rng = np.random.default_rng(seed)
        self.stage, self.size, self.time = stage, size, 0.0
        self.base = np.radians([rng.normal(0, 7), rng.uniform(-40, 40), rng.normal(0, 6)])
        self.reach = lively * np.radians([4.0, 9.0, 3.5]) * np.exp(rng.normal(0, 0.25, 3))
        self.turns = [Wander(rng, 0.15, 1.0) for _ in range(3)]
        self.sways = [Wander(rng, 0.1, 0.8) for _ in range(3)]
        self.sway = lively * rng.uniform(3, 9) * np.array([1.0, 0.4, 1.5])  # millimetres
        self.distance, self.share = 700 * np.exp(rng.uniform(0, 1.2)), rng.uniform(0.55, 0.85)
        self.shakes, self.shake = [Wander(rng, 0.3, 3.0) for _ in range(2)], rng.uniform(0, 0.004) * size
        self.middle = (size - 1) / 2 + rng.uniform(-0.04, 0.04, 2) * size
        self.speech = [(name, Wander(rng, 1.2, 4.0), rng.uniform(0.1, 0.4)) for name in SYLLABLES]
        self.talks = Wander(rng, 0.2, 0.5)
        self.moods = [(name, Wander(rng, 0.1, 0.6), rng.uniform(0.0, 0.4)) for name in MOODS]
        self.blinks = np.cumsum(rng.uniform(0.5, 3.0, 20))
        self.glances, self.looks = np.cumsum(rng.uniform(0.3, 1.5, 40)), rng.normal(0, 0.1, (41, 2))
        self.focal: float | None = None
        self.push, self.length = 1.0, 1.0

    def push_in(self, times: float, seconds: float) -> None:
        """Let the camera come so many times nearer over the clip; the face then begins as much smaller."""
        self.push, self.length, self.share = times, seconds, self.share / times

    def turn(self, seed: tuple[int, ...]) -> None:
        """Let the head look to both sides, by 40 degrees or so, 48 cm to 1 m before the camera: such a clip tells its lens."""
        rng = np.random.default_rng((*seed, 9))
        self.distance, self.base[1] = 480 * np.exp(rng.uniform(0, 0.7)), 0.4 * self.base[1]
        self.reach = np.radians([5.0, 14.0, 4.0]) * rng.uniform(0.8, 1.3)

    def weights(self) -> dict[str, float]:
        """ARKit weights at :attr:`time`."""
        loud = np.clip(0.6 + 0.6 * self.talks(self.time), 0, 1)
        raw = [(name, most * loud * max(curve(self.time), 0.0)) for name, curve, most in self.speech]
        raw += [(name, most * max(0.5 * curve(self.time), 0.0)) for name, curve, most in self.moods]
        shut = np.clip(np.abs(self.time - self.blinks).min() / 0.14, 0, 1)
        raw.append(("eyeBlink*", float(np.cos(shut * np.pi / 2) ** 2)))
        sides = [(name.rstrip("*") + side, v) for name, v in raw for side in (("Left", "Right") if name[-1] == "*" else ("",))]
        return {name: min(float(value), 1.0) for name, value in sides}

    def __call__(self, person: Person, view: Viewpoint) -> tuple[Person, Viewpoint]:
        """The person and the viewpoint at :attr:`time`."""
        model, weights, t = self.stage.model, self.weights(), self.time
        expression = np.array([weights.get(name, 0.0) for name in model.expression_names]) / model.expression_std
        look = self.looks[np.searchsorted(self.glances, t)]
        gaze = np.broadcast_to(look, person.gaze.shape).astype(person.gaze.dtype)
        person = dataclasses.replace(person, expression=expression.astype(np.float32), weights=weights, gaze=gaze)
        angles = self.base + self.reach * [curve(t) for curve in self.turns]
        rotation = euler_to_matrix(angles)
        swing = (np.eye(3) - rotation) @ NECK + self.sway * [curve(t) for curve in self.sways]
        shoulders = np.array([-0.75 * angles[1], -0.5 * angles[0]])
        distance = self.distance / (1 + (self.push - 1) * min(t / self.length, 1.0))
        view = Viewpoint(rotation, distance - swing[2], swing[:2] / distance, shoulders, 1.0, np.zeros(2))
        return person, self._hold(person, view)

    def _hold(self, person: Person, view: Viewpoint) -> Viewpoint:
        """The viewpoint whose camera has the focal length of the first frame's, and its centre but for the shaking hand."""
        head = self.stage.anatomy.decoder(person.shape, person.expression)[self.stage.model.landmarks]
        free = float(place_camera(view, head, self.size).focal)
        if self.focal is None:
            self.focal = free * self.share / BOX_SHARE
        view = dataclasses.replace(view, scale=self.focal / free)
        centre = self.middle + self.shake * np.array([curve(self.time) for curve in self.shakes])
        shift = (centre - place_camera(view, head, self.size).centre) / (BOX_SHARE * self.size * view.scale)
        return dataclasses.replace(view, shift=shift)


def render_clip(stage: SceneComposer, seed: tuple[int, int], path: Path, options: argparse.Namespace) -> None:
    """One clip, and beside it ``.npz`` with the true ``landmarks (T, 68, 2)`` in pixels and the camera of each frame."""
    frames, size, rng = options.frames, options.size, np.random.default_rng((*seed, 1))
    direction = Direction(stage, (*seed, 2), LIVELINESS[seed[1] % len(LIVELINESS)], size * SUPERSAMPLING)
    direction.push_in(options.push_in, frames / RATE)
    if options.turn:
        direction.turn((*seed, 2))
    quality = int(rng.integers(18, 33))
    marks, cameras = [], []
    with VideoWriter(path, RATE, quality=quality) as video:
        for index in range(frames):
            direction.time = index / RATE
            scene = stage.compose(np.random.default_rng((*seed, 3)), size * SUPERSAMPLING, direction)
            light, _ = draw_scene(Drawing(stage, scene, size * SUPERSAMPLING))
            grain = np.random.default_rng((*seed, 4, index))
            video.write(develop(np.random.default_rng((*seed, 5)), light, size, extra=ExtraChance(grain)), direction.time)
            cameras.append(scene.camera)
            marks.append((scene.pixels[stage.model.landmarks, :2] + 0.5) / SUPERSAMPLING - 0.5)
        with atomic_path(path.with_suffix(".npz")) as beside:
            np.savez_compressed(
                beside,
                landmarks=np.stack(marks),
                camera_rotation=np.stack([camera.rotation for camera in cameras]),
                camera_position=np.stack([camera.position for camera in cameras]),
                camera_focal=np.array([float(camera.focal) / SUPERSAMPLING for camera in cameras]),
                camera_centre=np.stack([(camera.centre + 0.5) / SUPERSAMPLING - 0.5 for camera in cameras]),
            )


def main() -> None:
    """Parse, render, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=12, help="clips")
    parser.add_argument("--frames", type=int, default=60, help="of each clip, 25 a second")
    parser.add_argument("--size", type=int, default=240, help="width and height in pixels, even")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--push-in", type=float, default=1.0, metavar="TIMES", help="the camera comes that many times nearer")
    parser.add_argument("--turn", action="store_true", help="heads look to both sides, near: clips that tell their lens")
    parser.add_argument("--environments", metavar="DIR", help="folder of HDR panoramas; procedural light without")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    options = parser.parse_args()
    if options.count < 1 or options.frames < 1 or not 96 <= options.size <= 512:
        raise MorphError("--count and --frames must be at least 1, and --size lie between 96 and 512")
    folder = output_folder(options.out)
    cv2.setNumThreads(1)
    stage = SceneComposer(options.environments)
    for clip in tqdm(range(options.count), disable=None):
        path = folder / f"{clip:03d}.mp4"
        if not path.is_file():
            render_clip(stage, (options.seed, clip), path, options)
    print(f"{folder}: {options.count} clips of {options.frames} frames")


if __name__ == "__main__":
    try:
        main()
    except MorphError as error:
        sys.exit(f"render.py: {error}")
