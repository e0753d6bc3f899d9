"""Noise, angles and compositing of arrays."""
