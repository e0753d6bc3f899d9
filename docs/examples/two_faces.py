"""Two people of a clip and how wide each one's mouth opens: python two_faces.py CLIP"""

import sys
from collections import defaultdict

from morph import Tracker

widest: dict[int, float] = defaultdict(float)
for face in Tracker(max_faces=2, level=0).track(sys.argv[1]):  # who comes back keeps their number
    widest[face.id] = max(widest[face.id], face.blendshapes["jawOpen"])
for person, jaw in sorted(widest.items()):
    print(f"person {person}: {jaw:.2f}")
