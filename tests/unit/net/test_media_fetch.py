"""Strangers' media over real sockets, each step behind the guard."""

from io import BytesIO

import pytest
from PIL import Image

from mentionbridge.domain.errors import PlatformDown
from mentionbridge.net.client import in_process
from mentionbridge.net.guard import AddressGuard
from mentionbridge.net.media import GuardedMediaFetcher
from mentionbridge.ports.media import MediaRefused


def photo() -> bytes:
    out = BytesIO()
    Image.new("RGB", (30, 20), (200, 30, 30)).save(out, "JPEG")
    return out.getvalue()


def response(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    given = {"content-length": str(len(body)), **{name.replace("_", "-"): value for name, value in headers.items()}}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in given.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@pytest.fixture
def fetcher(clock, named):
    return GuardedMediaFetcher(named(), clock, timeout=2.0)


async def test_a_picture_is_fetched_and_redrawn(serve, fetcher):
    server = await serve(response(photo(), content_type="image/jpeg"))
    picture = await fetcher.fetch(f"{server.url}/p/1.jpg?size=large")
    assert (picture.mime, picture.width, picture.height) == ("image/jpeg", 30, 20)
    assert server.requests[0].startswith(b"GET /p/1.jpg?size=large HTTP/1.1")


async def test_three_redirects_are_followed(serve, fetcher):
    goal = await serve(response(photo(), content_type="image/jpeg"))
    third = await serve(response(status="307 T", location=f"{goal.url}/here.jpg"))
    second = await serve(response(status="301 M", location=f"{third.url}/"))
    first = await serve(response(status="302 F", location=f"{second.url}/"))
    assert (await fetcher.fetch(f"{first.url}/a.jpg")).width == 30
    zeroth = await serve(response(status="302 F", location=f"{first.url}/"))
    with pytest.raises(MediaRefused, match="more than 3 times"):
        await fetcher.fetch(f"{zeroth.url}/a.jpg")
    assert len(goal.requests) == 1


async def test_a_relative_redirect_stays_on_its_server(serve, fetcher):
    async def lead_on(server, reader, writer):
        while request := await server.read(reader):
            moved = b"GET /old/a.jpg" in request
            writer.write(
                response(status="302 F", location="../new/b.jpg")
                if moved
                else response(photo(), content_type="image/jpeg")
            )
            await writer.drain()

    server = await serve(lead_on)
    await fetcher.fetch(f"{server.url}/old/a.jpg")
    assert server.requests[1].startswith(b"GET /new/b.jpg ")


async def test_a_redirect_into_our_own_network_is_refused(serve, clock):
    outside = await serve(response(status="302 F", location="http://intra.example:8080/admin"))

    async def resolve(host, port):
        return ["127.0.0.3"] if host == "intra.example" else ["127.0.0.1"]

    fetcher = GuardedMediaFetcher(AddressGuard(["127.0.0.1/32"], resolve), clock)
    with pytest.raises(MediaRefused, match=r"intra\.example leads to an address that is not on the public internet"):
        await fetcher.fetch(f"http://cdn.example:{outside.port}/a.jpg")
    assert len(outside.requests) == 1


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://files.example/a.jpg",
        "data:image/png;base64,AAAA",
        "//cdn.example/a.jpg",
        "a.jpg",
        "",
        "http://",
        "http://[half/a.jpg",
        "http://cdn.example:port/a.jpg",
        "http://127.0.0.1:9/\x00",
    ],
)
async def test_odd_addresses_are_refused_for_good(fetcher, url):
    with pytest.raises(MediaRefused):
        await fetcher.fetch(url)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (response(b"gone", "404 Not Found"), "404"),
        (response(b"no", "403 Forbidden"), "403"),
        (response(photo(), content_type="text/html"), "not an image"),
        (response(photo()), "not an image"),
        (response(b"<svg/>", content_type="image/svg+xml"), "not an image we can read"),
        (response(status="302 F"), "leads on to nowhere"),
        (response(status="302 F", location="file:///etc/passwd"), "only http and https"),
    ],
    ids=["404", "403", "html", "untyped", "svg", "no location", "file location"],
)
async def test_what_will_never_be_a_picture_is_refused_for_good(serve, fetcher, answer, why):
    server = await serve(answer)
    with pytest.raises(MediaRefused, match=why):
        await fetcher.fetch(f"{server.url}/a.jpg")


@pytest.mark.parametrize("status", ["429 Slow Down", "408 Late", "500 Oops", "503 Busy"])
async def test_what_may_come_later_is_down(serve, fetcher, status):
    server = await serve(response(b"", status))
    with pytest.raises(PlatformDown, match=status[:3]):
        await fetcher.fetch(f"{server.url}/a.jpg")


async def test_a_server_that_breaks_off_is_down(serve, fetcher):
    async def break_off(server, reader, writer):
        await server.read(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: image/jpeg\r\ncontent-length: 500\r\n\r\nab")
        await writer.drain()

    server = await serve(break_off)
    with pytest.raises(PlatformDown):
        await fetcher.fetch(f"{server.url}/a.jpg")


async def test_a_server_nobody_answers_at_is_down(fetcher):
    with pytest.raises(PlatformDown):
        await fetcher.fetch("http://127.0.0.1:1/a.jpg")


async def test_over_ten_megabytes_is_refused_without_reading_them_all(serve, fetcher):
    sent = 0

    async def flood(server, reader, writer):
        nonlocal sent
        await server.read(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: image/jpeg\r\n\r\n")
        while sent < 60_000_000:
            writer.write(b"x" * 100_000)
            await writer.drain()
            sent += 100_000

    server = await serve(flood)
    with pytest.raises(MediaRefused, match="larger than 10 MB"):
        await fetcher.fetch(f"{server.url}/a.jpg")
    assert sent < 40_000_000


async def test_pages_of_our_own_are_fetched_in_process(clock):
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"image/jpeg")]})
        await send({"type": "http.response.body", "body": photo()})

    ours = {"http://bridge.example:8080": in_process(app)}
    fetcher = GuardedMediaFetcher(AddressGuard(), clock, in_process=ours)
    assert (await fetcher.fetch("http://bridge.example:8080/p/demo/media/1")).width == 30
    with pytest.raises(MediaRefused):
        await fetcher.fetch("http://127.0.0.1:8080/p/demo/media/1")
