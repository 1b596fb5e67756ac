"""The only maker of HTTP clients: one per destination, guarded at the socket, silent about secrets."""

import asyncio
import json as json_codec
import ssl
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any, Protocol, cast

import httpx

from mentionbridge.domain.account import Allowance
from mentionbridge.domain.errors import NoAnswer, SetupError
from mentionbridge.kit.clock import Clock
from mentionbridge.net.errors import AddressRefused, AnswerTooLong, NotReached
from mentionbridge.net.streaming import Stream
from mentionbridge.ports.platform import SendGate

# What is unpacked comes in blocks, and a line must come when it is sent.
_PLAIN = {"accept-encoding": "identity"}
MAX_BYTES = 10 * 1024 * 1024
if "sniffio" not in sys.modules and find_spec("sniffio") is None:
    # httpcore imports it several times a request; without this Python would look through every folder each time.
    sys.modules["sniffio"] = None  # type: ignore[assignment]
_POOL = httpx.Limits(max_connections=32, max_keepalive_connections=8, keepalive_expiry=5.0)
_HEADERS_LEAVE = frozenset({"http11.send_request_headers.started", "http2.send_request_headers.started"})
_HEADERS_LEFT = frozenset({"http11.send_request_headers.complete", "http2.send_request_headers.complete"})
_BEFORE_THE_FIRST_BYTE = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


class Guard(Protocol):
    """Makes transports that dial only allowed addresses; see `mentionbridge.net.guard`."""

    def transport(self, *, verify: ssl.SSLContext, limits: httpx.Limits, proxy: str | None) -> httpx.AsyncBaseTransport:
        """Return a transport that judges every address it dials."""

    async def judged(self, host: str, port: int) -> Sequence[str]:
        """Return every address of `host`; raises AddressRefused if any is not allowed, NotReached if there is none."""


class Limits(Protocol):
    """Paces requests; see `mentionbridge.net.limits`."""

    async def take(self, route: str, lane: str, *, waits: bool) -> None:
        """Wait for our turn on `route` (method and path); raises RateLimited when that is too long, or nobody waits."""

    def learn(self, status: int, headers: Mapping[str, str], route: str, lane: str) -> None:
        """Take in what an answer says about the limits of `route`, and of what the server counts with it."""

    def allowance(self) -> Allowance | None:
        """Return the tightest limit that still holds."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: header names in lower case, the body whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Parse the body; raises NoAnswer when it is not JSON."""
        try:
            return json_codec.loads(self.body)
        except (ValueError, RecursionError):
            raise NoAnswer(f"the answer (status {self.status}) is not JSON") from None


