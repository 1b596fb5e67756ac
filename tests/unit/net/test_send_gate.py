"""The gate is the last thing before the first byte, on every way out."""

import asyncio

import httpx
import pytest

from mentionbridge.domain.errors import LeaseLost, NoAnswer
from mentionbridge.net.client import Http, in_process
from mentionbridge.net.guard import AddressGuard


class Closed:
    """A gate that is shut, with an error of its own."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def check(self) -> None:
        raise self.error


class Counting:
    def __init__(self) -> None:
        self.asked = 0

    def check(self) -> None:
        self.asked += 1


@pytest.mark.parametrize(
    "error", [LeaseLost("gone"), NoAnswer("odd"), TimeoutError("odd"), httpx.ConnectError("odd"), KeyError("odd")]
)
async def test_a_shut_gate_stops_the_request_and_its_error_comes_through_unchanged(serve, clock, error):
    server = await serve()
    http = Http(server.url, clock=clock)
    with pytest.raises(type(error)) as caught:
        await http.request("POST", "/say", json={"text": "hello"}, gate=Closed(error))
    await http.aclose()
    await asyncio.sleep(0.05)
    assert caught.value is error
    assert (server.connections, server.requests) == (1, [])


async def test_an_open_gate_is_asked_once_a_request_also_on_a_connection_used_before(serve, clock):
    server = await serve()
    http, gate = Http(server.url, clock=clock), Counting()
    for _ in range(2):
        assert (await http.request("POST", "/say", json={}, gate=gate)).json() == {"ok": True}
    await http.aclose()
    assert (gate.asked, len(server.requests), server.connections) == (2, 2, 1)


async def test_a_shut_gate_also_stops_a_connection_used_before(serve, clock):
    server = await serve()
    http = Http(server.url, clock=clock)
    await http.request("GET", "/")
    with pytest.raises(LeaseLost):
        await http.request("POST", "/say", gate=Closed(LeaseLost("gone")))
    assert (await http.request("GET", "/")).status == 200
    await http.aclose()
    assert [request.split()[0] for request in server.requests] == [b"GET", b"GET"]


async def test_a_lease_that_runs_out_while_the_name_is_looked_up_sends_nothing(serve, clock, lease):
    server = await serve()

    async def slowly(host: str, port: int) -> list[str]:
        clock.passed += 30
        return ["127.0.0.1"]

    guard = AddressGuard(["127.0.0.0/8"], resolve=slowly)
    http = Http(f"http://shop.example:{server.port}", clock=clock, guard=guard)
    with pytest.raises(LeaseLost):
        await http.request("POST", "/say", json={}, gate=lease(10))
    await http.aclose()
    await asyncio.sleep(0.05)
    assert (server.connections, server.requests) == (1, [])


async def test_a_lease_that_runs_out_during_the_tls_handshake_sends_nothing(serve, clock, lease, identity, named):
    async def dawdle(server, reader, writer):
        clock.passed += 30
        await writer.start_tls(identity.tls)
        await server.read(reader)

    server = await serve(dawdle)
    http = Http(f"https://shop.example:{server.port}", clock=clock, guard=named(), ca_file=identity.ca_file)
    gate = lease(10)
    with pytest.raises(LeaseLost):
        await http.request("POST", "/say", json={}, gate=gate)
    await http.aclose()
    await asyncio.sleep(0.05)
    assert (gate.asked, server.connections, server.requests) == (1, 1, [])


async def test_behind_a_proxy_the_gate_is_asked_behind_the_tunnel_not_for_it(serve, clock, lease, identity):
    shop = await serve(tls=identity.tls)

    async def tunnel(proxy, reader, writer):
        await proxy.read(reader)
        clock.passed += 30
        there, back = await asyncio.open_connection("127.0.0.1", shop.port)
        writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        await asyncio.gather(_pump(reader, back), _pump(there, writer))

    proxy = await serve(tunnel)
    where = f"https://shop.example:{shop.port}"
    http = Http(where, clock=clock, proxy=proxy.url, ca_file=identity.ca_file)
    with pytest.raises(LeaseLost):
        await http.request("POST", "/say", json={}, gate=lease(10))
    assert (proxy.requests[0].split()[0], shop.requests) == (b"CONNECT", [])
    patient = lease(100)
    assert (await http.request("POST", "/say", json={}, gate=patient)).status == 200
    await http.aclose()
    assert (patient.asked, len(shop.requests)) == (1, 1)


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        sink.write(data)
        await sink.drain()
    sink.close()


async def test_a_mock_transport_is_gated_too(clock):
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(204)

    http, gate = Http("http://net.example", clock=clock, transport=httpx.MockTransport(answer)), Counting()
    assert (await http.request("POST", "/say", gate=gate)).status == 204
    with pytest.raises(LeaseLost):
        await http.request("POST", "/say", gate=Closed(LeaseLost("gone")))
    assert (gate.asked, len(seen)) == (1, 1)


async def test_an_app_in_this_process_is_gated_too_and_its_crash_is_a_500(clock):
    calls = []

    async def app(scope, receive, send):
        calls.append(scope["path"])
        raise ZeroDivisionError

    http, gate = Http("http://demo.example", clock=clock, transport=in_process(app)), Counting()
    assert (await http.request("POST", "/say", gate=gate)).status == 500
    with pytest.raises(LeaseLost):
        await http.request("POST", "/say", gate=Closed(LeaseLost("gone")))
    assert (gate.asked, calls) == (1, ["/say"])


async def test_a_transport_that_writes_unseen_is_found_out(clock):
    class Silent(httpx.AsyncHTTPTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(200)

    http = Http("http://net.example", clock=clock, transport=Silent())
    with pytest.raises(RuntimeError, match="never asked"):
        await http.request("POST", "/say", gate=Counting())
