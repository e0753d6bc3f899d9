"""Poses carried by the picture's own motion."""

import argparse
import dataclasses
import gc
import json
import weakref
from pathlib import Path

import cv2
import numpy as np
import pytest

from morph.tracking.smoothing.flow_pose import KnownHead

pytest.importorskip("onnx")

from clips import portrait, write_clip
from standins import frontal, sheet_model, write_weights

from morph import Tracker, TrackerOptions
from morph.cli import bench, live, main, track
from morph.errors import MorphError
from morph.evaluation.clips.motion import lag, shaking, sides
from morph.evaluation.clips.truth import read_truth
from morph.evaluation.clips.video import measure_video
from morph.frames import open_source
from morph.model import Coefficients, Decoder, landmark_decoder
from morph.model.rotation import angle_between, euler_to_matrix, rotation_log
from morph.rendering.rasteriser import interpolate, rasterise
from morph.tracking import FlowCutoffs, SmoothingConfig
from morph.tracking.detection.detector import Detections
from morph.tracking.smoothing.face_smoother import FaceSmoother
from morph.tracking.smoothing.flow_pose import GreyWindow, pose_change, rigid_points

MODEL = sheet_model()
POINTS, DECODER, LANDMARKS = rigid_points(MODEL), Decoder(MODEL), landmark_decoder(MODEL)
FLOW = SmoothingConfig(flow=FlowCutoffs())
COLOURS = np.random.default_rng(5).uniform(0, 255, (MODEL.n_vertices, 1)).repeat(3, 1)
VERTICES = POINTS.decoder(np.zeros(3), np.zeros(2)).astype(np.float64)
SIZE = 220
SIDE = SIZE / np.sqrt(2)
DEMO = Path(__file__).parents[3]


def head(yaw=0.0, roll=0.0, growth=0.0, shift=(0.0, 0.0)) -> Coefficients:
    """Degrees, logarithm and pixels away from the frontal toy head."""
    still = frontal(MODEL, SIZE)
    return dataclasses.replace(
        still,
        rotation=euler_to_matrix(np.radians([0.0, yaw, roll])).astype(np.float32),
        scale=np.float32(still.scale * np.exp(growth)),
        translation=np.float32(still.translation + shift),
    )


def picture(pose: Coefficients, size=SIZE) -> np.ndarray:
    """The toy head, painted at random, on grey."""
    fragments = rasterise(DECODER.project(pose), MODEL.triangles, size, size)
    drawn = np.where(fragments.covered[..., None], interpolate(fragments, MODEL.triangles, COLOURS), 90)
    return np.clip(drawn, 0, 255).astype(np.uint8)


def place(pose: Coefficients) -> np.ndarray:
    return LANDMARKS.project(pose)[:, :2].astype(np.float64)


def noisy(pose: Coefficients, rng, noise=1.0) -> Coefficients:
    """As a network sees it: by half a degree and three thousandths of scale and size off."""
    turn = euler_to_matrix(noise * np.radians(0.6) * rng.normal(size=3))
    return dataclasses.replace(
        pose,
        rotation=(turn @ pose.rotation).astype(np.float32),
        scale=np.float32(pose.scale * np.exp(0.003 * noise * rng.normal())),
        translation=np.float32(pose.translation + 0.003 * SIDE * noise * rng.normal(size=2)),
    )


def smoothed(rows, times, pictures, config=FLOW) -> np.ndarray:
    smoother = FaceSmoother(config, MODEL.expression_names, POINTS)
    steps = zip(rows, times, pictures, strict=True)
    return np.array([place(smoother.coefficients(row, time, SIDE, 0.9, image)) for row, time, image in steps])


