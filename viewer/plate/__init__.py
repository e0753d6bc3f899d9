"""Footage as a plate: light, grain, sharpness, motion, compositing."""
