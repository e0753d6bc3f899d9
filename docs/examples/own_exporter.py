"""A file format of one's own from a track of `morph track`: python own_exporter.py TRACK OUT.json"""

import json
import sys
from pathlib import Path

from morph import load_default_model, load_track, performance_of_track

performance = performance_of_track(load_track(sys.argv[1]), load_default_model(0))  # one person, one head, millimetres
frames = [
    {
        "time": time,
        "weights": dict(zip(performance.model.expression_names, weights, strict=True)),
        "quaternion_xyzw": turn,
        "place": place,
    }
    for time, weights, turn, place in zip(
        performance.time.tolist(),
        performance.weights.round(4).tolist(),
        performance.quaternions.round(5).tolist(),
        performance.translation.round(2).tolist(),
        strict=True,
    )
]
Path(sys.argv[2]).write_text(json.dumps({"fps": performance.fps, "frames": frames}))
print(f"{len(frames)} frames at {performance.fps:.2f} a second")
