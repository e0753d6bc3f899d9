"""What a batch is made of, and what its results are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from morph.batch.inputs import find_inputs, read_list
from morph.errors import MorphError


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    for name in (
        "b10.mp4",
        "b2.mp4",
        "same.jpg",
        "same.MP4",
        "notes.txt",
        ".hidden.mp4",
        "day 2/c.mov",
        "seq/f.0001.png",
        "seq/f.0002.png",
    ):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"12345")
    return tmp_path


def test_a_folder_stands_for_its_clips_pictures_and_sequences_as_people_count(shots: Path) -> None:
    (shots / "seq" / "below").mkdir()
    (shots / "seq" / "below" / "d.mp4").write_bytes(b"1")
    names = [one.name for one in find_inputs([shots])]
    assert names == ["b2.mp4", "b10.mp4", "same.jpg", "same.MP4", "day 2/c.mov", "seq"]
    assert [one.name for one in find_inputs([shots / "seq"])] == ["seq"]


def test_names_do_not_depend_on_what_else_there_is(shots: Path) -> None:
    def name_of_c() -> str:
        return next(one.name for one in find_inputs([f"{shots}/**/*.mov"]) if one.source.endswith("day 2/c.mov"))

    before = name_of_c()
    (shots / "c.mov").write_bytes(b"1")
    (shots / "another").mkdir()
    (shots / "another" / "c.mov").write_bytes(b"1")
    assert name_of_c() == before == "day 2/c.mov"


def test_two_of_one_name_are_refused(shots: Path) -> None:
    (shots / "other").mkdir()
    (shots / "other" / "B2.mp4").write_bytes(b"1")
    with pytest.raises(MorphError, match=r"would both be called B2\.mp4; give the folder above both"):
        find_inputs([shots / "b2.mp4", shots / "other"])
    assert len(find_inputs([shots, shots / "b2.mp4"])) == 7  # the same file twice is one input


def test_earlier_tracks_in_a_folder_are_no_inputs(shots: Path) -> None:
    (shots / "track").mkdir()
    (shots / "track" / "overlay.mp4").write_bytes(b"1")
    assert "track/overlay.mp4" in [one.name for one in find_inputs([shots])]
    (shots / "track" / "summary.json").write_text('{"format": "morph-track-1"}')
    assert "track/overlay.mp4" not in [one.name for one in find_inputs([shots])]


def test_sizes_are_those_of_the_files(shots: Path) -> None:
    by_name = {one.name: one.size for one in find_inputs([shots, shots / "gone.mp4"])}
    assert (by_name["b2.mp4"], by_name["seq"], by_name["gone.mp4"]) == (5, 10, 0)


@pytest.mark.parametrize(
    ("given", "said"),
    [([], "a batch needs inputs"), (["*.none"], "no file matches"), (["empty"], "holds no clips and no pictures")],
)
def test_nothing_to_do_is_one_line(shots: Path, given: list[str], said: str) -> None:
    (shots / "empty").mkdir()
    with pytest.raises(MorphError, match=said):
        find_inputs([shots / one for one in given])


def test_a_list_names_one_input_a_line(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("a.mp4\n\n# not this\n b.mp4 \n")
    assert read_list(tmp_path / "list.txt") == ["a.mp4", "b.mp4"]
    with pytest.raises(MorphError, match="cannot read the list"):
        read_list(tmp_path / "none.txt")
