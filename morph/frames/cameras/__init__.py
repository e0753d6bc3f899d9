"""Cameras: which there are, opening one as it is wanted, frames as in a mirror."""
