"""Files that other programs read: meshes, textures, clips, animated heads."""

from morph.export.obj import ObjWriter
from morph.export.textures.plain import plain_texture, write_material
from morph.export.video import VideoWriter

__all__ = ["ObjWriter", "VideoWriter", "plain_texture", "write_material"]
