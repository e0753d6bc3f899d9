"""A second round of labels: a trained network looks at photographs several times, and its answer joins that of a fit.

A labeller of frontal faces is weak on turned ones, where a network that learned from renders and turned photographs is not.
Where both have an answer they are averaged, the network's share growing with the yaw, unless they contradict each other; where
the labeller found nothing, the network's answer counts if its looks agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from morph.arrays import Image, Reals
from morph.crop.face_crop import cut, inverse
from morph.crop.geometry import crop_similarity
from morph.fitting.profiling.profiling import head_yaw
from morph.model.coefficients import Coefficients, model_symmetry
from morph.model.decoder import landmark_decoder
from morph.model.morphable_model import MorphableModel

Predictor = Callable[[Image], Reals]
LOOKS = ((1.0, False), (1.0, True), (1.12, False), (0.92, True))  # size of the crop over the published one, mirrored or not
FIRST, LAST, MOST = 25.0, 60.0, 0.4  # degrees of yaw from and to which the network's share grows, and to how much


@dataclass(frozen=True, eq=False)
class Looks:
    """What several looks at N pictures say.

    Attributes:
        coefficients: their mean, in pixels of the pictures.
        spread: ``(N,)`` root mean square distance of the looks' 68 points from their mean, as a share of the face's size.
    """

    coefficients: Coefficients
    spread: Reals


def look_several_times(predictor: Predictor, pictures: Iterable[Image], model: MorphableModel, size: int) -> Looks:
    """See each picture whole, then four times about the face that was found there.

    Args:
        predictor: ``(B, size, size, 3)`` uint8 RGB crops to flattened coefficients ``(B, K)``.
        pictures: square, each about one face that nearly fills it.
        model: of the coefficients.
        size: side of the predictor's crops.
    """
    decoder, symmetry = landmark_decoder(model), model_symmetry(model)
    means, spreads = [], []
    for picture in pictures:
        side = float(len(picture))
        whole = crop_similarity(np.array([[0, 0], [side - 1, side - 1]]) / np.sqrt(2) + side * (0.5 - 0.5 / np.sqrt(2)), size)
        first = _answers(predictor, [cut(picture, whole, size)], model)
        marks = decoder.project(first.transform(inverse(whole)[None]))[0, :, :2]
        ways = [crop_similarity(marks, size, zoom=zoom) for zoom, _ in LOOKS]
        crops = [cut(picture, way, size) for way in ways]
        crops = [crop[:, ::-1] if mirrored else crop for crop, (_, mirrored) in zip(crops, LOOKS, strict=True)]
        seen = _answers(predictor, crops, model)
        turned = seen.mirror(symmetry, size).flatten()
        flat = np.where(np.array([mirrored for _, mirrored in LOOKS])[:, None], turned, seen.flatten())
        back = Coefficients.from_flat(flat, model.n_shape).transform(np.stack([inverse(way) for way in ways]))
        points = decoder.project(back)[..., :2]
        face = np.sqrt(np.prod(np.ptp(points.mean(0), axis=0)))
        spreads.append(np.sqrt(((points - points.mean(0)) ** 2).sum(-1).mean()) / face)
        means.append(back.flatten().mean(0))
    return Looks(Coefficients.from_flat(np.stack(means), model.n_shape), np.array(spreads))


def _answers(predictor: Predictor, crops: list[Image], model: MorphableModel) -> Coefficients:
    flat = np.asarray(predictor(np.ascontiguousarray(np.stack(crops))), np.float64)
    return Coefficients.from_flat(flat, model.n_shape)


def networks_share(yaw: npt.ArrayLike) -> Reals:
    """How much a network counts against a fit at ``yaw`` ``(N,)`` degrees: nothing from the front, ``MOST`` in profile."""
    return np.asarray(np.clip((np.abs(np.asarray(yaw)) - FIRST) / (LAST - FIRST), 0.0, 1.0) * MOST)


def vote(fitted: Coefficients, looks: Looks, model: MorphableModel) -> tuple[Coefficients, Reals]:
    """What a fit and a network say together.

    Args:
        fitted: of N pictures.
        looks: at the same pictures.
        model: of both.

    Returns:
        The coefficients, and how far the two answers' 68 points are apart, ``(N,)`` as a share of the face's size.
    """
    seen, decoder = looks.coefficients, landmark_decoder(model)
    yaw = np.degrees((np.abs(head_yaw(fitted.rotation)) + np.abs(head_yaw(seen.rotation))) / 2)
    share = networks_share(yaw)[:, None]
    both = (1 - share) * fitted.flatten().astype(np.float64) + share * seen.flatten()
    here, there = (decoder.project(answer)[..., :2] for answer in (fitted, seen))
    face = np.sqrt(np.prod(np.ptp(here, axis=1), axis=1))
    return Coefficients.from_flat(both, model.n_shape), np.linalg.norm(here - there, axis=-1).mean(1) / face
