"""Held-out renders with exact truth."""
