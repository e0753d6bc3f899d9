"""A prop of one's own, a red nose, worn over a picture: python own_prop.py PICTURE OUT.png"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import trimesh

from morph import load_default_model

head = load_default_model(0)
ball = trimesh.creation.icosphere(subdivisions=3, radius=14.0)  # millimetres
ball.apply_translation(head.mean[head.landmarks[30]])  # the tip of the nose
ball.visual = trimesh.visual.ColorVisuals(ball, face_colors=np.tile([220, 20, 30, 255], (len(ball.faces), 1)))
with tempfile.TemporaryDirectory() as folder:
    prop, track = Path(folder) / "nose", Path(folder) / "track"
    prop.mkdir()
    ball.export(prop / "nose.glb")
    (prop / "prop.yaml").write_text("mesh: nose.glb\nlandmarks: [27, 30, 31, 33, 35]\nfollows: skull\nfit: similarity\n")
    morph = [sys.executable, "-m", "morph"]
    subprocess.run([*morph, "track", sys.argv[1], "--out", track, "--level", "0", "--no-overlay"], check=True)
    subprocess.run([*morph, "view", track, "--over", sys.argv[1], "--prop", prop, "--out", sys.argv[2]], check=True)
