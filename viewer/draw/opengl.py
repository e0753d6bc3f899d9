"""Draws scenes with pyrender, off screen or in whatever OpenGL context is current."""

from __future__ import annotations

import dataclasses
import os
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from morph.arrays import Doubles, Floats, Image
from morph.errors import MorphError
from morph.model.camera import PerspectiveCamera
from viewer.draw.scene import MeshPart, Scene
from viewer.draw.software import average

MANY = 2000  # triangles of a hidden part from which it is worth to look for those in the picture
CELL = 32  # pixels: parts of pictures that are drawn are multiples of it, so that buffers seldom change their size


class OpenGLRenderer:
    """Draws scenes off screen with pyrender on EGL or OSMesa.

    Colours are lit already (:mod:`viewer.draw.lighting`), so that pyrender draws them flat.

    Args:
        platform: "egl" or "osmesa". A process can use only one of the two.
        samples: pixels are drawn ``samples`` × ``samples`` finer and averaged; EGL averages four samples of its own too.

    Raises:
        MorphError: pyrender is not installed, or OpenGL was loaded for another platform before.
    """

    def __init__(self, platform: str, samples: int = 1) -> None:
        self.name, self.samples = platform, samples
        self.pyrender = import_pyrender(platform)
        self._platform: Any = None
        self._renderer: Any = None
        self._size = (0, 0)

    def render(self, scene: Scene) -> Floats:
        """``(H, W, 4)`` float32 RGB multiplied by alpha, and alpha, 0..1.

        Only the part of the picture in which something is seen is drawn; without a graphics card, pixels are what costs.
        """
        out = np.zeros((scene.height, scene.width, 4), np.float32)
        box = scene.box(CELL)
        if box is None:
            return out
        part = scene.window(box[0], box[1], box[2] - box[0], box[3] - box[1])
        out[box[1] : box[3], box[0] : box[2]] = self._render(part.finer(self.samples), scene.width, scene.height)
        return out

    def _render(self, fine: Scene, width: int, height: int) -> Floats:
        """The layer of a scene that is no larger than ``width`` x ``height`` pixels, averaged."""
        self._resize(width * self.samples, height * self.samples)
        hidden = [part for part in fine.parts if not part.see_through]
        clear = [part for part in fine.parts if part.see_through and not part.holdout]
        layer = np.zeros((fine.height, fine.width, 4), np.float32)
        if not all(part.holdout for part in hidden):
            layer = self._draw(fine, [(part, fine.colours(part)) for part in hidden])
        for painted in (True, False):  # skin first, then the glass before it
            group = [part for part in clear if (part.texture is not None) == painted]
            box = dataclasses.replace(fine, parts=tuple(group)).box(CELL)
            if box is not None:
                window = fine.window(box[0], box[1], box[2] - box[0], box[3] - box[1])
                nothing = [
                    (dataclasses.replace(part, holdout=True), np.zeros((len(part.vertices), 4), np.float32)) for part in hidden
                ]
                above = self._draw(window, nothing + [(part, fine.colours(part)) for part in group])
                below = layer[box[1] : box[3], box[0] : box[2]]
                layer[box[1] : box[3], box[0] : box[2]] = above + below * (1.0 - above[..., 3:])
        return average(layer, self.samples)

    def close(self) -> None:
        """Free the context and all that is in it."""
        if self._renderer is not None:
            self._platform.make_current()
            self._renderer.delete()
            self._platform.delete_context()
        self._renderer = self._platform = None

    def _resize(self, width: int, height: int) -> None:
        if self._size == (width, height) and self._renderer is not None:
            self._platform.make_current()
            return
        self.close()
        if self.name == "egl":
            from pyrender.platforms.egl import EGLPlatform

            self._platform = EGLPlatform(width, height)
        else:
            from pyrender.platforms.osmesa import OSMesaPlatform

            self._platform = OSMesaPlatform(width, height)
        self._platform.init_context()
        self._platform.make_current()
        self._renderer = self.pyrender.Renderer(width, height)
        self._size = (width, height)

    def _draw(self, scene: Scene, parts: list[tuple[MeshPart, Floats]]) -> Floats:
        from OpenGL import GL

        self._renderer.viewport_width, self._renderer.viewport_height = scene.width, scene.height
        flags = self.pyrender.RenderFlags.FLAT | self.pyrender.RenderFlags.RGBA
        graph = pyrender_scene(self.pyrender, scene, [_in_window(*each, scene) for each in parts])
        if self._platform.supports_framebuffers():
            rgba, _ = self._renderer.render(graph, flags | self.pyrender.RenderFlags.OFFSCREEN)
        else:  # OSMesa's own buffer; pyrender would read it without alpha
            width, height = scene.width, scene.height
            GL.glEnable(GL.GL_SCISSOR_TEST)  # nothing outside is cleared
            GL.glScissor(0, 0, width, height)
            self._renderer.render(graph, flags)
            data = GL.glReadPixels(0, 0, width, height, GL.GL_RGBA, GL.GL_UNSIGNED_BYTE)
            rgba = np.frombuffer(data, np.uint8).reshape(height, width, 4)[::-1]
        return np.asarray(np.multiply(rgba, np.float32(1 / 255), dtype=np.float32))


