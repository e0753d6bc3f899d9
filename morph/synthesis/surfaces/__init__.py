"""What skin, eyes and mouth look like."""
