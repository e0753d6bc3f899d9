"""Light: environments and key lights."""
