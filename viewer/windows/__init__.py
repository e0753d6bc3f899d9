"""Windows: playback and live."""
