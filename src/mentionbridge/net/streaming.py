"""A GET that stays open, read line by line, within bounds."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import cast

import httpx

from mentionbridge.domain.errors import PlatformDown

LONGEST_LINE = 4 * 1024 * 1024


class Stream:
    """An open answer: header names in lower case."""

    def __init__(self, response: httpx.Response, place: str, longest: int = LONGEST_LINE) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}
        self._response = response
        self._place = place
        self._longest = longest

    async def lines(self) -> AsyncIterator[str]:
        """Yield each line, without its end; raises PlatformDown when the connection breaks or falls silent."""
        rest = bytearray()
        try:
            async with aclosing(cast("AsyncGenerator[bytes, None]", self._response.aiter_bytes())) as chunks:
                async for chunk in chunks:
                    *whole, last = chunk.split(b"\n")
                    for part in whole:
                        yield (bytes(rest) + part).rstrip(b"\r").decode("utf-8", "replace")
                        rest.clear()
                    rest += last
                    if len(rest) > self._longest:
                        raise PlatformDown(f"{self._place} sent a line of more than {self._longest} bytes")
        except httpx.TimeoutException:
            raise PlatformDown(f"{self._place} said nothing for too long") from None
        except (httpx.HTTPError, OSError) as error:
            raise PlatformDown(f"the connection to {self._place} broke ({type(error).__name__})") from None
