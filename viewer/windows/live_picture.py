"""Draws a live frame: the footage with the tracked meshes over it, or with what the faces wear."""

from __future__ import annotations

import numpy as np

from morph.arrays import Floats, Image
from morph.export.shot.pinhole import identity_of, placed_before
from morph.model import Lens, MorphableModel
from morph.tracking import Face
from morph.tracking.overlay import draw_faces
from viewer.draw.lighting import studio_light
from viewer.draw.scene import MeshPart, Scene, picture_camera
from viewer.draw.software import SoftwareRenderer
from viewer.effects import PlateFace, Retouching
from viewer.plate.composite import over
from viewer.props import Placement, Prop, Wearer, Wearing
from viewer.stage.space import pictured

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
        self._typical: dict[int, tuple[Floats, Floats]] = {}

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
        height, width = image.shape[:2]
        parts = [part for face in faces for part in self._worn(self._wearing, face, (width, height))]
        if not parts:
            return image
        scene = Scene(tuple(parts), picture_camera(), width, height, self._light)
        return over(self._renderer.render(scene), image)

    def _on_plate(self, face: Face, shape: tuple[int, ...]) -> PlateFace:
        points = np.asarray(face.coefficients.camera.project(face.vertices), np.float32)
        return PlateFace(self.model, points, float(face.coefficients.scale), (shape[0], shape[1]))

    def _worn(self, wearing: Wearing, face: Face, size: tuple[int, int]) -> list[MeshPart]:
        """The head, unseen, and what it wears, before the lens of the face, in the space of the picture."""
        known: Lens | None = getattr(face, "lens", None)
        lens = Lens.assume(size) if known is None else known
        pose = face.coefficients[None]
        # how a pinhole changes the head, and how far a prop keeps from the skin, are found once, for later heads differ little
        if face.id not in self._typical:
            self._typical[face.id] = (identity_of(self.model, pose, lens) - pose.shape[0]).astype(np.float32), pose.shape[0]
        while len(self._typical) > REMEMBERED:
            self._typical.pop(next(iter(self._typical)))
        change, first = self._typical[face.id]
        shape = pose.shape[0] + change
        found = placed_before(self.model, pose, lens, shape)
        expression = found.expression[0].astype(np.float32)
        linear = (found.rotation[0] * self.model.millimetres).astype(np.float32)
        shift = found.position[0].astype(np.float32)
        vertices = face.decoder(shape, expression) @ linear.T + shift
        head = MeshPart(vertices, self.model.triangles, np.zeros((len(vertices), 4), np.float32), holdout=True)
        parts = [head, *wearing.parts(Wearer(shape, expression, first + change), Placement(linear, shift))]
        return [pictured(part, lens) for part in parts]
