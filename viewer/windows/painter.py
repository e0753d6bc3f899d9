"""Turns the state of a window into a pyrender scene: heads that can be walked round, or heads on footage."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

import numpy as np

from viewer.draw.opengl import DrawMode, joined, pyrender_camera, pyrender_painted, pyrender_primitive, pyrender_textured
from viewer.draw.scene import MeshPart, Scene
from viewer.plate.composite import backdrop
from viewer.plate.footage import Footage
from viewer.plate.plate_match import PlateMatch
from viewer.stage.track_scene import DisplayStyle, TrackScene
from viewer.windows.playback import Playback


class Painter:
    """Makes pyrender scenes.

    Args:
        stage: heads and what they wear.
        footage: what they were tracked in, or None.
        layout: with footage, heads lie "over" it or stand "beside" it.
        light: over footage, "auto" lights what is drawn as the faces of the footage are lit, "studio" as without footage.
    """

    def __init__(
        self,
        stage: TrackScene,
        footage: Footage | None = None,
        layout: Literal["over", "beside"] = "over",
        light: Literal["auto", "studio"] = "studio",
    ) -> None:
        self.stage, self.footage, self.layout = stage, footage, layout
        self._match = PlateMatch(stage, finish=False) if footage is not None and light == "auto" and layout == "over" else None

    def graph(self, pyrender: Any, state: Playback, width: int, height: int) -> Any:
        """The pyrender scene of a state for a window ``width`` x ``height``; colours are lit, draw it flat."""
        graph = pyrender.Scene(bg_color=(*(backdrop(1, 3)[1, 0] / 255), 1.0))
        if self.footage is None:
            camera = self.stage.orbit(state.yaw, state.pitch, width, height, state.closeness)
            scene = self.stage.model_scene(state.frame, camera, width, height, DisplayStyle(normals=state.normals))
        else:
            scene = self._on_footage(pyrender, graph, self.footage, state, (width, height))
        shown = [part for part in scene.parts if not part.holdout]
        for blend in (False, True):
            group = [part for part in shown if part.see_through == blend]
            lit = self._painted(pyrender, scene, group, state.wireframe)  # in one mesh, so that skin comes before glass
            part = joined([(part, scene.colours(part)) for part in group if part.texture is None])
            if part is not None:
                lit.append(pyrender_primitive(pyrender, part, part.albedo, DrawMode(blend, state.wireframe)))
            if lit:
                graph.add(pyrender.Mesh(lit))
        lens, pose = pyrender_camera(pyrender, scene)
        graph.add(lens, pose=pose)
        return graph

    def _painted(self, pyrender: Any, scene: Scene, parts: list[MeshPart], wireframe: bool) -> list[Any]:
        """Primitives of the parts that have a texture."""
        out = []
        for part in parts:
            if part.texture is not None and len(part.triangles):
                image = part.texture.straight(scene.texture_level(part))
                if scene.show_normals:
                    image = np.dstack([np.full((*image.shape[:2], 3), 255, np.uint8), image[..., 3]])
                out.append(pyrender_painted(pyrender, part, scene.colours(part), image, DrawMode(True, wireframe)))
        return out

    def _on_footage(self, pyrender: Any, graph: Any, footage: Footage, state: Playback, size: tuple[int, int]) -> Scene:
        """Adds the frame to ``graph`` and returns the scene of the heads, which has the frame as a part behind them.

        A hidden head still hides: it is painted with the very frame that lies behind it.
        """
        (width, height), beside = size, self.layout == "beside"
        columns, rows = footage.size[0] * (2 if beside else 1), footage.size[1]
        zoom = min(width / columns, height / rows)
        wide, high = max(round(footage.size[0] * zoom), 1), max(round(rows * zoom), 1)
        left, top = (width - wide * (2 if beside else 1)) / 2, (height - high) / 2
        look = DisplayStyle(head=state.head or beside, normals=state.normals)
        corner = (left + (wide if beside else 0), top)
        scene = self.stage.picture_scene(state.frame, width, height, zoom, look, corner)
        far = min((float(part.vertices[:, 2].min()) for part in scene.parts), default=0.0) - 1.0
        x, y = np.array([left, left + wide]) - 0.5, 0.5 - np.array([top, top + high])
        corners = np.array([[x[0], y[1], far], [x[1], y[1], far], [x[1], y[0], far], [x[0], y[0], far]], np.float32)
        quad = MeshPart(corners, np.array([[0, 1, 2], [0, 2, 3]], np.int32), np.zeros((4, 4), np.float32), holdout=True)
        painted = [quad, *(part for part in scene.parts if part.holdout)]
        canvas = joined([(part, part.albedo) for part in painted])
        assert canvas is not None
        coordinates = (canvas.vertices[:, :2] - [x[0], y[1]]) / [x[1] - x[0], y[0] - y[1]]
        frame = footage.frame(state.frame, wide, high)
        if self._match is not None:
            light = self._match.observe(self.stage.picture_scene(state.frame, wide, high, zoom), frame, state.frame)
            scene = dataclasses.replace(scene, lighting=light)
        if not beside:
            frame = self.stage.retouched(state.frame, frame, zoom)
        graph.add(pyrender.Mesh([pyrender_textured(pyrender, canvas, coordinates.astype(np.float32), frame)]))
        return dataclasses.replace(scene, parts=(*scene.parts, quad))
