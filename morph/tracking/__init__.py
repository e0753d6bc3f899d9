"""Faces followed through frames: detection, association, smoothing."""

from morph.tracking.detection.detector import CenterFaceDetector, Detections, Detector
from morph.tracking.face import Face
from morph.tracking.options import TrackerOptions
from morph.tracking.smoothing.face_smoother import SmoothingConfig, smooth_offline
from morph.tracking.smoothing.flow_filter import FlowCutoffs
from morph.tracking.tracker import Tracker

__all__ = [
    "CenterFaceDetector",
    "Detections",
    "Detector",
    "Face",
    "FlowCutoffs",
    "SmoothingConfig",
    "Tracker",
    "TrackerOptions",
    "smooth_offline",
]
