"""Where heads are, as a track's folder says it, and as exports take it up."""

from __future__ import annotations

import csv
import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from morph import MorphError, Tracker, load_track, open_source, track_to_folder
from morph.cli.demo import demo_files
from morph.model import Lens, LensOptions, interpupillary, landmark_decoder, load_default_model
from morph.track_folder import TrackOptions
from morph.track_folder.export import ExportPlan, export_track

BARE = TrackOptions(mesh=False, overlay=False, frames=3)


@pytest.fixture(scope="module")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    folder = tmp_path_factory.mktemp("space") / "track"
    tracker = Tracker(level=0, lens=LensOptions(focal=85.0))
    return folder, track_to_folder(open_source(demo_files()[1]), tracker, folder, BARE)


def test_coefficients_table_and_summary_say_the_same_place(tracked) -> None:
    folder, summary = tracked
    track = load_track(folder)
    assert summary["camera"]["lens"] == "85 mm of 36"
    assert summary["camera"]["assumed"] is False
    assert track.lens.focal == pytest.approx(85 / 36 * max(track.size))
    arrays = np.load(folder / "coefficients.npz")
    with (folder / "head_pose.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(track.pose) == 3
    for row, pose, quaternion, angles in zip(rows, track.pose, arrays["quaternion_xyzw"], arrays["euler_degrees"], strict=True):
        assert [float(row[name]) for name in ("x_mm", "y_mm", "z_mm")] == pytest.approx(pose[:3, 3], abs=1e-3)
        assert [float(row[name]) for name in ("qx", "qy", "qz", "qw")] == pytest.approx(quaternion, abs=1e-6)
        assert [float(row[name]) for name in ("yaw", "pitch", "roll")] == pytest.approx(angles, abs=1e-3)
        assert pose[2, 3] < -200


def test_the_head_in_space_lies_on_the_tracks_pixels(tracked) -> None:
    track, model = load_track(tracked[0]), load_default_model(0)
    decoder = landmark_decoder(model)
    for row in range(3):
        pose = track.coefficients[row]
        flat = decoder.project(pose)[:, :2]
        points = decoder(pose.shape, pose.expression) @ track.pose[row, :3, :3].T + track.pose[row, :3, 3]
        miss = np.linalg.norm(track.lens.project(points) - flat, axis=1)
        assert miss.mean() < 0.02 * np.ptp(flat, axis=0).max()


def test_faces_of_a_tracker_say_their_pose_and_that_the_lens_is_assumed() -> None:
    frame = next(iter(open_source(demo_files()[1])))
    (assumed,) = Tracker(level=0).process(frame.image)
    (doubled,) = Tracker(level=0, lens=LensOptions(scale=2.0)).process(frame.image)
    assert assumed.lens.assumed
    assert assumed.pose.shape == (4, 4)
    assert doubled.pose[:3, 3] == pytest.approx(2 * assumed.pose[:3, 3], rel=1e-6)
    assert assumed.to_dict()["pose"] == assumed.pose.tolist()
    assert json.dumps(assumed.to_dict())


def test_vertices_before_the_camera_are_exactly_on_the_tracks_pixels() -> None:
    """The pose alone leaves more than half a per cent of the face; each vertex keeps the distance that the pose gives it."""
    frame = next(iter(open_source(demo_files()[1])))
    (face,) = Tracker(level=0, lens=LensOptions(focal=35.0, scale=1.1, k1=-0.05)).process(frame.image)
    size = np.sqrt(np.ptp(face.landmarks, axis=0).prod())
    posed = 1.1 * face.vertices @ face.pose[:3, :3].T + face.pose[:3, 3]
    marks = face.model.landmarks
    seen = (face.lens.project(points[marks]) for points in (posed, face.camera_vertices))
    away = [np.linalg.norm(pixels - face.landmarks, axis=1) for pixels in seen]
    assert away[0].mean() > 0.005 * size
    assert away[1].max() < 0.05
    assert face.camera_vertices[:, 2] == pytest.approx(posed[:, 2])
    assert np.linalg.norm(face.camera_vertices - posed, axis=1)[marks].mean() < 6


def test_the_distance_of_the_pupils_sets_the_size() -> None:
    frame = next(iter(open_source(demo_files()[1])))
    (face,) = Tracker(level=0, lens=LensOptions(interpupillary=70.0)).process(frame.image)
    assert face.metric * interpupillary(face.model, face.coefficients.shape) == pytest.approx(70.0)


def test_a_face_without_a_lens_knows_no_place() -> None:
    frame = next(iter(open_source(demo_files()[1])))
    (face,) = Tracker(level=0).process(frame.image)
    with pytest.raises(MorphError, match="knows no camera"):
        _ = dataclasses.replace(face, lens=None).pose


def test_exports_take_the_tracks_lens_or_their_own(tracked) -> None:
    track = load_track(tracked[0])
    known = ExportPlan(level=0).performance(track, 0)
    longer = ExportPlan(level=0, lens=LensOptions(focal=170.0)).performance(track, 0)
    larger = ExportPlan(level=0, lens=LensOptions(scale=1.5)).performance(track, 0)
    assert known.lens.focal == pytest.approx(track.lens.focal)
    assert known.translation[:, 2] == pytest.approx(track.pose[:, 2, 3], rel=0.05)
    assert longer.translation[:, 2] == pytest.approx(2 * known.translation[:, 2], rel=0.05)
    assert larger.vertices(0) == pytest.approx(1.5 * known.vertices(0), rel=1e-4, abs=1e-2)


def test_a_track_of_before_has_no_lens(tracked, tmp_path: Path) -> None:
    arrays = dict(np.load(tracked[0] / "coefficients.npz"))
    np.savez(tmp_path / "coefficients.npz", **{name: values for name, values in arrays.items() if name != "pose"})
    track = load_track(tmp_path)
    assert track.lens is None
    assert isinstance(load_track(tracked[0]).lens, Lens)


def test_angles_mean_one_thing_everywhere(tracked, tmp_path: Path) -> None:
    """A face beside the axis of a wide lens: tables, faces, streams and an exported CSV say the turn in space."""
    from morph.live.message import face_message

    frame = next(iter(open_source(demo_files()[1])))
    (face,) = Tracker(level=0, lens=LensOptions(focal=10.0)).process(frame.image)
    face = dataclasses.replace(face, coefficients=dataclasses.replace(face.coefficients, translation=np.array([20.0, 90.0])))
    wanted = face.placed.euler_degrees(face.model)[0].tolist()
    flat = list(face.picture_euler_degrees.values())
    assert abs(wanted[0] - flat[0]) > 15
    for said in (face, face.to_dict(), face_message(face, 320, 240)["head"]):
        angles = said["euler_degrees"] if isinstance(said, dict) else said.euler_degrees
        assert list(angles.values()) == pytest.approx(wanted, abs=1e-5)
    assert list(dataclasses.replace(face, lens=None).euler_degrees.values()) == pytest.approx(flat)
    export_track(tracked[0], tmp_path / "head.csv", ExportPlan(level=0, lens=LensOptions(focal=10.0)))
    export_track(tracked[0], tmp_path / "own.csv", ExportPlan(level=0))
    arrays = np.load(tracked[0] / "coefficients.npz")
    head, own = (list(csv.DictReader((tmp_path / name).read_text().splitlines())) for name in ("head.csv", "own.csv"))
    for row, angles in zip(own, arrays["euler_degrees"], strict=True):
        found = [np.degrees(float(row[f"Head{name}"])) for name in ("Yaw", "Pitch", "Roll")]
        assert found == pytest.approx(angles, abs=1e-3)
    assert head[0]["HeadYaw"] != own[0]["HeadYaw"]
    assert head[0]["JawOpen"] == own[0]["JawOpen"]
