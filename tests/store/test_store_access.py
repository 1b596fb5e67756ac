"""Tokens kept as digests, answers kept for a day, endpoints with sealed secrets."""

import asyncio
import base64
from datetime import timedelta

import pytest

from fakes.clock import START
from fakes.people import story
from fakes.world import SEALER, World
from mentionbridge.domain.endpoint import DeliveryResult
from mentionbridge.domain.events import EventType
from mentionbridge.kit.cursor import BadCursor
from mentionbridge.kit.ids import Ids
from mentionbridge.net.signing import new_secret
from mentionbridge.ports.access import Earlier, Remembered, Scope, Token
from mentionbridge.ports.store import Queue
from mentionbridge.ports.subscriptions import Wish
from mentionbridge.rules.tries import attempted
from mentionbridge.store import tables as t
from mentionbridge.store.endpoints import StoredSubscriptions
from mentionbridge.store.idempotency import StoredIdempotency
from mentionbridge.store.tokens import REMEMBERED, RememberedTokens, StoredTokens


async def test_a_token_opens_until_it_is_revoked(world: World) -> None:
    tokens = StoredTokens(world.engine, Ids())
    secret, token = await tokens.create("desk", [Scope.READ, Scope.INGEST], ["acme"], ["acme-demo"], START)
    assert secret.startswith("mb_") and len(secret) == 35
    assert await tokens.look_up(secret) == token
    assert (token.may(Scope.INGEST), token.may(Scope.APPROVE)) == (True, False)
    assert await tokens.look_up(secret + "x") is None
    assert await tokens.look_up("mb_\ud800\x00") is None
    assert await tokens.revoke(token.id, START)
    assert not await tokens.revoke(token.id, START)
    assert await tokens.look_up(secret) is None
    assert [(each.id, each.revoked_at) for each in await tokens.list()] == [(token.id, START)]


class SlowTokens(StoredTokens):
    """Tokens that count how often the database is asked, and can be held up while they answer."""

    asked = 0
    read: asyncio.Event
    answers: asyncio.Event

    async def look_up(self, secret: str) -> Token | None:
        type(self).asked += 1
        found = await super().look_up(secret)
        self.read.set()
        await self.answers.wait()
        return found


@pytest.fixture
def slow(world: World) -> RememberedTokens:
    SlowTokens.asked, SlowTokens.read, SlowTokens.answers = 0, asyncio.Event(), asyncio.Event()
    SlowTokens.answers.set()
    return RememberedTokens(SlowTokens(world.engine, Ids()), world.clock)


async def test_a_busy_caller_is_looked_up_once_in_a_while(world: World, slow: RememberedTokens) -> None:
    secret, token = await slow.create("desk", [Scope.READ], ["acme"], [], START)
    assert set(await asyncio.gather(*(slow.look_up(secret) for _ in range(20)))) == {token}
    assert [await slow.look_up(secret) for _ in range(5)] == [token] * 5
    assert SlowTokens.asked == 1
    world.clock.forward(REMEMBERED)
    assert await slow.look_up(secret) == token
    assert SlowTokens.asked == 2
    assert await slow.look_up("mb_unknown") is None is await slow.look_up("mb_unknown")
    assert SlowTokens.asked == 4, "a token that is made elsewhere opens at once"


async def test_a_token_revoked_here_ends_at_once_and_one_revoked_elsewhere_soon(
    world: World, slow: RememberedTokens
) -> None:
    secret, token = await slow.create("desk", [Scope.READ], ["acme"], [], START)
    other, theirs = await slow.create("other", [Scope.READ], ["acme"], [], START)
    assert (await slow.look_up(secret), await slow.look_up(other)) == (token, theirs)
    assert await slow.revoke(token.id, START)
    assert await slow.look_up(secret) is None
    assert await slow.look_up(other) == theirs
    await StoredTokens(world.engine, Ids()).revoke(theirs.id, START)
    world.clock.forward(REMEMBERED)
    assert await slow.look_up(other) is None


async def test_a_look_up_that_a_revocation_overtakes_is_not_remembered(world: World, slow: RememberedTokens) -> None:
    secret, token = await slow.create("desk", [Scope.READ], ["acme"], [], START)
    SlowTokens.answers.clear()
    under_way = asyncio.create_task(slow.look_up(secret))
    await SlowTokens.read.wait()
    await slow.revoke(token.id, START)
    SlowTokens.answers.set()
    await under_way
    assert await slow.look_up(secret) is None


async def test_the_database_holds_no_token(world: World) -> None:
    secret, _ = await StoredTokens(world.engine, Ids()).create("desk", [Scope.ADMIN], ["*"], [], START)
    async with world.engine.reading() as connection:
        row = (await connection.execute(t.tokens.select())).one()
    assert secret.removeprefix("mb_") not in str(row)
    assert len(row.digest) == 64


async def test_a_key_is_taken_answered_and_kept_for_a_day(world: World) -> None:
    known = StoredIdempotency(world.engine, SEALER)
    assert await known.begin("tok_1", "k", "aa", START) == Remembered(Earlier.NEW)
    assert await known.begin("tok_1", "k", "aa", START) == Remembered(Earlier.RUNNING)
    assert await known.begin("tok_2", "k", "bb", START) == Remembered(Earlier.NEW)
    await known.finish("tok_1", "k", 202, b'{"ok":1}')
    assert await known.begin("tok_1", "k", "aa", START) == Remembered(Earlier.STORED, 202, b'{"ok":1}')
    assert await known.begin("tok_1", "k", "bb", START) == Remembered(Earlier.OTHER_BODY)
    almost = START + timedelta(hours=23, minutes=59)
    assert (await known.begin("tok_1", "k", "aa", almost)).earlier is Earlier.STORED
    assert await known.begin("tok_1", "k", "bb", START + timedelta(hours=24)) == Remembered(Earlier.NEW)


