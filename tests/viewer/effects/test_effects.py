"""Effects on a drawn head, whose pixels are known to be skin, iris, lip or none of it."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from morph.cli import main
from morph.errors import MorphError
from morph.export.head_mesh import model_of_png, png
from morph.export.textures.plain import plain_texture
from morph.track_folder.read import load_track
from viewer.draw.software import SoftwareRenderer
from viewer.effects import EyeColour, FaceSwap, Retouching, SmoothSkin
from viewer.effects.colour import to_lab
from viewer.effects.irises import find_iris
from viewer.effects.swap import match_colours
from viewer.effects.zones import face_zone, skin_zone
from viewer.output.preview import Preview, draw_frame
from viewer.props import Prop, find_prop, load_prop, prop_names, with_face
from viewer.stage.track_scene import DisplayStyle, TrackScene
from viewer.windows.live_picture import LivePicture

WIDTH, HEIGHT, SCALE = 400, 420, 2.2
RED = EyeColour((0.75, 0.2, 0.15), 1.0)


@pytest.fixture
def stage_of(write_track, coarse_model):
    """Makes a stage: one large face that looks at the viewer, with expressions by name at full weight."""

    def make(*effects, yaw=0.0, **weights):
        from morph.model.rotation import euler_to_matrix

        expression = np.zeros((1, coarse_model.n_expression))
        for name, weight in weights.items():
            index = coarse_model.expression_names.index(name)
            expression[0, index] = weight / coarse_model.expression_std[index]
        folder = write_track(
            [0],
            name=f"track{np.random.default_rng().integers(1 << 60)}",
            shape=np.zeros((1, coarse_model.n_shape)),
            expression=expression,
            rotation=euler_to_matrix(np.radians([[0.0, yaw, 0.0]])),
            scale=np.array([SCALE]),
            translation=np.array([[0.5 * WIDTH, 0.45 * HEIGHT]]),
            size=np.array([WIDTH, HEIGHT]),
        )
        return TrackScene(load_track(folder), coarse_model, Prop("effect", effects) if effects else None)

    return make


def plate_of(stage):
    """The lit head on a grey backdrop."""
    bare = TrackScene(stage.track, stage.model)
    grey = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    return draw_frame(bare, SoftwareRenderer(2), Preview(look=DisplayStyle(head=True)), 0, grey)


def pixels_of(stage, values):
    """``(H, W)`` values of vertices at the pixels that see them."""
    face = stage.plate_face(0, (HEIGHT, WIDTH))
    out = np.zeros((HEIGHT, WIDTH), np.float32)
    out[face.box] = face.at_pixels(np.asarray(values, np.float32)[:, None])[..., 0]
    return out


def eyes_of(stage):
    """``(H, W)`` where eyeballs are seen."""
    face = stage.plate_face(0, (HEIGHT, WIDTH))
    seen = np.isin(face.model.regions[face.fragments.triangle_id], [1, 2]) & face.fragments.covered
    out = np.zeros((HEIGHT, WIDTH), bool)
    out[face.box] = seen
    return out


def changed(before, after, least=3):
    return np.abs(before.astype(int) - after).max(axis=-1) >= least


def test_irises_take_the_colour_and_nothing_else_does(stage_of):
    stage = stage_of(RED)
    plate = plate_of(stage)
    after = stage.retouched(0, plate)
    moved, eyes = changed(plate, after), eyes_of(stage)
    assert moved.sum() > 120  # two irises, 12 pixels wide and more
    for reach, share in ((5, 0.05), (11, 0.0)):  # pixels around what the mesh has between the lids
        around = cv2.dilate(eyes.astype(np.uint8), np.ones((reach, reach))) > 0
        assert (moved & ~around).sum() <= share * moved.sum()
    assert moved.sum() < 0.75 * eyes.sum()  # the white stays
    gain = after[moved].astype(float).mean(axis=0) - plate[moved].mean(axis=0)
    assert gain[0] > 10 > 0 > gain[2]
    columns = np.nonzero(moved)[1]
    assert (columns < WIDTH / 2).sum() > 40
    assert (columns > WIDTH / 2).sum() > 40


def test_shut_eyes_stay(stage_of):
    stage = stage_of(RED, eyeBlinkLeft=1.0, eyeBlinkRight=1.0)
    plate = plate_of(stage)
    np.testing.assert_array_equal(stage.retouched(0, plate), plate)
    wink = stage_of(RED, eyeBlinkLeft=1.0)
    plate = plate_of(wink)
    columns = np.nonzero(changed(plate, wink.retouched(0, plate)))[1]
    assert len(columns) > 40
    assert (columns < WIDTH / 2).all()  # the subject's right eye


def test_catchlight_stays(stage_of):
    stage = stage_of(RED)
    plate = plate_of(stage)
    rows, columns = np.nonzero(changed(plate, stage.retouched(0, plate)))
    right = columns < WIDTH / 2
    row, column = int(np.median(rows[right])), int(np.median(columns[right]))
    plate[row - 5 : row - 2, column + 3 : column + 6] = 250
    after = stage.retouched(0, plate)
    assert changed(plate, after).sum() > 100
    assert np.abs(after[row - 4, column + 4].astype(int) - 250).max() < 12


def test_iris_is_found_where_the_picture_has_it():
    rows, columns = np.mgrid[:80, :120]
    picture = np.full((80, 120, 3), (0.8, 0.6, 0.5), np.float32)
    opening = ((columns - 60) / 28.0) ** 2 + ((rows - 40) / 14.0) ** 2 < 1
    picture[opening] = 0.85
    picture[opening & (np.hypot(columns - 66, rows - 37) < 9.5)] = 0.25
    iris = find_iris(cv2.GaussianBlur(picture, (0, 0), 0.8), opening, np.array([60.0, 40.0]), np.array([0.0, 0.0, 1.0]), 10.0)
    assert iris is not None
    assert np.abs(iris.centre - (66, 37)).max() < 1.0
    assert iris.radius == pytest.approx(9.5, abs=1.5)
    flat = np.full_like(picture, 0.6)
    assert find_iris(flat, opening, np.array([60.0, 40.0]), np.array([0.0, 0.0, 1.0]), 10.0) is None
    assert find_iris(picture, opening, np.array([60.0, 40.0]), np.array([0.98, 0.0, 0.2]), 10.0) is None


def test_skin_is_smoothed_and_features_stay(stage_of):
    stage = stage_of(SmoothSkin(1.0))
    smooth = plate_of(stage)
    blemished = smooth + np.random.default_rng(0).normal(0, 1, (HEIGHT // 4, WIDTH // 4, 1)).repeat(4, 0).repeat(4, 1) * 6
    plate = np.clip(blemished, 0, 255).astype(np.uint8)
    after = stage.retouched(0, plate)
    skin = pixels_of(stage, skin_zone(stage.model)) > 0.98
    assert skin.sum() > 8000
    before_error, after_error = (np.abs(p.astype(float) - smooth)[skin].mean() for p in (plate, after))
    assert after_error < 0.6 * before_error
    head = pixels_of(stage, np.ones(stage.model.n_vertices)) > 0
    far = cv2.dilate(head.astype(np.uint8), np.ones((15, 15))) == 0
    np.testing.assert_array_equal(after[far], plate[far])
    eyes = eyes_of(stage)
    lips = pixels_of(stage, stage.model.vertex_masks["lips"]) > 0.95
    assert np.abs(after.astype(int) - plate)[eyes | lips].mean() < 0.25
    marks = np.rint(stage.plate_face(0, (HEIGHT, WIDTH)).points[stage.model.landmarks, :2]).astype(int)
    brows = marks[[18, 19, 20, 23, 24, 25]]
    assert np.abs(after.astype(int) - plate)[brows[:, 1], brows[:, 0]].max() <= 1


def test_strength_and_no_face(stage_of, coarse_model):
    plates = []
    for strength in (0.0, 0.5, 1.0):
        stage = stage_of(SmoothSkin(strength))
        rough = plate_of(stage)
        rough[::3] = np.clip(rough[::3].astype(int) + 12, 0, 255)
        plates.append((rough, stage.retouched(0, rough)))
    np.testing.assert_array_equal(*plates[0])
    half, whole = (np.abs(after.astype(int) - before).mean() for before, after in plates[1:])
    assert half == pytest.approx(0.5 * whole, rel=0.1)
    assert stage.retouched(7, rough) is rough
    assert stage_of().retouched(0, rough) is rough
    assert Retouching((), coarse_model)(rough, []) is rough


def striped(model, size=1024):
    """The plain texture with fine stripes, which no smooth light explains."""
    texture = plain_texture(model, size).astype(int)
    texture += np.where(np.arange(size) // 6 % 2, 30, -30)[:, None, None]
    return np.clip(texture, 0, 255).astype(np.uint8)


def test_another_face_in_the_plates_colours(stage_of, coarse_model):
    stage = stage_of(FaceSwap(striped(coarse_model)), jawOpen=0.8)
    plate = plate_of(stage)
    after = stage.retouched(0, plate)
    zone = pixels_of(stage, face_zone(coarse_model))
    face = cv2.erode((zone > 0.98).astype(np.uint8), np.ones((15, 15))).astype(bool)
    assert face.sum() > 5000
    fine = [
        np.abs(p - cv2.GaussianBlur(p, (0, 0), 5))[face].mean() for p in (plate.astype(np.float32), after.astype(np.float32))
    ]
    assert fine[1] > 3 * fine[0]  # the stripes are there
    ours, theirs = (to_lab(p / 255.0)[face].mean(axis=0) for p in (after, plate))
    assert np.abs(ours - theirs).max() < 4
    keep = eyes_of(stage) | (pixels_of(stage, coarse_model.vertex_masks["inner_mouth"]) > 0.95)
    face_only = stage.plate_face(0, (HEIGHT, WIDTH))
    teeth = np.zeros_like(keep)
    teeth[face_only.box] = (coarse_model.regions[face_only.fragments.triangle_id] > 2) & face_only.fragments.covered
    assert (keep | teeth).sum() > 300
    assert np.abs(after.astype(int) - plate)[keep | teeth].mean() < 1.0
    assert not changed(plate, after)[zone == 0].any()


@pytest.mark.parametrize("yaw", [0.0, 25.0])
def test_the_other_face_goes_with_the_motion(yaw, stage_of, coarse_model):
    size, mark = 1024, coarse_model.landmarks[30]  # tip of the nose
    corner = np.argwhere(coarse_model.triangles == mark)[0]
    u, v = coarse_model.uv[coarse_model.uv_triangles[tuple(corner)]]
    plain = plain_texture(coarse_model, size)
    dotted = cv2.circle(plain.copy(), (round(u * size), round((1 - v) * size)), 3, (10, 160, 10), -1)
    results = []
    for texture in (plain, dotted):
        stage = stage_of(FaceSwap(texture), yaw=yaw, mouthLeft=1.0)
        results.append(stage.retouched(0, plate_of(stage)).astype(float))
    x, y = np.rint(stage.plate_face(0, (HEIGHT, WIDTH)).points[mark, :2]).astype(int)
    greener = (results[1] - results[0])[..., 1] - (results[1] - results[0])[..., 0]
    rows, columns = np.nonzero(greener > 25)
    assert len(rows) > 12
    assert np.hypot(np.median(columns) - x, np.median(rows) - y) < 6


def test_match_of_colours():
    rng = np.random.default_rng(4)
    drawn, plate = (
        np.clip(m + s * rng.normal(size=(60, 60, 3)), 0, 1).astype(np.float32) for m, s in ((0.3, 0.05), (0.6, 0.06))
    )
    alpha = np.ones((60, 60), np.float32)
    matched = to_lab(match_colours(drawn, plate, alpha))
    np.testing.assert_allclose(matched.mean(axis=(0, 1)), to_lab(plate).mean(axis=(0, 1)), atol=0.8)


def test_live_picture_has_effects_too(stage_of, coarse_model):
    stage = stage_of(SmoothSkin(1.0))
    plate = plate_of(stage)
    plate[::4] = np.clip(plate[::4].astype(int) + 14, 0, 255)
    live = LivePicture(coarse_model)
    live.wear(stage.prop)
    face = _face(stage)
    np.testing.assert_array_equal(live.draw(plate, [face]), stage.retouched(0, plate))
    assert live.draw(plate, []) is plate


def _face(stage):
    """As much of a tracked face as a live picture asks for."""

    class Seen:
        id = 0
        coefficients = stage.track.coefficients[0]
        vertices = stage.head.decoder(coefficients.shape, coefficients.expression)

    return Seen()


def test_names_to_go_through():
    assert {"eyes", "beauty"} <= set(prop_names(footage=True))
    assert "swap" not in prop_names(footage=True)
    assert not {"eyes", "beauty", "swap"} & set(prop_names(footage=False))
    assert prop_names(footage=False)[:2] == ["none", "dog"]


def test_models_without_parts(coarse_model):
    bare = dataclasses.replace(coarse_model, name="bare", vertex_masks={}, regions=[], region_names=())
    with pytest.raises(MorphError, match="has no region left_eye, which eye_colour needs"):
        Retouching([RED], bare)
    with pytest.raises(MorphError, match="does not say where face is, which smooth_skin needs"):
        Retouching([SmoothSkin()], bare)
    with pytest.raises(MorphError, match=r"is a texture for model abcd, this track is of .* export one"):
        Retouching([FaceSwap(plain_texture(coarse_model, 512), "abcd")], coarse_model)


def test_texture_says_its_model(coarse_model, tmp_path):
    texture = plain_texture(coarse_model, 512)
    data = png(texture, coarse_model)
    assert model_of_png(data) == coarse_model.identity
    assert model_of_png(png(texture)) == ""
    np.testing.assert_array_equal(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB), texture)
    (tmp_path / "face.png").write_bytes(data)
    prop = with_face(find_prop("swap"), tmp_path / "face.png", coarse_model)
    assert prop.effects[0].identity == coarse_model.identity


def test_own_effects(tmp_path, coarse_model):
    (tmp_path / "face.png").write_bytes(png(plain_texture(coarse_model, 512), coarse_model))
    text = "items: [{effect: smooth_skin, strength: 0.4}, {effect: face_swap, texture: face.png}, {effect: eye_colour}]\n"
    (tmp_path / "prop.yaml").write_text(text)
    skin, swap, eyes = load_prop(tmp_path).effects
    assert (skin.strength, swap.texture.shape, eyes.colour) == (0.4, (512, 512, 3), EyeColour.colour)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("effect: blur\n", "no effect 'blur'; choose from eye_colour, smooth_skin, face_swap"),
        ("effect: smooth_skin\ncolour: [1, 0, 0]\n", "unknown colour; smooth_skin takes strength"),
        ("effect: smooth_skin\nstrength: 2\n", "strength must be 0 to 1, not 2"),
        ("effect: eye_colour\ncolour: blue\n", r"colour must be \[red, green, blue\]"),
        ("effect: face_swap\ntexture: gone.png\n", "names the texture gone.png, which is not beside it"),
        ("effect: face_swap\ntexture: prop.yaml\n", "cannot be read as a picture; give a texture that"),
        ("effect: eye_colour\nclear: 1\n", "unknown clear"),
    ],
)
def test_malformed_effects(tmp_path, text, says):
    (tmp_path / "prop.yaml").write_text(text)
    with pytest.raises(MorphError, match=says) as caught:
        load_prop(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--prop", "beauty", "--out", "{tmp}/a.png"], "prop beauty changes the footage, so it needs some"),
        (["--prop", "eyes", "--beside", "{plate}", "--out", "{tmp}/a.png"], "--over CLIP"),
        (["--prop", "swap", "--over", "{plate}", "--out", "{tmp}/a.png"], "face_swap needs a face: --face"),
        (["--prop", "glasses", "--face", "{plate}", "--over", "{plate}", "--out", "{tmp}/a.png"], "add --prop swap"),
        (["--prop", "swap", "--face", "{tmp}/gone", "--over", "{plate}", "--out", "{tmp}/a.png"], "no face"),
        (["--prop", "swap", "--face", "{plate}", "--over", "{plate}", "--out", "{tmp}/a.png"], "160x120; the UV layout"),
        (["--prop", "swap", "--face", "{other}", "--over", "{plate}", "--out", "{tmp}/a.png"], "is a texture for model ffff"),
        (["--prop", "swap", "--face", "{track}", "--over", "{plate}", "--out", "{tmp}/a.png"], "does not say"),
    ],
)
def test_mistakes_are_one_line(write_track, coarse_model, tmp_path, capsys, words, says):
    cv2.imwrite(str(tmp_path / "plate.png"), np.full((120, 160, 3), 90, np.uint8))
    other = dataclasses.replace(coarse_model, identity="ffff")
    (tmp_path / "other.png").write_bytes(png(np.full((512, 512, 3), 90, np.uint8), other))
    places = {"tmp": tmp_path, "plate": tmp_path / "plate.png", "other": tmp_path / "other.png", "track": write_track([0])}
    status = main(["view", str(places["track"]), "--backend", "software", *(word.format(**places) for word in words)])
    said = capsys.readouterr()
    assert status == 2
    assert says in said.err
    assert said.err.count("\n") == 1
    assert not (tmp_path / "a.png").exists()


def test_a_web_page_takes_none(write_track, tmp_path, capsys):
    track = write_track([0, 1], size=np.array([160, 120]))
    assert main(["export", str(track), "--prop", "eyes", "--out", str(tmp_path / "a.html")]) == 2
    assert "prop eyes changes the footage" in capsys.readouterr().err
