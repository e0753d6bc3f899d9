"""The web page, opened from disk in headless Chromium with the network off: pixels, sliders, and positions of vertices."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from chromium import Chromium, find_chromium

from morph.cli import main
from morph.export.head_mesh import split_at_seams
from morph.export.performance import Performance
from morph.export.web_page import THREE
from morph.model import MorphableModel
from morph.track_folder.export import ExportPlan
from morph.track_folder.read import load_track
from viewer.props import Item, Wearing, find_prop, prop_names
from viewer.props.page import page_prop, prop_glb
from viewer.props.wearer import Wearer

READY = "document.documentElement?.dataset.state === 'ready'"
WIDTH, HEIGHT = 900, 600
VALIDATE = """
import fs from 'fs';
import validator from 'gltf-validator';
console.log(JSON.stringify(await validator.validateBytes(new Uint8Array(fs.readFileSync(process.argv[2])))));
"""
WriteTrack = Callable[..., Path]
OpenPage = Callable[..., Chromium]
Picture = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    program = find_chromium()
    if program is None:
        pytest.skip("Chromium is not installed; `apt-get install chromium` to open the page in it")
    with Chromium(program, tmp_path_factory.mktemp("profile")) as browser:
        browser.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-reduced-motion", "value": "reduce"}])
        yield browser


@pytest.fixture
def open_page(chromium: Chromium, write_track: WriteTrack, tmp_path: Path) -> OpenPage:
    """Exports the page of a track with the command and opens it; it stands still at first."""

    def open_it(*options: str, size: tuple[int, int] = (WIDTH, HEIGHT), phone: bool = False) -> Chromium:
        assert main(["export", str(write_track("page")), "--out", str(tmp_path / "a.html"), "--level", "0", *options]) == 0
        chromium.events.clear()
        chromium.open(tmp_path / "a.html", *size, ready=READY, phone=phone)
        return chromium

    return open_it


def calm(page: Chromium) -> None:
    """The head without expression, facing the viewer."""
    page.run("document.getElementById('neutral').click(); document.getElementById('turn').click(); morph.draw()")


def box(page: Chromium, selector: str) -> list[float]:
    """Left, top, width and height of an element in the window, after scrolling to it."""
    script = "element.scrollIntoView({block: 'center'}); const {x, y, width, height} = element.getBoundingClientRect();"
    return page.run(
        f"(() => {{ const element = document.querySelector('{selector}'); {script} return [x, y, width, height]; }})()"
    )


def centre(page: Chromium, selector: str) -> tuple[float, float]:
    """Where to click an element."""
    left, top, width, height = box(page, selector)
    return left + width / 2, top + height / 2


def changed(before: Picture, after: Picture) -> npt.NDArray[np.bool_]:
    return np.abs(before.astype(int) - after).max(axis=2) > 12


def landmark_pixels(page: Chromium, model: MorphableModel) -> npt.NDArray[np.float64]:
    """``(68, 2)`` pixels of the window, as the page's own camera sees them."""
    first = np.array([int(np.flatnonzero(split_at_seams(model)[0] == vertex)[0]) for vertex in model.landmarks])
    return np.array(page.run(f"{first.tolist()}.map((index) => morph.pixel(index))"), float)


def weight(page: Chromium, name: str) -> float:
    return float(page.run(f"morph.mesh.morphTargetInfluences[morph.page.names.indexOf('{name}')]"))


def test_shows_a_lit_upright_head_without_a_network(open_page: OpenPage, coarse: MorphableModel) -> None:
    page = open_page()
    calm(page)
    shown = page.picture()
    page.run("morph.mesh.visible = false; morph.draw()")
    empty = page.picture()
    left, top, width, height = box(page, "#view")
    canvas = (slice(int(top), int(top + height)), slice(int(left), int(left + width)))
    head = changed(shown, empty)
    assert 0.2 < head[canvas].mean() < 0.7
    assert not head[:, canvas[1].stop :].any()
    points = landmark_pixels(page, coarse)
    across, down = points[:, 0], points[:, 1]
    assert down[36:48].max() < down[30] < down[48:60].min() < down[8]  # eyes, nose tip, lips, chin
    assert across[36:42].max() < across[42:48].min()  # the subject's right eye is on the left
    assert left < across.min() < across.max() < left + width
    assert top < down.min() < down.max() < top + height
    cheek = shown[int(down[30]) - 4 : int(down[30]) + 4, int(across[39]) - 8 : int(across[39]) + 8].reshape(-1, 3).mean(0)
    assert cheek[0] > cheek[1] > cheek[2]
    assert 120 < cheek.mean() < 245  # neither dark nor burnt out
    assert {address.partition(":")[0] for address in page.requests()} <= {"file", "blob", "data"}
    assert page.complaints() == []


