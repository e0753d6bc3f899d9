"""A picture's own lens counts where nobody gives another."""

from __future__ import annotations

from pathlib import Path

import pytest

from morph import open_source
from morph.model import LensOptions
from morph.picture_file import save_picture
from morph.tracking.lens import of_picture


@pytest.fixture
def picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import numpy as np

    save_picture(tmp_path / "p.png", np.zeros((40, 60, 3), np.uint8))
    monkeypatch.setattr(of_picture, "focal_35mm", lambda file: 85.0)
    return tmp_path / "p.png"


def test_exif_is_the_lens_and_says_so(picture: Path) -> None:
    lens = of_picture.lens_of_picture(LensOptions(), open_source(picture))
    assert lens.focal == 85
    assert "EXIF" in lens.how


def test_what_is_given_counts_more_and_none_changes_nothing(picture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = LensOptions(focal=24.0)
    assert of_picture.lens_of_picture(given, open_source(picture)) is given
    monkeypatch.setattr(of_picture, "focal_35mm", lambda file: None)
    plain = LensOptions()
    assert of_picture.lens_of_picture(plain, open_source(picture)) is plain
