"""Things that sit on a face."""

from viewer.props.prop import Item, Prop, SkinTexture, find_prop, load_prop, shipped_props
from viewer.props.wearing import Wearing, WornItem

__all__ = ["Item", "Prop", "SkinTexture", "Wearing", "WornItem", "find_prop", "load_prop", "shipped_props"]
