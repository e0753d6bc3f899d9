"""Renders labelled pictures of faces from a morphable model."""

from morph.synthesis.engine import Picture, Renderer
from morph.synthesis.maps import CLASSES, MAPS, open_maps, texture_coordinates
from morph.synthesis.recipe import INGREDIENTS, Recipe
from morph.synthesis.sets.relabelling import relabel_landmarks
from morph.synthesis.sets.render_set import SynthesisPlan, render_range, synthesise

__all__ = [
    "CLASSES",
    "INGREDIENTS",
    "MAPS",
    "Picture",
    "Recipe",
    "Renderer",
    "SynthesisPlan",
    "open_maps",
    "relabel_landmarks",
    "render_range",
    "synthesise",
    "texture_coordinates",
]
