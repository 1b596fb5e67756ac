"""One destination, one client: what is asked, what comes back, and what surely was not written."""

import asyncio
import gzip
import json
import traceback

import httpx
import pytest

from mentionbridge.domain.errors import NoAnswer, PlatformDown, RateLimited, SetupError
from mentionbridge.net.client import Answer, Http
from mentionbridge.net.errors import AnswerTooLong, NotReached
from mentionbridge.net.guard import AddressGuard
from mentionbridge.net.limits import Pace

SECRET = "s3cr3t-token"


def answer_with(body: bytes, *headers: str) -> bytes:
    head = ["HTTP/1.1 200 OK", f"content-length: {len(body)}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


async def test_a_request_arrives_whole(serve, clock):
    server = await serve()
    http = Http(f"{server.url}/api/", clock=clock, user_agent="bridge/9")
    answer = await http.request(
        "POST", "/v2/say", params={"lang": "de", "cursor": None}, headers={"X-Key": "k"}, json={"text": "grüß"}
    )
    await http.aclose()
    head, body = server.requests[0].split(b"\r\n\r\n", 1)
    assert head.startswith(b"POST /api/v2/say?lang=de HTTP/1.1\r\n")
    assert b"user-agent: bridge/9" in head.lower()
    assert b"x-key: k" in head.lower()
    assert json.loads(body) == {"text": "grüß"}
    assert answer == Answer(200, {"content-type": "application/json", "content-length": "11"}, b'{"ok":true}')


async def test_header_names_come_back_in_lower_case_and_cookies_are_not_kept(serve, clock):
    server = await serve(answer_with(b"{}", "X-RateLimit-Limit: 5", "Set-Cookie: visitor=7; Path=/"))
    http = Http(server.url, clock=clock)
    assert (await http.request("GET", "/")).headers["x-ratelimit-limit"] == "5"
    await http.request("GET", "/")
    await http.aclose()
    assert b"cookie" not in server.requests[1].lower()


async def test_redirects_are_not_followed(serve, clock):
    other = await serve()
    server = await serve(f"HTTP/1.1 302 Found\r\nlocation: {other.url}/\r\ncontent-length: 0\r\n\r\n".encode())
    http = Http(server.url, clock=clock)
    assert (await http.request("GET", "/")).status == 302
    await http.aclose()
    assert other.connections == 0


async def test_the_environment_is_not_asked_for_a_proxy(serve, clock, monkeypatch):
    proxy, server = await serve(), await serve()
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("ALL_PROXY", proxy.url)
    http = Http(server.url, clock=clock)
    await http.request("GET", "/")
    await http.aclose()
    assert (proxy.connections, server.connections) == (0, 1)


@pytest.mark.parametrize("path", ["https://evil.example/steal", "http://127.0.0.1:1/", "https://{host}/"])
async def test_no_path_leads_to_another_server(serve, clock, path):
    server = await serve()
    http = Http(server.url, clock=clock)
    with pytest.raises(NotReached, match="would have gone to"):
        await http.request("GET", path.format(host=server.url.removeprefix("http://")), headers={"a": SECRET})
    assert server.connections == 0


async def test_a_full_address_of_the_same_server_is_taken(serve, clock):
    server = await serve()
    http = Http(server.url, clock=clock)
    await http.request("GET", f"{server.url}/page?after=7")
    await http.aclose()
    assert server.requests[0].startswith(b"GET /page?after=7 ")


@pytest.mark.parametrize("address", ["http://shop.example:port", "https://ex\x00ample"])
def test_a_bad_address_is_the_operators_to_mend(clock, address):
    with pytest.raises(SetupError, match="not a valid address"):
        Http(address, clock=clock)


async def test_nobody_listening_is_not_reached(serve, clock):
    http = Http("http://127.0.0.1:1", clock=clock)
    with pytest.raises(NotReached, match=r"127\.0\.0\.1:1 could not be reached"):
        await http.request("POST", "/", json={})
    await http.aclose()


async def test_a_handshake_that_never_ends_is_not_reached(serve, clock):
    async def mute(server, reader, writer):
        await asyncio.sleep(60)

    server = await serve(mute)
    http = Http(f"https://127.0.0.1:{server.port}", clock=clock, timeout=0.2)
    with pytest.raises(NotReached, match="it took too long"):
        await http.request("POST", "/", json={})
    await http.aclose()
    assert server.connections == 1


async def test_a_name_server_that_never_answers_is_not_reached(clock):
    async def mute(host: str, port: int) -> list[str]:
        await asyncio.sleep(60)
        return []

    http = Http("http://shop.example", clock=clock, guard=AddressGuard(resolve=mute), timeout=0.1)
    with pytest.raises(NotReached, match="it took too long"):
        await http.request("POST", "/", json={})
    await http.aclose()


async def test_a_proxy_that_never_opens_its_tunnel_is_not_reached(serve, clock):
    proxy = await serve(_never_answer)
    http = Http("https://shop.example", clock=clock, proxy=proxy.url, timeout=1.0)
    with pytest.raises(NotReached, match="it took too long"):
        await http.request("POST", "/", json={})
    await http.aclose()
    assert len(proxy.requests) == 1


@pytest.mark.parametrize(("moment", "ours"), [("started", NotReached), ("complete", NoAnswer)])
async def test_a_request_that_turns_out_not_to_be_http_counts_as_written_once_its_headers_are(clock, moment, ours):
    async def half(request: httpx.Request) -> httpx.Response:
        await request.extensions["trace"](f"http2.send_request_headers.{moment}", {"request": request})
        raise httpx.LocalProtocolError("Too much data")

    http = Http("http://net.example", clock=clock, transport=httpx.MockTransport(half))
    with pytest.raises(ours):
        await http.request("POST", "/")


async def test_a_certificate_nobody_vouches_for_is_not_reached(serve, clock, identity, named):
    server = await serve(tls=identity.tls)
    http = Http(f"https://shop.example:{server.port}", clock=clock, guard=named())
    with pytest.raises(NotReached, match="certificate verify failed"):
        await http.request("POST", "/", json={})
    await http.aclose()
    assert server.requests == []


async def test_a_proxy_that_refuses_is_not_reached(serve, clock):
    proxy = await serve(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")
    http = Http("https://shop.example", clock=clock, proxy=proxy.url)
    with pytest.raises(NotReached, match=r"shop\.example could not be reached"):
        await http.request("POST", "/", json={})
    await http.aclose()
    assert proxy.requests[0].startswith(b"CONNECT shop.example:443")


async def _close_after_reading(server, reader, writer):
    await server.read(reader)


async def _never_answer(server, reader, writer):
    await server.read(reader)
    await asyncio.sleep(60)


async def _answer_nonsense(server, reader, writer):
    await server.read(reader)
    writer.write(b"220 mail.example ready\r\n\r\n")
    await writer.drain()


async def _break_off(server, reader, writer):
    await server.read(reader)
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{")
    await writer.drain()


async def _drip(server, reader, writer):
    await server.read(reader)
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    "behaviour",
    [_close_after_reading, _never_answer, _answer_nonsense, _break_off, _drip],
    ids=lambda each: each.__name__,
)
async def test_once_written_every_loss_is_no_answer(serve, clock, behaviour):
    server = await serve(behaviour)
    http = Http(server.url, clock=clock, timeout=0.4)
    with pytest.raises(NoAnswer, match="gave no usable answer"):
        await http.request("POST", "/say", params={"token": SECRET}, headers={"a": SECRET}, json={})
    await http.aclose()
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (httpx.ConnectError(SECRET), NotReached),
        (httpx.ConnectTimeout(SECRET), NotReached),
        (httpx.PoolTimeout(SECRET), NotReached),
        (httpx.ProxyError(SECRET), NotReached),
        (httpx.UnsupportedProtocol(SECRET), NotReached),
        (httpx.LocalProtocolError(SECRET), NotReached),
        (httpx.ReadTimeout(SECRET), NoAnswer),
        (httpx.WriteTimeout(SECRET), NoAnswer),
        (httpx.ReadError(SECRET), NoAnswer),
        (httpx.WriteError(SECRET), NoAnswer),
        (httpx.RemoteProtocolError(SECRET), NoAnswer),
        (httpx.DecodingError(SECRET), NoAnswer),
        (OSError(SECRET), NoAnswer),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Exception) else each.__name__,
)
async def test_every_failure_of_a_transport_has_its_place(clock, error, ours):
    def fail(request: httpx.Request) -> httpx.Response:
        raise error

    http = Http("http://net.example", clock=clock, transport=httpx.MockTransport(fail))
    with pytest.raises((PlatformDown, NoAnswer)) as caught:
        await http.request("POST", "/")
    assert isinstance(caught.value, ours)


