"""Draws a live frame: the footage with the tracked meshes over it, or with what the faces wear."""

from __future__ import annotations

import numpy as np

from morph.arrays import Floats, Image
from morph.model import MorphableModel
from morph.tracking import Face
from morph.tracking.overlay import draw_faces
from viewer.draw.lighting import studio_light
from viewer.draw.scene import MeshPart, Scene, picture_camera
from viewer.draw.software import SoftwareRenderer
from viewer.effects import PlateFace, Retouching
from viewer.plate.composite import over
from viewer.props import Placement, Prop, Wearer, Wearing

REMEMBERED = 64  # people whose first head is kept, so that hours of coming and going do not fill the memory


class LivePicture:
    """Draws faces as they come.

    Args:
        model: that faces are tracked with.
    """

    def __init__(self, model: MorphableModel) -> None:
        self.model = model
        self._wearing: Wearing | None = None
        self._retouching = Retouching((), model)
        self._renderer = SoftwareRenderer()
        self._light = studio_light()
        self._typical: dict[int, Floats] = {}

    def wear(self, prop: Prop | None) -> None:
        """Change what the faces wear.

        Raises:
            MorphError: the prop does not fit the model.
        """
        self._wearing = None if prop is None else Wearing(prop, self.model)
        self._retouching = Retouching(() if prop is None else prop.effects, self.model)

    def draw(self, image: Image, faces: list[Face], mesh: bool = True) -> Image:
        """The picture with faces, ``(H, W, 3)`` uint8 RGB.

        Args:
            image: ``(H, W, 3)`` uint8 RGB of the frame.
            faces: that were found in it.
            mesh: draw meshes and landmarks; where a prop is worn, it alone is drawn, and the heads hide what is behind them.
        """
        if self._wearing is None:
            return draw_faces(image, faces) if mesh and faces else image
        if self._retouching:
            image = self._retouching(image, [self._on_plate(face, image.shape) for face in faces])
        if not self._wearing.items:
            return image
        parts = [part for face in faces for part in self._worn(self._wearing, face)]
        if not parts:
            return image
        height, width = image.shape[:2]
        scene = Scene(tuple(parts), picture_camera(), width, height, self._light)
        return over(self._renderer.render(scene), image)

    def _on_plate(self, face: Face, shape: tuple[int, ...]) -> PlateFace:
        points = np.asarray(face.coefficients.camera.project(face.vertices), np.float32)
        return PlateFace(self.model, points, float(face.coefficients.scale), (shape[0], shape[1]))

    def _worn(self, wearing: Wearing, face: Face) -> list[MeshPart]:
        """The head, unseen, and what it wears, in the space of the picture."""
        pose = face.coefficients
        linear = np.asarray(pose.rotation, np.float32) * np.float32(pose.scale)
        shift = np.array([pose.translation[0], -pose.translation[1], 0.0], np.float32)
        vertices = face.vertices @ linear.T + shift
        head = MeshPart(vertices, self.model.triangles, np.zeros((len(vertices), 4), np.float32), holdout=True)
        # how far a prop keeps from the skin is measured on the head of the first frame, for later ones differ little
        typical = self._typical.setdefault(face.id, pose.shape)
        while len(self._typical) > REMEMBERED:
            self._typical.pop(next(iter(self._typical)))
        return [head, *wearing.parts(Wearer(pose.shape, pose.expression, typical), Placement(linear, shift))]
