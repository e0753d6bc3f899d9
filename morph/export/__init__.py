"""Files that other programs read: OBJ meshes, textures, clips, tables of coefficients."""

from morph.export.coefficients import write_coefficients, write_landmarks
from morph.export.obj import ObjWriter
from morph.export.texture import plain_texture, write_material
from morph.export.track_folder import TrackOptions, track_to_folder
from morph.export.video import VideoWriter

__all__ = [
    "ObjWriter",
    "TrackOptions",
    "VideoWriter",
    "plain_texture",
    "track_to_folder",
    "write_coefficients",
    "write_landmarks",
    "write_material",
]
