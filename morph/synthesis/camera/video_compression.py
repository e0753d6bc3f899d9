"""What a video does to a picture: blocks, smeared detail and the traces of the frame before."""

from __future__ import annotations

from fractions import Fraction

import av
import cv2
import numpy as np

from morph.arrays import Image

LEAST = 16  # pixels a side that the encoder takes


def pass_through_video(picture: Image, rng: np.random.Generator) -> Image:
    """The picture as the second frame of an MPEG-4 video whose first frame is the same, moved a little.

    Args:
        picture: ``(H, W, 3)`` uint8 RGB.
        rng: draws the movement (to 3 pixels) and the quantiser (3 to 14 of 31).

    Returns:
        ``(H, W, 3)`` uint8 RGB.
    """
    height, width = picture.shape[:2]
    below, right = max(height % 2, LEAST - height), max(width % 2, LEAST - width)
    padded = np.asarray(cv2.copyMakeBorder(picture, 0, below, 0, right, cv2.BORDER_REPLICATE), np.uint8)
    move = np.array([[1, 0, rng.uniform(-3, 3)], [0, 1, rng.uniform(-3, 3)]], np.float32)
    size = padded.shape[1::-1]
    before = np.asarray(cv2.warpAffine(padded, move, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)
    quantiser = int(rng.integers(3, 15))
    encoder = av.CodecContext.create("mpeg4", "w")
    encoder.width, encoder.height, encoder.pix_fmt = size[0], size[1], "yuv420p"
    encoder.time_base, encoder.thread_count = Fraction(1, 25), 1
    encoder.qmin = encoder.qmax = quantiser
    decoder = av.CodecContext.create("mpeg4", "r")
    decoder.thread_count = 1
    packets = []
    for time, frame in enumerate((before, padded)):
        shown = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24").reformat(format="yuv420p")
        shown.pts = time
        packets += encoder.encode(shown)
    packets += encoder.encode(None)
    frames = [frame for packet in packets for frame in decoder.decode(packet)] + decoder.decode(None)
    return np.ascontiguousarray(frames[-1].to_ndarray(format="rgb24")[:height, :width])
