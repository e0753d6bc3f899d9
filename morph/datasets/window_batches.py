"""Batches of augmented clip windows, drawn anew each epoch, the same whatever the number of workers."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from morph.arrays import Doubles
from morph.crop.face_crop import cut
from morph.crop.geometry import compose, resize_similarity
from morph.crop.rules import CropRule
from morph.datasets.augmentation import AugmentationConfig, draw_pixels, draw_similarity
from morph.datasets.clip_windows import ClipWindows
from morph.datasets.training_batches import Batch
from morph.model.ibug68 import MIRRORED_68


class WindowBatches:
    """Draws batches from clip windows: a torch-style data set whose items are keys of whole batches.

    All frames of a window get the same turn, shift, zoom and mirroring; each gets its own changes of pixels, and is moved
    by ``jitter`` against the others.

    Args:
        windows: to draw from.
        input_size: side in pixels of the crop in which the network answers.
        augmentation: None gives the plain published crop and leaves pixels alone.
        jitter: deviation of each frame's own shift and zoom, in shares of the crop's side, and turn, in radians.
        seed: together with epoch and row it decides every random choice.
        grey: also give the pictures that flow is computed on.
    """

    def __init__(  # noqa: PLR0913 - keyword options of what is drawn
        self,
        windows: ClipWindows,
        input_size: int,
        augmentation: AugmentationConfig | None,
        *,
        jitter: float = 0.0,
        seed: int = 0,
        grey: bool = False,
    ) -> None:
        self.windows, self.input_size, self.augmentation = windows, input_size, augmentation
        self.jitter, self.seed, self.grey = jitter, seed, grey

    def __len__(self) -> int:
        return len(self.windows)

    def batch(self, rows: Sequence[int], epoch: int = 0, pixels: int | None = None) -> Batch:
        """One batch.

        Args:
            rows: row numbers.
            epoch: changes every random choice.
            pixels: side of the pictures; everything else stays in pixels of ``input_size``.

        Returns:
            image ``(B, T, pixels, pixels, 3)`` uint8; shared ``(B, T, 2, 3)``, from pixels of each frame's crop to those of
            the crop that the window's frames share; flow ``(B, T - 1, 68, 2)`` in pixels of the shared crop, and trusted
            ``(B, T - 1, 68)`` bool, in the order of the landmarks that the network gives; grey
            ``(B, T, input_size, input_size)`` float32 of the shared crop, where it is asked for.
        """
        cv2.setNumThreads(0)
        w, size, pixels = self.windows, self.input_size, pixels or self.input_size
        frames = w.images.shape[1]
        out: Batch = {
            "image": np.empty((len(rows), frames, pixels, pixels, 3), np.uint8),
            "shared": np.empty((len(rows), frames, 2, 3), np.float32),
            "flow": np.empty((len(rows), frames - 1, 68, 2), np.float32),
            "trusted": np.empty((len(rows), frames - 1, 68), bool),
        }
        if self.grey:
            out["grey"] = np.empty((len(rows), frames, size, size), np.float32)
        shrink = resize_similarity(size, pixels)
        for i, row in enumerate(rows):
            rng = np.random.default_rng((self.seed, 2, epoch, int(row)))
            common, mirrored, border = self._similarity(int(row), rng)
            order = MIRRORED_68 if mirrored else np.arange(68)
            out["flow"][i] = w.flow[row][:, order] @ common[:, :2].T
            out["trusted"][i] = w.trusted[row][:, order]
            for t, picture in enumerate(w.images[row]):
                own = compose(self._jitter(rng), common)
                out["image"][i, t] = cut(picture, compose(shrink, own), pixels, border)
                if self.augmentation is not None:
                    out["image"][i, t] = draw_pixels(self.augmentation, out["image"][i, t], rng)
                out["shared"][i, t] = compose(common, cv2.invertAffineTransform(own))  # type: ignore[arg-type]
                if self.grey:
                    out["grey"][i, t] = cv2.cvtColor(cut(picture, common, size, border), cv2.COLOR_RGB2GRAY)
        return out

    def _similarity(self, row: int, rng: np.random.Generator) -> tuple[Doubles, bool, int]:
        """From stored pixels to the shared crop, whether that mirrors, and what lies beyond the stored picture."""
        points = self.windows.landmarks[row, self.windows.landmarks.shape[1] // 2]
        config = self.augmentation or PLAIN
        common = draw_similarity(config, points, np.eye(3), CropRule(self.input_size), rng)
        border = cv2.BORDER_REPLICATE if self.augmentation is not None and rng.random() < 0.5 else cv2.BORDER_CONSTANT
        mirrored = bool(rng.random() < config.flip)
        if mirrored:
            common = compose(np.array([[-1.0, 0, self.input_size - 1], [0, 1, 0]]), common)
        return common, mirrored, border

    def _jitter(self, rng: np.random.Generator) -> Doubles:
        """A small random similarity of the crop about its middle."""
        if not self.jitter:
            return np.eye(2, 3)
        turn, zoom, *shift = rng.normal(0, self.jitter, 4)
        middle = (self.input_size - 1) / 2
        matrix: Doubles = np.array(cv2.getRotationMatrix2D((middle, middle), np.degrees(turn), np.exp(zoom)), np.float64)
        matrix[:, 2] += np.asarray(shift) * self.input_size
        return matrix

    def __getitem__(self, key: tuple[int, int, tuple[int, ...]]) -> Batch:
        """Item of a data loader without automatic batching: ``key`` is (epoch, pixels, rows)."""
        epoch, pixels, rows = key
        return self.batch(rows, epoch, pixels)


PLAIN = AugmentationConfig(rotation=0.0, rotation_wide=0.0, translation=0.0, scale=0.0, flip=0.0)
