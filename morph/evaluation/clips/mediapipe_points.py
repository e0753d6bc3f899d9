"""Runs in an environment of its own that has mediapipe, and imports nothing of morph: a clip in, its face mesh out.

    PYTHON mediapipe_points.py CLIP OUT.npz

Writes frame (T,), points (T, 468, 2) in pixels of the frames with a face, frames, width, height and the CPU seconds of the
whole process for decoding the clip and for the face mesh.
"""

import sys
import time

import cv2
import mediapipe
import numpy as np


def main() -> None:
    """Go through the clip once."""
    clip, out = sys.argv[1:]
    mesh = mediapipe.solutions.face_mesh.FaceMesh(static_image_mode=False, max_num_faces=1, refine_landmarks=False)
    capture = cv2.VideoCapture(clip)
    rows, points, decode, track, index = [], [], 0.0, 0.0, 0
    size = (0, 0)
    while True:
        start = time.process_time()
        good, image = capture.read()
        if not good:
            break
        image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        middle = time.process_time()
        faces = mesh.process(image).multi_face_landmarks
        decode, track = decode + middle - start, track + time.process_time() - middle
        height, width = image.shape[:2]
        size = (width, height)
        if faces:
            rows.append(index)
            points.append([(mark.x * width - 0.5, mark.y * height - 0.5) for mark in faces[0].landmark])
        index += 1
    np.savez(
        out,
        frame=np.array(rows, np.int64),
        points=np.array(points, np.float64).reshape(len(rows), -1, 2),
        frames=index,
        size=size,
        seconds_decode=decode,
        seconds_track=track,
        version=mediapipe.__version__,
    )


if __name__ == "__main__":
    main()
