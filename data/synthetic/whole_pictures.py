"""Render whole pictures of one head each, through lenses of 24 to 85 mm, for `morph bench camera`.

    python data/synthetic/whole_pictures.py [--count 1000] [--seed 5] --out DIR

The head stands anywhere in a picture of 1280 x 853 (a full frame, 36 x 24 mm), 25 cm to 3 m away, and is drawn as `morph synth`
draws it, at the picture's own resolution. What is around it is the same picture, blurred. `cameras.npz` beside them has the
truth: `name`, `shape`, `camera_rotation`, `camera_position` (mm), `camera_focal` (pixels), `camera_mm`, `box` of the landmarks.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from morph.arrays import Array, Image
from morph.atomic import atomic_path, output_folder
from morph.errors import MorphError
from morph.model import PerspectiveCamera
from morph.picture_file import save_picture
from morph.synthesis.camera.photograph import develop
from morph.synthesis.camera.viewpoint import BOX_SHARE, Viewpoint, place_camera
from morph.synthesis.drawing import Drawing, draw_scene
from morph.synthesis.person.people import Person
from morph.synthesis.recipe import Recipe
from morph.synthesis.scene import SceneComposer

WIDTH, HEIGHT = 1280, 853
CENTRE = np.array([WIDTH - 1, HEIGHT - 1]) / 2
SHORTEST, LONGEST = 24.0, 85.0  # millimetres
NEAREST, FARTHEST = 250.0, 3000.0
LEAST, MOST = 48, 840  # pixels of the part that is rendered
PEOPLE = Recipe(people="measured")
FEATHER = 12  # pixels over which it fades into what is around


class WholePicture:
    """One lens, and where in its picture the head is.

    Args:
        stage: whose head it is.
        rng: random numbers.
    """

    def __init__(self, stage: SceneComposer, rng: np.random.Generator) -> None:
        self.stage, self.rng = stage, rng
        self.mm = float(np.exp(rng.uniform(np.log(SHORTEST), np.log(LONGEST))))
        self.focal = self.mm / 36 * WIDTH
        while True:
            self.distance = float(np.exp(rng.uniform(np.log(NEAREST), np.log(FARTHEST))))
            self.side = round(300 * self.focal / self.distance)
            if LEAST <= self.side <= MOST:
                break
        margin = 0.5 * self.side
        self.at = np.array([rng.uniform(margin, WIDTH - margin), rng.uniform(margin, HEIGHT - margin)])
        self.low = np.zeros(2, int)

    def __call__(self, person: Person, view: Viewpoint) -> tuple[Person, Viewpoint]:
        """The viewpoint from which the part of the picture about the head is seen."""
        offset = (self.at - CENTRE) / self.focal * [1, -1]
        view = Viewpoint(view.rotation, self.distance, offset, view.shoulders, 1.0, np.zeros(2))
        head = self.stage.anatomy.decoder(person.shape, person.expression)[self.stage.model.landmarks]
        free = place_camera(view, head, self.side)
        view = dataclasses.replace(view, scale=self.focal / float(free.focal))
        self.low = np.rint(CENTRE - place_camera(view, head, self.side).centre).astype(int)
        shift = (CENTRE - self.low - place_camera(view, head, self.side).centre) / (BOX_SHARE * self.side * view.scale)
        return person, dataclasses.replace(view, shift=shift)

    def framed(self, part: Image) -> Image:
        """The whole picture."""
        around = cv2.resize(cv2.GaussianBlur(part, (0, 0), len(part) / 8), (WIDTH, HEIGHT)).astype(np.float32)
        (left, top), side = self.low, len(part)
        rows, columns = slice(max(top, 0), min(top + side, HEIGHT)), slice(max(left, 0), min(left + side, WIDTH))
        edge = np.minimum(np.arange(side), np.arange(side)[::-1]) / FEATHER
        share = np.clip(np.minimum(edge[:, None], edge), 0, 1)[..., None]
        inner = slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left)
        around[rows, columns] += share[inner] * (part[inner] - around[rows, columns])
        return np.clip(np.rint(around), 0, 255).astype(np.uint8)


def render(stage: SceneComposer, seed: tuple[int, int]) -> tuple[Image, dict[str, Array]]:
    """One picture and its truth."""
    picture = WholePicture(stage, np.random.default_rng((*seed, 1)))
    scene = stage.compose(np.random.default_rng((*seed, 2)), picture.side, picture, PEOPLE)
    light, _ = draw_scene(Drawing(stage, scene, picture.side))
    marks = scene.pixels[stage.model.landmarks, :2] + picture.low
    camera: PerspectiveCamera = scene.camera
    truth = {
        "shape": np.asarray(scene.person.shape, np.float64),
        "camera_rotation": np.asarray(camera.rotation, np.float64),
        "camera_position": np.asarray(camera.position, np.float64),
        "camera_focal": np.asarray(float(camera.focal)),
        "camera_mm": np.asarray(picture.mm),
        "box": np.concatenate([marks.min(0), marks.max(0)]),
    }
    return picture.framed(develop(np.random.default_rng((*seed, 3)), light, picture.side)), truth


def main() -> None:
    """Parse, render, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    options = parser.parse_args()
    if options.count < 1:
        raise MorphError("--count must be at least 1")
    folder = output_folder(options.out)
    cv2.setNumThreads(1)
    stage, rows = SceneComposer(None), []
    for number in tqdm(range(options.count), disable=None):
        image, truth = render(stage, (options.seed, number))
        rows.append(truth | {"name": np.array(f"{number:04d}.png")})
        save_picture(folder / f"{number:04d}.png", image)
    with atomic_path(folder / "cameras.npz") as path:
        np.savez_compressed(path, **{name: np.stack([row[name] for row in rows]) for name in rows[0]})
    print(f"{folder}: {options.count} pictures")


if __name__ == "__main__":
    try:
        main()
    except MorphError as error:
        sys.exit(f"whole_pictures.py: {error}")