@pytest.mark.parametrize("lean", [0.0, 130.0])
@pytest.mark.parametrize(
    "moved",
    [
        {"shift": (3.0, -2.0)},
        {"roll": 3.0},
        {"yaw": 4.0},
        {"growth": 0.03},
        {"yaw": -3.0, "roll": 2.0, "growth": -0.02, "shift": (-4.0, 3.0)},
    ],
    ids=str,
)
def test_a_rigid_motion_of_a_painted_head_is_found(moved, lean):
    first = head(yaw=5.0, roll=lean)
    second = head(**moved | {"yaw": 5.0 + moved.get("yaw", 0.0), "roll": lean + moved.get("roll", 0.0)})
    window = GreyWindow.about(picture(first), place(first))
    change = pose_change(KnownHead(window, POINTS, VERTICES, first), window.next(picture(second)).grey, first)
    assert change is not None
    assert change.turn == pytest.approx(rotation_log(second.rotation @ first.rotation.T), abs=np.radians(0.45))
    assert change.log_scale == pytest.approx(np.log(second.scale / first.scale), abs=0.002)
    ways = [pose.scale * (pose.rotation @ change.centre)[:2] * [1, -1] + pose.translation for pose in (first, second)]
    assert change.shift == pytest.approx(ways[1] - ways[0], abs=0.1)


def test_a_still_picture_moves_nothing_and_a_blank_one_tells_nothing():
    pose = head()
    window = GreyWindow.about(picture(pose), place(pose))
    change = pose_change(KnownHead(window, POINTS, VERTICES, pose), window.grey, pose)
    assert np.abs([*change.turn, change.log_scale, *change.shift]).max() < 1e-6
    assert pose_change(KnownHead(window, POINTS, VERTICES, pose), np.full_like(window.grey, 90), pose) is None
    noise = np.random.default_rng(0).integers(0, 256, window.grey.shape, np.uint8)
    assert pose_change(KnownHead(window, POINTS, VERTICES, pose), noise, pose) is None


def test_points_lie_apart_on_the_face_and_look_forward():
    near = np.linalg.norm(VERTICES[:, None] - VERTICES, axis=-1) + 1e9 * np.eye(len(VERTICES))
    assert len(VERTICES) == 48
    assert near.min() > 8
    assert POINTS.normals[:, 2].min() > 0.2
    inside_out = dataclasses.replace(MODEL, triangles=MODEL.triangles[:, ::-1])
    with pytest.raises(MorphError, match="anticlockwise"):
        rigid_points(inside_out)


@pytest.fixture(scope="module")
def nodding():
    """Two seconds at 60 frames a second of a head that sways and turns: times, poses, pictures."""
    times = np.arange(120) / 60
    swing = np.sin(2 * np.pi * 0.7 * times)
    poses = [head(yaw=12 * s, roll=5 * s, shift=(18 * s, 0)) for s in swing]
    return times, poses, [picture(pose) for pose in poses]


def test_it_is_nearer_to_the_truth_and_prompter_than_the_1_euro_filter(nodding):
    times, poses, pictures = (part[::2] for part in nodding)
    rng = np.random.default_rng(1)
    raw, truth = [noisy(pose, rng) for pose in poses], np.array([place(pose) for pose in poses])
    flow, euro = (smoothed(raw, times, pictures, config) for config in (FLOW, SmoothingConfig()))
    error = [np.linalg.norm(track - truth, axis=-1)[10:].mean() for track in (flow, euro)]
    assert error[0] < 0.75 * error[1]
    assert abs(lag([(flow, truth)])) < 0.6 * lag([(euro, truth)])
    assert shaking(flow)[10:].mean() < 0.6 * shaking(euro)[10:].mean()


def test_uneven_frames_give_the_track_of_even_ones(nodding):
    times, poses, pictures = nodding
    keep = np.flatnonzero(np.random.default_rng(3).random(len(times)) < 0.5)
    full = smoothed(poses, times, pictures)[keep]
    part = smoothed([poses[i] for i in keep], times[keep], [pictures[i] for i in keep])
    assert np.linalg.norm(full - part, axis=-1).mean() < 0.01 * SIDE
    assert np.linalg.norm(full - part, axis=-1).max() < 0.04 * SIDE


