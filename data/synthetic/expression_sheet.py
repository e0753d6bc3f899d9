"""Draws each of the 52 expressions at weight 1 on three people, beside the same faces at rest, to see which can be told apart.

python data/synthetic/expression_sheet.py --out data/synthetic/expressions.jpg [--environments DIR] [--size 132]
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from morph.model import load_default_model
from morph.synthesis.camera.viewpoint import Viewpoint
from morph.synthesis.engine import Renderer
from morph.synthesis.person.people import Person, gaze_of
from morph.synthesis.recipe import Recipe

WITH_JAW = {"mouthClose": 1.0, "tongueOut": 0.6}  # ARKit defines them with an open jaw


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Draw each expression at weight 1.")
    parser.add_argument("--out", type=Path, required=True, help="picture to write")
    parser.add_argument("--environments", type=Path, help="folder of panoramas")
    parser.add_argument("--seeds", type=int, nargs="+", default=[3, 17, 29], help="people")
    parser.add_argument("--size", type=int, default=132, help="pixels a picture")
    parser.add_argument("--names", nargs="+", help="only these expressions")
    options = parser.parse_args()
    model = load_default_model(1)
    names = tuple(options.names or model.expression_names)
    renderer = Renderer(options.environments, model)
    recipe = Recipe(people="measured", engine=2, without=("occlusion", "background", "blur", "noise", "light"))
    rows = []
    for seed in options.seeds:
        line = []
        for name in ("", *names):
            picture = renderer.render(seed, options.size, 2, direct=_showing(name, model.expression_names), recipe=recipe)
            image = picture.image.copy()
            cv2.putText(image, name or "rest", (2, 10), cv2.FONT_HERSHEY_SIMPLEX, 0.36, (255, 255, 0), 1, cv2.LINE_AA)
            line.append(image)
        rows.append(line)
    columns = 9
    blocks = []
    for start in range(0, len(names) + 1, columns):
        for line in rows:
            part = line[start : start + columns]
            blank = [np.zeros_like(part[0])] * (columns - len(part))
            blocks.append(np.concatenate([*part, *blank], 1))
    cv2.imwrite(str(options.out), np.concatenate(blocks)[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])


def _showing(name: str, names: tuple[str, ...]) -> Callable[[Person, Viewpoint], tuple[Person, Viewpoint]]:
    std = np.asarray(load_default_model(1).expression_std)

    def direct(person: Person, view: Viewpoint) -> tuple[Person, Viewpoint]:
        weights = {name: 1.0} if name else {}
        if name in WITH_JAW:
            weights["jawOpen"] = WITH_JAW[name]
        vector = np.array([weights.get(other, 0.0) for other in names]) / std
        person = dataclasses.replace(person, weights=weights, expression=vector.astype(np.float32), gaze=gaze_of(weights))
        return person, dataclasses.replace(view, rotation=np.eye(3), distance=700.0, scale=1.2)

    return direct


if __name__ == "__main__":
    main()