async def test_a_header_that_is_not_http_is_never_written_nor_told(serve, clock):
    server = await serve()
    http = Http(server.url, clock=clock)
    with pytest.raises(NotReached, match="could not be written as HTTP") as caught:
        await http.request("POST", "/?token=" + SECRET, headers={"authorization": f"Bearer {SECRET}\r\nx: y"})
    await http.aclose()
    assert server.requests == []
    assert SECRET not in "".join(traceback.format_exception(caught.value, chain=True))


async def test_error_texts_hold_no_password_and_no_query(clock):
    http = Http(f"http://user:{SECRET}@127.0.0.1:1", clock=clock)
    with pytest.raises(NotReached) as caught:
        await http.request("GET", f"/?key={SECRET}")
    assert SECRET not in "".join(traceback.format_exception(caught.value, chain=True))
    with pytest.raises(NotReached) as caught:
        await http.request("GET", f"http://else:{SECRET}@other.example/?key={SECRET}")
    assert SECRET not in str(caught.value)


async def test_an_answer_over_the_cap_is_no_answer_and_one_at_the_cap_is_fine(serve, clock):
    server = await serve(answer_with(b"x" * 1000))
    exact, small = Http(server.url, clock=clock, max_bytes=1000), Http(server.url, clock=clock, max_bytes=999)
    assert len((await exact.request("GET", "/")).body) == 1000
    with pytest.raises(AnswerTooLong, match="more than 999 bytes"):
        await small.request("GET", "/")
    await exact.aclose()
    await small.aclose()


