"""Hair, brows, lashes and beards."""
