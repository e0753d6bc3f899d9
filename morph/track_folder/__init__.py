"""The folder that ``morph track`` writes: layout, write, read, resume."""

from morph.track_folder.read import Track, load_track
from morph.track_folder.tables import write_coefficients, write_landmarks
from morph.track_folder.write import TrackOptions, track_to_folder

__all__ = ["Track", "TrackOptions", "load_track", "track_to_folder", "write_coefficients", "write_landmarks"]