def _in_window(part: MeshPart, colours: Floats, scene: Scene) -> tuple[MeshPart, Floats]:
    """A part that is not seen, and its colours, without what lies outside of the picture; other parts as they are."""
    if not part.holdout or len(part.triangles) < MANY:
        return part, colours
    points = np.asarray(scene.camera.project(part.vertices))
    x, y = np.ascontiguousarray(points[:, 0]), np.ascontiguousarray(points[:, 1])
    beyond = (x < 0) + 2 * (x > scene.width) + 4 * (y < 0) + 8 * (y > scene.height)  # bits, as Cohen and Sutherland have it
    a, b, c = (beyond[part.triangles[:, k]] for k in range(3))
    triangles = part.triangles[(a & b & c) == 0]
    used = np.zeros(len(points), bool)
    used[triangles] = True
    number = np.cumsum(used, dtype=np.int32) - np.int32(1)
    return MeshPart(part.vertices[used], number[triangles], part.albedo[used], holdout=True), colours[used]


def import_pyrender(platform: str | None) -> Any:
    """The module pyrender with OpenGL loaded for ``platform`` ("egl", "osmesa"; None: a window).

    Raises:
        MorphError: pyrender is missing, OpenGL cannot be loaded, or it was loaded for another platform before.
    """
    loaded = "OpenGL.platform" in sys.modules
    if loaded and platform is not None and os.environ.get("PYOPENGL_PLATFORM") != platform:
        raise MorphError(f"OpenGL is already loaded for something else than {platform}; start a new process for it")
    before = os.environ.get("PYOPENGL_PLATFORM")
    if platform is not None:
        os.environ["PYOPENGL_PLATFORM"] = platform
    elif not loaded:
        os.environ.pop("PYOPENGL_PLATFORM", None)
    try:
        import pyrender
    except ModuleNotFoundError as error:
        raise MorphError(f"the viewer needs {error.name}; install it with: pip install 'morph-face[viewer]'") from None
    except Exception as error:  # PyOpenGL and pyglet raise all kinds where a library is missing
        if before is None:
            os.environ.pop("PYOPENGL_PLATFORM", None)
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise MorphError(f"OpenGL cannot be loaded ({reason}); install libgl1, and libegl1 or libosmesa6") from None
    return pyrender


@dataclass(frozen=True)
class DrawMode:
    """How a primitive is drawn.

    Attributes:
        blend: mix it with what is behind it (straight alpha, as OpenGL wants it).
        wireframe: draw edges only.
    """

    blend: bool = False
    wireframe: bool = False

    @property
    def alpha_mode(self) -> str:
        """The word that glTF has for it."""
        return "BLEND" if self.blend else "OPAQUE"


SOLID = DrawMode()


def pyrender_primitive(pyrender: Any, part: MeshPart, colours: Floats, mode: DrawMode = SOLID) -> Any:
    """A pyrender primitive of a part with lit ``colours`` ``(V, 4)``."""
    if mode.blend:
        colours = np.concatenate([colours[:, :3] / np.maximum(colours[:, 3:], 1e-3), colours[:, 3:]], axis=1)
    material = pyrender.MetallicRoughnessMaterial(
        baseColorFactor=(1.0, 1.0, 1.0, 1.0), alphaMode=mode.alpha_mode, wireframe=mode.wireframe
    )
    return pyrender.Primitive(part.vertices, color_0=colours, indices=part.triangles, material=material)


def pyrender_scene(pyrender: Any, scene: Scene, parts: list[tuple[MeshPart, Floats]]) -> Any:
    """A pyrender scene of parts with their lit colours, on a background of nothing, seen by the scene's camera.

    All parts without a texture become one mesh, for colours are all that they differ in: one draw call is much faster
    than ten.
    """
    graph = pyrender.Scene(bg_color=(0.0, 0.0, 0.0, 0.0))
    whole = joined([(part, colours) for part, colours in parts if part.texture is None])
    if whole is not None:
        graph.add(pyrender.Mesh([pyrender_primitive(pyrender, whole, whole.albedo)]))
    for part, colours in parts:
        if part.texture is not None and len(part.triangles):
            graph.add(pyrender.Mesh([pyrender_painted(pyrender, part, colours, scene.texture_image(part))]))
    camera, pose = pyrender_camera(pyrender, scene)
    graph.add(camera, pose=pose)
    return graph


