import numpy as np
import pytest
from clips import portrait, write_stream

from morph.frames.sources import open_source
from morph.frames.wide_colour import BT709, BT2020, HLG, P3, PQ, Colours, WideColour, hlg_scene, pq_light, to_xyz

LUMINANCE = np.array([0.2627, 0.6780, 0.0593])  # ITU-R BT.2100


def light_of(picture):
    """Linear light of sRGB."""
    values = picture / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def stored(light, transfer, primaries):
    """``(H, W, 3)`` uint16 of linear BT.709 light, where 1 is a white page of 203 cd/m2."""
    light = np.clip(light @ np.linalg.solve(to_xyz(primaries), to_xyz(BT709)).T, 0, None)
    steps = np.linspace(0, 1, 65536)
    if transfer == PQ:
        values = np.interp(light * 203, pq_light(steps), steps)
    elif transfer == HLG:
        light = light * 203 / 1000  # of the peak of the display; its system gamma of 1.2 is taken off
        luminance = np.maximum(light @ LUMINANCE, 1e-9)[..., None]
        values = np.interp(light / luminance ** (0.2 / 1.2), hlg_scene(steps), steps)
    else:
        values = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.rint(65535 * values).astype(np.uint16)


@pytest.mark.parametrize(
    ("number", "transfer", "primaries"), [(9, PQ, BT2020), (9, HLG, BT2020), (9, 14, BT2020), (12, 13, P3), (2, PQ, BT2020)]
)
def test_colours_of_a_clip_come_out_as_an_ordinary_display_shows_them(tmp_path, number, transfer, primaries):
    """Faces and all else that is no highlight: to one step of 255 in the mean."""
    picture = portrait(64, 48)
    frames = [stored(light_of(picture), transfer, primaries)] * 2
    path = write_stream(tmp_path / "a.mkv", frames, "ffv1", "gbrp12le", color_trc=transfer, color_primaries=number)
    source = open_source(path)
    image = next(iter(source)).image
    plain = picture.max(axis=-1) < 220
    assert np.abs(image.astype(int) - picture)[plain].mean() < 1
    assert [line for line in source.left_out if "dynamic range" in line] == list(source.left_out)
    assert len(source.left_out) == (transfer in (PQ, HLG))


@pytest.mark.parametrize(("matrix", "kind"), [(9, "yuv420p10le"), (2, "yuv444p10le")])
def test_hdr_in_luma_and_chroma_whose_matrix_is_told_or_not(tmp_path, matrix, kind):
    picture = portrait(320, 240)
    r, g, b = np.moveaxis(stored(light_of(picture), PQ, BT2020) / 65535, -1, 0)
    luma = LUMINANCE @ np.stack([r, g, b]).reshape(3, -1)
    luma = luma.reshape(r.shape)
    planes = np.stack([64 + 876 * luma, 512 + 896 * (b - luma) / 1.8814, 512 + 896 * (r - luma) / 1.4746])
    source = open_source(_ten_bits(tmp_path / "a.mkv", np.rint(planes).astype(np.uint16), kind, matrix))
    image = next(iter(source)).image
    plain = picture.max(axis=-1) < 220
    assert np.abs(image.astype(int) - picture)[plain].mean() < 3


def _ten_bits(path, planes, kind, matrix):
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.height, stream.width = planes.shape[1:]
        stream.pix_fmt = kind
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = 9, PQ, matrix, 1
        frame = av.VideoFrame(planes.shape[2], planes.shape[1], "yuv444p10le")
        for plane, values in zip(frame.planes, planes, strict=True):
            rows = np.frombuffer(plane, np.uint16).reshape(plane.height, -1)
            rows[:, : plane.width] = values
        frame.colorspace, frame.color_range = matrix, 1
        container.mux(stream.encode(frame if kind == "yuv444p10le" else frame.reformat(format=kind)))
        container.mux(stream.encode(None))
    return path


def test_pq_known_values():
    """ITU-R BT.2408: 58 % is the white of a page, 75 % about 1000 cd/m2."""
    assert pq_light(np.array([0.0, 0.58, 0.752, 1.0])) == pytest.approx([0, 203, 1000, 10000], rel=0.02)


def test_hlg_known_values():
    assert hlg_scene(np.array([0.0, 0.5, 1.0])) == pytest.approx([0, 1 / 12, 1], abs=1e-6)
    assert 1000 * hlg_scene(np.array([0.75])) ** 1.2 == pytest.approx([203], rel=0.02)


def test_brighter_light_is_shown_brighter_and_white_stays_white():
    values = np.repeat(np.linspace(0, 65535, 256).astype(np.uint16)[None, :, None], 3, axis=2)
    for transfer in (PQ, HLG):
        shown = WideColour(Colours(9, transfer))(values)[0].astype(int)
        assert (np.diff(shown[:, 0]) >= 0).all()
        assert shown[-1].min() >= 250
        assert np.abs(shown - shown[:, :1]).max() <= 1


def test_ordinary_clips_are_left_as_they_are():
    assert Colours(1, 1).is_ordinary
    assert Colours(2, 2).is_ordinary
    assert not Colours(9, 1).is_ordinary
    assert not Colours(1, PQ).is_ordinary
