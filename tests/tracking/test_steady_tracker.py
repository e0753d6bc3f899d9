"""The tracker's filters: identity, restarts, scene cuts."""

import dataclasses
import zlib

import cv2
import numpy as np
import pytest

pytest.importorskip("onnx")

from clips import portrait, write_clip
from standins import sheet_model, write_weights

from morph import Tracker
from morph.errors import MorphError
from morph.evaluation.clips.motion import shaking
from morph.frames import open_source
from morph.inference.appearance import glimpse, likeness
from morph.inference.regressor import Regressor
from morph.track_folder import TrackOptions, track_to_folder
from morph.tracking import SmoothingConfig
from morph.tracking.detection.detector import Detections

SCENE = np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
RATE = 30


class Script:
    """A detector that says what it is told."""

    def __init__(self, *boxes):
        self.boxes = boxes

    def detect(self, image):
        n = len(self.boxes)
        return Detections(np.float32(self.boxes).reshape(-1, 4), np.full(n, 0.9, np.float32), np.zeros((n, 5, 2), np.float32))


@pytest.fixture(scope="module")
def model():
    return sheet_model()


@pytest.fixture(scope="module")
def weights(model, tmp_path_factory):
    return write_weights(tmp_path_factory.mktemp("weights") / "toy.onnx", model)


@pytest.fixture(autouse=True)
def noisy_network(monkeypatch):
    """Answers with noise that depends on the crop alone."""
    plain = Regressor.__call__

    def noisy(self, crops):
        found, errors = plain(self, crops)
        rows = [np.random.default_rng(zlib.crc32(crop.tobytes())) for crop in crops]
        moved = found.translation + np.array([rng.normal(0, 0.3, 2) for rng in rows])
        shape = np.array([rng.normal(0, 1, found.shape.shape[-1]) for rng in rows])
        return dataclasses.replace(found, translation=np.float32(moved), shape=np.float32(shape)), errors

    monkeypatch.setattr(Regressor, "__call__", noisy)


def follow(tracker, images, start=0):
    return [tracker.process(image, (start + i) / RATE, start + i) for i, image in enumerate(images)]


def scene_with_grain(n):
    rng = np.random.default_rng(7)
    return [np.clip(SCENE + rng.normal(0, 3, SCENE.shape), 0, 255).astype(np.uint8) for _ in range(n)]


def coarse_scene(seed):
    """Large patches, so that a crop of nearly the same place looks nearly the same."""
    patches = np.random.default_rng(seed).integers(0, 256, (8, 10, 3), np.uint8)
    return cv2.resize(patches, (320, 240), interpolation=cv2.INTER_CUBIC)


def test_smoothing_is_on_by_default_and_can_be_switched_off(model, weights):
    images = scene_with_grain(40)
    steady, crops_only, raw = (
        np.array([found[0].landmarks for found in follow(Tracker(weights, model, Script([100, 80, 180, 180]), **more), images)])
        for more in ({}, {"smoothing": SmoothingConfig(online=False)}, {"smoothing": None})
    )
    assert shaking(steady)[5:].mean() < 0.4 * shaking(raw)[5:].mean()
    assert shaking(steady)[5:].mean() < 0.4 * shaking(crops_only)[5:].mean()
    assert steady[0] == pytest.approx(raw[0], abs=1e-3)


def test_the_face_is_whole_landmarks_box_and_mesh_agree(model, weights):
    for (face,) in follow(Tracker(weights, model, Script([100, 80, 180, 180])), scene_with_grain(6)):
        assert face.landmarks == pytest.approx(face.image_vertices[model.landmarks, :2], abs=0.01)
        assert face.box == pytest.approx([*face.landmarks.min(0), *face.landmarks.max(0)])


def test_the_identity_settles_to_the_mean_of_the_frames(model, weights):
    images = scene_with_grain(60)
    steady = [found[0].coefficients.shape for found in follow(Tracker(weights, model, Script([100, 80, 180, 180])), images)]
    only_crops = Tracker(weights, model, Script([100, 80, 180, 180]), smoothing=SmoothingConfig(online=False))
    raw = [found[0].coefficients.shape for found in follow(only_crops, images)]
    assert steady[-1] == pytest.approx(np.mean(raw, axis=0), abs=1e-4)
    assert np.abs(np.diff(steady, axis=0))[40:].max() < 0.1 < np.abs(np.diff(raw, axis=0)).mean()


