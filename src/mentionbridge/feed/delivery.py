"""Posts one signed event to one subscriber."""

from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from mentionbridge.domain.endpoint import DeliveryResult, Endpoint, Mode
from mentionbridge.domain.errors import MentionbridgeError, SetupError
from mentionbridge.feed.envelope import render, render_cloudevent
from mentionbridge.kit.clock import Clock
from mentionbridge.net.client import Answer, Guard, Http
from mentionbridge.net.errors import AddressRefused, NotReached
from mentionbridge.net.outcome import retry_after
from mentionbridge.net.signing import PREFIX, sign, timestamp

TIMEOUT = 20.0
MAX_DETAIL = 500
KEPT_CLIENTS = 256
_READ_BYTES = 4096
_GONE = 410
_MEDIA_TYPES = {Mode.PLAIN: "application/json", Mode.CLOUDEVENTS: "application/cloudevents+json"}


@dataclass(slots=True)
class _Seat:
    http: Http
    users: int = 0


class HttpCourier:
    """Delivers events over HTTP; endpoints come from the API, so every address passes the guard.

    Keeps one client an endpoint address, the `keep` used last: thousands of endpoints do not pile up sockets.
    """

    def __init__(
        self,
        guard: Guard,
        clock: Clock,
        *,
        proxy: str | None = None,
        ca_file: str | None = None,
        timeout: float = TIMEOUT,
        keep: int = KEPT_CLIENTS,
    ) -> None:
        self._guard = guard
        self._clock = clock
        self._proxy = proxy
        self._ca_file = ca_file
        self._timeout = timeout
        self._keep = keep
        self._seats: OrderedDict[str, _Seat] = OrderedDict()

    async def deliver(
        self, endpoint: Endpoint, event_id: str, type_: str, occurred_at: datetime, data: Mapping[str, Any]
    ) -> DeliveryResult:
        """Make one attempt: 2xx is ok, 410 is gone, all else a failure; never raises for what the other side does."""
        wrapped = endpoint.mode is Mode.CLOUDEVENTS
        body = render_cloudevent(event_id, type_, occurred_at, data) if wrapped else render(type_, occurred_at, data)
        try:
            headers = self._headers(endpoint, event_id, body)
            answer = await self._post(endpoint.url, headers, body)
        except MentionbridgeError as error:
            return DeliveryResult(ok=False, status=None, detail=_presentable(str(error), endpoint.secrets))
        return self._result(answer, [*endpoint.secrets, *headers["webhook-signature"].split()])

    async def refuses(self, url: str) -> str | None:
        """Say why nothing will ever be delivered to this address as its name stands now, or None."""
        try:
            parts = urlsplit(url)
            # With a dot behind it a name means the same, but not every system finds it then.
            await self._guard.judged((parts.hostname or "").rstrip("."), parts.port or 0)
        except AddressRefused as error:
            return f"This address is not told anything: {error}. See `net.allow_networks`."
        except (NotReached, ValueError):
            return None
        return None

    async def aclose(self) -> None:
        """Close every connection."""
        while self._seats:
            _, seat = self._seats.popitem()
            await seat.http.aclose()

    def _headers(self, endpoint: Endpoint, event_id: str, body: bytes) -> dict[str, str]:
        now = self._clock.now()
        return {
            "content-type": _MEDIA_TYPES[endpoint.mode],
            "webhook-id": event_id,
            "webhook-timestamp": timestamp(now),
            "webhook-signature": sign(event_id, now, body, endpoint.secrets),
        }

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        origin, path = _split(url)
        async with self._client(url, origin) as http:
            return await http.request("POST", path, headers=headers, content=body)

    def _result(self, answer: Answer, secrets: Iterable[str]) -> DeliveryResult:
        ok = 200 <= answer.status < 300
        words = answer.body.decode("utf-8", "replace")
        return DeliveryResult(
            ok=ok,
            status=answer.status,
            detail=_presentable(
                f"answered {answer.status}: {words}" if words else f"answered {answer.status}", secrets
            ),
            gone=answer.status == _GONE,
            retry_at=None if ok else retry_after(answer.headers, self._clock.now()),
        )

    @asynccontextmanager
    async def _client(self, url: str, origin: str) -> AsyncIterator[Http]:
        if url not in self._seats:
            self._seats[url] = _Seat(self._http(origin))
        seat = self._seats[url]
        self._seats.move_to_end(url)
        seat.users += 1
        try:
            yield seat.http
        finally:
            seat.users -= 1
            await self._let_go()

    def _http(self, origin: str) -> Http:
        return Http(
            origin,
            clock=self._clock,
            guard=self._guard,
            timeout=self._timeout,
            proxy=self._proxy,
            ca_file=self._ca_file,
            max_bytes=_READ_BYTES,
            cut_bodies=True,
        )

    async def _let_go(self) -> None:
        if len(self._seats) <= self._keep:
            return
        idle = [url for url, seat in self._seats.items() if not seat.users]
        for url in idle[: len(self._seats) - self._keep]:
            await self._seats.pop(url).http.aclose()


def _split(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SetupError("The endpoint's address is not valid; it must start with https:// or http:// and a name.")
    return (
        f"{parts.scheme}://{parts.netloc}",
        f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/",
    )


def _presentable(text: str, secrets: Iterable[str]) -> str:
    """Mask secrets a subscriber may echo, drop what a database or a terminal chokes on, and cut to size."""
    shapes = {
        shape for secret in secrets for shape in (secret, secret.removeprefix(PREFIX), secret.removeprefix("v1,"))
    }
    for shape in sorted(shapes - {""}, key=len, reverse=True):
        text = text.replace(shape, "***")
    return "".join(each if each.isprintable() else " " for each in text[:MAX_DETAIL])
