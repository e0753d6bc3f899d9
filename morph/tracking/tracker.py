"""Frames in, faces out: detect, crop, regress, follow."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Iterator
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from morph.crop.face_crop import box_of, crop_of_box, cut, points_box
from morph.crop.roll import first_turn
from morph.errors import MorphError
from morph.frames.frame import FrameSource
from morph.frames.picture import check_picture, read_picture
from morph.frames.sources import open_source
from morph.inference.appearance import glimpse, likeness, shrunk, tone
from morph.inference.experts import choice_of
from morph.inference.face_reader import DOUBTFUL_ERROR, Look, is_possible
from morph.inference.fingerprint import content_of
from morph.model import Lens, MorphableModel, interpupillary
from morph.model.open_decoder import open_decoder
from morph.stopwatch import Stopwatch
from morph.tracking.association import HIDING, MEMORY, RECALL, Appearance, Motion, assign, crowded, misplaced, recalled
from morph.tracking.background import Background
from morph.tracking.calibration import Calibrator, picture_of
from morph.tracking.detection.boxes import overlap, overlap_of
from morph.tracking.detection.detector import CenterFaceDetector, Detections, Detector
from morph.tracking.face import Face
from morph.tracking.face_track import FaceTrack, appearance_of, without_twins
from morph.tracking.finder import START_SCORE, FaceFinder
from morph.tracking.options import TrackerOptions, options_of
from morph.tracking.smoothing.face_smoother import FaceSmoother, SmoothingConfig
from morph.tracking.smoothing.flow_pose import RigidPoints, rigid_points

Floats = npt.NDArray[np.floating]
Image = npt.NDArray[np.uint8]

KEEP_SCORE = 0.25  # least score of a detection that confirms one
SAME_FACE = 0.2  # least overlap of the boxes of one face in two looks
PATIENCE = 5  # frames for which the detector's word is taken against the network's doubt
LEAST_LIKENESS = 0.5  # correlation with the crop of the frame before below which the detector is asked
SAME_SCENE = 0.6  # correlation of whole pictures below which an unlike crop means that the scene was cut
AGREED = 0.75  # in a crowd, the network's word counts where it overlaps this much with the detector's
HIDDEN = 1  # runs of the detector in a crowd that may miss a face that is followed
MIXED = 1.0  # misplacement and difference in tone above which a detection in a crowd is not of this face
PATCH = 64  # side of the crop from which the tone of a detection is read
NEIGHBOUR = 10  # frames between two runs of the detector while a face that is not followed is a face's width away


class _Moment(NamedTuple):
    """A picture, its time, and whether faces are close to each other in it."""

    image: Image
    time: float
    crowd: bool


class Tracker:
    """Finds and follows faces.

    A new face is cropped where the detector saw it, looked at, cropped again where the network put it, and looked at once
    more. From then on each crop comes from the landmarks of the frame before. The detector runs every ``detect_every``
    frames, when no face is known, and when something is odd: the network expects a large error, the landmarks jump or leave
    the picture, or the crop suddenly looks different. A face that the detector then does not confirm is dropped. Where the
    whole picture looks different as well, the scene was cut: whoever is found then is somebody else, unless they look alike.
    A face that was lost has its number back where it appears again at once, or looks alike within half a minute.

    While faces nearly touch, the detector runs in every frame, and each of its faces goes to the person that was going there
    and has its colour: the network alone may read two faces of one crop as one.

    The crop of a head that leans to one side is turned upright. A new face leans as its detector's five points do; where no
    face is known, the detector now and then looks at the picture turned by quarters as well.

    Pose and expression go through 1 euro filters, and the identity is the mean over the frames in which it was seen. With
    ``SmoothingConfig(flow=FlowCutoffs())`` the pose is carried by optical flow between frames, and comes in time.

    A tracker remembers what it saw: each stream of frames, thread and process has one of its own. Trackers share the model;
    faces may go to other threads and, pickled in some kilobytes, to other processes.

    Args:
        options: a :class:`TrackerOptions`, or the file of its ``weights``; None are the defaults.
        model: in place of the options' model.
        detector: anything with ``detect``; None is CenterFace.
        settings: attributes of :class:`TrackerOptions` by name, in place of those of ``options``: ``Tracker(max_faces=2)``.

    Attributes:
        options: as they are used: weights and other networks by what they stand for.
        reader: looks at faces; ``regressor``, ``experts``, ``identity`` and ``expressions`` are its networks, None where there
            is none.
        model, detector: what else was opened.
        calibration: resting faces that weights are counted from; ``calibration.switch("now")`` takes them from the next frame.
        stopwatch: time of the stages since it was last given to :meth:`reset`.

    Raises:
        MorphError: an option out of its range; weights, model or experts cannot be read, or do not belong together.

    Example:
        >>> from morph.cli.demo import demo_files
        >>> from morph.frames import read_picture
        >>> portrait = read_picture(demo_files()[0])  # ships with morph
        >>> face, = Tracker(level=0).process(portrait)
        >>> face.landmarks.shape, face.vertices.shape
        ((68, 2), (4054, 3))
    """

    def __init__(
        self,
        options: TrackerOptions | str | os.PathLike[str] | None = None,
        model: MorphableModel | str | os.PathLike[str] | None = None,
        detector: Detector | None = None,
        **settings: Any,
    ) -> None:
        wanted = options_of(options, model, settings)
        self.decoder = open_decoder(wanted.model, wanted.level)
        self.model = self.decoder.model
        self.reader = wanted.open_reader(self.model)
        self.regressor, self.experts = self.reader.regressor, self.reader.experts
        self.identity, self.expressions = self.reader.identity, self.reader.expressions
        if detector is None:
            detector = CenterFaceDetector(threshold=KEEP_SCORE, threads=wanted.threads, device=wanted.device)
        self.detector = detector
        self._finder = FaceFinder(detector, self.reader, wanted.detect_every)
        self.options = dataclasses.replace(
            wanted,
            weights=self.regressor.path,
            experts=choice_of(self.experts),
            identity="none" if self.identity is None else self.identity.path,
            expressions="none" if self.expressions is None else self.expressions.path,
        )
        model = self.model
        self._background: Background | None = None
        self.calibration = Calibrator(model.expression_names, model.expression_std, wanted.neutral, wanted.gains)
        self.reset(Stopwatch())
        if (picture := picture_of(wanted.neutral)) is not None:
            self._read_neutral(picture)

    def reset(self, stopwatch: Stopwatch | None = None) -> None:
        """Forget all faces; numbers of faces start again at 0.

        Args:
            stopwatch: times the stages from here on; None: the one that did so far.
        """
        if stopwatch is not None:
            self.stopwatch = stopwatch
        self.forget()
        self._next_id = 0
        self.calibration.forget()

    def forget(self) -> None:
        """Forget all faces, for what comes next is another picture; their numbers are not given again."""
        self._tracks: list[FaceTrack] = []
        self._lost: list[FaceTrack] = []
        self._since_detection = 0
        if self._background is not None:
            self._background.drop()
        self._finder.forget()
        self._index = 0
        self._camera: Lens | None = None
        self._glimpse: Floats | None = None
        self._waiting = False  # whether a face half behind another one was seen last, and nobody knows whose it is
        self._others: Floats = np.zeros((0, 4))  # faces that the detector saw last and that are not followed

    def settings(self) -> dict[str, Any]:
        """All that decides what this tracker says, as plain values for JSON, see :meth:`TrackerOptions.settings`."""
        path = getattr(self.detector, "path", None)
        return self.options.settings() | {"detector": type(self.detector).__name__ if path is None else content_of(path)}

    def track(self, source: str | os.PathLike[str] | int | FrameSource) -> Iterator[Face]:
        """Every face of every frame of a picture, a folder, a clip or a camera (its number), in order of time.

        Unrelated pictures of a folder are each looked at afresh, and nobody in one has the number of somebody in another.

        Raises:
            MorphError: the source cannot be read, or is none.
        """
        opened = open_source(source) if isinstance(source, (str, os.PathLike, int)) else source
        if not hasattr(opened, "kind"):
            raise MorphError(f"cannot track {type(source).__name__}; give a file, a folder, a camera's number or a source")
        self.reset()
        for frame in opened:
            if opened.kind == "pictures":
                self.forget()
            yield from self.process(frame.image, frame.time, frame.index)

    def process(self, image: Image, time: float | None = None, index: int | None = None, *, bgr: bool = False) -> list[Face]:
        """Faces of the next frame, by their numbers.

        Args:
            image: ``(H, W, 3)`` uint8 RGB; the size may change from frame to frame.
            time: seconds, on any clock that only goes forward; None counts 25 frames a second.
            index: number of the frame; None counts.
            bgr: the channels are blue, green, red, as OpenCV has them.

        Raises:
            MorphError: the picture has another shape or type.
        """
        check_picture(image)
        if bgr:
            image = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
        index = self._index if index is None else index
        time = index / 25.0 if time is None else time
        self._index = index + 1
        self._lost = [track for track in self._lost if 0 <= time - track.time <= RECALL]
        boxes, turns = [track.box for track in self._tracks], [track.turn for track in self._tracks]
        shapes = [track.shape if track.shape_age < self.options.detect_every else None for track in self._tracks]
        looks = self.reader([image] * len(boxes), boxes, turns, self.stopwatch, shapes)
        self._since_detection += 1
        with self.stopwatch.stage("compare"):
            odd = [self._is_odd(look, track, image) for look, track in zip(looks, self._tracks, strict=True)]
            scene_changed = self._is_cut(image, looks)
        if scene_changed:
            self._leave_scene()
            looks, odd = [], []
        now = _Moment(image, time, self._is_crowded(time))
        detections = self._detect(now, looks, at_once=not self._tracks or any(odd) or now.crowd)
        if detections is not None:
            looks = self._reconcile(now, looks, odd, detections)
        with self.stopwatch.stage("filter"):
            for track, look in zip(self._tracks, looks, strict=True):
                track.follow(look, time, image, self.options.smoothing, self.reader.landmarks)
        kept = without_twins(self._tracks)
        self._lost += [track for track in self._tracks if track not in kept]
        self._tracks = kept
        lens = self.lens_of(image.shape[1::-1])
        faces = [self._face(track, index, time, lens) for track in sorted(self._tracks, key=lambda track: track.id)]
        return self.calibration.see(faces)

    def detect_in_background(self) -> None:
        """From here on the detector's regular looks at faces that are followed happen in a thread of its own.

        The frame that it looks at does not wait for it; what it finds counts a few frames later. Where no face is followed or
        something is odd, frames wait as ever. Pictures must not be written into after they were given to :meth:`process`.
        """
        self._background = self._background or Background()

    def _detect(self, now: _Moment, looks: list[Look], at_once: bool) -> Detections | None:
        """Ask the detector, where it is time to; None where it has nothing to say in this frame."""
        turns = [track.turn for track in self._tracks]
        due = self._since_detection >= self._patience()
        if self._background is not None and not at_once:
            if due and not self._background.busy:
                self._since_detection = 0
                self._background.ask(functools.partial(self._finder.detect, now.image, turns, Stopwatch()))
            late = self._background.answer()
            if late is None:
                return None
            if len(self._partners(now.image, looks, late, now.time, now.crowd)) == len(looks):
                return late  # or else it is asked about this frame: a face may have gone, or have moved fast
        elif not at_once and not due:
            return None
        if self._background is not None:
            self._background.drop()
        self._since_detection = 0
        with self.stopwatch.stage("detect"):
            return self._finder.detect(now.image, turns, self.stopwatch)

    def _read_neutral(self, picture: str) -> None:
        """Take the resting face from a picture of one person.

        Raises:
            MorphError: it cannot be read, or shows no face.
        """
        faces = self.process(read_picture(picture))
        if not faces:
            raise MorphError(f"no face was found in {picture}; give a picture of the person at rest with `neutral=`")
        largest = max(faces, key=lambda face: float(face.box[2] - face.box[0]))
        self.calibration.given = np.asarray(largest.coefficients.expression, np.float64) * self.model.expression_std
        self.reset(Stopwatch())

    def _is_odd(self, look: Look, track: FaceTrack, image: Image) -> bool:
        """Whether the detector should be asked about a face that was followed."""
        return (
            not is_possible(look, image)
            or (look.error is not None and look.error > DOUBTFUL_ERROR and self._since_detection >= PATIENCE)
            or overlap_of(look.box, track.look.box) < SAME_FACE
            or likeness(look.thumbnail, track.look.thumbnail) < LEAST_LIKENESS
        )

    def _is_cut(self, image: Image, looks: list[Look]) -> bool:
        """Whether this picture is of another scene than the one before: whole picture and a face's crop are both unlike."""
        before, self._glimpse = self._glimpse, glimpse(image)
        return (
            before is not None
            and likeness(before, self._glimpse) < SAME_SCENE
            and any(
                likeness(look.thumbnail, track.look.thumbnail) < LEAST_LIKENESS
                for look, track in zip(looks, self._tracks, strict=True)
            )
        )

    def _is_crowded(self, time: float) -> bool:
        """Whether a face that is followed and another one may hide each other."""
        if self._waiting:
            return True
        if len(self._tracks) + len(self._others) + len(self._lost) < 2 or not self._tracks:
            return False
        lost = [track.motion.box(time) for track in self._lost if time - track.time <= MEMORY and not track.was_cut]
        return crowded([track.motion.box(time) for track in self._tracks], [*lost, *self._others])

    def _patience(self) -> int:
        """Frames after which the detector is asked again, whatever happens."""
        near = len(self._others) and crowded([track.look.box for track in self._tracks], self._others, reach=1.0)
        return min(NEIGHBOUR, self.options.detect_every) if near else self.options.detect_every

    def _leave_scene(self) -> None:
        """All faces are lost."""
        for track in self._tracks:
            track.was_cut = True
        self._lost += self._tracks
        self._tracks = []

    def _reconcile(self, now: _Moment, looks: list[Look], odd: list[bool], detections: Detections) -> list[Look]:
        """Confirm, find again, drop and begin tracks; returns the looks of the tracks that are left."""
        image, time, crowd = now
        boxes = np.array([points_box(box) for box in detections.boxes]).reshape(-1, 4)
        partner = self._partners(image, looks, detections, time, crowd)
        apart = {i for i, j in partner.items() if crowd and _differ(looks[i], boxes[j])}
        again = [i for i in partner if odd[i] or i in apart]
        for i, look in zip(
            again, self._finder.look(image, detections[[partner[i] for i in again]], self.stopwatch), strict=True
        ):
            looks[i] = look
        kept = [i for i in partner if not (i in again and not is_possible(looks[i], image))]
        for i, track in enumerate(self._tracks):
            track.unconfirmed = 0 if i in partner else track.unconfirmed + 1
            if i in kept:
                track.detection_score = float(detections.scores[partner[i]])
                if not crowd and i not in again:
                    track.appearance = track.appearance.blend(appearance_of(looks[i]))
            elif crowd and i not in partner and not odd[i] and self._stands_alone(looks[i], [looks[k] for k in partner], track):
                kept.append(i)
        self._lost += [track for i, track in enumerate(self._tracks) if i not in kept]
        self._tracks, looks = [self._tracks[i] for i in kept], [looks[i] for i in kept]
        left = [j for j in range(len(detections)) if j not in partner.values()]
        left = sorted(left, key=lambda j: -float(boxes[j][2] - boxes[j][0]))
        fresh = [j for j in left if detections.scores[j] >= START_SCORE][: self.options.max_faces - len(kept)]
        self._others = boxes[[j for j in left if j not in fresh]]
        found = list(zip(fresh, self._finder.look(image, detections[fresh], self.stopwatch), strict=True))
        found = [(j, look) for j, look in found if is_possible(look, image) and not (crowd and _differ(look, boxes[j]))]
        begun = self._begin([look for _, look in found], [float(detections.scores[j]) for j, _ in found], time)
        self._waiting = any(track is None for track in begun)
        self._tracks += [track for track in begun if track is not None]
        return looks + [look for (_, look), track in zip(found, begun, strict=True) if track is not None]

    def _partners(self, image: Image, looks: list[Look], detections: Detections, time: float, crowd: bool) -> dict[int, int]:
        """The detection of each track that has one."""
        if not looks or not len(detections):
            return {}
        boxes = np.array([points_box(box) for box in detections.boxes])
        seen, expected = np.array([look.box for look in looks]), np.array([track.motion.box(time) for track in self._tracks])
        cost, near = misplaced(seen, expected, boxes)
        if crowd:
            turns = [first_turn(points) for points in detections.five_points]
            ways = [crop_of_box(points_box(box, turn), PATCH, turn) for box, turn in zip(detections.boxes, turns, strict=True)]
            tones = np.array([tone(shrunk(cut(image, way, PATCH))) for way in ways])
            known = np.array([track.appearance.tone for track in self._tracks])
            cost = cost + np.linalg.norm(known[:, None] - tones[None], axis=2)
        return dict(assign(cost, np.where(near >= SAME_FACE, MIXED if crowd else 1.0, -1.0)))

    def _stands_alone(self, look: Look, others: list[Look], track: FaceTrack) -> bool:
        """Whether a face in a crowd that the detector did not see is still followed: it has not slid onto another one."""
        boxes = np.array([other.box for other in others]).reshape(-1, 4)
        return track.unconfirmed <= HIDDEN and not (overlap(look.box, boxes) >= SAME_FACE).any()

    def _begin(self, looks: list[Look], detection_scores: list[float], time: float) -> list[FaceTrack | None]:
        """For each face that appears, the track of the lost one that it is, or a new one.

        None where it is half behind another one and somebody was lost a moment ago: it cannot be told yet who it is.
        """
        who = [appearance_of(look) for look in looks]
        back = recalled(self._lost, who, [look.box for look in looks], time)
        known = {row: self._lost[index] for row, index in back.items()}
        self._lost = [track for track in self._lost if track not in known.values()]
        beside = [track.look.box for track in self._tracks]
        someone = any(time - track.time <= HIDING for track in self._lost)
        tracks: list[FaceTrack | None] = []
        for row, (look, score) in enumerate(zip(looks, detection_scores, strict=True)):
            if row not in known and someone and crowded([look.box], beside):
                tracks.append(None)
                continue
            track = known.get(row) or self._new_track(look, who[row], time)
            track.look, track.detection_score, track.was_cut, track.unconfirmed = look, score, False, 0
            if row in known:
                track.smoother.restart()
                track.motion.restart(look.box, time)
            tracks.append(track)
        return tracks

    def _new_track(self, look: Look, appearance: Appearance, time: float) -> FaceTrack:
        self._next_id += 1
        config = self.options.smoothing or SmoothingConfig()
        points = None if config.flow is None else self._rigid_points
        smoother = FaceSmoother(config, self.model.expression_names, points)
        motion = Motion(look.box, time)
        return FaceTrack(
            self._next_id - 1, look, 0.0, time, smoother, motion, appearance, look.box, look.coefficients, look.landmarks
        )

    @functools.cached_property
    def _rigid_points(self) -> RigidPoints:
        return rigid_points(self.model)

    def lens_of(self, size: tuple[int, int]) -> Lens:
        """The camera of pictures of this width and height."""
        if self._camera is None or self._camera.size != size:
            self._camera = self.options.lens.lens(size)
        return self._camera

    def _metric(self, track: FaceTrack) -> float:
        """True millimetres of one of the model's, for this person."""
        wanted = self.options.lens.interpupillary
        if wanted is None:
            return self.options.lens.scale
        return wanted / interpupillary(self.model, np.asarray(track.coefficients.shape, np.float64))

    def _face(self, track: FaceTrack, index: int, time: float, lens: Lens) -> Face:
        box = box_of(track.landmarks)
        return Face(
            index,
            time,
            track.id,
            box,
            track.score,
            track.coefficients,
            track.landmarks,
            self.decoder,
            lens=lens,
            metric=self._metric(track),
            depth=track.smoother.depth,
        )


def _differ(look: Look, detection: Floats) -> bool:
    """Whether the network saw a face elsewhere than the detector: with two faces in its crop it may see one in between."""
    return overlap_of(look.box, detection) < AGREED