async def test_the_cap_counts_what_a_compressed_answer_unpacks_to(serve, clock):
    packed = gzip.compress(b"x" * 2_000_000)
    server = await serve(answer_with(packed, "content-encoding: gzip"))
    large, small = Http(server.url, clock=clock), Http(server.url, clock=clock, max_bytes=1_000_000)
    assert len((await large.request("GET", "/")).body) == 2_000_000
    with pytest.raises(AnswerTooLong):
        await small.request("GET", "/")
    await large.aclose()
    await small.aclose()


async def test_strangers_are_asked_not_to_compress_and_refused_when_they_do(serve, clock, named):
    server = await serve(answer_with(gzip.compress(b"x" * 2_000_000), "content-encoding: gzip"))
    http = Http(server.url, clock=clock, guard=named())
    with pytest.raises(NoAnswer, match="asked to leave plain"):
        await http.request("GET", "/")
    await http.aclose()
    assert b"accept-encoding: identity" in server.requests[0].lower()


@pytest.mark.parametrize("answers", [answer_with(b"x" * 1000), _break_off], ids=["long", "broken off"])
async def test_who_cares_for_the_status_only_gets_it(serve, clock, answers):
    server = await serve(answers)
    http = Http(server.url, clock=clock, max_bytes=10, cut_bodies=True)
    answer = await http.request("POST", "/")
    await http.aclose()
    assert answer.status == 200
    assert len(answer.body) <= 10


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", b"[" * 100_000], ids=["empty", "html", "bytes", "deep"])
def test_garbage_is_not_json(body):
    with pytest.raises(NoAnswer, match="status 200"):
        Answer(200, {}, body).json()


async def test_a_server_that_says_nothing_remains_is_left_alone(serve, clock):
    server = await serve(answer_with(b"{}", "ratelimit-remaining: 0", "ratelimit-reset: 120"))
    http = Http(server.url, clock=clock, limits=Pace(clock))
    await http.request("GET", "/feed", params={"page": 1})
    with pytest.raises(RateLimited) as caught:
        await http.request("GET", "/feed", params={"page": 2})
    assert (caught.value.until - clock.now()).total_seconds() == 120
    await http.request("GET", "/other")
    clock.passed = 121
    await http.request("GET", "/feed")
    await http.aclose()
    assert len(server.requests) == 3


async def test_who_is_to_speak_does_not_wait_for_a_turn(serve, clock, lease):
    server = await serve(answer_with(b"{}", "ratelimit-remaining: 0", "ratelimit-reset: 1"))
    http = Http(server.url, clock=clock, limits=Pace(clock))
    gate = lease(10)
    await http.request("POST", "/say", gate=gate, lane="posts")
    with pytest.raises(RateLimited):
        await http.request("POST", "/say/more", gate=gate, lane="posts")
    await http.aclose()
    assert (gate.asked, len(server.requests)) == (1, 1)


async def test_a_cancelled_request_lets_go_of_its_connection(serve, clock):
    arrived = asyncio.Event()

    async def dawdle(server, reader, writer):
        await server.read(reader)
        arrived.set()
        await asyncio.sleep(60)

    server = await serve(dawdle)
    http = Http(server.url, clock=clock)
    asking = asyncio.create_task(http.request("POST", "/"))
    await arrived.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await http.aclose()
