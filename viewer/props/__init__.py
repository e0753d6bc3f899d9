"""Things that sit on a face."""

from viewer.props.prop import Anchors, Prop, find_prop, load_prop, shipped_props
from viewer.props.wearing import Wearing

__all__ = ["Anchors", "Prop", "Wearing", "find_prop", "load_prop", "shipped_props"]
