"""Tracks of clips measured: motion, blinks, smoothing, speed."""
