import cv2
import numpy as np
import pytest

from morph.cli import main


def view(capsys, *words):
    status = main(["view", *map(str, words)])
    said = capsys.readouterr()
    return status, said.out, said.err


@pytest.mark.slow
def test_writes_a_picture(write_track, tmp_path, capsys):
    out = tmp_path / "a.png"
    words = (write_track([0, 1]), "--out", out, "--prop", "glasses", "--size", "80x60", "--backend", "software", "--frame", 1)
    status, printed, _ = view(capsys, *words)
    assert status == 0
    assert printed == f"{out}: 1 frame, drawn with software\n"
    assert cv2.imread(str(out)).shape == (60, 80, 3)


def test_hides_the_head_over_footage_unless_told(write_track, tmp_path, capsys):
    folder = write_track([0])
    plate = tmp_path / "plate.png"
    cv2.imwrite(str(plate), np.full((120, 160, 3), 255, np.uint8))
    changed = []
    for head in ("auto", "show"):
        out = tmp_path / f"{head}.png"
        words = (folder, "--out", out, "--prop", "glasses", "--over", plate, "--head", head, "--backend", "software")
        assert view(capsys, *words)[0] == 0
        changed.append(int((cv2.imread(str(out)) < 200).any(axis=-1).sum()))
    assert 0 < changed[0] < 0.4 * changed[1]


def test_footage_is_matched_unless_told(write_track, tmp_path, capsys):
    folder, plate = write_track([0]), tmp_path / "plate.png"
    cv2.imwrite(str(plate), np.random.default_rng(0).normal((120, 140, 160), 12, (120, 160, 3)).clip(0, 255).astype(np.uint8))
    pictures = []
    for more in (
        (),
        ("--light", "auto", "--finish", "matched"),
        ("--finish", "plain"),
        ("--light", "studio", "--finish", "plain"),
    ):
        out = tmp_path / f"{len(pictures)}.png"
        words = (folder, "--out", out, "--prop", "glasses", "--over", plate, "--backend", "software", *more)
        assert view(capsys, *words)[0] == 0
        pictures.append(cv2.imread(str(out)))
    np.testing.assert_array_equal(pictures[0], pictures[1])
    assert (pictures[1] != pictures[2]).any()
    assert (pictures[2] != pictures[3]).any()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["{gone}"], "no folder"),
        (["{track}", "--prop", "beard", "--out", "{tmp}/a.png"], "no prop beard"),
        (["{track}", "--model", "{gone}.npz", "--out", "{tmp}/a.png"], "no model file"),
        (["{track}", "--out", "{tmp}/a.txt", "--backend", "software"], "name it .png"),
        (["{track}", "--out", "{gone}/a.png", "--backend", "software"], "cannot write"),
        (["{other}", "--out", "{tmp}/a.png"], "was tracked with the model"),
        (["{broken}", "--out", "{tmp}/a.png"], "cannot be read"),
    ],
)
def test_mistakes_are_one_line(write_track, tmp_path, capsys, words, says):
    broken = write_track([0], name="broken")
    (broken / "coefficients.npz").write_bytes(b"\0" * 100)
    places = {
        "gone": tmp_path / "gone",
        "tmp": tmp_path,
        "track": write_track([0]),
        "other": write_track([0], name="other", model_identity=np.array("ffff")),
        "broken": broken,
    }
    status, printed, complaint = view(capsys, *(word.format(**places) for word in words))
    assert status == 2
    assert printed == ""
    assert says in complaint
    assert complaint.startswith("morph: ")
    assert complaint.count("\n") == 1
    assert not list(tmp_path.glob("a.*"))


@pytest.mark.parametrize("size", ["640", "0x3", "axb", "99999x3"])
def test_odd_sizes(size, capsys):
    with pytest.raises(SystemExit):
        main(["view", "x", "--size", size])
    assert "640x480" in capsys.readouterr().err
