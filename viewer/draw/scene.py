"""What is drawn, said without any graphics library: lit parts, a camera and the size of the picture."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from morph.arrays import Floats, Image, Ints, Reals
from morph.errors import MorphError
from morph.model.camera import PerspectiveCamera, ScaledOrthographicCamera
from morph.rendering import vertex_normals
from viewer.draw.lighting import Lighting, Material, Surface, light_vertices, studio_light
from viewer.draw.texture import Texture

Camera = ScaledOrthographicCamera | PerspectiveCamera
Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels; the last two are outside


@dataclass(frozen=True, eq=False)
class MeshPart:
    """One mesh of a scene, seen from outside only (see :func:`two_sided`).

    Attributes:
        vertices: ``(V, 3)`` float32 in the frame of the scene.
        triangles: ``(F, 3)`` int32, anticlockwise seen from outside.
        albedo: ``(V, 4)`` float32 display RGB and alpha.
        normals: ``(V, 3)`` of unit length; None: from the triangles.
        occlusion: ``(V,)`` share of the sky that each vertex sees; None: all of it.
        material: how it answers to light.
        holdout: it hides what is behind it and is not seen itself.
        see_through: alpha is meant, the parts behind show.
        texture: multiplies the lit colours; such a part is see-through. None: there is none.
        coordinates: ``(V, 2)`` texture coordinates, origin bottom left.
    """

    vertices: Floats
    triangles: Ints
    albedo: Floats
    normals: Floats | None = None
    occlusion: Floats | None = None
    material: Material = field(default_factory=Material)
    holdout: bool = False
    see_through: bool = False
    texture: Texture | None = None
    coordinates: Floats | None = None

    def __post_init__(self) -> None:
        n = len(self.vertices)
        if self.vertices.shape != (n, 3) or self.albedo.shape != (n, 4):
            raise MorphError(f"a part needs vertices (V, 3) and albedo (V, 4), got {self.vertices.shape}, {self.albedo.shape}")
        if self.texture is not None and (self.coordinates is None or self.coordinates.shape != (n, 2)):
            got = None if self.coordinates is None else self.coordinates.shape
            raise MorphError(f"a part with a texture needs coordinates ({n}, 2), got {got}")


@dataclass(frozen=True, eq=False)
class Scene:
    """Parts, light and a camera that makes a picture ``width`` × ``height`` of them.

    A :class:`PerspectiveCamera` stands still in its own frame, so the eye is where ``rotation @ x + position`` is zero.
    """

    parts: tuple[MeshPart, ...]
    camera: Camera
    width: int
    height: int
    lighting: Lighting = field(default_factory=studio_light)
    show_normals: bool = False

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise MorphError(f"a picture needs at least one pixel, got {self.width}x{self.height}")

    @property
    def eye(self) -> Floats | None:
        """``(3,)`` the viewer's place, or None where it is far away along +z."""
        if isinstance(self.camera, ScaledOrthographicCamera):
            return None
        return np.asarray(-np.asarray(self.camera.rotation).T @ np.asarray(self.camera.position), np.float32)

    def finer(self, samples: int) -> Scene:
        """The same scene as a picture with ``samples`` × ``samples`` as many pixels."""
        if samples == 1:
            return self
        camera = self.camera
        if isinstance(camera, PerspectiveCamera):
            centre = (np.asarray(camera.centre) + 0.5) * samples - 0.5
            camera = dataclasses.replace(camera, focal=np.asarray(camera.focal) * samples, centre=centre)
        else:
            shift = (np.asarray(camera.translation) + 0.5) * samples - 0.5
            camera = dataclasses.replace(camera, scale=np.asarray(camera.scale) * samples, translation=shift)
        return dataclasses.replace(self, camera=camera, width=self.width * samples, height=self.height * samples)

    def window(self, left: int, top: int, width: int, height: int) -> Scene:
        """The same scene as a picture of a part of its picture; ``left`` and ``top`` are its first column and row."""
        camera, corner = self.camera, np.array([left, top], np.float64)
        if isinstance(camera, PerspectiveCamera):
            camera = dataclasses.replace(camera, centre=np.asarray(camera.centre) - corner)
        else:
            camera = dataclasses.replace(camera, translation=np.asarray(camera.translation) - corner)
        return dataclasses.replace(self, camera=camera, width=width, height=height)

    def box(self, step: int = 1) -> Box | None:
        """Left, top, right and bottom of what seen parts may touch, multiples of ``step`` except at the picture's own edges.

        The last two are outside. None where nothing is seen.
        """
        return self.box_of([np.asarray(self.camera.project(p.vertices)) for p in self.parts if not p.holdout], step)

    def box_of(self, meshes: list[Reals], step: int = 1) -> Box | None:
        """The same of meshes whose vertices lie at these pixels, ``(V, 2)`` or more columns each."""
        seen = [points for points in meshes if len(points)]
        if not seen:
            return None
        low, high = (np.array([pick([pick(points[:, k]) for points in seen]) for k in (0, 1)]) for pick in (np.min, np.max))
        first = np.maximum(np.floor(low / step) * step, 0)
        last = np.minimum((np.floor(high / step) + 1) * step, [self.width, self.height])
        if not (last > first).all():
            return None
        return int(first[0]), int(first[1]), int(last[0]), int(last[1])

    def texture_image(self, part: MeshPart) -> Image:
        """The level of the part's texture for this picture, ``(H, W, 4)`` uint8 multiplied by alpha.

        Its texels are about as large as pixels, on average over the triangles that face the viewer. Where normals are
        shown, the texture only says where it is.
        """
        assert part.texture is not None
        image = part.texture.levels[self.texture_level(part)]
        return np.repeat(image[..., 3:], 4, axis=2) if self.show_normals else image

    def texture_level(self, part: MeshPart) -> int:
        """Number of that level."""
        texture = part.texture
        assert texture is not None
        assert part.coordinates is not None
        points = np.asarray(self.camera.project(part.vertices))[:, :2]
        height, width = texture.levels[0].shape[:2]
        pixels = -doubled_areas(points[part.triangles])
        texels = np.abs(doubled_areas(part.coordinates[part.triangles])) * (width * height)
        facing = pixels > 0
        return texture.level(float(np.sqrt(texels[facing].sum() / max(pixels[facing].sum(), 1e-9))))

    def colours(self, part: MeshPart) -> Floats:
        """``(V, 4)`` lit colours of a part, multiplied by alpha, without its texture; all zero where it is a holdout."""
        if part.holdout:
            return np.zeros((len(part.vertices), 4), np.float32)
        normals = part.normals if part.normals is not None else vertex_normals(part.vertices, part.triangles)
        if self.show_normals:
            alpha = part.albedo[:, 3:]
            return np.concatenate([(0.5 + 0.5 * normals) * alpha, alpha], axis=1).astype(np.float32)
        occlusion = part.occlusion if part.occlusion is not None else np.ones(len(part.vertices), np.float32)
        surface = Surface(part.vertices, normals, part.albedo, occlusion, part.material)
        return light_vertices(surface, self.lighting, self.eye)


