"""Faces in pictures and clips: frames, detector, crop, network, tracker."""

from morph.tracking.detector import CenterFaceDetector, Detections, Detector
from morph.tracking.face import Face
from morph.tracking.flow_smoothing import FlowCutoffs
from morph.tracking.frames import Frame, FrameSource, open_source, read_picture
from morph.tracking.regressor import Regressor
from morph.tracking.smoothing import SmoothingConfig, smooth_offline
from morph.tracking.tracker import Tracker

__all__ = [
    "CenterFaceDetector",
    "Detections",
    "Detector",
    "Face",
    "FlowCutoffs",
    "Frame",
    "FrameSource",
    "Regressor",
    "SmoothingConfig",
    "Tracker",
    "open_source",
    "read_picture",
    "smooth_offline",
]
