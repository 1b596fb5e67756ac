"""Keeps strangers' addresses away from our own network: resolve, judge every address, dial the judged one.

Addresses that come from the API, from media and from mentions go through here. What the operator wrote in the config
file is trusted and does not.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import httpcore
import httpx

from mentionbridge.domain.errors import SetupError
from mentionbridge.net.errors import AddressRefused, NotReached

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port to every address the name stands for, as text."""

_GLOBAL_UNICAST = ip_network("2000::/3")
_NEVER = tuple(
    ip_network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        "168.63.129.16/32",  # Azure's instance services, on a public address
        "2001::/23",  # Teredo, ORCHID, benchmarking
        "2001:db8::/32",
        "2002::/16",  # 6to4 holds an IPv4 address of any kind
        "3fff::/20",
    )
)
_MOST_DIALS = 4


async def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """Ask the operating system; raises OSError or UnicodeError for names that lead nowhere."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class AddressGuard:
    """Judges addresses and makes transports that dial only what it allowed.

    Everything that is not a public unicast address is refused, with all the ways to wrap a private IPv4 address in
    IPv6. `allow_networks` (such as `10.20.0.0/16`) opens ranges. Behind a proxy the proxy does the dialling and its
    own look-up: there the guard judges the name as we resolve it, and the proxy must keep its own rules.
    """

    def __init__(self, allow_networks: Iterable[str] = (), resolve: Resolver = resolve_by_system) -> None:
        try:
            self._open = tuple(ip_network(network) for network in allow_networks)
        except ValueError as error:
            raise SetupError(f"net.allow_networks: {error}. Write networks like 10.20.0.0/16.") from None
        self._resolve = resolve

    def allows(self, address: str) -> bool:
        """Tell whether this address may be dialled."""
        try:
            ip = ip_address(address)
        except ValueError:
            return False
        return any(ip in network for network in self._open) or _is_public(ip)

    async def judged(self, host: str, port: int) -> Sequence[str]:
        """Return every address of `host`; raises AddressRefused if any is not allowed, NotReached if there is none."""
        try:
            addresses = list(dict.fromkeys(await self._resolve(host, port)))
        except (OSError, UnicodeError):
            raise NotReached(f"the name {host} leads to no address") from None
        if not addresses:
            raise NotReached(f"the name {host} leads to no address")
        if not all(self.allows(address) for address in addresses):
            raise AddressRefused(f"{host} leads to an address that is not on the public internet")
        return addresses

    def transport(
        self, *, verify: ssl.SSLContext, limits: httpx.Limits, proxy: str | None = None
    ) -> httpx.AsyncHTTPTransport:
        """Return a transport that judges before it dials."""
        return _GuardedTransport(self, verify, limits, proxy)


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    if ip.version == 6 and ip not in _GLOBAL_UNICAST:
        return False
    return ip.is_global and not any(ip in network for network in _NEVER)


class _GuardedTransport(httpx.AsyncHTTPTransport):
    def __init__(self, guard: AddressGuard, verify: ssl.SSLContext, limits: httpx.Limits, proxy: str | None) -> None:
        super().__init__(verify=verify, limits=limits, proxy=proxy, trust_env=False)
        self._guard = guard
        self._proxied = proxy is not None
        if not self._proxied:
            self._pool = httpcore.AsyncConnectionPool(
                ssl_context=verify,
                max_connections=limits.max_connections,
                max_keepalive_connections=limits.max_keepalive_connections,
                keepalive_expiry=limits.keepalive_expiry,
                network_backend=_JudgingBackend(guard),
            )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.scheme not in ("http", "https"):
            raise AddressRefused("only http and https addresses are fetched")
        if self._proxied:
            await self._guard.judged(request.url.host, request.url.port or 0)
        return await super().handle_async_request(request)


class _JudgingBackend(httpcore.AsyncNetworkBackend):
    """Dials judged addresses by number, one after the other; the name stays for SNI and Host."""

    def __init__(self, guard: AddressGuard) -> None:
        self._guard = guard
        self._dialler = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = (await self._guard.judged(host, port))[:_MOST_DIALS]
        share = timeout and timeout / len(addresses)
        for address in addresses[:-1]:
            try:
                return await self._dialler.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._dialler.connect_tcp(addresses[-1], port, share, local_address, socket_options)

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None
    ) -> httpcore.AsyncNetworkStream:
        raise AddressRefused("local sockets are never dialled")

    async def sleep(self, seconds: float) -> None:
        await self._dialler.sleep(seconds)
