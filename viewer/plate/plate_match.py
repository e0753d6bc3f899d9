"""Makes what is laid over footage look as if it had been filmed with it: light, shadow, levels, sharpness, motion, grain."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from morph.arrays import Doubles, Floats, Image
from morph.model import landmark_decoder
from viewer.draw.lighting import Lighting
from viewer.draw.scene import MeshPart, Scene
from viewer.plate.composite import Finish, over, over_matched
from viewer.plate.footage_light import LightEstimator, grey_casts
from viewer.plate.grain import Grain, GrainMaker, measure_grain
from viewer.plate.motion import blur_matrix, longest_blur, streak
from viewer.plate.shadow import cast_shadow
from viewer.plate.sharpness import measure_blur, soften
from viewer.plate.skin import SkinReader

if TYPE_CHECKING:
    from viewer.draw.offscreen import SceneRenderer
    from viewer.stage.track_scene import TrackScene

Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels; the last two are outside
MEASURE_SECONDS = 0.5  # from one look at grain and sharpness to the next
EASE_SECONDS = 0.7  # over which levels, grain and sharpness go over to what was seen last
LIFTED, DIMMED = 24.0, 225.0  # display values: where black is brighter or white darker, the footage just shows none


@dataclasses.dataclass
class _Plate:
    """What was seen of a clip's pictures; arrays in display values 0..255."""

    levels: Floats
    grain: Grain
    blur: float

    def towards(self, other: _Plate, share: float) -> _Plate:
        """Between this one and ``other``."""

        def mix(a: Floats, b: Floats) -> Floats:
            return np.asarray(a + np.float32(share) * (b - a), np.float32)

        mine, its = self.grain, other.grain
        grain = Grain(mix(mine.floor, its.floor), mix(mine.slope, its.slope), its.shared, its.blur)
        return _Plate(mix(self.levels, other.levels), grain, self.blur + share * (other.blur - self.blur))


@dataclasses.dataclass(frozen=True, eq=False)
class PlateFrame:
    """A frame of footage that is drawn into.

    Attributes:
        image: ``(H, W, 3)`` uint8 RGB as it was filmed.
        number: of the frame in the clip.
        zoom: pixels of ``image`` for one of the clip that was tracked.
        under: what scenes are laid over; None: ``image``.
    """

    image: Image
    number: int
    zoom: float = 1.0
    under: Image | None = None


