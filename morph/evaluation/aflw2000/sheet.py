"""A sheet of faces: labels in red, predictions in green, best, median and worst."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from morph.arrays import Image, Reals
from morph.crop.face_crop import cut
from morph.crop.geometry import apply_affine, box_to_crop
from morph.datasets.published.aflw2000 import Aflw2000
from morph.evaluation.aflw2000.nme import NmeScores
from morph.model.ibug68 import LINES
from morph.picture_file import save_picture

RED, GREEN, WHITE = (235, 40, 40), (50, 230, 80), (255, 255, 255)


def draw_points(
    picture: npt.NDArray[np.uint8], points: npt.NDArray[np.floating[Any]], colour: tuple[int, int, int]
) -> npt.NDArray[np.uint8]:
    """Draw 68 points ``(68, 2)`` and their lines onto ``(H, W, 3)`` RGB, in place."""
    shift = 4
    fixed = np.round(points * 2**shift).astype(np.int32)
    for line, closed in LINES:
        cv2.polylines(picture, [fixed[list(line)]], closed, colour, 1, cv2.LINE_AA, shift)
    for x, y in fixed:
        cv2.circle(picture, (int(x), int(y)), 2**shift, colour, -1, cv2.LINE_AA, shift)
    return picture


def face_tile(benchmark: Aflw2000, i: int, predicted: Reals, text: str, size: int) -> Image:
    """One face, ``(size, size, 3)`` RGB, in a frame a third wider than the published crop."""
    box = benchmark.boxes[i].astype(np.float64)
    centre, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]).max() * 0.58
    matrix = box_to_crop(np.concatenate([centre - half, centre + half]), size)
    tile = np.ascontiguousarray(cut(benchmark.picture(i), matrix, size))
    draw_points(tile, apply_affine(matrix, benchmark.original[i, :, :2]), RED)
    if np.isfinite(predicted).all():
        draw_points(tile, apply_affine(matrix, predicted), GREEN)
    bar = size // 12
    tile[-bar:] //= 4
    cv2.putText(tile, text, (bar // 3, size - bar // 3), cv2.FONT_HERSHEY_SIMPLEX, size / 520, WHITE, 1, cv2.LINE_AA)
    return tile


@dataclass(frozen=True)
class Grid:
    """How faces lie on a sheet.

    Attributes:
        columns: faces a row.
        size: side of each in pixels.
    """

    columns: int = 6
    size: int = 240


USUAL = Grid()


def write_sheet(
    path: str | os.PathLike[str],
    benchmark: Aflw2000,
    points: npt.NDArray[np.floating[Any]],
    scores: NmeScores,
    grid: Grid = USUAL,
) -> list[str]:
    """Write a picture of the best, the median and the worst faces, a row each, two rows of the worst.

    Args:
        path: ``.png`` or ``.jpg``.
        benchmark: the faces.
        points: ``(N, 68, 2)`` predictions in picture pixels, in the benchmark's order.
        scores: against the original labels.
        grid: faces a row, and their size.

    Returns:
        Names of the faces shown, row by row.
    """
    order = np.argsort(scores.errors, kind="stable")
    columns = min(grid.columns, len(order))
    middle = max((len(order) - columns) // 2, 0)
    worst = order[::-1][: 2 * columns]
    chosen = [order[:columns], order[middle : middle + columns], worst[:columns], worst[columns:]]
    rows, names = [], []
    for part in chosen:
        tiles = []
        for i in part:
            text = f"{scores.errors[i]:.2f} %  yaw {benchmark.yaw[i]:.0f}" if scores.found[i] else "not found"
            tiles.append(face_tile(benchmark, int(i), points[i], text, grid.size))
            names.append(str(benchmark.names[i]))
        if tiles:
            tiles += [np.zeros_like(tiles[0])] * (columns - len(tiles))
            rows.append(np.concatenate(tiles, axis=1))
    save_picture(path, np.concatenate(rows))
    return names
