"""Every crop of a face: geometry, cutting, upright turns, parts."""
