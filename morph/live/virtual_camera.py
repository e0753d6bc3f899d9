"""Pictures as a camera that other programs (OBS, Zoom, a browser) open."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from morph.arrays import Image
from morph.errors import MorphError


class VirtualCamera:
    """Sends pictures to a virtual camera of the system, which the first one opens.

    Args:
        fps: frames a second that it says it has.

    Attributes:
        device: its name; "" before the first picture.

    Raises:
        MorphError: the extra ``virtual-camera`` is not installed.
    """

    def __init__(self, fps: float) -> None:
        try:
            import pyvirtualcam
        except ModuleNotFoundError:
            raise MorphError("a virtual camera needs pyvirtualcam; install it with: pip install pyvirtualcam") from None
        self._library, self._fps, self.device = pyvirtualcam, fps, ""
        self._camera: Any = None

    def send(self, picture: Image) -> None:
        """Show a picture; the camera keeps the size of the first one.

        Args:
            picture: ``(H, W, 3)`` uint8 RGB.

        Raises:
            MorphError: the system has no virtual camera.
        """
        if self._camera is None:
            self._open(*picture.shape[1::-1])
        size = self._camera.width, self._camera.height
        if picture.shape[1::-1] != size:
            picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
        self._camera.send(np.ascontiguousarray(picture))

    def close(self) -> None:
        """Give the camera back."""
        if self._camera is not None:
            self._camera.close()

    def _open(self, width: int, height: int) -> None:
        try:
            self._camera = self._library.Camera(width, height, self._fps)
        except RuntimeError as error:  # what pyvirtualcam raises where there is no device
            reason = (str(error) or "it does not open").splitlines()[0]
            raise MorphError(f"no virtual camera: {reason}; install OBS (Windows, macOS) or v4l2loopback (Linux)") from None
        self.device = self._camera.device
