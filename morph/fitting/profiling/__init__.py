"""Photographed faces turned to larger yaws."""
