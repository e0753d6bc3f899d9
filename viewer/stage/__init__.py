"""A head and its props as a scene."""
