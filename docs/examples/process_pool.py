"""Clips tracked side by side, each by a process with a tracker of its own: python process_pool.py CLIP..."""

import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor

from morph import Face, Tracker


def track(clip: str) -> list[Face]:
    """Runs in a worker; faces come back as some kilobytes each."""
    return list(Tracker(level=0).track(clip))


if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")  # fork copies the threads of ONNX Runtime, which then wait for ever
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        for clip, faces in zip(sys.argv[1:], pool.map(track, sys.argv[1:]), strict=True):
            print(f"{clip}: {len(faces)} faces, {len(faces[0].vertices) if faces else 0} vertices")
