"""A track that was killed and continued is the track of an unbroken run."""

import shutil
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from morph import Tracker
from morph.cli import main
from morph.cli.demo import demo_files
from morph.errors import MorphError
from morph.frames import open_source
from morph.frames.sources import FrameSource
from morph.inference.experts import default_experts
from morph.track_folder import TrackOptions, track_to_folder
from morph.track_folder.resume import RECORD, remove_half_written

FRAMES = 30
WORDS = ["--level", "0", "--frames", str(FRAMES)]


def command(clip: Path, out: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "morph", "track", str(clip), "--out", str(out), *WORDS, *more]


def kill_after(meshes: int, seconds: float, words: list[str], out: Path) -> None:
    """Start a track, and kill it so many seconds after that many OBJ files have come."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    end = time.monotonic() + 120
    while len(list(out.glob("mesh/[0-9]*.obj"))) < meshes and process.poll() is None and time.monotonic() < end:
        time.sleep(0.002)
    time.sleep(seconds)
    process.kill()  # SIGKILL
    process.wait()


def contents(folder: Path) -> dict[str, bytes]:
    """All files but the summary, which holds times."""
    files = (file for file in folder.rglob("*") if file.is_file() and file.name != "summary.json")
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


@pytest.fixture(scope="module")
def clip():
    return next(file for file in demo_files() if file.suffix == ".mp4")


@pytest.mark.slow
@pytest.mark.parametrize("smooth", ["online", "offline"])
def test_killed_at_random_moments_and_resumed_it_is_the_unbroken_run_byte_by_byte(clip, tmp_path, smooth):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    subprocess.run(command(clip, whole, "--smooth", smooth), check=True, stdout=subprocess.DEVNULL)
    expected = contents(whole)
    assert len(expected) == FRAMES + 6  # material, texture, coefficients, poses, landmarks, overlay
    random = Random(smooth)  # the same moments in every run
    moments = [(random.randrange(1, FRAMES // 2), random.random() * 0.03), (FRAMES // 2, random.random() * 0.06)]
    times: dict[str, int] = {}
    for meshes, seconds in moments:
        kill_after(meshes, seconds, command(clip, broken, "--smooth", smooth, "--resume"), broken)
        left = {file.name: file.stat().st_mtime_ns for file in broken.glob("mesh/[0-9]*.obj")}
        assert len(left) >= meshes, moments
        assert times.items() <= left.items(), moments  # none was written again
        times = left
    complete = (broken / "summary.json").exists()  # the second kill came too late
    done = subprocess.run(command(clip, broken, "--smooth", smooth, "--resume"), check=True, capture_output=True, text=True)
    found = contents(broken)
    assert sorted(found) == sorted(expected), moments
    assert [name for name in expected if found[name] != expected[name]] == [], moments
    assert times.items() <= {file.name: file.stat().st_mtime_ns for file in broken.glob("mesh/[0-9]*.obj")}.items()
    assert complete or f"OBJ files kept: {len(times)}" in done.stdout
    assert not (broken / RECORD).exists()


@pytest.fixture(scope="module")
def tracker():
    return Tracker(level=0)


OPTIONS = TrackOptions(frames=4, overlay=False)
RESUME = TrackOptions(frames=4, overlay=False, resume=True)


class Cut(FrameSource):
    """A clip whose reader fails after some frames."""

    def __init__(self, path: Path, frames: int) -> None:
        self._inner, self._frames = open_source(path), frames
        self.kind, self.name, self.rate, self.count = self._inner.kind, self._inner.name, self._inner.rate, None

    def __iter__(self):
        for frame in self._inner:
            if frame.index == self._frames:
                raise KeyboardInterrupt
            yield frame


@pytest.fixture
def begun(clip, tracker, tmp_path):
    """A track that stopped after two frames, in ``out``, and a whole one beside it."""
    with pytest.raises(KeyboardInterrupt):
        track_to_folder(Cut(clip, 2), tracker, tmp_path / "out", OPTIONS)
    track_to_folder(open_source(clip), tracker, tmp_path / "whole", OPTIONS)
    return tmp_path / "out"


def test_what_was_cut_off_is_written_again_and_what_was_half_written_goes(clip, tracker, begun):
    first, second = begun / "mesh" / "000000.obj", begun / "mesh" / "000001.obj"
    kept = first.stat().st_mtime_ns
    second.write_bytes(second.read_bytes()[:5000])
    for name in (
        "mesh/.000002-abcd_1e2.obj",
        ".overlay-0a1b2c3d.mp4",
        ".coefficients-abcdefgh.npz",
        "..unfinished-abcdefgh.json",
    ):
        (begun / name).write_bytes(b"half")
    (begun / "mesh" / ".notes").write_text("mine")
    summary = track_to_folder(open_source(clip), tracker, begun, RESUME)
    assert summary["meshes_kept"] == 1
    assert first.stat().st_mtime_ns == kept
    (begun / "mesh" / ".notes").unlink()
    assert contents(begun) == contents(begun.parent / "whole")


def test_half_written_pictures_of_overlays_go(tmp_path):
    (tmp_path / "overlay").mkdir()
    for name in (".anna-abcdefgh.png", "anna-abcdefgh.png"):
        (tmp_path / "overlay" / name).write_bytes(b"half")
    remove_half_written(tmp_path)
    assert [file.name for file in (tmp_path / "overlay").iterdir()] == ["anna-abcdefgh.png"]


def test_without_resume_a_killed_track_is_replaced(clip, tracker, begun):
    (begun / "mesh" / "000001.obj").write_text("stale")
    summary = track_to_folder(open_source(clip), tracker, begun, OPTIONS)
    assert summary["meshes_kept"] == 0
    assert contents(begun) == contents(begun.parent / "whole")


def test_nothing_to_continue_begins_and_a_complete_track_is_left_alone(clip, tracker, tmp_path):
    summary = track_to_folder(open_source(clip), tracker, tmp_path / "new", RESUME)
    assert (summary["frames"], summary["meshes_kept"]) == (4, 0)
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "new").rglob("*")}
    assert track_to_folder(open_source(clip), tracker, tmp_path / "new", RESUME) == summary
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "new").rglob("*")} == before


@pytest.mark.parametrize(
    ("change", "word"),
    [({"frames": 3}, "frames"), ({"normals": False}, "normals"), ({"neutral_pose": True}, "neutral_pose")],
)
def test_other_options_are_refused_and_nothing_is_touched(clip, tracker, begun, change, word):
    before = contents(begun)
    options = TrackOptions(**({"frames": 4, "overlay": False, "resume": True} | change))
    with pytest.raises(MorphError, match=f"begun with other {word}; .* without `resume=`"):
        track_to_folder(open_source(clip), tracker, begun, options)
    assert contents(begun) == before


def test_other_footage_weights_and_unknown_tracks_are_refused(clip, tracker, begun, tmp_path):
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(clip.read_bytes() + b"\0")
    with pytest.raises(MorphError, match="other footage"):
        track_to_folder(open_source(copy), tracker, begun, RESUME)
    shutil.copy(tracker.regressor.path, tmp_path / "same.onnx")
    same = Tracker(tmp_path / "same.onnx", level=0, max_faces=2, experts="eyes", identity="default", expressions="default")
    with pytest.raises(MorphError, match="other max_faces;"):
        track_to_folder(open_source(clip), same, begun, RESUME)
    (begun / "summary.json").write_text("{}")
    with pytest.raises(MorphError, match="does not say how it was tracked"):
        track_to_folder(open_source(clip), tracker, begun, RESUME)


def test_other_experts_of_the_same_name_are_refused(clip, tmp_path):
    onnx = pytest.importorskip("onnx")
    own = tmp_path / "own.onnx"
    shutil.copy(default_experts(), own)
    with pytest.raises(KeyboardInterrupt):
        track_to_folder(Cut(clip, 2), Tracker(level=0, experts=own), tmp_path / "out", OPTIONS)
    other = onnx.load(default_experts())
    other.doc_string = "another"
    onnx.save(other, own)
    with pytest.raises(MorphError, match="begun with other experts;"):
        track_to_folder(open_source(clip), Tracker(level=0, experts=own), tmp_path / "out", RESUME)


def test_frames_that_do_not_come_again_are_refused(clip, tracker, tmp_path):
    camera = Cut(clip, 9)
    camera.kind, camera.name = "camera", "camera 0"
    with pytest.raises(MorphError, match="camera 0 does not show the same frames again"):
        track_to_folder(camera, tracker, tmp_path / "out", RESUME)
    assert not (tmp_path / "out").exists()


def test_the_help_says_what_is_kept(capsys):
    with pytest.raises(SystemExit):
        main(["track", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "what was half-written goes" in said
    assert "tracked again from the first" in said
