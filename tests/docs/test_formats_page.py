"""The page of file formats names every array, column, key and address that is written, and no other."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from morph import (
    Performance,
    Tracker,
    TrackOptions,
    export_performance,
    load_track,
    open_source,
    performance_of_track,
    track_to_folder,
)
from morph.cli.demo import demo_files
from morph.live.message import frame_message
from morph.live.protocols.ifacialmocap import ifacialmocap_datagrams
from morph.live.protocols.json_datagrams import JsonDatagrams
from morph.live.protocols.osc import osc_datagrams
from morph.live.protocols.vmc import vmc_datagrams

PAGE = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """What stands below a heading."""
    return re.split(r"^## ", PAGE.partition(f"## {title}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def named(text: str) -> set[str]:
    """Names in the first cells of tables."""
    return {name for cell in re.findall(r"^\| ([^|]*) \|", text, re.MULTILINE) for name in re.findall(r"`([^`]+)`", cell)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("formats") / "track"
    source = open_source(demo_files()[1])
    track_to_folder(source, Tracker(level=0, neutral="auto"), folder, TrackOptions(frames=2, mesh=False, overlay=False))
    return folder


@pytest.fixture(scope="module")
def message() -> dict[str, Any]:
    source = open_source(demo_files()[1])
    frame = next(iter(source))
    return frame_message(frame, Tracker(level=0).process(frame.image, frame.time, frame.index))


def test_arrays(folder: Path) -> None:
    with np.load(folder / "coefficients.npz") as arrays:
        assert named(section("coefficients.npz")) == set(arrays.files)


@pytest.mark.parametrize("table", ["landmarks.csv", "head_pose.csv"])
def test_columns(folder: Path, table: str) -> None:
    header = next(csv.reader((folder / table).read_text().splitlines()))
    known = named(section(table))
    assert {column for column in header if not re.fullmatch(r"[xy]\d+", column)} == {
        n for n in known if not re.fullmatch(r"[xy]\d+", n)
    }
    assert {name for name in known if re.fullmatch(r"[xy]\d+", name)} <= set(header)


def test_keys_of_the_summary(folder: Path) -> None:
    summary = json.loads((folder / "summary.json").read_text())
    assert named(section("summary.json")) == set(summary)
    assert {name for name in summary["camera"] if f"`{name}`" not in section("summary.json")} == set()


def test_keys_of_the_camera_beside_an_export(folder: Path, tmp_path: Path) -> None:
    performance: Performance = performance_of_track(load_track(folder), Tracker(level=0).model)
    export_performance(performance, "csv", tmp_path / "head.csv")
    written = json.loads((tmp_path / "head.camera.json").read_text())
    assert named(section("Exports")) == set(written)
    header = next(csv.reader((tmp_path / "head.csv").read_text().splitlines()))
    assert {name for name in (*header[:3], *header[53:]) if f"`{name}`" not in section("Exports")} == set()


def test_keys_of_json_datagrams(message: dict[str, Any]) -> None:
    names, face = map(json.loads, JsonDatagrams()(message))
    said = {*names, *face, *face["face"], *face["face"]["head"]}
    part = section("Datagrams").partition("**OSC**")[0]
    assert named(part) == said
    assert f"`{face['format']}`" in part


@pytest.mark.parametrize(
    ("title", "after", "datagrams"), [("OSC", "VMC", osc_datagrams), ("VMC", "iFacialMocap", vmc_datagrams)]
)
def test_addresses(message: dict[str, Any], title: str, after: str, datagrams: Any) -> None:
    part = section("Datagrams").partition(f"**{title}**")[2].partition(f"**{after}**")[0]
    sent = {text.decode() for text in re.findall(rb"/(?:morph|VMC)/[\w/]+", b"".join(datagrams(message)))}
    assert named(part) == {re.sub(r"weight/\w+", "weight/NAME", re.sub(r"face/\d+", "face/ID", address)) for address in sent}


def test_text_of_ifacialmocap_has_the_form_that_is_told(message: dict[str, Any]) -> None:
    (text,) = ifacialmocap_datagrams(message)
    assert re.fullmatch(
        r"(\w+-\d+\|)+=head#(-?[\d.]+,?){6}\|rightEye#(-?[\d.]+,?){3}\|leftEye#(-?[\d.]+,?){3}\|", text.decode()
    )
    assert "=head#X,Y,Z,PX,PY,PZ|rightEye#X,Y,Z|leftEye#X,Y,Z|" in PAGE