class Http:
    """A client for one destination.

    `timeout` is in seconds and covers one request from the wait for a connection to the last byte of the answer.
    An answer longer than `max_bytes` (after decompression) is NoAnswer (AnswerTooLong); with `cut_bodies` the rest is
    dropped instead, for callers who care about the status only. `proxy` is a URL; `ca_file` adds authorities to the
    usual ones. The environment's proxies and `.netrc` are not read, cookies are not kept and redirects not followed.
    """

    def __init__(
        self,
        base_url: str,
        *,
        clock: Clock,
        guard: Guard | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: float = 20.0,
        user_agent: str | None = None,
        proxy: str | None = None,
        ca_file: str | None = None,
        limits: Limits | None = None,
        max_bytes: int = MAX_BYTES,
        cut_bodies: bool = False,
    ) -> None:
        self._base = _address(base_url)
        self._clock = clock
        self._guard = guard
        self._transport = transport
        self._timeout = timeout
        self._user_agent = user_agent or _our_name()
        self._proxy = proxy
        self._ca_file = ca_file
        self._limits = limits
        self._max_bytes = max_bytes
        self._cut_bodies = cut_bodies
        self._client: httpx.AsyncClient | None = None

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        content: bytes | None = None,
        gate: SendGate | None = None,
        lane: str | None = None,
    ) -> Answer:
        """Send one request; `gate.check()` runs immediately before its first byte is written.

        `path` is joined to the base address; a full URL is taken when it leads to the same destination. Parameters
        that are None are left out. `lane` names what the server counts together with this request, if that is more than
        its method and path. Raises PlatformDown (NotReached) when the request surely was not written, NoAnswer
        when it may have been acted on, RateLimited when the server's own limit says not to ask yet, and whatever the
        gate raises (nothing was sent then). Any HTTP status comes back as an Answer.
        """
        passage = _Passage(gate)
        request = self._build(method, path, params, headers, json, content, passage)
        if not self._limits:
            return await self._exchange(request, passage)
        route = f"{request.method} {request.url.path}"
        # A gate shuts within a second: who is to speak does not wait here, but comes back.
        await self._limits.take(route, lane or route, waits=gate is None)
        answer = await self._exchange(request, passage)
        self._limits.learn(answer.status, answer.headers, route, lane or route)
        return answer

    @asynccontextmanager
    async def stream(
        self,
        path: str,
        *,
        silence: float,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncIterator[Stream]:
        """Open a GET that goes on until it is closed; `silence` is how many seconds it may say nothing.

        Raises PlatformDown (NotReached) when it cannot be opened. Any HTTP status comes back as a Stream.
        """
        request = self._build("GET", path, params, {**(headers or {}), **_PLAIN}, None, None, _Passage(None))
        request.extensions["timeout"] = httpx.Timeout(self._timeout, read=silence).as_dict()
        place = _place(request.url)
        try:
            response = await self._open().send(request, stream=True)
        except (httpx.HTTPError, OSError) as error:
            failure = NotReached(f"{place} could not be reached: {_name(error)}")
        else:
            try:
                yield Stream(response, place)
            finally:
                await response.aclose()
            return
        raise failure

    def allowance(self) -> Allowance | None:
        """Return the tightest limit the server has told of that still holds."""
        return self._limits.allowance() if self._limits else None

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client:
            await self._client.aclose()

    def _build(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None,
        json: Any,
        content: bytes | None,
        passage: "_Passage",
    ) -> httpx.Request:
        given = {name: value for name, value in (params or {}).items() if value is not None}
        try:
            request = self._open().build_request(
                method,
                path,
                params=given or None,
                headers=dict(headers or {}),
                json=json,
                content=content,
                extensions={"trace": passage.watch},
            )
        except (httpx.InvalidURL, UnicodeError):
            raise AddressRefused(f"the address of a request to {_place(self._base)} is not a valid one") from None
        if _destination(request.url) != _destination(self._base):
            raise AddressRefused(
                f"a request for {_destination(self._base)} would have gone to {_destination(request.url)}"
            )
        return request

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                base_url=self._base,
                transport=self._transport or self._dialler(),
                # TCP and TLS each within their share: httpcore leaks a socket that is cancelled during the handshake.
                timeout=httpx.Timeout(self._timeout, connect=self._timeout * 0.4),
                follow_redirects=False,
                trust_env=False,
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                headers={"user-agent": self._user_agent, "accept-encoding": self._encodings},
            )
        return self._client

    @property
    def _encodings(self) -> str:
        # Strangers could answer with a few bytes that unpack to gigabytes.
        return "identity" if self._guard else "gzip"

    def _dialler(self) -> httpx.AsyncBaseTransport:
        verify = _authorities(self._ca_file)
        if self._guard:
            return self._guard.transport(verify=verify, limits=_POOL, proxy=self._proxy)
        return httpx.AsyncHTTPTransport(verify=verify, limits=_POOL, proxy=self._proxy, trust_env=False)

    @property
    def _fine_to_lose(self) -> tuple[type[Exception], ...]:
        return (httpx.HTTPError,) if self._cut_bodies else ()

    async def _exchange(self, request: httpx.Request, passage: "_Passage") -> Answer:
        if not isinstance(self._transport, httpx.AsyncHTTPTransport | None):
            passage.leave()
        try:
            async with asyncio.timeout(self._timeout):
                return await self._ask(request, passage)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            if error is passage.refusal:
                raise
            failure: Exception = error
        # Raised outside the handler: the original error may quote a header or an address with its query.
        raise passage.judge(failure, _place(request.url))

    async def _ask(self, request: httpx.Request, passage: "_Passage") -> Answer:
        response = await self._open().send(request, stream=True)
        try:
            passage.confirm()
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, headers, await self._body(response))
        finally:
            await response.aclose()

    async def _body(self, response: httpx.Response) -> bytes:
        if self._guard and response.headers.get("content-encoding", "identity") != "identity":
            if self._cut_bodies:
                return b""
            raise NoAnswer(f"{_place(response.url)} compressed an answer it was asked to leave plain")
        body = bytearray()
        with suppress(*self._fine_to_lose):
            async with aclosing(cast("AsyncGenerator[bytes, None]", response.aiter_bytes())) as chunks:
                async for chunk in chunks:
                    body += chunk
                    if len(body) > self._max_bytes:
                        break
        if len(body) > self._max_bytes and not self._cut_bodies:
            raise AnswerTooLong(f"{_place(response.url)} answered with more than {self._max_bytes} bytes")
        return bytes(body[: self._max_bytes])


