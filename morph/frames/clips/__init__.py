"""Clips: their streams, what their frames mean, and how they are shown."""
