import dataclasses

import numpy as np
import pytest
from standins import frontal, sheet_model

from morph.evaluation.clips.motion import lag, shaking
from morph.model import Coefficients, Decoder, landmark_decoder
from morph.model.coefficients import midway
from morph.model.rotation import angle_between, euler_to_matrix
from morph.tracking import Face, SmoothingConfig, smooth_offline
from morph.tracking.smoothing.face_smoother import BoxFilter, FaceSmoother, IdentityPool

MODEL = sheet_model()  # its expressions are jawOpen and eyeBlinkLeft
LANDMARKS, DECODER = landmark_decoder(MODEL), Decoder(MODEL)
CONFIG = SmoothingConfig()
SIDE = 150.0  # pixels


def motion(times, *, speed=0.0, noise=0.0, blink=None, seed=0) -> list[Coefficients]:
    """A head that nods and sways ``speed`` times a second, seen with noise; at ``blink`` seconds it blinks."""
    rng, still = np.random.default_rng(seed), frontal(MODEL, 212)
    rows = []
    for t in times:
        swing = np.sin(2 * np.pi * speed * t)
        angles = np.radians([5 * swing, 40 * swing, 8 * swing]) + noise * np.radians(1.0) * rng.normal(size=3)
        lid = 0.0 if blink is None else 3 * np.cos(np.clip((t - blink) / 0.1, -1, 1) * np.pi / 2) ** 2
        rows.append(
            Coefficients(
                still.shape + np.float32(0.3 * noise * rng.normal(size=3)),
                np.float32([0, lid] + 0.12 * noise * rng.normal(size=2)),
                euler_to_matrix(angles).astype(np.float32),
                np.float32(still.scale * np.exp(0.006 * noise * rng.normal())),
                np.float32(still.translation + [0.6 * SIDE * swing, 0] + 0.006 * SIDE * noise * rng.normal(size=2)),
            )
        )
    return rows


def online(rows, times, config=CONFIG) -> list[Coefficients]:
    smoother = FaceSmoother(config, MODEL.expression_names)
    return [smoother.coefficients(row, time, SIDE, 0.9) for row, time in zip(rows, times, strict=True)]


def faces(rows, times, id=0, first=0, score=0.9) -> list[Face]:
    out = []
    for i, (row, time) in enumerate(zip(rows, times, strict=True)):
        points = LANDMARKS.project(row)[..., :2]
        out.append(Face(first + i, time, id, np.array([0, 0, SIDE, SIDE]), score, row, points, DECODER))
    return out


def points(rows) -> np.ndarray:
    return np.array([LANDMARKS.project(row)[..., :2] for row in rows], np.float64)


def test_a_still_head_shakes_a_third_as_much_or_less():
    times = np.arange(90) / 30
    raw = motion(times, noise=1.0)
    assert shaking(points(online(raw, times))[10:]).mean() < 0.33 * shaking(points(raw)[10:]).mean()


@pytest.mark.parametrize("speed", [0.5, 1.0])
def test_a_head_that_moves_fast_is_at_most_a_frame_late(speed):
    times = np.arange(120) / 30
    truth = points(motion(times, speed=speed))
    late = lag([(points(online(motion(times, speed=speed, noise=1.0), times)), truth)])
    assert 0.0 < late < 1.0


