"""MediaPipe's face mesh on pictures: 478 points each. Runs in an environment of its own and imports nothing of morph.

    python -m venv mp && mp/bin/pip install mediapipe==0.10.21
    mp/bin/python data/free_faces/label.py IMAGES.npy OUT.npz

IMAGES.npy is ``(N, S, S, 3)`` uint8 RGB, as crop sets hold it. Writes row ``(M,)`` of the pictures with a face and points
``(M, 478, 2)`` in their pixels, 0-based. Faces that fill their picture are found with a border about them; each picture is
looked at on its own, and again in the mirror: where the two looks differ by more than --agree of the picture, it has no label.
"""

import argparse
import sys

import cv2
import mediapipe
import numpy as np

SIZE = 320  # pixels of what the labeller sees, border included


def main() -> None:
    """Go through the pictures once."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", metavar="IMAGES.npy")
    parser.add_argument("out", metavar="OUT.npz")
    parser.add_argument("--border", type=float, default=0.2, help="share of the side that is added all around (0.2)")
    parser.add_argument("--agree", type=float, default=0.02, help="most that two looks may differ, share of the side (0.02)")
    parser.add_argument("--count", type=int, help="only the first so many")
    options = parser.parse_args()
    images = np.load(options.images, mmap_mode="r")[: options.count]
    mesh = mediapipe.solutions.face_mesh.FaceMesh(
        static_image_mode=True, max_num_faces=1, refine_landmarks=True, min_detection_confidence=0.3
    )
    side = images.shape[1]
    inner = round(SIZE / (1 + 2 * options.border))
    edge = (SIZE - inner) // 2
    rows, looks = [], []
    for row in range(len(images)):
        picture = cv2.resize(np.ascontiguousarray(images[row]), (inner, inner), interpolation=cv2.INTER_CUBIC)
        picture = cv2.copyMakeBorder(picture, edge, SIZE - inner - edge, edge, SIZE - inner - edge, cv2.BORDER_CONSTANT)
        pair = [look(mesh, picture), look(mesh, np.ascontiguousarray(picture[:, ::-1]))]
        if all(points is not None for points in pair):
            rows.append(row)
            looks.append(pair)
    looks = np.array(looks, np.float32).reshape(-1, 2, 478, 2)
    looks[:, 1] = looks[:, 1] * [-1, 1] + [SIZE - 1, 0]
    looks[:, 1] = looks[:, 1, partners(looks)]
    agree = np.linalg.norm(looks[:, 0] - looks[:, 1], axis=-1).mean(1) <= options.agree * inner
    points = (looks[agree].mean(1) - edge + 0.5) * side / inner - 0.5
    np.savez(options.out, row=np.array(rows, np.int64)[agree], points=points, count=len(images))
    print(f"{len(rows)} of {len(images)} pictures have a face; two looks agree on {agree.sum()}")


def look(mesh, picture):
    """Points ``(478, 2)`` in pixels of the picture, or None."""
    faces = mesh.process(picture).multi_face_landmarks
    return np.array([(p.x * SIZE - 0.5, p.y * SIZE - 0.5) for p in faces[0].landmark]) if faces else None


def partners(looks):
    """Which point of the mirrored look ``(N, 2, 478, 2)`` is which of the plain one: nearest over many faces, one to one."""
    from scipy.optimize import linear_sum_assignment

    away = np.zeros((478, 478))
    for first, second in looks[:: max(len(looks) // 100, 1)]:
        away += np.minimum(np.linalg.norm(first[:, None] - second[None], axis=-1), 20)
    return linear_sum_assignment(away)[1]


if __name__ == "__main__":
    sys.exit(main())
