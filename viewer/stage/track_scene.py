"""Sets the scene of one frame of a track: heads, what they wear, and where the camera stands."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from morph.arrays import Doubles, Floats, Image
from morph.model import MorphableModel
from morph.track_folder.people import lens_of_track
from morph.track_folder.read import Track
from viewer.draw.lighting import Lighting, studio_light
from viewer.draw.scene import Camera, MeshPart, Scene, orbit_camera, picture_camera
from viewer.effects import PlateFace, Retouching
from viewer.props import Placement, Prop, Wearer, Wearing
from viewer.stage.head import Head
from viewer.stage.prop_shadows import Contact
from viewer.stage.space import Space

FIELD_OF_VIEW = 24.0


@dataclass(frozen=True)
class DisplayStyle:
    """How heads are shown.

    Attributes:
        head: they are seen; otherwise they only hide what is behind them.
        normals: colours say where the surface faces, instead of light.
    """

    head: bool = True
    normals: bool = False


class TrackScene:
    """Makes the parts and scenes of a track's frames.

    Args:
        track: coefficients of every face.
        model: the model that they are for.
        prop: what every face wears, or None.

    Raises:
        MorphError: the track is for another model, or the prop does not fit the model.
    """

    def __init__(self, track: Track, model: MorphableModel, prop: Prop | None = None) -> None:
        track.check_model(model)
        self.track, self.model = track, model
        self.head = Head(model)
        self.space = None if track.size is None else Space(track, model, lens_of_track(track, track.size))
        self.lighting: Lighting = studio_light()
        self._wearing: Wearing | None = None
        self._retouching: Retouching | None = None
        self.wear(prop)

    def wear(self, prop: Prop | None) -> None:
        """Change what the faces wear."""
        self._wearing = self._retouching = None
        self._contact: Contact | None = None
        self.prop = prop
        if prop is not None:
            self._wearing = Wearing(prop, self.model)
            self._retouching = Retouching(prop.effects, self.model)

    def retouched(self, frame: int, plate: Image, zoom: float = 1.0) -> Image:
        """Footage ``(H, W, 3)`` with the effects of the prop on its faces; the plate itself where there are none.

        Args:
            frame: number of the picture in the clip.
            plate: uint8 RGB.
            zoom: its pixels for one pixel of the clip.
        """
        if not self._retouching:
            return plate
        return self._retouching(plate, [self.plate_face(row, plate.shape[:2], zoom) for row in self.track.rows(frame)])

    def plate_face(self, row: int, shape: tuple[int, ...], zoom: float = 1.0) -> PlateFace:
        """A face on a plate of height and width ``shape``; see :meth:`retouched`."""
        pose = self.track.coefficients[row]
        points = self.head.decoder.project(pose)
        points = np.concatenate([(points[:, :2] + 0.5) * zoom - 0.5, points[:, 2:] * zoom], axis=1)
        return PlateFace(self.model, points.astype(np.float32), float(pose.scale) * zoom, (shape[0], shape[1]))

    @property
    def contact(self) -> Contact | None:
        """What the prop shades, measured when it is first asked for; None where nothing is worn."""
        if self._contact is None and self._wearing is not None:
            self._contact = Contact(self.model, self._wearing)
        return self._contact

    def heads(self, scene: Scene, frame: int) -> list[tuple[int, MeshPart]]:
        """Row of the track and head of every face in a scene of this stage for ``frame``."""
        own = [part for part in scene.parts if part.triangles is self.model.triangles]
        return list(zip(map(int, self.track.rows(frame)), own, strict=True))

    def shaded(self, parts: tuple[MeshPart, ...]) -> tuple[MeshPart, ...]:
        """Parts of a scene of this stage, those of props darker where head and prop hide them from the sky."""
        contact, out, worn = self.contact, [], 0
        for part in parts:
            if part.triangles is self.model.triangles:
                worn = 0
            elif contact is not None and part.texture is None:
                part, worn = contact.shaded(part, worn), worn + 1
            out.append(part)
        return tuple(out)

    @functools.cached_property
    def _typical(self) -> dict[int, Floats]:
        """Mean identity of every person over the track."""
        ids, shapes = self.track.id, self.track.coefficients.shape
        return {int(i): shapes[ids == i].mean(axis=0).astype(np.float32) for i in np.unique(ids)}

    def face_parts(self, row: int, linear: npt.ArrayLike, shift: npt.ArrayLike, look: DisplayStyle) -> list[MeshPart]:
        """A face and what it wears; ``linear`` ``(3, 3)`` and ``shift`` ``(3,)`` bring the model into the scene."""
        shape, expression = self.track.coefficients.shape[row], self.track.coefficients.expression[row]
        typical = self._typical[int(self.track.id[row])]
        return self._parts(Wearer(shape, expression, typical), linear, shift, look)

    def _parts(self, wearer: Wearer, linear: npt.ArrayLike, shift: npt.ArrayLike, look: DisplayStyle) -> list[MeshPart]:
        linear, shift = np.asarray(linear, np.float32), np.asarray(shift, np.float32)
        vertices = self.head.vertices(wearer.shape, wearer.expression) @ linear.T + shift
        head = self.head.part(vertices, holdout=not look.head)
        if self._wearing is None:
            return [head]
        return [head, *self._wearing.parts(wearer, Placement(linear, shift), head)]

    def picture_scene(  # noqa: PLR0913 - a frame and how it lies in the picture
        self,
        frame: int,
        width: int,
        height: int,
        zoom: float = 1.0,
        look: DisplayStyle = DisplayStyle(),
        corner: tuple[float, float] = (0.0, 0.0),
    ) -> Scene:
        """The frame as the footage shows it: heads lie on the faces of the picture.

        Heads and props stand before the track's lens; then x is the column of a pixel, -y its row, and z grows towards the
        viewer, by a pixel's width at each place.

        Args:
            frame: number of the picture in the clip.
            width: columns of the picture that is drawn.
            height: rows of the picture that is drawn.
            zoom: its pixels for one pixel of the clip.
            look: how heads are shown.
            corner: column and row of the clip's upper left corner in the picture.
        """
        parts: list[MeshPart] = []
        for row in self.track.rows(frame):
            if self.space is None:
                pose = self.track.coefficients[row]
                place = (pose.translation + 0.5) * zoom - 0.5 + np.asarray(corner)
                parts += self.face_parts(row, pose.rotation * (pose.scale * zoom), [place[0], -place[1], 0.0], look)
                continue
            placed = self.space.placed(int(row))
            seen = self._parts(placed.wearer, placed.linear, placed.shift, look)
            parts += [self.space.pictured(part, zoom, corner) for part in seen]
        return Scene(tuple(parts), picture_camera(), width, height, self.lighting, look.normals)

    def model_scene(self, frame: int, camera: Camera, width: int, height: int, look: DisplayStyle = DisplayStyle()) -> Scene:
        """The heads alone, turned as in the frame, in the unit of the model about the middle of the group."""
        parts: list[MeshPart] = []
        for row in self.track.rows(frame):
            pose = self.track.coefficients[row]
            scale, middle = self._group
            size = 1.0 if len(self._typical) == 1 else float(pose.scale) / scale
            shift = np.zeros(3)
            if len(self._typical) > 1:
                shift[:2] = (pose.translation - middle) / scale * np.array([1.0, -1.0])
            parts += self.face_parts(row, pose.rotation * size, shift, look)
        return Scene(tuple(parts), camera, width, height, self.lighting, look.normals)

    @functools.cached_property
    def _group(self) -> tuple[float, Doubles]:
        """Pixels for one unit of the model, and the middle of all faces over the track in pixels."""
        pose = self.track.coefficients
        middle = 0.5 * (pose.translation.min(axis=0) + pose.translation.max(axis=0))
        return float(np.median(pose.scale)), np.asarray(middle, np.float64)

    @functools.cached_property
    def sphere(self) -> tuple[Doubles, float]:
        """Middle ``(3,)`` and radius of what :meth:`model_scene` shows, in the unit of the model."""
        reach = np.linalg.norm(self.model.mean[self.model.landmarks], axis=1).max()
        near = self.model.mean[np.linalg.norm(self.model.mean, axis=1) < 2.2 * reach]
        middle = 0.5 * (near.min(axis=0) + near.max(axis=0)).astype(np.float64)
        radius = float(np.linalg.norm(near - middle, axis=1).max())
        if len(self._typical) == 1:
            return np.array([0.0, middle[1], 0.0]), radius
        scale, _ = self._group
        spread = np.ptp(self.track.coefficients.translation, axis=0).max() / 2 / scale
        return np.array([0.0, middle[1], 0.0]), radius + float(spread)

    def orbit(self, yaw: float, pitch: float, width: int, height: int, closeness: float = 1.0) -> Camera:
        """A camera that has all heads in view; see :func:`viewer.draw.scene.orbit_camera`."""
        target, radius = self.sphere
        tight = min(1.0, width / height)
        distance = 1.1 * radius / np.tan(np.radians(FIELD_OF_VIEW / 2)) / tight / closeness
        return orbit_camera(target, distance, yaw, pitch, width, height, FIELD_OF_VIEW)
