"""Textures of a head: plain, from footage, without light; charts."""
