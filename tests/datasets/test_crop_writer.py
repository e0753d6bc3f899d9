"""Crop sets written piece by piece: resumed runs, several processes, damaged folders."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from face_pairs import write_pairs
from toy import toy_model

from morph.datasets.crop_writer import Piece, write_crops
from morph.datasets.crops import CropSet
from morph.datasets.published.lp300w import PairReader, find_pairs
from morph.errors import MorphError

FILES = [f"f{i}" for i in range(23)]


def make(files: Sequence[str]) -> Piece:
    """One 8-pixel crop a file, of its own number; every tenth is bad."""
    numbers = [int(name[1:]) for name in files]
    good = [n for n in numbers if n % 10 != 9]
    images = np.stack([np.full((8, 8, 3), n, np.uint8) for n in good]) if good else np.zeros((0, 8, 8, 3), np.uint8)
    labels = {"landmarks": np.stack([np.full((68, 2), n, np.float32) for n in good])} if good else {}
    return Piece(images, labels, [f"f{n}: bad" for n in numbers if n % 10 == 9])


class Dies:
    """Stops after some pieces, as a killed run does."""

    def __init__(self, pieces: int) -> None:
        self.left = pieces

    def __call__(self, files: Sequence[str]) -> Piece:
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1
        return make(files)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_rows_are_in_order_without_the_bad_ones(tmp_path: Path) -> None:
    result = write_crops(tmp_path / "a", FILES, make, {"source": "numbers"}, piece=4, max_bad=0.2)
    crops = CropSet.open(tmp_path / "a")
    wanted = [n for n in range(23) if n % 10 != 9]
    assert crops.images[:, 0, 0, 0].tolist() == wanted
    assert crops.labels["landmarks"][:, 0, 0].tolist() == wanted
    assert isinstance(crops.images, np.memmap)
    assert result.bad == ["f9: bad", "f19: bad"]
    assert sorted(contents(tmp_path / "a")) == ["images.npy", "labels.npz", "meta.json"]


@pytest.mark.parametrize("pieces", [0, 1, 3, 5])
def test_a_killed_run_resumes_to_the_same_bytes(tmp_path: Path, pieces: int) -> None:
    write_crops(tmp_path / "whole", FILES, make, {"source": "numbers"}, piece=4, max_bad=0.2)
    with pytest.raises(KeyboardInterrupt):
        write_crops(tmp_path / "cut", FILES, Dies(pieces), {"source": "numbers"}, piece=4, max_bad=0.2)
    with pytest.raises(MorphError, match="not a whole crop set"):
        CropSet.open(tmp_path / "cut")
    if pieces:
        with (tmp_path / "cut" / "images.partial").open("ab") as stream:
            stream.write(b"half a piece that was never recorded")
    rest = Dies(6 - pieces)
    result = write_crops(tmp_path / "cut", FILES, rest, {"source": "numbers"}, piece=4, max_bad=0.2)
    assert rest.left == 0
    assert result.bad == ["f9: bad", "f19: bad"]
    assert contents(tmp_path / "cut")["images.npy"] == contents(tmp_path / "whole")["images.npy"]
    assert contents(tmp_path / "cut")["meta.json"] == contents(tmp_path / "whole")["meta.json"]
    CropSet.open(tmp_path / "cut").verify()


def test_killed_between_the_last_files(tmp_path: Path) -> None:
    write_crops(tmp_path / "whole", FILES, make, {}, piece=4, max_bad=0.2)
    with pytest.raises(KeyboardInterrupt):
        write_crops(tmp_path / "cut", FILES, Dies(5), {}, piece=4, max_bad=0.2)
    pieces = {path.name: path.read_bytes() for path in (tmp_path / "cut").glob("piece-*")}
    write_crops(tmp_path / "cut", FILES, make, {}, piece=4, max_bad=0.2)
    (tmp_path / "cut" / "meta.json").unlink()  # images.npy is in place, the description was not written
    for name, data in pieces.items():
        (tmp_path / "cut" / name).write_bytes(data)
    write_crops(tmp_path / "cut", FILES, make, {}, piece=4, max_bad=0.2)
    assert contents(tmp_path / "cut")["images.npy"] == contents(tmp_path / "whole")["images.npy"]


def test_a_finished_set_is_left_alone_and_another_is_refused(tmp_path: Path) -> None:
    write_crops(tmp_path / "a", FILES, make, {"size": 1}, max_bad=0.2)
    again = write_crops(tmp_path / "a", FILES, Dies(0), {"size": 1}, max_bad=0.2)
    assert (again.count, again.bad) == (21, ["f9: bad", "f19: bad"])
    with pytest.raises(MorphError, match="another crop set"):
        write_crops(tmp_path / "a", FILES, make, {"size": 2}, max_bad=0.2)
    with pytest.raises(KeyboardInterrupt):
        write_crops(tmp_path / "b", FILES, Dies(1), {"size": 1}, piece=4, max_bad=0.2)
    with pytest.raises(MorphError, match="other files or settings"):
        write_crops(tmp_path / "b", FILES, make, {"size": 2}, piece=4, max_bad=0.2)


@pytest.mark.slow
def test_several_processes_write_the_same_bytes(tmp_path: Path) -> None:
    model = toy_model()
    write_pairs(tmp_path / "set", model, [f"a{i}" for i in range(9)])
    reader, pairs = PairReader(tmp_path / "set", model), find_pairs(tmp_path / "set")
    write_crops(tmp_path / "one", pairs, reader, {}, piece=2)
    write_crops(tmp_path / "two", pairs, reader, {}, piece=2, workers=2)
    assert contents(tmp_path / "one")["images.npy"] == contents(tmp_path / "two")["images.npy"]
    one, two = CropSet.open(tmp_path / "one").labels, CropSet.open(tmp_path / "two").labels
    assert all(np.array_equal(one[name], two[name]) for name in one)


def test_damage_is_noticed(tmp_path: Path) -> None:
    write_crops(tmp_path / "a", FILES, make, {}, max_bad=0.2)
    path = tmp_path / "a" / "images.npy"
    whole = path.read_bytes()
    path.write_bytes(whole[:-500] + b"\x77" + whole[-499:])
    with pytest.raises(MorphError, match="checksum"):
        CropSet.open(tmp_path / "a").verify()
    path.write_bytes(whole[:-500])
    with pytest.raises(MorphError, match="not a whole crop set"):
        CropSet.open(tmp_path / "a")
    path.write_bytes(whole)
    meta = json.loads((tmp_path / "a" / "meta.json").read_text())
    (tmp_path / "a" / "meta.json").write_text(json.dumps(meta | {"count": 22}))
    with pytest.raises(MorphError, match="should hold 22"):
        CropSet.open(tmp_path / "a")


def test_a_saved_set_verifies(tmp_path: Path) -> None:
    made = make(FILES[:5])
    CropSet(made.images, made.labels, {"source": "test"}).save(tmp_path / "a")
    crops = CropSet.open(tmp_path / "a")
    crops.verify()
    crops.save(tmp_path / "b")
    assert contents(tmp_path / "a")["images.npy"] == contents(tmp_path / "b")["images.npy"]


def test_nothing_to_do(tmp_path: Path) -> None:
    with pytest.raises(MorphError, match="no files"):
        write_crops(tmp_path / "a", [], make, {})
    with pytest.raises(MorphError, match="not one of the 1 files"):
        write_crops(tmp_path / "b", ["f9"], make, {}, max_bad=1.0)
