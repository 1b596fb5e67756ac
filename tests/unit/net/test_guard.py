"""The guard judges what is dialled, not what was asked for."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionbridge.domain.errors import SetupError
from mentionbridge.net.client import Http
from mentionbridge.net.errors import AddressRefused, NotReached
from mentionbridge.net.guard import AddressGuard, _JudgingBackend, resolve_by_system

PUBLIC = ["8.8.8.8", "93.184.215.14", "223.255.255.1", "2606:4700:4700::1111", "2a00:1450:4001::8a"]
REFUSED = {
    "this host": "0.0.0.0",
    "zero network": "0.1.2.3",
    "private ten": "10.1.2.3",
    "carrier": "100.64.0.1",
    "loopback": "127.0.0.1",
    "loopback far": "127.200.1.1",
    "link-local metadata": "169.254.169.254",
    "private 172": "172.31.255.255",
    "oracle metadata": "192.0.0.192",
    "documentation": "203.0.113.7",
    "relay anycast": "192.88.99.1",
    "private 192": "192.168.0.1",
    "benchmark": "198.19.0.1",
    "azure services": "168.63.129.16",
    "multicast": "224.0.0.1",
    "multicast global": "233.252.1.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "v6 unspecified": "::",
    "v6 loopback": "::1",
    "mapped loopback": "::ffff:127.0.0.1",
    "mapped public": "::ffff:8.8.8.8",
    "compatible": "::127.0.0.1",
    "translated": "::ffff:0:127.0.0.1",
    "nat64 private": "64:ff9b::a00:1",
    "nat64 public": "64:ff9b::808:808",
    "nat64 local": "64:ff9b:1::a00:1",
    "discard": "100::1",
    "teredo": "2001:0:7f00:1::1",
    "orchid": "2001:20::1",
    "v6 documentation": "2001:db8::1",
    "v6 documentation new": "3fff::1",
    "6to4 private": "2002:a00:1::1",
    "6to4 public": "2002:808:808::1",
    "segment routing": "5f00::1",
    "unique local": "fc00::1",
    "aws metadata v6": "fd00:ec2::254",
    "v6 link-local": "fe80::1",
    "v6 link-local zone": "fe80::1%eth0",
    "site-local": "fec0::1",
    "v6 multicast": "ff02::1",
    "v6 multicast global": "ff0e::1",
    "not an address": "localhost",
}


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_dialled(address):
    assert AddressGuard().allows(address)


@pytest.mark.parametrize("address", REFUSED.values(), ids=REFUSED)
def test_all_other_addresses_may_not(address):
    assert not AddressGuard().allows(address)


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_nothing_the_standard_library_calls_special_is_allowed(ip: IPv4Address | IPv6Address):
    special = not ip.is_global or ip.is_multicast or ip.is_reserved or ip.is_link_local or ip.is_unspecified
    assert not (special and AddressGuard().allows(str(ip)))


@given(st.ip_addresses(v=4))
def test_no_ipv6_wrapping_of_an_ipv4_address_is_allowed(ip: IPv4Address):
    wrappings = ["::ffff:0:0", "::", "::ffff:0:0:0", "64:ff9b::", "64:ff9b:1::"]
    wrapped = [str(IPv6Address(int(ip_address(prefix)) | int(ip))) for prefix in wrappings]
    wrapped.append(str(IPv6Address(0x2002 << 112 | int(ip) << 80 | 1)))
    assert not any(AddressGuard().allows(address) for address in wrapped)


def test_the_operator_opens_networks():
    guard = AddressGuard(["10.20.0.0/16", "fd12::/16"])
    assert guard.allows("10.20.3.4")
    assert guard.allows("fd12::9")
    assert not guard.allows("10.21.3.4")
    assert not guard.allows("::ffff:10.20.3.4")


def test_a_network_that_is_none_is_said_to_be_so():
    with pytest.raises(SetupError, match=r"net\.allow_networks: '10\.20\.0\.0/99'"):
        AddressGuard(["10.20.0.0/99"])


async def test_one_bad_address_among_good_ones_refuses_them_all(named):
    with pytest.raises(AddressRefused, match=r"shop\.example leads to"):
        await named("93.184.215.14", "10.0.0.1").judged("shop.example", 443)


@pytest.mark.parametrize("failure", [socket.gaierror(-2, "unknown"), UnicodeError("label too long")])
async def test_a_name_that_leads_nowhere_is_not_reached(failure):
    async def fail(host: str, port: int) -> list[str]:
        raise failure

    with pytest.raises(NotReached, match="leads to no address") as caught:
        await AddressGuard(resolve=fail).judged("nowhere.example", 80)
    assert not isinstance(caught.value, AddressRefused)


async def test_a_name_with_no_address_is_not_reached():
    async def empty(host: str, port: int) -> list[str]:
        return []

    with pytest.raises(NotReached):
        await AddressGuard(resolve=empty).judged("nowhere.example", 80)


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "127.1", "localhost"])
async def test_every_spelling_of_this_machine_is_refused(serve, clock, host):
    server = await serve()
    http = Http(f"http://{host}:{server.port}", clock=clock, guard=AddressGuard())
    with pytest.raises(AddressRefused):
        await http.request("GET", "/")
    await http.aclose()
    assert server.connections == 0


async def test_the_system_resolves_numbers_without_asking_anyone():
    assert await resolve_by_system("127.0.0.1", 80) == ["127.0.0.1"]


class Rebinding:
    """A name that is harmless when first asked and points at this machine from then on."""

    def __init__(self, first: str, then: str) -> None:
        self.answers = [first]
        self.then = then
        self.asked = 0

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked += 1
        return [self.answers.pop() if self.answers else self.then]


async def test_a_name_that_changes_its_address_cannot_slip_through(serve, clock):
    server = await serve()
    rebinding = Rebinding(first="93.184.215.14", then="127.0.0.1")
    guard = AddressGuard(resolve=rebinding)
    assert await guard.judged("shop.example", server.port) == ["93.184.215.14"]
    http = Http(f"http://shop.example:{server.port}", clock=clock, guard=guard)
    with pytest.raises(AddressRefused):
        await http.request("GET", "/")
    await http.aclose()
    assert (server.connections, rebinding.asked) == (0, 2)


async def test_the_address_dialled_is_the_one_judged_and_the_name_is_asked_once(serve, clock):
    server = await serve(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
    rebinding = Rebinding(first="127.0.0.1", then="10.0.0.1")
    http = Http(f"http://shop.example:{server.port}", clock=clock, guard=AddressGuard(["127.0.0.0/8"], rebinding))
    assert (await http.request("GET", "/")).status == 200
    assert rebinding.asked == 1
    with pytest.raises(AddressRefused):
        await http.request("GET", "/")
    await http.aclose()
    assert server.connections == 1


async def test_the_name_stays_for_sni_and_host(serve, clock, identity, named):
    names = []
    identity.tls.sni_callback = lambda socket_, name, context: names.append(name)
    server = await serve(tls=identity.tls)
    http = Http(f"https://shop.example:{server.port}", clock=clock, guard=named(), ca_file=identity.ca_file)
    assert (await http.request("GET", "/")).status == 200
    await http.aclose()
    identity.tls.sni_callback = None
    assert names == ["shop.example"]
    assert f"host: shop.example:{server.port}".encode() in server.requests[0].lower()


async def test_a_dead_address_gives_way_to_the_next(serve, clock, named):
    server = await serve()
    guard = named("127.0.0.2", "127.0.0.1", "127.0.0.3")
    http = Http(f"http://shop.example:{server.port}", clock=clock, guard=guard)
    assert (await http.request("GET", "/")).status == 200
    await http.aclose()


async def test_addresses_that_are_all_dead_are_not_reached(clock, named):
    http = Http("http://shop.example:1", clock=clock, guard=named("127.0.0.1", "127.0.0.2"))
    with pytest.raises(NotReached, match=r"shop\.example:1 could not be reached"):
        await http.request("GET", "/")
    await http.aclose()


async def test_other_schemes_are_refused(clock):
    http = Http("ftp://files.example", clock=clock, guard=AddressGuard())
    with pytest.raises(NotReached):
        await http.request("GET", "/")
    await http.aclose()


async def test_local_sockets_are_refused():
    with pytest.raises(AddressRefused):
        await _JudgingBackend(AddressGuard()).connect_unix_socket("/run/secret.sock")


async def test_behind_a_proxy_the_name_is_judged_before_the_proxy_hears_of_it(serve, clock, named):
    proxy = await serve()
    bad = Http("http://intra.example", clock=clock, guard=named("10.0.0.1"), proxy=proxy.url)
    with pytest.raises(AddressRefused):
        await bad.request("GET", "/")
    assert proxy.connections == 0
    good = Http("http://shop.example", clock=clock, guard=named("93.184.215.14"), proxy=proxy.url)
    assert (await good.request("GET", "/x")).status == 200
    await good.aclose()
    assert proxy.requests[0].startswith(b"GET http://shop.example/x ")
