"""Fetches strangers' pictures without trusting a byte of them."""

import asyncio
from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

import httpx

from mentionbridge.domain.errors import NoAnswer, PlatformDown, SetupError
from mentionbridge.kit.clock import Clock
from mentionbridge.net.client import Answer, Guard, Http
from mentionbridge.net.errors import AddressRefused, AnswerTooLong
from mentionbridge.net.pictures import reencode
from mentionbridge.ports.media import MediaRefused, Picture

MAX_BYTES = 10 * 1024 * 1024
MAX_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LATER = frozenset({408, 425, 429})


class GuardedMediaFetcher:
    """Fetches an image through the guard and hands back a clean copy.

    `in_process` leads origins (`https://bridge.example`) to a transport inside this process: a demo network's own
    pages. Every other address is judged, also each one a redirect leads to.
    """

    def __init__(
        self,
        guard: Guard,
        clock: Clock,
        *,
        proxy: str | None = None,
        ca_file: str | None = None,
        timeout: float = 20.0,
        in_process: Mapping[str, httpx.AsyncBaseTransport] | None = None,
    ) -> None:
        self._guard = guard
        self._clock = clock
        self._proxy = proxy
        self._ca_file = ca_file
        self._timeout = timeout
        self._in_process = in_process or {}
        self._turn = asyncio.Semaphore(2)

    async def fetch(self, url: str) -> Picture:
        """Return the picture; raises MediaRefused for good, PlatformDown to try again later."""
        answer = await self._follow(url)
        _check(answer)
        # An unpacked picture may take a few hundred megabytes: two at a time.
        async with self._turn:
            return await asyncio.to_thread(reencode, answer.body)

    async def _follow(self, url: str) -> Answer:
        for _ in range(MAX_REDIRECTS + 1):
            answer = await self._get(url)
            if answer.status not in _REDIRECTS:
                return answer
            url = _next(url, answer)
        raise MediaRefused(f"the address leads on more than {MAX_REDIRECTS} times")

    async def _get(self, url: str) -> Answer:
        origin, path = _split(url)
        try:
            http = self._http(origin)
        except SetupError:
            raise MediaRefused("this is not a valid address") from None
        try:
            return await http.request("GET", path, headers={"accept": "image/*"})
        except AddressRefused as refused:
            raise MediaRefused(str(refused)) from None
        except AnswerTooLong:
            raise MediaRefused(f"the file is larger than {MAX_BYTES // 1024 // 1024} MB") from None
        except NoAnswer as lost:
            raise PlatformDown(str(lost)) from None
        finally:
            await http.aclose()

    def _http(self, origin: str) -> Http:
        return Http(
            origin,
            clock=self._clock,
            guard=self._guard,
            transport=self._in_process.get(origin),
            timeout=self._timeout,
            proxy=self._proxy,
            ca_file=self._ca_file,
            max_bytes=MAX_BYTES,
        )


def _split(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise MediaRefused("this is not a valid address") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise MediaRefused("only http and https addresses are fetched")
    path = parts.path or "/"
    return f"{parts.scheme}://{parts.netloc}", f"{path}?{parts.query}" if parts.query else path


def _next(url: str, answer: Answer) -> str:
    try:
        return urljoin(url, answer.headers["location"])
    except (KeyError, ValueError):
        raise MediaRefused("the address leads on to nowhere") from None


def _check(answer: Answer) -> None:
    if answer.status in _LATER or answer.status >= 500:
        raise PlatformDown(f"the picture's server answered {answer.status}")
    if not 200 <= answer.status < 300:
        raise MediaRefused(f"the picture's server answered {answer.status}")
    if not answer.headers.get("content-type", "").lower().startswith("image/"):
        raise MediaRefused("this is not an image")
