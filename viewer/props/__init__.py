"""Things that sit on a face."""

from viewer.props.fitted_prop import Wearing, WornItem
from viewer.props.prop import Item, Prop, SkinTexture, find_prop, load_prop, prop_names, shipped_props, with_face

__all__ = [
    "Item",
    "Prop",
    "SkinTexture",
    "Wearing",
    "WornItem",
    "find_prop",
    "load_prop",
    "prop_names",
    "shipped_props",
    "with_face",
]
