"""Where a head is: lenses, and heads before them in millimetres."""
