"""Sets of rendered pictures on disk."""
