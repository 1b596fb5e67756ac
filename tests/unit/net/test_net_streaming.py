"""A stream is read line by line from a real socket, within bounds, and its end is told."""

import asyncio

import pytest

from mentionbridge.domain.errors import PlatformDown
from mentionbridge.net.client import Http
from mentionbridge.net.errors import AddressRefused, NotReached
from mentionbridge.net.streaming import Stream

OPEN = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def chunk(text: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(text), text)


def saying(*parts: bytes, then: float = 0.0, end: bool = True):
    async def answer(server, reader, writer):
        await server.read(reader)
        writer.write(OPEN)
        for part in parts:
            writer.write(chunk(part))
            await writer.drain()
            await asyncio.sleep(0.01)
        await asyncio.sleep(then)
        if end:
            writer.write(b"0\r\n\r\n")
        writer.close()

    return answer


async def lines_of(http: Http, silence: float = 5.0) -> list[str]:
    async with http.stream("/listen", silence=silence) as stream:
        assert stream.status == 200
        return [line async for line in stream.lines()]


@pytest.fixture
async def told(serve, clock):
    opened = []

    async def listen(answer, silence=5.0):
        server = await serve(answer)
        http = Http(server.url, clock=clock)
        opened.append(http)
        return await lines_of(http, silence), server

    yield listen
    for http in opened:
        await http.aclose()


async def test_lines_come_whole_however_they_are_cut(told):
    parts = (b"event: no", b"te\r\nda", b"ta: {\xc3", b"\xa4}\n\n:th", b"ump\nrest without end")
    lines, server = await told(saying(*parts))
    assert lines == ["event: note", "data: {ä}", "", ":thump"]
    assert b"accept-encoding: identity" in server.requests[0].lower()


async def test_a_line_comes_as_soon_as_it_is_sent(serve, clock):
    server = await serve(saying(b"first\n", then=30))
    http = Http(server.url, clock=clock)
    async with asyncio.timeout(5), http.stream("/", silence=20) as stream:
        assert await anext(aiter(stream.lines())) == "first"
    await http.aclose()


async def test_silence_is_an_end(told):
    with pytest.raises(PlatformDown, match="said nothing for too long"):
        await told(saying(b"one\n", then=5), silence=0.2)


async def test_a_connection_that_breaks_says_so(told):
    with pytest.raises(PlatformDown, match="broke"):
        await told(saying(b"one\n", end=False))


async def test_a_line_without_end_is_cut_off(told, monkeypatch):
    monkeypatch.setattr(Stream.__init__, "__defaults__", (1000,))
    with pytest.raises(PlatformDown, match="a line of more than 1000 bytes"):
        await told(saying(*[b"x" * 400] * 5))


async def test_nobody_there_is_not_reached_and_other_places_are_not_gone_to(clock):
    http = Http("http://127.0.0.1:9", clock=clock)
    with pytest.raises(NotReached):
        await lines_of(http)
    with pytest.raises(AddressRefused):
        async with http.stream("http://elsewhere.example/", silence=1):
            pass
    await http.aclose()


async def test_a_refusal_is_handed_over(serve, clock):
    server = await serve(b"HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\ncontent-length: 0\r\n\r\n")
    http = Http(server.url, clock=clock)
    async with http.stream("/", silence=1) as stream:
        assert (stream.status, stream.headers["retry-after"]) == (429, "7")
    await http.aclose()
