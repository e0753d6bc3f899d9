import dataclasses

import pytest
from turning_head import TurningHead

from morph.model import Lens, load_default_model
from morph.tracking.lens import auto, surface
from morph.tracking.lens.auto import solve_lens

SIZE = (400, 400)


def clip(head: TurningHead) -> tuple[list, list]:
    rows = range(len(head.position))
    return [head.face(row) for row in rows], [head.frame(row) for row in rows]


def test_a_clip_of_a_turning_head_tells_its_lens_and_how_surely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surface, "POINTS", 35)  # few are enough for a drawing, and faster
    monkeypatch.setattr(auto, "ROUNDS", 2)
    head = TurningHead(load_default_model(0), Lens(900.0, *SIZE), 50.0, away=550.0)
    found = solve_lens(*clip(head), Lens.assume(SIZE))
    assert found.solved
    assert not found.lens.assumed
    assert found.lens.focal == pytest.approx(900.0, rel=0.15)
    assert found.low < 900.0 < found.high < 2 * found.low
    assert "likely, solved from face 0" in found.lens.how
    assert found.as_json()["focal_px_low_high"] == [round(found.low, 2), round(found.high, 2)]


def test_a_clip_that_does_not_tell_keeps_the_default_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    head = TurningHead(load_default_model(0), Lens(900.0, *SIZE), 8.0)
    faces, frames = clip(head)
    lens = Lens.assume(SIZE)
    still = solve_lens(faces, frames, lens)
    assert (still.solved, still.lens) == (False, lens)
    assert "the head turns by 8 degrees and 25 are needed" in still.why
    assert solve_lens([], frames, lens).why.endswith("no face is seen")
    turning = TurningHead(head.model, head.lens, 36.0)
    faces = [turning.face(row) for row in range(16)]
    assert "seen in 5 frames and 12 are needed" in solve_lens([*faces[:3], *faces[-2:]], frames, lens).why
    assert "could not be read a second time" in solve_lens(faces, frames[:9], lens).why
    monkeypatch.setattr(auto, "LEAST_SIGHTS", 10**6)
    assert "too little of the face" in solve_lens(faces, frames, lens).why


def test_a_zoom_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    head = TurningHead(load_default_model(0), Lens(900.0, *SIZE), 36.0)
    monkeypatch.setattr(auto, "zoomed", lambda glimpses: 1.3 if len(glimpses) == 16 else 1.0)
    found = solve_lens(*clip(head), Lens.assume(SIZE))
    assert not found.solved
    assert "the lens zooms, by 1.30 times" in found.why


def test_the_person_who_is_seen_most_tells_it() -> None:
    head = TurningHead(load_default_model(0), Lens(900.0, *SIZE), 8.0)
    faces, frames = clip(head)
    other = [dataclasses.replace(face, id=7) for face in faces[:5]]
    assert solve_lens([*other, *faces], frames, Lens.assume(SIZE)).person == 0
