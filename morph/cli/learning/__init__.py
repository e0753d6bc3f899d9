"""Verbs that make training data and weights."""
