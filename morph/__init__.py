"""morph: pixels of a face to a dense, animatable 3D mesh, in real time, on a CPU."""

__version__ = "0.1.0"
