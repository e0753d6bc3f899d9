"""Glasses, headwear and clothing."""
