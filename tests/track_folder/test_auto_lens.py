import argparse
import json
from pathlib import Path

import numpy as np
import pytest

from morph import MorphError, Tracker, load_track, open_source, track_to_folder
from morph.cli.demo import demo_files
from morph.cli.options import tracker_options
from morph.cli.track import print_summary
from morph.model import LensOptions
from morph.track_folder import TrackOptions, auto_lens
from morph.tracking.lens.auto import SolvedLens

BARE = TrackOptions(mesh=False, overlay=False, frames=3)


def test_a_clip_too_short_to_tell_keeps_the_default_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tracker = Tracker(level=0, lens=LensOptions(auto=True))
    summary = track_to_folder(open_source(demo_files()[1]), tracker, tmp_path / "track", BARE)
    assert summary["camera"]["assumed"] is True
    assert summary["camera"]["auto"]["solved"] is False
    print_summary(summary, tmp_path)
    assert "lens: assumed: 50 mm of 36, for the clip does not tell: the head turns by" in capsys.readouterr().out
    assert json.loads((tmp_path / "track" / "summary.json").read_text())["camera"] == summary["camera"]


def test_a_lens_that_was_solved_is_that_of_all_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def found(faces, frames, lens):
        longer = type(lens)(2 * lens.focal, *lens.size, how="solved")
        return SolvedLens(longer, True, 0.9 * longer.focal, 1.1 * longer.focal, 40.0, 1.0, 0, "solved")

    assumed = track_to_folder(open_source(demo_files()[1]), Tracker(level=0), tmp_path / "assumed", BARE)
    monkeypatch.setattr(auto_lens, "solve_lens", found)
    tracker = Tracker(level=0, lens=LensOptions(auto=True))
    summary = track_to_folder(open_source(demo_files()[1]), tracker, tmp_path / "solved", BARE)
    before, after = load_track(tmp_path / "assumed"), load_track(tmp_path / "solved")
    assert summary["camera"]["focal_px"] == pytest.approx(2 * assumed["camera"]["focal_px"])
    assert (after.lens.focal, after.lens.assumed) == (pytest.approx(2 * before.lens.focal), False)
    assert after.pose[:, 2, 3] == pytest.approx(2 * before.pose[:, 2, 3], rel=0.05)
    assert np.array_equal(after.coefficients.scale, before.coefficients.scale)


def test_a_picture_tells_no_lens(tmp_path: Path) -> None:
    tracker = Tracker(level=0, lens=LensOptions(auto=True))
    with pytest.raises(MorphError, match="is no clip, and only a clip tells its lens"):
        track_to_folder(open_source(demo_files()[0]), tracker, tmp_path / "track", BARE)
    assert not (tmp_path / "track").exists()


def test_only_the_verb_that_reads_a_whole_clip_takes_auto(capsys: pytest.CaptureFixture[str]) -> None:
    track, view = argparse.ArgumentParser(), argparse.ArgumentParser()
    tracker_options.add(track, solves_lens=True)
    tracker_options.add(view)
    flag = "--focal"
    assert tracker_options.read(track.parse_args([flag, "auto"])).lens == LensOptions(auto=True)
    assert tracker_options.read(track.parse_args([flag, "35"])).lens == LensOptions(focal=35.0)
    with pytest.raises(SystemExit):
        view.parse_args([flag, "auto"])
    assert "only `morph track` solves a lens" in capsys.readouterr().err
    with pytest.raises(MorphError, match="`fov=` says the focal length"):
        LensOptions(auto=True, fov=40.0)
