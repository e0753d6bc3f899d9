"""What verbs share: what they write, and how they spell parameters."""
