"""Expression scores of MediaPipe's Face Landmarker on pictures. Runs in an environment of its own, without morph.

    python -m venv mp && mp/bin/pip install mediapipe==0.10.21
    mp/bin/python data/free_faces/scores.py IMAGES.npy face_landmarker_v2_with_blendshapes.task OUT.npz

IMAGES.npy is ``(N, S, S, 3)`` uint8 RGB, as crop sets hold it. Writes row ``(M,)`` of the pictures in which a face was found,
scores ``(M, 52)`` and names ``(52,)`` of the scores, ``_neutral`` first. Each picture has a border, for faces that fill it.
"""

import argparse

import cv2
import mediapipe
import numpy as np

SIZE = 320  # pixels of what the labeller sees, border included


def main() -> None:
    """Go through the pictures once."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", metavar="IMAGES.npy")
    parser.add_argument("task", help="MediaPipe's model file")
    parser.add_argument("out", metavar="OUT.npz")
    parser.add_argument("--border", type=float, default=0.2, help="share of the side that is added all around (0.2)")
    parser.add_argument("--count", type=int, help="only the first so many")
    options = parser.parse_args()
    images = np.load(options.images, mmap_mode="r")[: options.count]
    vision = mediapipe.tasks.vision
    look = vision.FaceLandmarker.create_from_options(
        vision.FaceLandmarkerOptions(
            base_options=mediapipe.tasks.BaseOptions(model_asset_path=options.task),
            output_face_blendshapes=True,
            min_face_detection_confidence=0.3,
        )
    )
    inner = round(SIZE / (1 + 2 * options.border))
    edge = (SIZE - inner) // 2
    rows, scores, names = [], [], []
    for row in range(len(images)):
        picture = cv2.resize(np.ascontiguousarray(images[row]), (inner, inner), interpolation=cv2.INTER_CUBIC)
        picture = cv2.copyMakeBorder(picture, edge, SIZE - inner - edge, edge, SIZE - inner - edge, cv2.BORDER_CONSTANT)
        found = look.detect(mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=picture)).face_blendshapes
        if found:
            rows.append(row)
            scores.append([category.score for category in found[0]])
            names = [category.category_name for category in found[0]]
    np.savez(options.out, row=np.array(rows, np.int64), scores=np.array(scores, np.float32), names=names, count=len(images))
    print(f"{len(rows)} of {len(images)} pictures have a face")


if __name__ == "__main__":
    main()
