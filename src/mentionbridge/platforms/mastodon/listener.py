"""The server's stream of notifications: it says that there is something to read, and a poll reads it."""

from collections.abc import AsyncIterator, Callable, Sequence

from mentionbridge.domain.errors import LoginNeeded, RateLimited, StreamRefused
from mentionbridge.domain.mention import Item
from mentionbridge.domain.stream import Pauses
from mentionbridge.kit.clock import Clock
from mentionbridge.net.client import Http
from mentionbridge.net.outcome import retry_at
from mentionbridge.net.streaming import Stream
from mentionbridge.platforms.mastodon.server import Server, streams_at
from mentionbridge.platforms.mastodon.token import Token

PAUSES = Pauses(first=1.0, most=300.0)
SILENCE = 60.0
"""A heartbeat comes about every fifteen seconds."""

# The narrower one tells nothing of the posts of people we follow; dialects may know the older one alone.
_PATHS = ("/api/v1/streaming/user/notification", "/api/v1/streaming/user")
_NEWS = frozenset({"notification", "conversation"})
_UNKNOWN = (400, 404, 405)


class Listener:
    """Listens as one account, where its server has a stream and it is `wanted`."""

    def __init__(
        self, http: Callable[[str], Http], token: Token, server: str, clock: Clock, *, wanted: bool = True
    ) -> None:
        self._make_http = http
        self._token = token
        self._server = server
        self._clock = clock
        self._wanted = wanted
        self._path = 0
        self._https: dict[str, Http] = {}

    def hears(self, server: Server) -> bool:
        """Tell whether there is anything to listen to."""
        return self._wanted and self._path < len(_PATHS) and streams_at(server.streaming, self._server) is not None

    async def listen(self, server: Server) -> AsyncIterator[Sequence[Item] | None]:
        """Connect, and say whenever there is something new; what it is, a poll reads."""
        place = streams_at(server.streaming, self._server)
        if place is None:
            raise StreamRefused("the server has no stream")
        headers = {"authorization": f"Bearer {await self._token.current()}", "accept": "text/event-stream"}
        while self._path < len(_PATHS):
            async with self._http(place).stream(_PATHS[self._path], headers=headers, silence=SILENCE) as stream:
                if stream.status not in _UNKNOWN:
                    self._check(stream)
                    yield ()
                    async for line in stream.lines():
                        field, _, value = line.partition(":")
                        yield () if field == "event" and value.strip() in _NEWS else None
                    return
            self._path += 1
        raise StreamRefused("the server does not know the stream it names")

    def _check(self, stream: Stream) -> None:
        if stream.status == 429:
            raise RateLimited(retry_at(stream.headers, self._clock.now()))
        if stream.status in (401, 403):
            self._token.refused()
            raise LoginNeeded(f"the stream refused our token ({stream.status})")
        if stream.status != 200 or not stream.headers.get("content-type", "").startswith("text/event-stream"):
            raise StreamRefused(f"the stream answered {stream.status}")

    def _http(self, place: str) -> Http:
        if place not in self._https:
            self._https[place] = self._make_http(place)
        return self._https[place]

    async def aclose(self) -> None:
        """Let go of connections."""
        for http in self._https.values():
            await http.aclose()
