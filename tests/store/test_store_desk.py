"""What the doors read: pages that neither skip nor repeat, words as they stand now, and one brand's things only."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from fakes.clock import START
from fakes.people import ACME, ACME_TWO, OTHER, connect, photo, post, store_post, story, verdict
from fakes.world import World
from mentionbridge.domain.events import EventType
from mentionbridge.domain.mention import Origin, Surface
from mentionbridge.domain.reply import ReplyState
from mentionbridge.domain.ticket import Entry
from mentionbridge.kit.cursor import BadCursor
from mentionbridge.ports.desk import Slice
from mentionbridge.ports.media import Picture
from mentionbridge.ports.store import Queue
from mentionbridge.store import tables as t
from mentionbridge.store.pull import STRETCH, StoredFeed
from mentionbridge.store.reading import StoredDesk

BRANDS = ["acme"]


@pytest.fixture
def desk(world: World) -> StoredDesk:
    return StoredDesk(world.store)


async def walk(ask: Callable[[str | None], Awaitable[Slice[Any] | None]]) -> list[Any]:
    found, cursor = [], None
    while True:
        part = await ask(cursor)
        assert part is not None
        found += part.items
        if (cursor := part.cursor) is None:
            return found


async def test_mentions_are_walked_newest_first_while_new_ones_arrive(world: World, desk: StoredDesk) -> None:
    async with world.store.writing() as uow:
        for number in range(25):
            await store_post(uow, post(f"p-{number}"))
        await store_post(uow, post("p-theirs"), OTHER)
    late = iter(range(100, 200))

    async def ask(cursor: str | None) -> Slice[Any]:
        found = await desk.mentions(BRANDS, {}, cursor, 7)
        async with world.store.writing() as uow:
            await store_post(uow, post(f"p-{next(late)}"))
        return found

    found = await walk(ask)
    assert [each["external_id"] for each in found] == [f"p-{number}" for number in range(24, -1, -1)]
    assert len(await walk(lambda cursor: desk.mentions(["acme", "borealis"], {}, cursor, 10))) == 30
    assert (await desk.mentions([], {}, None, 10)).items == []


async def test_a_page_that_ends_exactly_has_no_next(world: World, desk: StoredDesk) -> None:
    async with world.store.writing() as uow:
        for number in range(4):
            await store_post(uow, post(f"p-{number}"))
    first = await desk.mentions(BRANDS, {}, None, 2)
    assert first.cursor is not None
    assert (await desk.mentions(BRANDS, {}, first.cursor, 2)).cursor is None


async def test_mentions_are_narrowed_by_what_is_indexed(world: World, desk: StoredDesk) -> None:
    async with world.store.writing() as uow:
        reply = await story(uow)
        other = await store_post(uow, post("p-2"), ACME_TWO)
        stranger = await store_post(uow, post("p-3", author=replace(post().author, external_id="u-8")))

    async def ids(**filters: str) -> list[str]:
        return [each["external_id"] for each in (await desk.mentions(BRANDS, filters, None, 10)).items]

    assert await ids(account_id=ACME_TWO.id) == ["p-2"]
    assert await ids(ticket_id=reply.ticket_id) == ["p-1"]
    assert await ids(author_id=stranger.author_id) == ["p-3"]
    assert await ids(author_id=other.author_id, account_id=ACME.id) == ["p-1"]
    with pytest.raises(ValueError, match="no index serves"):
        await ids(text="parcel")


async def test_one_mention_has_its_newest_verdict_its_pictures_and_its_sightings(
    world: World, desk: StoredDesk
) -> None:
    async with world.store.writing() as uow:
        mention = await store_post(uow, post())
        await uow.mentions.add_media("acme", {mention.id: [photo(), photo("https://demo.example/2.png")]}, START)
        await uow.mentions.judged(mention, verdict(complaint=0.2), "none", "vrd_1", START)
        await uow.mentions.judged(mention, verdict(), "ticket", "vrd_2", START)
        for origin in (Origin.POLL, Origin.HOOK):
            await uow.mentions.sighted("acme", [mention.id], ACME.id, origin, START)
        for lease in await uow.claims.take(Queue.MEDIA, 1, 30):
            await uow.mentions.keep_picture("acme", lease.id, Picture("image/png", b"\x89PNG", 4, 3))
    view = await desk.mention(BRANDS, mention.id)
    assert view is not None and view.judged is not None
    assert (view.judged.verdict, view.judged.decided) == (verdict(), "ticket")
    assert sorted(picture.state for picture in view.media) == ["kept", "wanted"]
    assert sorted(sighting.origin for sighting in view.sightings) == ["hook", "poll"]
    kept, wanted = sorted(view.media, key=lambda picture: picture.state)
    body = await desk.media(BRANDS, kept.id)
    assert body is not None and (body.mime, body.body) == ("image/png", b"\x89PNG")
    assert await desk.media(BRANDS, wanted.id) is None
    assert await desk.media(["borealis"], kept.id) is None
    assert await desk.mention(["borealis"], mention.id) is None


async def tell_story(world: World) -> str:
    async with world.store.writing() as uow:
        reply = await story(uow)
        key = ("acme", reply.ticket_id)
        for number, facts in enumerate(
            ({"mention_id": reply.mention_id}, {"reply_id": reply.id}, {"reason": "note"}), 1
        ):
            surface = Surface.PUBLIC if number < 3 else Surface.INTERNAL
            entry = Entry(key[0], f"ent_{number}", key[1], number, "line", surface, START, START, **facts)
            await uow.tickets.add_entry(entry)
    return reply.ticket_id


async def test_a_timeline_is_told_oldest_first_with_its_words(world: World, desk: StoredDesk) -> None:
    ticket_id = await tell_story(world)
    said, answered, noted = await walk(lambda cursor: desk.timeline(BRANDS, ticket_id, cursor, 1))
    assert (said.mention.mention.text, said.reply) == (post().text, None)
    assert answered.reply.text.startswith("Sorry about your parcel")
    assert (noted.mention, noted.reply, noted.entry.reason, noted.entry.surface) == (
        None,
        None,
        "note",
        Surface.INTERNAL,
    )
    assert await desk.timeline(["borealis"], ticket_id, None, 10) is None


async def test_deleted_words_are_gone_from_the_timeline(world: World, desk: StoredDesk) -> None:
    ticket_id = await tell_story(world)
    async with world.store.writing() as uow:
        mention = await uow.mentions.by_external_id("acme", "demo", "p-1")
        assert mention is not None
        await uow.mentions.delete(mention, START)
    timeline = await desk.timeline(BRANDS, ticket_id, None, 10)
    assert timeline is not None and timeline.items[0].mention is not None
    assert (timeline.items[0].mention.mention.text, timeline.items[0].mention.mention.redacted) == ("", True)


async def test_tickets_and_replies_are_listed_by_state(world: World, desk: StoredDesk) -> None:
    async with world.store.writing() as uow:
        await story(uow, "p-1")
        waiting = await story(uow, "p-2", state=ReplyState.AWAITING_APPROVAL)
        await story(uow, "p-3", OTHER)
        await uow.replies.note("acme", waiting.id, "draft", "waits", "a new account", START)
    tickets = await desk.tickets(BRANDS, {"state": "new"}, None, 10)
    assert [each["id"] for each in tickets.items] == ["tkt_acme_p-2", "tkt_acme_p-1"]
    assert tickets.items[0]["author"]["handle"] == "sam"
    assert (await desk.tickets(BRANDS, {"state": "closed"}, None, 10)).items == []
    ticket = await desk.ticket(BRANDS, "tkt_acme_p-1")
    assert ticket is not None and ticket.author == post().author
    assert await desk.ticket(BRANDS, "tkt_borealis_p-3") is None
    replies = await desk.replies(BRANDS, {"state": "awaiting_approval"}, None, 10)
    assert [each["id"] for each in replies.items] == [waiting.id]
    assert [each["id"] for each in (await desk.replies(BRANDS, {"ticket_id": "tkt_acme_p-1"}, None, 10)).items] == [
        "rpl_acme_p-1"
    ]
    one = await desk.reply(BRANDS, waiting.id)
    assert one is not None and [(line.what, line.detail) for line in one.attempts] == [("draft", "a new account")]
    assert await desk.reply(["borealis"], waiting.id) is None


async def test_accounts_show_health_gaps_and_what_could_not_be_read(world: World, desk: StoredDesk) -> None:
    async with world.store.writing() as uow:
        for account in (ACME, ACME_TWO, OTHER):
            await connect(uow, account)
        await uow.accounts.open_gap(ACME, "the token is dead", START)
        await uow.inbox.keep(ACME, Origin.HOOK, b"1", START)
        for body in (b"\xff", b"[]", b"{}"):
            await uow.inbox.keep_unreadable(ACME, Origin.HOOK, body, "not what we expect", START)
    first, second = await desk.accounts(BRANDS)
    assert (first.health.id, first.health.open_gap, len(first.gaps)) == (ACME.id, "the token is dead", 1)
    assert (first.waiting, first.unreadable, second.waiting, second.unreadable) == (1, 3, 0, 0)
    shown = await walk(lambda cursor: desk.unreadable(BRANDS, ACME.id, cursor, 2))
    assert [(item.body, item.reason) for item in shown] == [(b, "not what we expect") for b in (b"{}", b"[]", b"\xff")]
    assert (await desk.unreadable(["borealis"], ACME.id, None, 5)).items == []


async def test_the_feed_is_read_behind_a_position(world: World, desk: StoredDesk) -> None:
    async with world.store.writing() as uow:
        await connect(uow, OTHER)
        await story(uow)
        await uow.events.add(EventType.TICKET_OPENED, "acme", START, ticket_id="tkt_acme_p-1")
        await uow.events.add(EventType.ACCOUNT_PAUSED, "borealis", START, account_id=OTHER.id)
        await uow.events.add(EventType.TICKET_UPDATED, "acme", START, ticket_id="tkt_acme_p-1")
        await uow.events.place(9)
        await uow.events.add(EventType.TICKET_UPDATED, "acme", START, ticket_id="tkt_acme_p-1")
    feed = StoredFeed(world.store)
    page = await feed.page(BRANDS, 0, 10)
    told = [(view.event.position, view.event.type) for view in page.items]
    assert (told, page.after, page.head, page.more) == ([(1, "ticket.opened"), (3, "ticket.updated")], 3, 3, False)
    assert page.items[0].data["ticket"]["topic"] == "parcel"
    assert [view.event.position for view in (await feed.page(BRANDS, 1, 1)).items] == [3]
    assert (await feed.page(BRANDS, 3, 10)).items == []
    only = await feed.page(BRANDS, 0, 10, types=["ticket.updated"])
    assert [view.event.position for view in only.items] == [3]
    of_ticket = await feed.page(BRANDS, 0, 1, ticket_id="tkt_acme_p-1")
    assert ([view.event.position for view in of_ticket.items], of_ticket.after, of_ticket.more) == ([1], 1, True)
    assert (await feed.page(["borealis"], 0, 10, ticket_id="tkt_acme_p-1")).items == []


async def test_a_page_looks_through_a_stretch_of_the_feed_and_no_further(world: World) -> None:
    rows = [
        {"brand_id": "acme", "id": f"evt_{n:06}", "type": "account.paused", "occurred_at": START, "position": n}
        for n in range(1, STRETCH + 12)
    ]
    rows[-1]["type"] = "account.resumed"
    async with world.engine.writing() as connection:
        await connection.execute(t.events.insert(), [{**row, "facts": {}, "sequence": row["position"]} for row in rows])
        await connection.execute(t.heads.update().values(value=len(rows)))
    feed = StoredFeed(world.store)
    empty = await feed.page(BRANDS, 0, 10, types=["account.resumed"])
    assert (empty.items, empty.after, empty.more) == ([], STRETCH, True)
    rest = await feed.page(BRANDS, empty.after, 10, types=["account.resumed"])
    assert ([view.event.position for view in rest.items], rest.more) == ([len(rows)], False)


@pytest.mark.parametrize("cursor", ["", "x", "WzFd", "bnVsbA", "é", "WyJhIiwiYiJd", "\x00", "\ud800"])
async def test_a_cursor_of_another_makes_no_page(world: World, desk: StoredDesk, cursor: str) -> None:
    with pytest.raises(BadCursor):
        await desk.mentions(BRANDS, {}, cursor, 5)


async def test_the_big_switch_is_shown(world: World, desk: StoredDesk) -> None:
    assert not await desk.paused_everywhere()
    async with world.store.writing() as uow:
        await uow.accounts.pause_everywhere(True, "Kim via desk", START)
    assert await desk.paused_everywhere()
