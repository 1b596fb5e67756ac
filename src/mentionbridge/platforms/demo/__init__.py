"""The demo network: a small social network inside the process, with pages, an API and signed webhooks."""

from mentionbridge.platforms.demo.plug import plug

__all__ = ["plug"]
