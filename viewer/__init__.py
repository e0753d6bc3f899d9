"""Looks at tracks: pictures, clips and a window; the rest of morph never imports it."""