class PlateMatch:
    """Follows the pictures of a clip and draws scenes into them.

    Frames are shown to it one after the other, by :meth:`draw`, or by :meth:`observe` where nothing has to be drawn; it
    depends on them and on nothing else, so that the same clip gives the same bytes again.

    Args:
        stage: that scenes come from.
        light: light them as the faces of the footage are lit; False keeps the light that they have.
        finish: shadows on the skin, levels, sharpness, motion blur and grain; False lays them over as they are.
        seed: of the grain.
    """

    def __init__(self, stage: TrackScene, *, light: bool = True, finish: bool = True, seed: int = 0) -> None:
        self.stage, self.finish = stage, finish
        self._reader = SkinReader(stage.model, stage.head.occlusion) if light else None
        self._estimator = LightEstimator()
        self._marks = landmark_decoder(stage.model)
        self._grain = GrainMaker(seed)
        self._plate: _Plate | None = None
        self._target: _Plate | None = None
        self._looked = self._time = 0.0

    def observe(self, scene: Scene, plate: Image, frame: int) -> Lighting:
        """Take a frame into account; returns the light for it.

        Args:
            scene: of :meth:`viewer.stage.track_scene.Stage.picture_scene` for the frame, as large as ``plate``.
            plate: ``(H, W, 3)`` uint8 RGB.
            frame: its number in the clip.
        """
        time = frame / self.stage.track.fps
        heads = self.stage.heads(scene, frame)
        light = scene.lighting
        if self._reader is not None:
            faces = {self._person(row): self._reader(plate, head.vertices, head.normals) for row, head in heads}
            light = self._estimator.observe(faces, time, grey_casts(plate))
        if self.finish:
            self._look(plate, [head for _, head in heads], time)
        return light

    def draw(self, renderer: SceneRenderer, scene: Scene, filmed: PlateFrame) -> Image:
        """The scene in the picture, ``(H, W, 3)`` uint8 RGB.

        Args:
            renderer: draws the scene.
            scene: of :meth:`viewer.stage.track_scene.Stage.picture_scene` for the frame, as large as its picture.
            filmed: the frame.
        """
        frame, zoom = filmed.number, filmed.zoom
        scene = dataclasses.replace(scene, lighting=self.observe(scene, filmed.image, frame))
        plate = filmed.image if filmed.under is None else filmed.under
        if not self.finish:
            return over(renderer.render(scene), plate)
        contact, heads = self.stage.contact, self.stage.heads(scene, frame)
        if contact is not None:
            scene = dataclasses.replace(scene, parts=self.stage.shaded(scene.parts))
            for row, head in heads:
                share = contact.share(scene.lighting, self.stage.track.coefficients.rotation[row])
                assert head.normals is not None
                if head.holdout:
                    plate = cast_shadow(plate, head.vertices, head.normals, head.triangles, share)
        seen = self._plate
        assert seen is not None
        box = scene.box()
        if box is None:
            return plate
        motion = self._motion([row for row, _ in heads], frame, zoom)
        margin = int(3 * seen.blur + longest_blur(motion, box) / 2) + 2
        left, top = max(box[0] - margin, 0), max(box[1] - margin, 0)
        layer = renderer.render(scene)[top : box[3] + margin, left : box[2] + margin]
        layer = streak(soften(np.ascontiguousarray(layer), seen.blur), motion, (left, top))
        return over_matched(layer, plate, (left, top), Finish(seen.levels, seen.grain, self._grain.tile(seen.grain, frame)))

    def _person(self, row: int) -> int:
        return int(self.stage.track.id[row])

    def _look(self, plate: Image, heads: list[MeshPart], time: float) -> None:
        """Measure levels, and every now and then grain and sharpness, and go over to them slowly."""
        passed = time - self._time
        begin = self._target is None or not 0 <= passed <= 1
        self._time = time
        if begin or time - self._looked >= MEASURE_SECONDS:
            self._looked = time
            self._target = self._measure(plate, heads)
        assert self._target is not None
        share = 1.0 if begin or self._plate is None else 1 - float(np.exp(-passed / EASE_SECONDS))
        self._plate = self._target if self._plate is None else self._plate.towards(self._target, share)

    def _measure(self, plate: Image, heads: list[MeshPart]) -> _Plate:
        height, width = plate.shape[:2]
        few = plate[:: max(height // 120, 1), :: max(width // 160, 1)].reshape(-1, 3)
        grey = few.mean(axis=1)
        black = few[grey <= np.quantile(grey, 0.01)].mean(axis=0)
        white = np.full(3, np.quantile(few, 0.999))
        levels = np.stack([np.minimum(black, LIFTED), np.maximum(white, DIMMED)]).astype(np.float32)
        boxes = [self._face_box(head, width, height) for head in heads]
        blurs = [measure_blur(plate, box) for box in boxes if box is not None]
        around = next((box for box in boxes if box is not None), None)
        grain = measure_grain(plate, None if around is None else _grown(around, width, height))
        old = self._target
        return _Plate(levels, grain, float(np.median(blurs)) if blurs else (old.blur if old is not None else 0.0))

    def _face_box(self, head: MeshPart, width: int, height: int) -> Box | None:
        """The landmarks' part of the picture; None where the face is out of it."""
        marks = head.vertices[self.stage.model.landmarks, :2] * np.array([1, -1])
        return _clipped(marks.min(axis=0), marks.max(axis=0), width, height)

    def _motion(self, rows: list[int], frame: int, zoom: float) -> Doubles:
        """How far the faces of a frame go while the shutter is open; of several, the mean over all their landmarks."""
        track = self.stage.track
        points: list[list[Floats]] = []
        for row in rows:
            now = self._marks.project(track.coefficients[row])[:, :2] * zoom
            steps = []
            for step in (-1, 1):
                others = track.rows(frame + step)
                same = others[track.id[others] == track.id[row]]
                there = now if not len(same) else self._marks.project(track.coefficients[int(same[0])])[:, :2] * zoom
                steps.append(there - now)
            if not steps[0].any() or not steps[1].any():  # a face that comes or goes
                steps = [steps[0] - steps[1], steps[1] - steps[0]]
            points.append([now + steps[0], now, now + steps[1]])
        if not points:
            return np.zeros((2, 3))
        before, now, after = (np.concatenate(these) for these in zip(*points, strict=True))
        return blur_matrix(before, now, after)


def _clipped(low: npt.ArrayLike, high: npt.ArrayLike, width: int, height: int) -> Box | None:
    first = np.clip(np.floor(low), 0, [width, height]).astype(int)
    last = np.clip(np.ceil(high) + 1, 0, [width, height]).astype(int)
    return (int(first[0]), int(first[1]), int(last[0]), int(last[1])) if (last > first).all() else None


def _grown(box: Box, width: int, height: int) -> Box:
    """A box twice as large about the same middle, clipped to the picture."""
    x, y = (box[2] - box[0]) // 2, (box[3] - box[1]) // 2
    return max(box[0] - x, 0), max(box[1] - y, 0), min(box[2] + x, width), min(box[3] + y, height)
