"""Pictures that come with a complaint."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Picture:
    """A fetched, re-encoded image without its metadata."""

    mime: str
    body: bytes
    width: int
    height: int


class MediaRefused(Exception):
    """This file will not be kept; the text says why (too large, not an image, address not allowed)."""


class MediaFetcher(Protocol):
    """Fetches media through the address guard."""

    async def fetch(self, url: str) -> Picture:
        """Return the picture; raises MediaRefused for good, PlatformDown to try again later."""
