"""Whether expression weights move as they should: on renders with exact truth, and on clips beside an outside judge."""