def doubled_areas(corners: Reals) -> Reals:
    """``(F,)`` twice the signed areas of ``(F, 3, 2)`` triangles."""
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return np.asarray(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])


def two_sided(part: MeshPart) -> MeshPart:
    """The part and its own back, with normals that point the other way: for sheets that are seen from both sides."""
    normals = part.normals if part.normals is not None else vertex_normals(part.vertices, part.triangles)
    back = part.triangles[:, ::-1] + len(part.vertices)
    return dataclasses.replace(
        part,
        vertices=np.concatenate([part.vertices, part.vertices]),
        triangles=np.concatenate([part.triangles, back]).astype(np.int32),
        albedo=np.concatenate([part.albedo, part.albedo]),
        normals=np.concatenate([normals, -normals]),
        occlusion=None if part.occlusion is None else np.concatenate([part.occlusion, part.occlusion]),
    )


def picture_camera() -> ScaledOrthographicCamera:
    """The camera of scenes in picture space: x is the column of a pixel, -y its row, z depth in pixels."""
    return ScaledOrthographicCamera(np.eye(3), np.float64(1.0), np.zeros(2))


def orbit_camera(  # noqa: PLR0913 - the numbers of a view
    target: npt.ArrayLike, distance: float, yaw: float, pitch: float, width: int, height: int, field_of_view: float = 24.0
) -> PerspectiveCamera:
    """A pinhole camera that looks at ``target`` from ``distance``.

    Args:
        target: ``(3,)`` point in the middle of the picture.
        distance: from the eye to it, in the unit of the scene.
        yaw: degrees; positive walks to the right of the scene (+x).
        pitch: degrees; positive climbs.
        width: columns of the picture.
        height: rows of the picture.
        field_of_view: degrees from the top of the picture to its bottom.
    """
    a, b = np.radians(yaw), np.radians(pitch)
    backward = np.array([np.sin(a) * np.cos(b), np.sin(b), np.cos(a) * np.cos(b)])
    right = np.array([np.cos(a), 0.0, -np.sin(a)])
    rotation = np.stack([right, np.cross(backward, right), backward])
    eye = np.asarray(target, np.float64) + distance * backward
    focal = 0.5 * height / np.tan(np.radians(field_of_view) / 2)
    return PerspectiveCamera(rotation, -rotation @ eye, np.float64(focal), np.array([(width - 1) / 2, (height - 1) / 2]))