def test_positions_are_those_of_the_decoder(open_page: OpenPage, placed: Performance) -> None:
    """Every frame to 0.01 mm; with a slider held too."""
    page = open_page()
    origin = split_at_seams(placed.model)[0]
    for row, time in enumerate(placed.time.tolist()):
        page.run(f"morph.show({time})")
        points = page.floats("morph.vertices()").reshape(-1, 3)
        assert np.abs(points - placed.vertices(row)[origin]).max() < 0.01
    weights = placed.weights.copy()
    weights[:, placed.model.expression_names.index("jawOpen")] = 1.0
    held = dataclasses.replace(placed, weights=weights)
    page.run("morph.set('jawOpen', 1)")
    points = page.floats("morph.vertices()").reshape(-1, 3)
    assert np.abs(points - held.vertices(len(held) - 1)[origin]).max() < 0.01


@pytest.mark.slow
def test_a_slider_opens_the_mouth_and_lets_go(open_page: OpenPage, placed: Performance, coarse: MorphableModel) -> None:
    """Mouse and keys as a person uses them; pixels change about the mouth and not on the forehead."""
    page = open_page()
    followed = weight(page, "jawOpen")
    assert followed == pytest.approx(placed.weights[0, coarse.expression_names.index("jawOpen")], abs=1e-6)
    calm(page)
    page.click(*centre(page, "#weight-jawOpen"))
    assert weight(page, "jawOpen") == pytest.approx(0.5, abs=0.06)
    page.press("Home", 36)
    assert weight(page, "jawOpen") == 0
    page.run("morph.draw()")
    points, shut = landmark_pixels(page, coarse), page.picture()
    page.press("End", 35)
    assert weight(page, "jawOpen") == 1
    page.run("morph.draw()")
    wide = page.picture()
    moved = changed(shut, wide)
    low, high = points[48:68].min(0).astype(int) - 6, points[48:68].max(0).astype(int) + 6
    assert moved[low[1] : high[1], low[0] : high[0]].mean() > 0.25
    brow = int(points[17:27, 1].min())
    assert moved[brow - 60 : brow - 10, low[0] : high[0]].mean() < 0.01
    assert page.run("document.querySelector('.held #weight-jawOpen').parentElement.querySelector('output').value") == "1.00"
    page.click(*centre(page, "#weight-jawOpen ~ button"))
    assert weight(page, "jawOpen") == pytest.approx(followed, abs=1e-6)
    page.run("morph.draw()")
    assert page.run("document.querySelectorAll('.weight').length, document.querySelectorAll('.weight.held').length") == 51
    page.click(*centre(page, "#follow"))
    page.run("morph.draw()")
    assert page.run("document.querySelectorAll('.weight.held').length") == 0


def test_plays_scrubs_and_orbits(open_page: OpenPage, performance: Performance) -> None:
    page = open_page()
    first, last = performance.time[[0, -1]].tolist()
    clock = "Number(document.getElementById('scrub').value)"
    assert page.run(clock) == pytest.approx(first)
    page.click(*centre(page, "#play"))
    page.wait(f"{clock} > {first} + 0.01")
    page.press(" ", 32)  # the button has the focus: it pauses
    page.wait("document.getElementById('play').getAttribute('aria-label') === 'Play'")
    page.click(*centre(page, "#scrub"))
    assert page.run(clock) == pytest.approx((first + last) / 2, abs=0.02)
    where = "morph.pixel(0)"
    before = page.run(where)
    page.drag(centre(page, "#view"), (120.0, 40.0))
    page.wait(f"Math.hypot({where}[0] - {before[0]}, {where}[1] - {before[1]}) > 5")
    page.click(*centre(page, "#reset"))
    np.testing.assert_allclose(page.run(where), before, atol=0.5)


