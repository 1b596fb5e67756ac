"""Request Tracker 5 over its REST 2.0 interface."""

from mentionbridge.helpdesks.rt.plug import plug

__all__ = ["plug"]
