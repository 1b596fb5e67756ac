"""X, which was Twitter, over its API v2."""

from mentionbridge.platforms.x.plug import plug

__all__ = ["plug"]
