"""What can go wrong on the way out, before a byte is written."""

from mentionbridge.domain.errors import PlatformDown


class NotReached(PlatformDown):
    """The destination was never reached: nothing of the request was written, so it may be repeated as it is."""


class AddressRefused(NotReached):
    """The guard did not allow the address; trying again will not help until the name or the settings change."""