def test_a_face_that_comes_back_has_its_identity_and_begins_to_move_anew(model, weights):
    script = Script([100, 80, 180, 180])
    tracker = Tracker(weights, model, script, detect_every=1)
    before = follow(tracker, scene_with_grain(30))[-1][0]
    script.boxes = ()
    assert follow(tracker, [SCENE], 30) == [[]]
    script.boxes = ([120, 90, 200, 190],)
    (after,) = tracker.process(SCENE, 35 / RATE)
    assert after.id == before.id
    assert np.abs(after.coefficients.shape - before.coefficients.shape).max() < 0.2
    crops_only = Tracker(weights, model, script, smoothing=SmoothingConfig(online=False))
    (fresh,) = crops_only.process(SCENE, 35 / RATE)
    assert after.coefficients.translation == pytest.approx(
        fresh.coefficients.translation, abs=1e-3
    )  # nothing left of the old place


def test_after_a_cut_somebody_else_has_another_number_and_identity(model, weights):
    scene, other = (coarse_scene(seed) for seed in (1, 99))
    tracker = Tracker(weights, model, Script([100, 80, 180, 180]))
    before = follow(tracker, [scene] * 14)[-1][0]
    (after,) = tracker.process(other, 14 / RATE)
    (raw,) = Tracker(weights, model, Script([100, 80, 180, 180]), smoothing=None).process(other)
    assert (before.id, after.id) == (0, 1)
    assert after.coefficients.flatten() == pytest.approx(raw.coefficients.flatten(), abs=1e-3)
    (back,) = tracker.process(scene, 15 / RATE)  # the first scene once more
    assert back.id == 0
    assert np.abs(back.coefficients.shape - before.coefficients.shape).max() < 0.3


def test_only_another_scene_looks_like_one():
    image = portrait(640, 480)
    assert likeness(glimpse(image), glimpse(image)) == pytest.approx(1.0, abs=0.05)
    assert likeness(glimpse(image), glimpse(np.roll(image, 16, 1))) > 0.7
    assert likeness(glimpse(image), glimpse(image[::-1])) < 0.6
    assert likeness(glimpse(image), glimpse(np.full_like(image, 127))) == pytest.approx(0.0, abs=0.01)
    assert glimpse(image[:5, :9]).shape == (18, 32)


def test_offline_files_hold_the_track_without_lag_and_one_identity(model, weights, tmp_path):
    clip = write_clip(tmp_path / "a.mp4", [portrait(shift=2 * i) for i in range(16)])
    tracks = {}
    for name in ("online", "offline"):
        tracker = Tracker(weights, model, smoothing=SmoothingConfig(online=name == "online"))
        track_to_folder(open_source(clip), tracker, tmp_path / name, TrackOptions(overlay=False, offline=name == "offline"))
        with np.load(tmp_path / name / "coefficients.npz") as archive:
            tracks[name] = dict(archive)
    assert len(np.unique(tracks["offline"]["shape"], axis=0)) == 1
    assert len(np.unique(tracks["online"]["shape"], axis=0)) == 16
    assert tracks["offline"]["frame"].tolist() == list(range(16))
    lines = (tmp_path / "offline" / "mesh" / "000005.obj").read_text().splitlines()
    points = np.array([line.split()[1:] for line in lines if line.startswith("v ")], float)
    pose = {name: tracks["offline"][name][5] for name in ("rotation", "scale", "translation", "shape")}
    shift = (pose["translation"] - [159.5, 119.5]) / pose["scale"]
    whole = (model.mean + model.shape_basis @ (pose["shape"] * model.shape_std)) @ pose["rotation"].T
    assert points == pytest.approx(whole + np.array([shift[0], -shift[1], 0]), abs=5e-3)


def test_a_camera_cannot_be_watched_twice(model, weights, tmp_path):
    class Camera:
        kind, name, count, rate, damaged = "camera", "camera 0", None, 30.0, 0

        def __iter__(self):
            yield from ()

    with pytest.raises(MorphError, match="watched twice"):
        track_to_folder(Camera(), Tracker(weights, model), tmp_path / "out", TrackOptions(offline=True))
    assert not (tmp_path / "out").exists()
