"""Pictures, clips, sequences and cameras as frames with times."""

from morph.frames.frame import Frame, FrameSource
from morph.frames.picture import read_picture
from morph.frames.sources import open_source

__all__ = ["Frame", "FrameSource", "open_source", "read_picture"]
