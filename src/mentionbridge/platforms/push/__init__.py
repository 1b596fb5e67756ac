"""Any other network: its posts are pushed to us, and our words are handed to an address of the operator's."""

from mentionbridge.platforms.push.plug import plug

__all__ = ["plug"]
