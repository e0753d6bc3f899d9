"""Made-up tracks."""

from made_tracks import coarse_model, write_track  # noqa: F401  (fixtures)