@pytest.mark.parametrize("rate", [25, 30, 60])
def test_a_blink_of_a_fifth_of_a_second_survives(rate):
    times = np.arange(2 * rate) / rate
    raw = motion(times, blink=1.0, noise=0.3)
    for rows in (online(raw, times), [face.coefficients for face in smooth_offline(faces(raw, times))]):
        lids, given = (np.array([row.expression[1] for row in part]) for part in (rows, raw))
        assert lids.max() > 0.8 * given.max()
        assert abs(int(lids.argmax()) - int(given.argmax())) <= 1
        assert lids[-rate // 2 :].max() < 0.5  # and it opens again


def test_uneven_frames_give_the_track_of_even_ones():
    """Frames that are dropped from a smooth motion leave the rest where it was, within a frame's lag."""
    even = np.arange(120) / 60
    keep = np.random.default_rng(1).random(120) < 0.5
    full = online(motion(even, speed=0.5), even)
    part = online([row for row, kept in zip(motion(even, speed=0.5), keep, strict=True) if kept], even[keep])
    same = points([row for row, kept in zip(full, keep, strict=True) if kept])
    assert np.abs(points(part) - same).mean() < 0.02 * SIDE


def test_online_identity_is_the_running_mean_and_sure_frames_count_more():
    pool = IdentityPool()
    assert pool.add([1.0, 0.0], 0.5) == pytest.approx([1.0, 0.0])
    assert pool.add([3.0, 0.0], 0.5) == pytest.approx([2.0, 0.0])
    assert pool.add([99.0, 99.0], 0.01)[0] < 4
    times = np.arange(200) / 30
    shapes = np.array([row.shape for row in online(motion(times, noise=1.0), times)])
    assert np.abs(np.diff(shapes, axis=0))[100:].max() < 0.01
    raw = np.array([row.shape for row in motion(times, noise=1.0)])
    assert shapes[-1] == pytest.approx(raw.mean(0), abs=1e-5)


def test_restart_forgets_the_motion_and_keeps_the_identity():
    times = np.arange(30) / 30
    smoother = FaceSmoother(CONFIG, MODEL.expression_names)
    rows = motion(times, noise=1.0)
    for row, time in zip(rows, times, strict=True):
        before = smoother.coefficients(row, time, SIDE, 0.9)
    smoother.restart()
    far = dataclasses.replace(rows[0], translation=np.float32([900, 900]), rotation=euler_to_matrix([0.0, 1.0, 0.0]))
    after = smoother.coefficients(far, 3.0, SIDE, 0.9)
    assert after.translation == pytest.approx([900, 900])
    assert after.rotation == pytest.approx(far.rotation, abs=1e-6)
    assert np.abs(after.shape - before.shape).max() < 0.1


def test_offline_has_no_lag_and_one_identity():
    times = np.arange(90) / 30
    raw = faces(motion(times, speed=0.8, noise=1.0), times)
    out = smooth_offline(raw)
    truth = points(motion(times, speed=0.8))
    steady = np.array([face.landmarks for face in out], np.float64)
    assert abs(lag([(steady, truth)])) < 0.1
    assert all((face.coefficients.shape == out[0].coefficients.shape).all() for face in out)
    assert out[0].coefficients.shape == pytest.approx(np.mean([face.coefficients.shape for face in raw], 0), abs=1e-5)
    rough = np.array([face.landmarks for face in raw])
    assert np.abs(steady - truth).mean() < np.abs(rough - truth).mean()
    assert shaking(steady).mean() < 0.7 * shaking(rough).mean()  # most of what is left is the motion itself
    assert [face.box for face in out][3] == pytest.approx([*out[3].landmarks.min(0), *out[3].landmarks.max(0)])
    assert out[3].landmarks == pytest.approx(LANDMARKS.project(out[3].coefficients)[:, :2], abs=1e-4)


def test_offline_played_in_reverse_is_the_reverse():
    times = np.sort(np.random.default_rng(2).random(40) * 2)
    raw = motion(times, speed=0.7, noise=1.0)
    onward = smooth_offline(faces(raw, times))
    back = smooth_offline(faces(raw[::-1], (2.0 - times)[::-1]))[::-1]
    for one, other in zip(onward, back, strict=True):
        assert one.coefficients.flatten() == pytest.approx(other.coefficients.flatten(), abs=2e-3)


def test_offline_keeps_people_and_gaps_apart():
    times = np.arange(20) / 30
    here, gone = motion(times, noise=0.5), motion(times, noise=0.5, seed=3)
    there = [dataclasses.replace(row, translation=np.float32(row.translation + 500)) for row in motion(times, seed=1)]
    given = sorted(
        faces(here, times) + faces(gone, 9 + times, first=270) + faces(there, times, id=1), key=lambda face: face.frame
    )
    given[30:] = given[30:]
    moved = [dataclasses.replace(f, coefficients=dataclasses.replace(f.coefficients)) for f in given]
    out = smooth_offline(moved)
    assert [(face.frame, face.id) for face in out] == [(face.frame, face.id) for face in given]
    first = [face for face in out if face.id == 0 and face.frame < 20]
    alone = smooth_offline(faces(here, times))
    for one, other in zip(first, alone, strict=True):  # the second part does not pull at the first
        assert one.coefficients.translation == pytest.approx(other.coefficients.translation)
    shapes = {face.coefficients.shape.tobytes() for face in out if face.id == 0}
    assert len(shapes) == 1
    assert {face.coefficients.shape.tobytes() for face in out if face.id == 1}.isdisjoint(shapes)
    assert all(np.linalg.norm(f.coefficients.translation - there[0].translation) < 5 for f in out if f.id == 1)


def test_nothing_to_smooth():
    assert smooth_offline([]) == []
    (only,) = smooth_offline(faces(motion([0.0]), [0.0]))
    assert only.coefficients.flatten() == pytest.approx(motion([0.0])[0].flatten(), abs=1e-5)


def test_midway_of_rotations_is_half_the_angle():
    row = motion([0.0])[0]
    turned = dataclasses.replace(row, rotation=euler_to_matrix([0.0, 0.0, 3.0]), scale=np.float32(row.scale * 4))
    half = midway(row, turned)
    assert float(angle_between(half.rotation, row.rotation)) == pytest.approx(1.5, abs=1e-5)
    assert half.scale == pytest.approx(2 * row.scale)


def test_the_box_of_the_next_crop_is_steady_and_follows():
    rng, steady = np.random.default_rng(0), BoxFilter(CONFIG.box)
    boxes = np.array([100, 100, 250, 250]) + rng.normal(0, 3, (60, 4))
    out = np.array([steady(box, i / 30) for i, box in enumerate(boxes)])
    assert np.diff(out[10:], axis=0).std() < 0.5 * np.diff(boxes[10:], axis=0).std()
    fast = BoxFilter(CONFIG.box)
    moving = np.array([[100, 100, 250, 250] + np.array([1, 0, 1, 0]) * 20 * i for i in range(30)], float)
    late = moving - np.array([fast(box, i / 30) for i, box in enumerate(moving)])
    assert late[10:, 0].max() < 20  # less than one frame's way
