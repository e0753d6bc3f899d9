"""Weights of the faces in pictures as batches for PyTorch, read by worker processes: python data_loader.py PICTURE..."""

import sys
from pathlib import Path

import torch
from torch.utils.data import DataLoader, Dataset

from morph import Tracker, read_picture


class Weights(Dataset):
    """``(52,)`` weights of the largest face of each picture; not-a-number where there is none."""

    def __init__(self, files: list[Path]) -> None:
        self.files = files
        self.tracker: Tracker | None = None  # opened by each worker for itself

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> torch.Tensor:
        self.tracker = self.tracker or Tracker(level=0)
        self.tracker.forget()
        faces = self.tracker.process(read_picture(self.files[index]))
        return torch.tensor(list(faces[0].blendshapes.values())) if faces else torch.full((52,), torch.nan)


if __name__ == "__main__":
    for batch in DataLoader(Weights([Path(name) for name in sys.argv[1:]]), 2, num_workers=1, multiprocessing_context="spawn"):
        print(tuple(batch.shape), f"{batch.max():.2f}")
