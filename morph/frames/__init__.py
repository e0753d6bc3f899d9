"""Pictures, clips, sequences and cameras as frames with times."""

from morph.frames.sources import Frame, FrameSource, open_source, read_picture

__all__ = ["Frame", "FrameSource", "open_source", "read_picture"]