@pytest.mark.slow
def test_glasses_ride_on_the_head(open_page: OpenPage, placed: Performance, coarse: MorphableModel) -> None:
    """Where the viewer puts them, to 0.01 mm, seen about the eyes, and gone when they are taken off."""
    page = open_page("--prop", "glasses")
    glasses = find_prop("glasses")
    assert glasses is not None
    (item,) = Wearing(glasses, coarse).items
    placement = item.place(Wearer(placed.shape, np.zeros(coarse.n_expression)))  # type: ignore[union-attr]
    want = np.column_stack([placement.linear, placement.shift]) * 0.001
    got = np.array(page.run("morph.prop.children[0].matrix.toArray()"), float).reshape(4, 4).T[:3]
    reach = np.array([100.0, 100.0, 150.0, 1.0])  # millimetres of the prop's own frame
    assert np.abs((got - want) * 1000 * reach).max() < 0.01
    calm(page)
    on, points = page.picture(), landmark_pixels(page, coarse)
    page.click(*centre(page, "#wear"))
    page.run("morph.draw()")
    worn = changed(on, page.picture())
    eyes, lips = points[36:48], points[48:60]
    low, high = eyes.min(0).astype(int) - 12, eyes.max(0).astype(int) + 12
    assert worn[low[1] : high[1], low[0] : high[0]].mean() > 0.15
    assert worn[int(lips[:, 1].min()) : int(lips[:, 1].max()), int(lips[:, 0].min()) : int(lips[:, 0].max())].mean() < 0.01
    assert page.complaints() == []


def test_a_nose_follows_the_skin(performance: Performance, coarse: MorphableModel) -> None:
    """The sum of single expressions puts it where their mixture does, to 0.2 mm."""
    dog = find_prop("dog")
    assert dog is not None
    made = page_prop(dog, performance)
    items: list[Any] = Wearing(dog, coarse).items
    mixtures = np.random.default_rng(1).random(performance.weights.shape) ** 3
    moved, wrong = [], []
    for item, (rest, *moves) in zip(items, made.matrices, strict=True):
        points = np.concatenate([piece.vertices for piece in item.item.pieces])
        for weights in mixtures:
            matrix = rest + np.einsum("e,eij->ij", weights, moves)
            there, base = (points @ part[:, :3].T + part[:, 3] for part in (matrix, rest))
            right = item.place(Wearer(performance.shape, weights / coarse.expression_std))(points)
            moved.append(np.linalg.norm(there - base, axis=1).max() * 1000)
            wrong.append(np.linalg.norm(there * 1000 - right, axis=1).max())
    assert max(moved) > 1.0
    assert max(wrong) < 0.2


def test_paint_lies_on_the_skin(open_page: OpenPage, coarse: MorphableModel, tmp_path: Path) -> None:
    (tmp_path / "green").mkdir()
    paint = np.zeros((512, 512, 4), np.uint8)
    paint[:] = (0, 200, 0, 255)
    cv2.imwrite(str(tmp_path / "green" / "paint.png"), paint)
    (tmp_path / "green" / "prop.yaml").write_text("texture: paint.png\n")
    page = open_page("--prop", str(tmp_path / "green"))
    calm(page)
    across, down = landmark_pixels(page, coarse)[30].astype(int)
    red, green, blue = page.picture()[down - 3 : down + 3, across - 3 : across + 3].reshape(-1, 3).mean(0)
    assert green > 2 * max(red, blue)
    page.click(*centre(page, "#wear"))
    page.run("morph.draw()")
    red, green, blue = page.picture()[down - 3 : down + 3, across - 3 : across + 3].reshape(-1, 3).mean(0)
    assert red > green > blue
    assert page.complaints() == []


