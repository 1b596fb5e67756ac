"""Bluesky and every other network that speaks the AT Protocol."""

from mentionbridge.platforms.bluesky.plug import plug

__all__ = ["plug"]
