"""A process that reads damaged files one after another and says of each: read, refused in a line, or a fault.

It runs with a limit on memory and on processor time, for a reader may crash or hang: then this process ends, and not the
tests. One JSON object a line comes in (``reader``, ``path``) and goes out (``line``, ``fault``, ``peak`` in MiB).
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

MEMORY = 2 << 30  # bytes above what the process holds at first
SECONDS = 20


def picture(path: Path) -> None:
    """As it is tracked."""
    clip(path)


def clip(path: Path) -> None:
    """Every frame."""
    import numpy as np

    from morph.frames.sources import open_source

    last = -np.inf
    for frame in open_source(path):
        assert frame.image.ndim == 3
        assert frame.image.shape[2] == 3
        assert frame.image.dtype == np.uint8
        assert frame.image.size
        assert np.isfinite(frame.time)
        assert frame.time >= last
        last = frame.time


def mat(path: Path) -> None:
    """Labels of 300W-LP."""
    import numpy as np

    from morph.datasets.published.mat import read_face_mat

    label = read_face_mat(path)
    assert np.isfinite(label.pose).all()
    assert label.shape.ndim == 1


def matlab_model(path: Path) -> None:
    """A Matlab file given as a model."""
    any_model(path)


def any_model(path: Path) -> None:
    """Any format of a model; one of toy size may be refused for what it is."""
    import numpy as np

    from morph.model.readers import read_model

    model = read_model(path)
    assert np.isfinite(model.mean).all()


def crop_set(path: Path) -> None:
    """Labels and pictures."""
    from morph.datasets.crops import CropSet

    crops = CropSet.open(path)
    assert len(crops.coefficients.scale) == len(crops)
    assert crops.images[:].sum() >= 0


def windows(path: Path) -> None:
    """Clip windows."""
    from morph.datasets.clip_windows import ClipWindows

    ClipWindows.open(path)


def track(path: Path) -> None:
    """A track folder."""
    import numpy as np

    from morph.track_folder.read import load_track

    read = load_track(path)
    assert np.isfinite(read.coefficients.scale).all()
    assert read.size is None or min(read.size) > 0


def regressor(path: Path) -> None:
    """A network that is also run."""
    import numpy as np

    from morph.crop.rules import RULES
    from morph.inference.regressor import Regressor

    network = Regressor(path, crops=RULES)  # that of expressions has one of its own
    network(np.zeros((1, network.input_size, network.input_size, 3), np.uint8))


def experts(path: Path) -> None:
    """A network that corrects."""
    from morph.inference.experts import Experts

    Experts(path)


def weights(path: Path) -> None:
    """safetensors."""
    from morph.network.regressor import load_weights

    load_weights(path)


def recipe(path: Path) -> None:
    """YAML of every kind of recipe."""
    from morph.training.config import load_config

    load_config(path)


def prop(path: Path) -> None:
    """YAML and what it names."""
    from viewer.props.prop import load_prop

    load_prop(path)


def blinks(path: Path) -> None:
    """CSV."""
    from morph.evaluation.clips.blinks import read_blinks

    read_blinks(path, "a.mp4")


def weak_labels(path: Path) -> None:
    """Landmarks beside a set."""
    import types

    import numpy as np

    from morph.fitting.weak_labels import read_weak_labels

    read_weak_labels(path, types.SimpleNamespace(names=np.array(["000001"]), folder=path.parent))


def landmark_set(path: Path) -> None:
    """Landmarks and pictures."""
    from morph.fitting.landmark_sets import open_landmark_set

    data = open_landmark_set(path)
    data.picture(0)


def truth(path: Path) -> None:
    """Truth of a rendered clip."""
    from morph.evaluation.clips.truth import read_truth

    read_truth(path)


def face_texture(path: Path) -> None:
    """A texture with a note in it."""
    from viewer.effects.face_texture import read_face_texture

    read_face_texture(path)


READERS: dict[str, Callable[[Path], None]] = {
    "picture": picture,
    "clip": clip,
    "folder of pictures": clip,
    "mat": mat,
    "matlab model": matlab_model,
    "model": any_model,
    "crop set": crop_set,
    "windows": windows,
    "track": track,
    "regressor": regressor,
    "experts": experts,
    "expressions": regressor,
    "weights": weights,
    "recipe": recipe,
    "prop": prop,
    "blinks": blinks,
    "weak labels": weak_labels,
    "landmark set": landmark_set,
    "truth": truth,
    "face texture": face_texture,
}


def answer(reader: str, path: str) -> dict[str, object]:
    """What came of one file."""
    from morph.errors import MorphError

    line = fault = None
    try:
        READERS[reader](Path(path))
    except MorphError as error:
        line = str(error)
    except BaseException:
        fault = traceback.format_exc()
    return {"line": line, "fault": fault, "peak": _peak()}


def _peak() -> float:
    """MiB that this process held at most; the system's own figure begins with what its parent held."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return next(float(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def serve() -> None:
    """Answer until nobody asks."""
    out = os.fdopen(os.dup(1), "w")
    quiet = os.open(os.devnull, os.O_RDWR)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    for request in sys.stdin:
        asked = json.loads(request)
        if asked.pop("warm", False):  # a whole file, before any limit: libraries come in
            result = answer(**asked)
            held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY, -1))
        else:
            resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + SECONDS + 1, -1))
            result = answer(**asked)
        print(json.dumps(result), file=out, flush=True)


if __name__ == "__main__":
    serve()
