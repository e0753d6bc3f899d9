"""Who is drawn: identity, complexion, anatomy."""
