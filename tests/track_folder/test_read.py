import re

import numpy as np
import pytest

from morph.errors import MorphError
from morph.track_folder.read import load_track


def test_rows_come_sorted_and_by_frame(write_track):
    track = load_track(write_track([4, 2, 3], people=2))
    assert track.frame.tolist() == [2, 2, 3, 3, 4, 4]
    assert track.id.tolist() == [0, 1, 0, 1, 0, 1]
    assert track.rows(3).tolist() == [2, 3]
    assert len(track.rows(7)) == 0
    assert (track.first, track.last) == (2, 4)
    assert track.fps == pytest.approx(30.0)


def test_one_frame_has_a_rate(write_track):
    assert load_track(write_track([0])).fps == 25.0


def test_coefficients_survive(write_track, coarse_model):
    track = load_track(write_track([0, 1]))
    assert track.coefficients.shape.shape == (2, coarse_model.n_shape)
    np.testing.assert_allclose(track.coefficients.rotation[0], np.eye(3), atol=1e-12)
    assert track.coefficients.scale.tolist() == [0.35, 0.35]
    track.check_model(coarse_model)


def test_missing_folder_and_file(tmp_path):
    with pytest.raises(MorphError, match=r"no folder .*morph track"):
        load_track(tmp_path / "nowhere")
    with pytest.raises(MorphError, match="has no coefficients"):
        load_track(tmp_path)


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 cut off"])
def test_damaged_file(tmp_path, content):
    (tmp_path / "coefficients.npz").write_bytes(content)
    with pytest.raises(MorphError, match="cannot be read") as caught:
        load_track(tmp_path)
    assert "\n" not in str(caught.value)


def test_cut_off_archive(write_track):
    path = write_track([0, 1, 2]) / "coefficients.npz"
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(MorphError, match="cannot be read"):
        load_track(path.parent)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"scale": None}, "has no scale"),
        ({"scale": np.ones(3)}, "scale cannot be right"),
        ({"shape": np.full((2, 86), np.nan)}, "shape cannot be right"),
        ({"time": np.array(["a", "b"])}, "time cannot be right"),
        ({"rotation": np.zeros((2, 3))}, "rotation must have shape"),
    ],
)
def test_wrong_arrays(write_track, changes, says):
    folder = write_track([0, 1], **changes)
    with pytest.raises(MorphError, match=says):
        load_track(folder)


def test_no_face(write_track):
    folder = write_track([])
    with pytest.raises(MorphError, match="holds no face"):
        load_track(folder)


def test_track_of_another_model(write_track, coarse_model):
    track = load_track(write_track([0], model_identity=np.array("0123456789abcdef"), model_name=np.array("other")))
    with pytest.raises(MorphError, match=re.escape("'other' (0123456789abcdef)") + ".*`model=`"):
        track.check_model(coarse_model)
    short = load_track(write_track([0], name="b", shape=np.zeros((1, 7)), model_identity=None))
    with pytest.raises(MorphError, match=r"7 shape .*`model=`"):
        short.check_model(coarse_model)
