"""Scenes, lights and textures, and what draws them: software, OpenGL."""
