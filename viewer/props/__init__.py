"""Things that sit on a face."""

from viewer.props.fitted_prop import Wearing, WornItem
from viewer.props.prop import Item, Prop, SkinTexture, find_prop, load_prop, prop_names, shipped_props, with_face
from viewer.props.wearer import Placement, Wearer

__all__ = [
    "Item",
    "Placement",
    "Prop",
    "SkinTexture",
    "Wearer",
    "Wearing",
    "WornItem",
    "find_prop",
    "load_prop",
    "prop_names",
    "shipped_props",
    "with_face",
]