def joined(parts: list[tuple[MeshPart, Floats]]) -> MeshPart | None:
    """Parts with their lit colours as one; None where there is no triangle."""
    filled = [(part, colours) for part, colours in parts if len(part.triangles)]
    if not filled:
        return None
    starts = np.cumsum([0] + [len(part.vertices) for part, _ in filled])
    return MeshPart(
        np.concatenate([part.vertices for part, _ in filled]),
        np.concatenate([part.triangles + start for (part, _), start in zip(filled, starts[:-1], strict=True)]),
        np.concatenate([colours for _, colours in filled]),
    )


def pyrender_textured(pyrender: Any, part: MeshPart, coordinates: Floats, texture: Image) -> Any:
    """A pyrender primitive that shows a texture as it is.

    Args:
        pyrender: the module.
        part: mesh to draw.
        coordinates: ``(V, 2)`` texture coordinates, origin bottom left.
        texture: ``(H, W, 3)`` uint8 RGB.
    """
    rgba = np.dstack([texture, np.full(texture.shape[:2], 255, np.uint8)])  # rows of RGB would need a width that 4 divides
    material = _texture_material(pyrender, rgba)
    return pyrender.Primitive(part.vertices, texcoord_0=coordinates, indices=part.triangles, material=material)


def pyrender_painted(pyrender: Any, part: MeshPart, colours: Floats, image: Image, mode: DrawMode = SOLID) -> Any:
    """A pyrender primitive of a part with a texture, multiplied by its lit colours.

    Args:
        pyrender: the module.
        part: with texture coordinates.
        colours: ``(V, 4)`` lit colours.
        image: ``(H, W, 4)`` uint8 for the part's coordinates; multiplied by alpha unless the mode blends.
        mode: how it is drawn.
    """
    material = _texture_material(pyrender, image, alphaMode=mode.alpha_mode, wireframe=mode.wireframe)
    if mode.blend:  # pyrender draws it after what is solid only where a factor is clear; it does not look into the texture
        material.baseColorFactor = (1.0, 1.0, 1.0, 0.9999)
    return pyrender.Primitive(
        part.vertices, texcoord_0=part.coordinates, color_0=colours, indices=part.triangles, material=material
    )


def _texture_material(pyrender: Any, rgba: Image, **more: Any) -> Any:
    from OpenGL import GL

    sampler = pyrender.Sampler(
        magFilter=GL.GL_LINEAR, minFilter=GL.GL_LINEAR, wrapS=GL.GL_CLAMP_TO_EDGE, wrapT=GL.GL_CLAMP_TO_EDGE
    )
    image = pyrender.Texture(source=rgba, source_channels="RGBA", sampler=sampler)
    return pyrender.MetallicRoughnessMaterial(baseColorTexture=image, baseColorFactor=(1.0, 1.0, 1.0, 1.0), **more)


def pyrender_camera(pyrender: Any, scene: Scene) -> tuple[Any, Doubles]:
    """The scene's camera as pyrender has it, and its ``(4, 4)`` pose; near and far planes enclose every part."""
    camera, width, height = scene.camera, scene.width, scene.height
    rotation = np.asarray(camera.rotation, np.float64)
    heights = [part.vertices @ rotation[2].astype(np.float32) for part in scene.parts if len(part.vertices)]
    low = float(min((h.min() for h in heights), default=-1.0))
    high = float(max((h.max() for h in heights), default=1.0))
    margin = 0.01 * (high - low) + 1e-3
    if isinstance(camera, PerspectiveCamera):
        offset = np.asarray(camera.position, np.float64)
        near = max(-(high + offset[2]) - margin, 1e-3 * abs(offset[2]))
        far = max(-(low + offset[2]) + margin, 2 * near)
        centre = np.asarray(camera.centre) + 0.5  # pyrender counts from the corner of the first pixel
        lens = pyrender.IntrinsicsCamera(camera.focal, camera.focal, centre[0], centre[1], znear=near, zfar=far)
    else:
        scale, shift = float(camera.scale), np.asarray(camera.translation, np.float64)
        middle = np.array([(width - 1) / 2, (height - 1) / 2])
        offset = np.array([*((shift - middle) / scale * np.array([1.0, -1.0])), -high - 2 * margin])
        lens = pyrender.OrthographicCamera(width / 2 / scale, height / 2 / scale, znear=margin, zfar=high - low + 3 * margin)
    pose = np.eye(4)
    pose[:3, :3] = rotation.T
    pose[:3, 3] = -rotation.T @ offset
    return lens, pose