def in_process(app: Any) -> httpx.AsyncBaseTransport:
    """Return a transport that hands requests to an ASGI app inside this process; its crashes answer 500."""
    return httpx.ASGITransport(app, raise_app_exceptions=False)


class _Passage:
    """One request on its way out: lets the gate look, and knows whether a byte may have left."""

    def __init__(self, gate: SendGate | None) -> None:
        self._gate = gate
        self.refusal: BaseException | None = None
        self.left = False
        self._headers_left = False

    async def watch(self, moment: str, info: Mapping[str, Any]) -> None:
        """Follow httpcore's trace; the CONNECT to a proxy is not the request."""
        if moment in _HEADERS_LEAVE and info["request"].method != b"CONNECT":
            self.leave()
        elif moment in _HEADERS_LEFT and self.left:
            self._headers_left = True

    def leave(self) -> None:
        """Ask the gate; from here on the request may be acted on."""
        if self._gate:
            try:
                self._gate.check()
            except BaseException as refusal:
                self.refusal = refusal
                raise
        self.left = True

    def confirm(self) -> None:
        """Refuse an answer to a request that passed its gate unseen."""
        if self._gate and not self.left:
            raise RuntimeError("the transport wrote a request without saying so; the gate was never asked")

    def judge(self, error: Exception, place: str) -> NotReached | NoAnswer:
        """Tell what surely was not written from what may have been."""
        if isinstance(error, httpx.ConnectError):
            return NotReached(f"{place} could not be reached: {error or 'connection failed'}")
        if isinstance(error, _BEFORE_THE_FIRST_BYTE) or not self.left:
            return NotReached(f"{place} could not be reached: {_name(error)}")
        if isinstance(error, httpx.LocalProtocolError) and not self._headers_left:
            return NotReached(f"a request to {place} could not be written as HTTP")
        return NoAnswer(f"{place} gave no usable answer: {_name(error)}")


def _name(error: Exception) -> str:
    timed_out = isinstance(error, TimeoutError | httpx.TimeoutException)
    return "it took too long" if timed_out else type(error).__name__


def _address(text: str) -> httpx.URL:
    try:
        return httpx.URL(text)
    except (httpx.InvalidURL, UnicodeError):
        raise SetupError("This is not a valid address; write it like https://social.example.") from None


def _destination(url: httpx.URL) -> str:
    return f"{url.scheme}://{_place(url)}"


def _place(url: httpx.URL) -> str:
    return url.netloc.decode("ascii")


@cache
def _our_name() -> str:
    return f"mentionbridge/{version('mentionbridge')}"


@cache
def _authorities(ca_file: str | None) -> ssl.SSLContext:
    # Reading the authorities takes tens of milliseconds: once for all destinations.
    context = httpx.create_ssl_context(trust_env=False)
    if ca_file:
        context.load_verify_locations(ca_file)
    return context
