"""One signed attempt over a real socket, and what each answer comes to."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook
from svix.webhooks import Webhook as SvixWebhook
from svix.webhooks import WebhookVerificationError as SvixWrong

from fakes.inside import INSIDE
from mentionbridge.domain.endpoint import Endpoint, Mode
from mentionbridge.feed.delivery import HttpCourier
from mentionbridge.net.guard import AddressGuard
from mentionbridge.net.signing import new_secret

SECRET, NEXT = new_secret(), new_secret()
AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
FINE = b"HTTP/1.1 204 No Content\r\n\r\n"


class NowClock:
    """The wall clock, which the reference library compares with, and a push forward."""

    ahead = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead)

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead


@dataclass
class Subscriber:
    """A webhook receiver on a real socket that answers with the same bytes each time."""

    answer: bytes = FINE
    silent: bool = False
    port: int = 0
    connections: int = 0
    received: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.tasks.add(asyncio.current_task())
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                await self.serve_one(reader, writer)
        writer.transport.abort()

    async def serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        headers = dict(line.lower().split(": ", 1)[:1] + line.split(": ", 1)[1:] for line in lines)
        body = await reader.readexactly(int(headers["content-length"]))
        self.received.append((first, headers, body))
        if self.silent:
            await asyncio.sleep(60)
        writer.write(self.answer)
        await writer.drain()


@pytest.fixture
async def subscribe():
    running = []

    async def start(answer: bytes = FINE, **ways: bool) -> Subscriber:
        subscriber = Subscriber(answer, **ways)
        server = await asyncio.start_server(subscriber.listen, "127.0.0.1", 0)
        subscriber.port = server.sockets[0].getsockname()[1]
        running.append((server, subscriber))
        return subscriber

    yield start
    for server, subscriber in running:
        for task in subscriber.tasks:
            task.cancel()
        await asyncio.gather(*subscriber.tasks, return_exceptions=True)
        server.close()
        await server.wait_closed()


@pytest.fixture
def clock():
    return NowClock()


@pytest.fixture
async def courier(clock):
    courier = HttpCourier(AddressGuard(["127.0.0.0/8"]), clock, timeout=2.0)
    yield courier
    await courier.aclose()


def endpoint(url: str, *secrets: str) -> Endpoint:
    return Endpoint("acme", "end_1", url, (), secrets or (SECRET,))


def deliver(courier: HttpCourier, to: Endpoint, event_id: str = "evt_1"):
    return courier.deliver(to, event_id, "ticket.opened", AT, {"ticket_id": "tkt_1", "sequence": 1, "brand_id": "acme"})


def answered(status: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def test_the_reference_library_accepts_what_we_post(subscribe, courier):
    subscriber = await subscribe()
    result = await deliver(courier, endpoint(subscriber.url + "?team=7", SECRET, NEXT))
    assert (result.ok, result.status, result.gone, result.retry_at) == (True, 204, False, None)
    [(first, headers, body)] = subscriber.received
    assert first == "POST /hook?team=7 HTTP/1.1"
    assert headers["content-type"] == "application/json"
    for secret in (SECRET, NEXT):
        event = Webhook(secret).verify(body, headers)
    assert event == {
        "type": "ticket.opened",
        "timestamp": "2026-03-02T08:00:00.000Z",
        "data": {"brand_id": "acme", "sequence": 1, "ticket_id": "tkt_1"},
    }


async def test_another_librarys_verifier_accepts_it_too(subscribe, courier):
    subscriber = await subscribe()
    await deliver(courier, endpoint(subscriber.url, SECRET, NEXT))
    [(_, headers, body)] = subscriber.received
    for secret in (SECRET, NEXT):
        SvixWebhook(secret).verify(body, headers)
    with pytest.raises(SvixWrong):
        SvixWebhook(SECRET).verify(body.replace(b"tkt_1", b"tkt_2"), headers)
    with pytest.raises(SvixWrong):
        SvixWebhook(new_secret()).verify(body, headers)


async def test_a_cloudevent_is_signed_and_structured_when_asked_for(subscribe, courier):
    subscriber = await subscribe()
    asked = replace(endpoint(subscriber.url), mode=Mode.CLOUDEVENTS)
    assert (await deliver(courier, asked)).ok
    [(_, headers, body)] = subscriber.received
    assert headers["content-type"] == "application/cloudevents+json"
    assert Webhook(SECRET).verify(body, headers) == {
        "specversion": "1.0",
        "id": "evt_1",
        "source": "urn:mentionbridge:brand:acme",
        "type": "ticket.opened",
        "time": "2026-03-02T08:00:00.000Z",
        "datacontenttype": "application/json",
        "subject": "tkt_1",
        "data": {"brand_id": "acme", "sequence": 1, "ticket_id": "tkt_1"},
    }


async def test_each_attempt_has_the_same_id_and_body_and_a_fresh_timestamp(subscribe, courier, clock):
    subscriber = await subscribe(answered("500 Oops"))
    for _ in range(2):
        assert not (await deliver(courier, endpoint(subscriber.url))).ok
        clock.ahead += 200
    (_, one, body), (_, two, again) = subscriber.received
    assert (one["webhook-id"], body) == (two["webhook-id"], again) == ("evt_1", body)
    assert 199 <= int(two["webhook-timestamp"]) - int(one["webhook-timestamp"]) <= 202
    assert one["webhook-signature"] != two["webhook-signature"]
    assert Webhook(SECRET).verify(again, two)


@pytest.mark.parametrize("status", ["300 M", "302 Found", "304 Same", "400 Bad", "401 Who", "404 No", "500 Oops"])
async def test_only_2xx_is_ok(subscribe, courier, status):
    elsewhere = await subscribe()
    subscriber = await subscribe(answered(status, b"no", f"location: {elsewhere.url}"))
    result = await deliver(courier, endpoint(subscriber.url))
    assert (result.ok, result.status, result.gone) == (False, int(status[:3]), False)
    assert elsewhere.connections == 0


async def test_410_is_gone(subscribe, courier):
    subscriber = await subscribe(answered("410 Gone"))
    assert (await deliver(courier, endpoint(subscriber.url))).gone


@pytest.mark.parametrize("status", ["429 Slow", "503 Busy"])
async def test_retry_after_is_passed_on(subscribe, courier, clock, status):
    subscriber = await subscribe(answered(status, b"", "retry-after: 120"))
    result = await deliver(courier, endpoint(subscriber.url))
    assert 118 <= (result.retry_at - clock.now()).total_seconds() <= 120


async def test_nobody_there_is_a_failure_without_a_status(courier):
    result = await deliver(courier, endpoint("http://127.0.0.1:1/hook"))
    assert (result.ok, result.status) == (False, None)
    assert "127.0.0.1:1 could not be reached" in result.detail


async def test_a_subscriber_that_never_answers_is_a_failure_after_the_timeout(subscribe, clock):
    subscriber = await subscribe(silent=True)
    courier = HttpCourier(AddressGuard(["127.0.0.0/8"]), clock, timeout=0.2)
    result = await deliver(courier, endpoint(subscriber.url))
    await courier.aclose()
    assert (result.ok, result.status) == (False, None)
    assert "it took too long" in result.detail
    assert len(subscriber.received) == 1


@pytest.mark.parametrize("url", INSIDE.values(), ids=INSIDE)
async def test_addresses_inside_are_refused(subscribe, clock, url):
    subscriber = await subscribe()
    courier = HttpCourier(AddressGuard(), clock)
    result = await deliver(courier, endpoint(url.format(port=subscriber.port)))
    await courier.aclose()
    assert (result.ok, result.status, subscriber.connections) == (False, None, 0)
    assert any(why in result.detail for why in ("not on the public internet", "leads to no address", "not a valid"))


@pytest.mark.parametrize("url", ["", "hook", "ftp://a.example/", "http://[half/", "http://a.example:port/", "http://"])
async def test_a_bad_address_is_a_failure_with_a_sentence(courier, url):
    result = await deliver(courier, endpoint(url))
    assert (result.ok, result.status) == (False, None)
    assert "valid" in result.detail


async def test_a_damaged_secret_is_a_failure_that_does_not_show_it(subscribe, courier):
    subscriber = await subscribe()
    result = await deliver(courier, endpoint(subscriber.url, "whsec_dam aged"))
    assert (result.ok, result.status, subscriber.connections) == (False, None, 0)
    assert "rotate it" in result.detail
    assert "dam aged" not in result.detail


async def test_what_a_subscriber_says_is_kept_short_clean_and_without_secrets(subscribe, courier):
    bare = SECRET.removeprefix("whsec_")
    said = f"bad key {SECRET} or {bare}\x00\x1b[31m\n ".encode() + b"\xff" + b"long " * 1000
    subscriber = await subscribe(answered("500 Oops", said))
    result = await deliver(courier, endpoint(subscriber.url))
    assert result.detail.startswith("answered 500: bad key *** or ***")
    assert len(result.detail) == 500
    assert bare not in result.detail
    assert result.detail.isprintable()


async def test_an_echoed_signature_is_masked(clock):
    async def echo(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(answered("400 Bad", head))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    courier = HttpCourier(AddressGuard(["127.0.0.0/8"]), clock)
    result = await deliver(courier, endpoint(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"))
    await courier.aclose()
    server.close()
    await server.wait_closed()
    assert "webhook-signature: ***" in result.detail.lower()


async def test_a_flood_of_an_answer_is_still_its_status(subscribe, courier):
    subscriber = await subscribe(answered("200 OK", b"x" * 3_000_000))
    assert (await deliver(courier, endpoint(subscriber.url))).ok


async def test_connections_are_used_again_for_one_endpoint(subscribe, courier):
    subscriber = await subscribe()
    for number in range(5):
        await deliver(courier, endpoint(subscriber.url), f"evt_{number}")
    assert (len(subscriber.received), subscriber.connections) == (5, 1)


async def test_many_endpoints_do_not_pile_up_clients(subscribe, clock):
    subscriber = await subscribe()
    courier = HttpCourier(AddressGuard(["127.0.0.0/8"]), clock, keep=3)
    for number in range(10):
        assert (await deliver(courier, endpoint(f"{subscriber.url}/{number}"))).ok
    assert len(courier._seats) == 3
    await asyncio.sleep(0.05)
    assert sum(not task.done() for task in subscriber.tasks) == 3
    await courier.aclose()


async def test_a_client_at_work_is_never_closed_for_another(subscribe, clock):
    subscriber = await subscribe()
    courier = HttpCourier(AddressGuard(["127.0.0.0/8"]), clock, keep=1)
    results = await asyncio.gather(*(deliver(courier, endpoint(f"{subscriber.url}/{n}")) for n in range(20)))
    assert all(result.ok for result in results)
    assert len(courier._seats) == 1
    await courier.aclose()
