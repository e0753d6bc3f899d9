"""Runs in an environment of its own that has mediapipe, and imports nothing of morph: frames in, expression scores out.

    PYTHON mediapipe_scores.py TASK WIDTH HEIGHT OUT.npz < frames

Standard input holds, for each frame, its time in milliseconds (8 bytes, little endian) and HEIGHT × WIDTH × 3 bytes of RGB.
Writes row (M,) of the frames with a face, scores (M, 52), names (52,), frames and version. The Face Landmarker follows one
face through the clip, with its own smoothing.
"""

import sys

import mediapipe
import numpy as np
from mediapipe.tasks.python import BaseOptions, vision


def main() -> None:
    """Go through the frames once."""
    task, width, height, out = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=task),
        running_mode=vision.RunningMode.VIDEO,
        output_face_blendshapes=True,
    )
    rows, scores, names, count, last = [], [], [], 0, -1
    with vision.FaceLandmarker.create_from_options(options) as judge:
        while len(head := sys.stdin.buffer.read(8)) == 8:
            last = max(int.from_bytes(head, "little"), last + 1)
            pixels = np.frombuffer(sys.stdin.buffer.read(width * height * 3), np.uint8).reshape(height, width, 3)
            image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(pixels))
            found = judge.detect_for_video(image, last).face_blendshapes
            if found:
                rows.append(count)
                scores.append([one.score for one in found[0]])
                names = [one.category_name for one in found[0]]
            count += 1
    np.savez(
        out,
        row=np.array(rows, np.int64),
        scores=np.array(scores, np.float64).reshape(len(rows), len(names)),
        names=np.array(names, np.str_),
        frames=count,
        version=mediapipe.__version__,
    )


if __name__ == "__main__":
    main()
