"""Renders labelled pictures of faces from a morphable model."""

from morph.synthesis.engine import Picture, Renderer
from morph.synthesis.relabelling import relabel_landmarks
from morph.synthesis.shards import SynthesisPlan, render_range, synthesise

__all__ = ["Picture", "Renderer", "SynthesisPlan", "relabel_landmarks", "render_range", "synthesise"]