@pytest.mark.parametrize("broken", ["blank", "noise", "smaller", "elsewhere"])
def test_where_nothing_can_be_followed_it_goes_on_as_the_1_euro_filter(nodding, broken):
    times, poses, pictures = (list(part[::2][:30]) for part in nodding)
    instead = {
        "blank": np.full_like(pictures[0], 90),
        "noise": np.random.default_rng(0).integers(0, 256, pictures[0].shape, np.uint8),
        "smaller": pictures[14][:150, :170],
        "elsewhere": np.roll(pictures[14], 100, axis=(0, 1)),
    }[broken]
    pictures[14:18] = [np.roll(instead, 40 * i, axis=0) for i in range(4)]
    flow, euro = (smoothed(poses, times, pictures, config) for config in (FLOW, SmoothingConfig()))
    truth = np.array([place(pose) for pose in poses])
    assert np.isfinite(flow).all()
    off = [np.linalg.norm(track - truth, axis=-1).mean(-1) for track in (flow, euro)]
    assert off[0].max() < 1.5 * off[1].max()
    assert off[0][-5:].mean() < 0.01 * SIDE  # and follows again


def test_a_face_that_leaves_the_picture_and_one_of_few_pixels():
    poses = [head(shift=(12.0 * i, 3.0 * i)) for i in range(18)]
    pictures = [picture(pose) for pose in poses]
    assert np.isfinite(smoothed(poses, np.arange(18) / 30, pictures)).all()
    gone = [dataclasses.replace(pose, translation=np.float32([900 - 300 * i, -400])) for i, pose in enumerate(poses[:6])]
    assert np.isfinite(smoothed(gone, np.arange(6) / 30, pictures[:6])).all()
    tiny = [dataclasses.replace(pose, scale=np.float32(0.03)) for pose in poses[:4]]
    assert np.isfinite(smoothed(tiny, np.zeros(4), pictures[:4])).all()  # nor does time go on


def test_a_restart_forgets_the_motion_and_no_picture_is_kept(nodding):
    _, poses, pictures = nodding
    smoother = FaceSmoother(FLOW, MODEL.expression_names, POINTS)
    for i in range(10):
        smoother.coefficients(poses[i], i / 60, SIDE, 0.9, pictures[i])
    image = picture(poses[10])
    kept = weakref.ref(image)
    smoother.coefficients(poses[10], 10 / 60, SIDE, 0.9, image)
    del image
    gc.collect()
    assert kept() is None
    smoother.restart()
    far = head(yaw=-30.0, shift=(40.0, 20.0))
    after = smoother.coefficients(far, 11 / 60, SIDE, 0.9, picture(far))
    assert float(angle_between(after.rotation, far.rotation)) < 1e-3
    assert after.translation == pytest.approx(far.translation, abs=1e-2)


def test_without_pictures_it_is_the_1_euro_filter():
    rng = np.random.default_rng(0)
    rows = [noisy(head(), rng) for _ in range(8)]
    ways = [(FLOW, POINTS), (SmoothingConfig(), None)]
    smoothers = [FaceSmoother(config, MODEL.expression_names, points) for config, points in ways]
    for i, row in enumerate(rows):
        one, other = (smoother.coefficients(row, i / 30, SIDE, 0.9) for smoother in smoothers)
        assert one.flatten() == pytest.approx(other.flatten())


def test_the_rendered_clip_comes_in_time_and_nearer_to_the_truth():
    frames, truth = 60, read_truth(DEMO / "data" / "demo" / "talking_head_truth.npz")[:60]
    tracks = {}
    for name, config in (("flow", FLOW), ("euro", SmoothingConfig())):
        tracker, rows = Tracker(smoothing=config), []
        for frame in open_source(DEMO / "morph" / "assets" / "demo" / "talking_head.mp4"):
            if frame.index == frames:
                break
            rows.append(tracker.process(frame.image, frame.time, frame.index)[0].landmarks)
        tracks[name] = np.array(rows, np.float64)
    error = {n: (np.linalg.norm(track - truth, axis=-1).mean(-1) / sides(truth)).mean() for n, track in tracks.items()}
    late = {name: lag([(track, truth)]) for name, track in tracks.items()}
    assert error["flow"] < 0.9 * error["euro"]
    assert abs(late["flow"]) < 0.5 < late["euro"]
    assert shaking(tracks["flow"]).mean() < 1.05 * shaking(tracks["euro"]).mean()


