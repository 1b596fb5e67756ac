"""Mastodon and every other server of the fediverse that speaks its API."""

from mentionbridge.platforms.mastodon.plug import plug

__all__ = ["plug"]
