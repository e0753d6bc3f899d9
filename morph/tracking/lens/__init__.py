"""The focal length of a clip, from how the surface of one turning head moves through it."""
