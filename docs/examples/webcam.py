"""A webcam, frame by frame: python webcam.py [CLIP]"""

import sys
import time

import cv2

from morph import Tracker

capture, tracker = cv2.VideoCapture(sys.argv[1] if len(sys.argv) > 1 else 0), Tracker()
while True:
    good, frame = capture.read()
    if not good:
        break
    for face in tracker.process(frame, time=time.monotonic(), bgr=True):
        yaw, jaw = face.euler_degrees["yaw"], face.blendshapes["jawOpen"]
        print(f"{face.id}: yaw {yaw:.0f}, jaw {jaw:.2f}, {len(face.vertices)} vertices")