class TwoFaces:
    """A detector that always sees two."""

    def detect(self, image):
        boxes = np.float32([[20, 60, 140, 200], [180, 60, 300, 200]])
        return Detections(boxes, np.float32([0.9, 0.8]), np.zeros((2, 5, 2), np.float32))


def test_each_of_several_faces_follows_its_own_part_of_the_picture(tmp_path):
    """The network says of every crop the same; only the picture moves, and differently on both sides."""
    weights = write_weights(tmp_path / "toy.onnx", MODEL)
    scene = cv2.resize(np.random.default_rng(2).integers(0, 256, (26, 16, 3), np.uint8), (160, 260))
    ways = {}
    for name, config in (("flow", FLOW), ("euro", SmoothingConfig())):
        tracker = Tracker(weights, MODEL, TwoFaces(), max_faces=2, smoothing=config)
        for i in range(6):
            image = np.concatenate([np.roll(scene, 2 * i, axis=1), np.roll(scene, -2 * i, axis=1)], axis=1)
            faces = tracker.process(image, i / 30, i)
            if not i:
                first = [face.coefficients.translation[0] for face in faces]
        assert [face.id for face in faces] == [0, 1]
        ways[name] = [face.coefficients.translation[0] - x for face, x in zip(faces, first, strict=True)]
    assert ways["flow"][0] > 1.0 > 0.5 > abs(ways["euro"][0])
    assert ways["flow"][1] < -1.0 < -0.5 < -abs(ways["euro"][1])


def test_settings_are_json():
    settings = dataclasses.asdict(FLOW)
    assert json.loads(json.dumps(settings))["flow"]["position"]["slow"] > 0
    assert dataclasses.asdict(SmoothingConfig())["flow"] is None


@pytest.mark.parametrize(
    ("verb", "words"),
    [(track, ["a.mp4", "--out", "b"]), (live, ["a.mp4"]), (bench, ["video", "a.mp4"])],
    ids=["track", "live", "bench"],
)
def test_verbs_take_it(verb, words):
    parser = argparse.ArgumentParser()
    verb.add_arguments(parser)
    assert parser.parse_args([*words, "--smooth", "flow"]).smooth == "flow"
    assert parser.parse_args(words).smooth == "online"


def test_a_track_is_written_and_is_not_continued_in_another_way(tmp_path, capsys):
    MODEL.save(tmp_path / "toy.npz")
    weights = write_weights(tmp_path / "toy.onnx", MODEL)
    clip = write_clip(tmp_path / "clip.mp4", [portrait(shift=2 * i) for i in range(5)])
    paths = [str(clip), "--out", str(tmp_path / "out"), "--weights", str(weights), "--model", str(tmp_path / "toy.npz")]
    assert main(["track", *paths, "--smooth", "flow"]) == 0
    assert "a face in 5 of 5 frames" in capsys.readouterr().out
    assert main(["track", *paths, "--smooth", "flow", "--resume"]) == 0
    assert main(["track", *paths, "--resume"]) == 2
    assert "smoothing" in capsys.readouterr().err


def test_the_bench_names_it(tmp_path):
    weights = write_weights(tmp_path / "toy.onnx", MODEL)
    MODEL.save(tmp_path / "toy.npz")
    clip = write_clip(tmp_path / "clip.mp4", [portrait(shift=2 * i) for i in range(12)])
    report = measure_video(clip, TrackerOptions(weights, tmp_path / "toy.npz", smoothing=FLOW))
    assert report.smoothing == "flow"
    assert report.frames_with_face == 12