@pytest.mark.parametrize("size", [(360, 640), (740, 360)])
def test_fits_a_phone(open_page: OpenPage, size: tuple[int, int]) -> None:
    """Upright and on its side: nothing sticks out, the head has room, sliders can be read and reached."""
    page = open_page(size=size, phone=True)
    assert page.run("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]") == list(size)
    _, _, width, height = box(page, "#view")
    assert width * height > 0.3 * size[0] * size[1]
    left, _, wide, _ = box(page, "#weight-jawOpen")
    assert wide >= 70
    assert 0 <= left < left + wide <= size[0]
    cut = "[...document.querySelectorAll('.weight label')].filter((e) => e.scrollWidth > e.clientWidth + 1).length"
    assert page.run(cut) == 0


def test_one_frame_has_no_transport(open_page: OpenPage, write_track: WriteTrack, coarse: MorphableModel) -> None:
    page = open_page("--id", "0")
    assert page.run("document.getElementById('transport').hidden")
    single = ExportPlan(level=0).performance(load_track(write_track("again")), 0)
    points = page.floats("morph.vertices()").reshape(-1, 3)
    assert np.abs(points - single.vertices(0)[split_at_seams(coarse)[0]]).max() < 0.01


def test_one_file_with_its_licence_that_asks_for_nothing(write_track: WriteTrack, tmp_path: Path) -> None:
    out = tmp_path / "Tom & <b>.html"
    assert main(["export", str(write_track()), "--out", str(out), "--level", "0", "--prop", "none"]) == 0
    text = out.read_text(encoding="utf-8")
    assert "<title>Tom &amp; &lt;b&gt;</title>" in text
    assert "default-src 'none'" in text
    assert "The MIT License" in text
    assert "three.js authors" in text
    for asks in ('src="http', 'href="http', "@import", "url(http"):
        assert asks not in text
    assert main(["export", str(tmp_path / "track"), "--out", str(out), "--level", "0"]) == 0
    assert out.read_text(encoding="utf-8") == text  # the same page each time


def test_mistakes_are_one_line(write_track: WriteTrack, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    track = write_track()
    (tmp_path / "folder.html").mkdir()
    with np.load(track / "coefficients.npz") as full:
        per_face = ("frame", "time", "id", "shape", "expression", "rotation", "scale", "translation")
        arrays = {key: full[key][:0] for key in per_face}
    empty = write_track("empty", **arrays)
    cases = [
        ([track, tmp_path / "a.html", "--prop", "crown"], "no prop crown; choose none, "),
        (
            [track, tmp_path / "a.mdd", "--prop", "glasses"],
            "--prop is for scenes; let --out end in .glb, .usdc",
        ),
        ([track, tmp_path / "a.glb", "--format", "html"], "is not the name of a HTML file; let it end in .html"),
        ([track, tmp_path / "no" / "a.html"], "choose a folder that exists and is writable"),
        ([track, tmp_path / "folder.html"], "it is a folder; give the name of a file"),
        ([empty, tmp_path / "a.html"], "holds no face"),
    ]
    for (source, out, *more), said in cases:
        assert main(["export", str(source), "--out", str(out), *more, "--level", "0"]) == 2
        line = capsys.readouterr().err
        assert said in line
        assert line.startswith("morph: ")
        assert line.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "folder.html", "track"]


@pytest.mark.parametrize("name", prop_names(footage=False)[1:])
def test_props_are_valid_gltf(run_node: Callable[..., str], tmp_path: Path, name: str) -> None:
    prop = find_prop(name)
    assert prop is not None
    data = prop_glb(prop)
    if not any(isinstance(item, Item) for item in prop.items):
        assert data == b""
        return
    (tmp_path / "prop.glb").write_bytes(data)
    report = json.loads(run_node(["gltf-validator"], VALIDATE, tmp_path / "prop.glb"))
    assert report["issues"]["numErrors"] == 0, report["issues"]["messages"]
    assert report["info"]["totalTriangleCount"] > 100


def test_three_js_is_the_pinned_one() -> None:
    script = (Path(__file__).resolve().parents[2] / "data" / "web" / "build.py").read_text()
    pinned = script.partition('BUNDLE_SHA256 = "')[2].partition('"')[0]
    assert hashlib.sha256(THREE.read_bytes()).hexdigest() == pinned
    assert THREE.stat().st_size < 1.5e6
