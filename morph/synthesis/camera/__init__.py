"""Viewpoint, and what a camera does to a picture."""
