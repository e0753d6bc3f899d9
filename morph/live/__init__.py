"""Live sessions and streams to other programs."""
