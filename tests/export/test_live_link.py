"""The table of ARKit weights."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from toy import toy_model

from morph.errors import MorphError
from morph.export.live_link import timecode, write_live_link
from morph.export.performance import Performance
from morph.model.rest_pose import rest_turn

# The columns of the app's recordings, from which readers tell them.
HEADER = (
    "Timecode,BlendShapeCount,EyeBlinkLeft,EyeLookDownLeft,EyeLookInLeft,EyeLookOutLeft,EyeLookUpLeft,EyeSquintLeft,EyeWideLeft,"
    "EyeBlinkRight,EyeLookDownRight,EyeLookInRight,EyeLookOutRight,EyeLookUpRight,EyeSquintRight,EyeWideRight,JawForward,JawRight,"
    "JawLeft,JawOpen,MouthClose,MouthFunnel,MouthPucker,MouthRight,MouthLeft,MouthSmileLeft,MouthSmileRight,MouthFrownLeft,"
    "MouthFrownRight,MouthDimpleLeft,MouthDimpleRight,MouthStretchLeft,MouthStretchRight,MouthRollLower,MouthRollUpper,"
    "MouthShrugLower,MouthShrugUpper,MouthPressLeft,MouthPressRight,MouthLowerDownLeft,MouthLowerDownRight,MouthUpperUpLeft,"
    "MouthUpperUpRight,BrowDownLeft,BrowDownRight,BrowInnerUp,BrowOuterUpLeft,BrowOuterUpRight,CheekPuff,CheekSquintLeft,"
    "CheekSquintRight,NoseSneerLeft,NoseSneerRight,TongueOut,HeadYaw,HeadPitch,HeadRoll,LeftEyeYaw,LeftEyePitch,LeftEyeRoll,"
    "RightEyeYaw,RightEyePitch,RightEyeRoll"
)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _acted(performance: Performance, turn: np.ndarray | None = None, **weights: float) -> Performance:
    """The first frame with given weights and a given head."""
    row = np.zeros_like(performance.weights)
    for name, value in weights.items():
        row[:, performance.model.expression_names.index(name)] = value
    turns = np.tile(np.eye(3) if turn is None else turn, (len(performance), 1, 1))
    return dataclasses.replace(performance, weights=row, rotation=turns)


def test_columns_and_weights(performance: Performance, tmp_path: Path) -> None:
    write_live_link(tmp_path / "head.csv", performance)
    assert (tmp_path / "head.csv").read_text().splitlines()[0] == HEADER
    rows = _rows(tmp_path / "head.csv")
    assert [row["Timecode"] for row in rows[2:4]] == ["00:00:00:05.000", "00:00:00:07.000"]  # 6 has no face
    assert {row["BlendShapeCount"] for row in rows} == {"61"}
    for name, column in zip(performance.model.expression_names, performance.weights.T, strict=True):
        got = [float(row[name[0].upper() + name[1:]]) for row in rows]
        np.testing.assert_allclose(got, np.clip(column, 0, 1), atol=1e-7)


def test_timecode() -> None:
    assert timecode(61.52, 25) == "00:01:01:13.000"
    assert timecode(3600 + 0.035, 30) == "01:00:00:01.050"
    assert timecode(0.99999, 30) == "00:00:01:00.000"


@pytest.mark.parametrize(
    ("axis", "degrees", "column", "wanted"),
    [
        ("y", 20, "HeadYaw", 20),  # the nose comes to the subject's left
        ("x", 20, "HeadPitch", -20),  # the nose sinks
        ("z", 20, "HeadRoll", 20),  # the crown goes to the subject's right
    ],
)
def test_head_angles(performance: Performance, tmp_path: Path, axis: str, degrees: float, column: str, wanted: float) -> None:
    turn = Rotation.from_euler(axis, degrees, degrees=True).as_matrix()
    write_live_link(tmp_path / "head.csv", _acted(performance, turn @ rest_turn(performance.model).T))
    row = _rows(tmp_path / "head.csv")[0]
    got = {name: np.degrees(float(row[name])) for name in ("HeadYaw", "HeadPitch", "HeadRoll")}
    assert got == {name: pytest.approx(wanted if name == column else 0, abs=1e-5) for name in got}


@pytest.mark.parametrize(
    ("weights", "columns", "sign"),
    [
        ({"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0}, ("LeftEyeYaw", "RightEyeYaw"), 1),  # to the subject's left
        ({"eyeLookInLeft": 1.0, "eyeLookOutRight": 1.0}, ("LeftEyeYaw", "RightEyeYaw"), -1),
        ({"eyeLookUpLeft": 1.0, "eyeLookUpRight": 1.0}, ("LeftEyePitch", "RightEyePitch"), 1),
        ({"eyeLookDownLeft": 1.0, "eyeLookDownRight": 1.0}, ("LeftEyePitch", "RightEyePitch"), -1),
    ],
)
def test_eye_angles(
    performance: Performance, tmp_path: Path, weights: dict[str, float], columns: tuple[str, str], sign: int
) -> None:
    """The eyeballs of the default model turn by 25 to 30 degrees at full weight."""
    write_live_link(tmp_path / "head.csv", _acted(performance, **weights))
    row = _rows(tmp_path / "head.csv")[0]
    for column in columns:
        assert 22 < sign * np.degrees(float(row[column])) < 33
    for other in set(HEADER.split(",")[-6:]) - set(columns):
        assert abs(np.degrees(float(row[other]))) < 3


def test_model_without_arkit_names_is_one_line(tmp_path: Path) -> None:
    model, one = toy_model(), np.ones(1)
    motion = (np.zeros(1, int), np.zeros(1), np.zeros(4), np.zeros((1, 3)), np.eye(3)[None], np.zeros((1, 3)), one, (64, 64))
    performance = Performance(model, 0, *motion)
    with pytest.raises(MorphError, match=r"has no EyeBlinkLeft \(52 of ARKit's 52"):
        write_live_link(tmp_path / "toy.csv", performance)