async def test_a_request_that_died_or_was_let_go_frees_its_key(world: World) -> None:
    known = StoredIdempotency(world.engine, SEALER)
    await known.begin("tok_1", "k", "aa", START)
    assert (await known.begin("tok_1", "k", "aa", START + timedelta(minutes=4))).earlier is Earlier.RUNNING
    assert (await known.begin("tok_1", "k", "aa", START + timedelta(minutes=6))).earlier is Earlier.NEW
    await known.forget("tok_1", "k")
    assert (await known.begin("tok_1", "k", "bb", START + timedelta(minutes=6))).earlier is Earlier.NEW


async def test_of_two_at_once_one_runs(world: World) -> None:
    other = world.another()
    asked = [StoredIdempotency(world.engine, SEALER), StoredIdempotency(other.engine, SEALER)]
    answers = await asyncio.gather(*(known.begin("tok_1", "k", "aa", START) for known in asked))
    assert sorted(answer.earlier for answer in answers) == [Earlier.NEW, Earlier.RUNNING]
    await other.engine.aclose()


@pytest.fixture
def subscriptions(world: World) -> StoredSubscriptions:
    return StoredSubscriptions(world.engine, Ids(), SEALER, new_secret)


async def test_an_endpoint_has_a_sealed_secret_of_its_own(world: World, subscriptions: StoredSubscriptions) -> None:
    secret, made = await subscriptions.create("acme", Wish("https://desk.example/hook", ("ticket.opened",)), START)
    another, _ = await subscriptions.create("acme", Wish("https://desk.example/two"), START)
    assert secret != another and len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    async with world.store.reading() as uow:
        kept = await uow.deliveries.endpoint("acme", made.id)
    assert kept is not None and (kept.secrets, kept.types) == ((secret,), ("ticket.opened",))
    assert [each.url for each in await subscriptions.list(["acme"])] == [
        "https://desk.example/two",
        "https://desk.example/hook",
    ]
    assert await subscriptions.list(["borealis"]) == []


async def test_a_deleted_endpoint_is_gone_but_its_ledger_stays(
    world: World, subscriptions: StoredSubscriptions
) -> None:
    secret, made = await subscriptions.create("acme", Wish("https://desk.example/hook"), START)
    async with world.store.writing() as uow:
        await story(uow)
        await uow.events.add(EventType.TICKET_OPENED, "acme", START, ticket_id="tkt_acme_p-1")
        (event,) = await uow.events.place(5)
        (endpoint,) = await uow.deliveries.subscribed()
        await uow.deliveries.plan([(endpoint, event)], START)
    assert not await subscriptions.delete(["borealis"], made.id, START)
    assert await subscriptions.delete(["acme"], made.id, START)
    assert not await subscriptions.delete(["acme"], made.id, START)
    assert await subscriptions.list(["acme"]) == []
    assert await subscriptions.deliveries(["acme"], made.id, {}, None, 10) is None
    async with world.store.writing() as uow:
        assert await uow.deliveries.subscribed() == []
        assert await uow.claims.take(Queue.DELIVER, 5, 30) == []
    async with world.engine.reading() as connection:
        row = (await connection.execute(t.endpoints.select())).one()
        assert SEALER.open(row.secret) == "" and secret not in str(row)
        assert len((await connection.execute(t.deliveries.select())).all()) == 1


async def test_deliveries_are_listed_newest_first_in_pages(world: World, subscriptions: StoredSubscriptions) -> None:
    _, made = await subscriptions.create("acme", Wish("https://desk.example/hook"), START)
    async with world.store.writing() as uow:
        await story(uow)
        for _ in range(5):
            await uow.events.add(EventType.TICKET_UPDATED, "acme", START, ticket_id="tkt_acme_p-1")
        (endpoint,) = await uow.deliveries.subscribed()
        await uow.deliveries.plan([(endpoint, event) for event in await uow.events.place(9)], START)
        parcels = (await uow.deliveries.waiting([endpoint], START, 9, holds=3))[endpoint.id]
        tried = attempted(parcels[0], DeliveryResult(False, 503, "busy"), START)
        await uow.deliveries.note([(endpoint, tried)])
    first = await subscriptions.deliveries(["acme"], made.id, {}, None, 3)
    assert first is not None and first.cursor is not None
    rest = await subscriptions.deliveries(["acme"], made.id, {}, first.cursor, 3)
    assert rest is not None and rest.cursor is None
    found = [*first.items, *rest.items]
    assert [each.id for each in found] == sorted((parcel.id for parcel in parcels), reverse=True)
    assert {each.event_type for each in found} == {"ticket.updated"}
    assert [(each.last_status, each.attempts) for each in found if each.id == parcels[0].id] == [(503, 1)]
    with pytest.raises(BadCursor):
        await subscriptions.deliveries(["acme"], made.id, {}, "nonsense", 3)
    assert await subscriptions.deliveries(["borealis"], made.id, {}, None, 3) is None
