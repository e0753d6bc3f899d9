"""Backgrounds and occluders."""
