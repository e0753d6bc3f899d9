"""What verbs share: options that several have, what they write, and how they spell parameters."""
