"""Distances under optical flow are smoothed on their own."""

import dataclasses
import itertools

import numpy as np
import pytest

from morph import Tracker, open_source
from morph.cli.demo import demo_files
from morph.model import LensOptions
from morph.tracking import FlowCutoffs, SmoothingConfig, smooth_offline

FRAMES = 110


@pytest.fixture(scope="module")
def faces() -> dict[str, list]:
    found = {}
    for name, flow in (("euro", None), ("flow", FlowCutoffs())):
        tracker = Tracker(level=0, smoothing=SmoothingConfig(flow=flow), lens=LensOptions(focal=50.0))
        frames = itertools.islice(open_source(demo_files()[1]), FRAMES)
        found[name] = [face for frame in frames for face in tracker.process(frame.image, frame.time, frame.index)]
    return found


def spread(distances: list[float]) -> float:
    """Of twelve frames, in % of the distance, the middle of all moments."""
    z = np.array(distances)
    return float(np.median([100 * z[row : row + 12].std() / z[row : row + 12].mean() for row in range(len(z) - 12)]))


def test_the_distance_shakes_no_more_than_that_of_the_1_euro_filter(faces: dict[str, list]) -> None:
    euro, flow = ([-face.pose[2, 3] for face in faces[name]] for name in ("euro", "flow"))
    as_carried = [-dataclasses.replace(face, depth=1.0).pose[2, 3] for face in faces["flow"]]
    assert spread(flow) < 0.5
    assert spread(flow) < 1.15 * spread(euro)
    assert spread(as_carried) > 1.3 * spread(flow)


def test_pixels_keep_the_scale_that_the_flow_carried(faces: dict[str, list]) -> None:
    for face in faces["flow"]:
        assert face.decoder.project(face.coefficients)[face.model.landmarks, :2] == pytest.approx(face.landmarks, abs=1e-3)
    assert all(face.depth == 1.0 for face in faces["euro"])


def test_a_second_pass_smooths_the_distance_itself(faces: dict[str, list]) -> None:
    assert all(face.depth == 1.0 for face in smooth_offline(faces["flow"]))


def test_a_head_farther_away_is_on_the_same_ray(faces: dict[str, list]) -> None:
    face = faces["euro"][0]
    far = dataclasses.replace(face, depth=1.5)
    assert far.pose[:3, 3] == pytest.approx(1.5 * face.pose[:3, 3])
    assert far.pose[:3, :3] == pytest.approx(face.pose[:3, :3])
