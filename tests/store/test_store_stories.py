"""One post, one mention; one story, one ticket: the keys and the questions asked of them."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from fakes.clock import START
from fakes.people import (
    ACME,
    ACME_TWO,
    OTHER,
    SAM,
    photo,
    post,
    reply_for,
    seen,
    store_post,
    story,
    ticket_for,
    verdict,
)
from fakes.world import World
from mentionbridge.domain.errors import NotAllowed, NotFound
from mentionbridge.domain.mention import MediaLink, MentionState, Origin, Surface, Visibility
from mentionbridge.domain.reply import Purpose, ReplyState
from mentionbridge.domain.ticket import Entry, Priority, Ticket, TicketState
from mentionbridge.ports.media import Picture
from mentionbridge.ports.store import Incoming, Queue


async def test_the_same_post_by_two_doors_at_once_is_one_mention(world: World) -> None:
    stores = [world.store, *(world.another() for _ in range(3))]

    async def take_in(index: int) -> list[tuple[str, bool]]:
        found = []
        for number in range(25):
            async with stores[index].writing() as uow:
                here = [Incoming(post(f"p-{number}"), await seen(uow, SAM), silent=False)]
                new, old = await uow.mentions.add(ACME, here, Origin.HOOK, START)
                found += [(mention_id, True) for mention_id in new.values()]
                found += [(mention.id, False) for mention in old.values()]
        return found

    answers = await asyncio.gather(*map(take_in, range(4)))
    for number in range(25):
        same = [answer[number] for answer in answers]
        assert len({mention_id for mention_id, _ in same}) == 1
        assert sum(new for _, new in same) == 1
    for store in stores[1:]:
        await store.engine.aclose()


async def test_brands_and_platforms_do_not_share_posts(world: World) -> None:
    async with world.store.writing() as uow:
        ours = await store_post(uow, post("p-1"))
        theirs = await store_post(uow, post("p-1"), OTHER)
        elsewhere = await store_post(uow, post("p-1"), replace(ACME, platform="elsewhere"))
        assert len({ours.id, theirs.id, elsewhere.id}) == 3
        assert await uow.mentions.get("borealis", ours.id) is None
        assert await uow.mentions.by_external_id("acme", "demo", "p-2") is None


async def test_a_mention_comes_back_as_it_was_stored(world: World) -> None:
    said = post(
        text="‮ 👩‍👩‍👧 \x01 ü" + "🔥" * 10_000,
        visibility=Visibility.FOLLOWERS,
        lang="en",
        metrics={"likes": 3},
        ref={"cid": "bafy"},
        raw={"as": {"it": "came"}},
        edit_version="v1",
        tagged=False,
    )
    async with world.store.writing() as uow:
        stored = await store_post(uow, said)
    assert (stored.text, stored.metrics, stored.ref) == (said.text, said.metrics, said.ref)
    assert (stored.visibility, stored.surface, stored.tagged) == (Visibility.FOLLOWERS, Surface.PRIVATE, False)
    assert (stored.author, stored.state, stored.edit_version) == (SAM, MentionState.RECEIVED, "v1")


async def test_people_keep_their_id_and_take_their_newest_labels(world: World) -> None:
    async with world.store.writing() as uow:
        first = await seen(uow, SAM)
        again = await seen(uow, replace(SAM, handle="sam_r", followers=None))
        mention = await store_post(uow, post(author=replace(SAM, handle="sam_r", followers=None)))
        assert first == again == mention.author_id
        assert (mention.author.handle, mention.author.followers) == ("sam_r", 412)
        assert not await uow.authors.stopped("acme", first)
        await uow.authors.stop("acme", first, START)
        assert await uow.authors.stopped("acme", first)


async def test_one_person_is_told_one_story_at_a_time(world: World) -> None:
    other = world.another()
    async with world.store.writing() as uow:
        author = await seen(uow, SAM)
    order: list[str] = []

    async def second() -> None:
        async with other.writing() as uow:
            await uow.authors.hold("acme", author)
            order.append("second")

    async with world.store.writing() as uow:
        await uow.authors.hold("acme", author)
        waiting = asyncio.create_task(second())
        await asyncio.sleep(0.3)
        order.append("first")
    await waiting
    assert order == ["first", "second"]
    await other.engine.aclose()


async def test_sightings_are_kept_once_an_account_and_way(world: World) -> None:
    async with world.store.writing() as uow:
        mention = await store_post(uow, post())
        for account, origin in ((ACME, Origin.POLL), (ACME, Origin.HOOK), (ACME_TWO, Origin.POLL), (ACME, Origin.POLL)):
            await uow.mentions.sighted("acme", [mention.id], account.id, origin, START)
    async with world.engine.reading() as connection:
        assert (await connection.exec_driver_sql("SELECT count(*) FROM sightings")).scalar_one() == 3


async def test_an_edit_takes_the_new_words_and_is_due_again(world: World) -> None:
    async with world.store.writing() as uow:
        mention = await store_post(uow, post())
        (lease,) = await uow.claims.take(Queue.JUDGE, 5, 30)
        await uow.mentions.judged(mention, verdict(), "ticket", "vrd_1", START)
        await uow.claims.done(lease)
        assert await uow.claims.take(Queue.JUDGE, 5, 30) == []
        await uow.mentions.edit(mention, post(text="@acme it came, thanks", edit_version="v2"), START)
        edited = await uow.mentions.get("acme", mention.id)
        assert edited is not None
        assert (edited.text, edited.state, edited.edit_version) == (
            "@acme it came, thanks",
            MentionState.RECEIVED,
            "v2",
        )
        assert [again.id for again in await uow.claims.take(Queue.JUDGE, 5, 30)] == [mention.id]


async def test_a_deletion_takes_the_words_and_the_pictures(world: World) -> None:
    async with world.store.writing() as uow:
        mention = await store_post(uow, post(raw={"secret": "words"}))
        await uow.mentions.add_media("acme", {mention.id: [photo()]}, START)
        await uow.mentions.delete(mention, START)
        gone = await uow.mentions.get("acme", mention.id)
        assert gone is not None and (gone.text, gone.redacted, gone.deleted_at) == ("", True, START)
        assert await uow.claims.take(Queue.MEDIA, 5, 30) == []
    async with world.engine.reading() as connection:
        assert (await connection.exec_driver_sql("SELECT raw FROM mentions")).scalar_one() in (None, "null")
        assert (await connection.exec_driver_sql("SELECT count(*) FROM media")).scalar_one() == 0


async def test_the_newest_verdict_counts_and_a_persons_sticks(world: World) -> None:
    async with world.store.writing() as uow:
        mention = await store_post(uow, post())
        assert await uow.mentions.verdict("acme", mention.id) is None
        await uow.mentions.judged(mention, verdict(), "ticket", "vrd_1", START)
        await uow.mentions.judged(mention, verdict(actor="Kim via desk", complaint=0.1), "none", "vrd_2", START)
        await uow.mentions.judged(mention, verdict(complaint=0.8), "ticket", "vrd_3", START)
        newest, human = (
            await uow.mentions.verdict("acme", mention.id),
            await uow.mentions.human_verdict("acme", mention.id),
        )
    assert newest == verdict(complaint=0.8)
    assert human == verdict(actor="Kim via desk", complaint=0.1)


async def test_pictures_are_wanted_once_kept_or_refused(world: World) -> None:
    film = MediaLink("https://demo.example/film.mp4", "video")
    async with world.store.writing() as uow:
        mention = await store_post(uow, post())
        for _ in range(2):
            links = [photo(), film, photo("https://demo.example/2.png")]
            await uow.mentions.add_media("acme", {mention.id: links}, START)
        first, second = sorted(await uow.claims.take(Queue.MEDIA, 5, 30), key=lambda lease: lease.id)
        assert await uow.mentions.media_link("acme", first.id) == photo()
        assert await uow.mentions.media_link("borealis", first.id) is None
        await uow.mentions.keep_picture("acme", first.id, Picture("image/png", b"\x89PNG", 4, 3))
        await uow.mentions.refuse_picture("acme", second.id, "too large")
    async with world.engine.reading() as connection:
        rows = (await connection.exec_driver_sql("SELECT state, reason, mime FROM media ORDER BY position")).all()
    assert [tuple(row) for row in rows] == [
        ("kept", None, "image/png"),
        ("linked", None, None),
        ("refused", "too large", None),
    ]


async def test_rechecks_are_planned_once(world: World) -> None:
    later = START + timedelta(days=30)
    async with world.store.writing() as uow:
        mention = await store_post(uow, post())
        assert await uow.mentions.recheck_until("acme", mention.id) is None
        await uow.mentions.plan_recheck(mention, START, later)
        await uow.mentions.plan_recheck(mention, START, later + timedelta(days=1))
        assert await uow.mentions.recheck_until("acme", mention.id) == later
        assert [lease.id for lease in await uow.claims.take(Queue.RECHECK, 5, 30)] == [mention.id]


async def test_a_story_is_found_by_person_and_thread(world: World) -> None:
    async with world.store.writing() as uow:

        async def here(brand_id: str, author_id: str) -> Ticket | None:
            return (await uow.tickets.stories_of(brand_id, [author_id], "p-1", START)).here

        mention = await store_post(uow, post())
        ticket = ticket_for(mention)
        await uow.tickets.open(ticket)
        assert await here("acme", mention.author_id) is None
        await uow.tickets.bind(ticket, "p-1", "the first word")
        assert await here("acme", mention.author_id) == ticket
        assert await here("acme", "ath_somebody") is None
        assert await here("borealis", mention.author_id) is None
        newer = replace(ticket, id="tkt_2")
        await uow.tickets.open(newer)
        await uow.tickets.bind(newer, "p-1", "the old one was closed long ago")
        assert await here("acme", mention.author_id) == newer
        long_after = START + timedelta(days=30)
        for old in (ticket, newer):
            await uow.tickets.set_state(
                await uow.tickets.set_state(old, TicketState.SOLVED, START), TicketState.CLOSED, START
            )
        over = await uow.tickets.stories_of("acme", [mention.author_id], "p-1", long_after)
        assert (over.here and over.here.id, over.alive) == ("tkt_2", [])


async def test_tickets_of_a_person_come_newest_first_with_the_last_word(world: World) -> None:
    async with world.store.writing() as uow:
        mention = await store_post(uow, post())
        first, second, closed, merged = (ticket_for(mention, f"tkt_{n}") for n in range(4))
        for number, ticket in enumerate((first, second, closed, merged)):
            await uow.tickets.open(ticket)
            await uow.tickets.bind(ticket, f"p-{number}", "the first word")
        solved = await uow.tickets.set_state(closed, TicketState.SOLVED, START)
        await uow.tickets.set_state(solved, TicketState.CLOSED, START)
        await uow.tickets.said("acme", first.id, START + timedelta(hours=2))
        await uow.tickets.said("acme", first.id, START + timedelta(hours=1))
        await uow.tickets.bind(first, "p-3", "merged")
        found = (await uow.tickets.stories_of("acme", [mention.author_id], "p-9", START + timedelta(seconds=1))).alive
        recent = (await uow.tickets.stories_of("acme", [mention.author_id], "p-9", START)).alive
    assert [(ticket.id, said) for ticket, said in found] == [("tkt_1", START), ("tkt_0", START + timedelta(hours=2))]
    assert [ticket.id for ticket, _ in recent] == ["tkt_2", "tkt_1", "tkt_0"]


async def test_a_ticket_moves_only_as_allowed_and_only_from_where_it_stands(world: World) -> None:
    async with world.store.writing() as uow:
        ticket = ticket_for(await store_post(uow, post()))
        await uow.tickets.open(ticket)
        await uow.tickets.set_state(ticket, TicketState.OPEN, START)
        with pytest.raises(NotAllowed, match="has changed meanwhile"):
            await uow.tickets.set_state(ticket, TicketState.PENDING, START)
        with pytest.raises(NotAllowed, match="may become"):
            await uow.tickets.set_state(replace(ticket, state=TicketState.OPEN), TicketState.NEW, START)
        await uow.tickets.raise_priority(ticket, Priority.URGENT, ["a fire"], START)
        now = await uow.tickets.get("acme", ticket.id)
    assert now is not None and (now.state, now.priority) == (TicketState.OPEN, Priority.URGENT)
    assert now.priority_reasons == ("a fire",)


async def test_numbers_of_a_ticket_have_no_gap_and_no_double(world: World) -> None:
    other = world.another()
    async with world.store.writing() as uow:
        await uow.tickets.open(ticket_for(await store_post(uow, post())))
    taken: list[int] = []

    async def count(store: object) -> None:
        for _ in range(15):
            async with store.writing() as uow:  # type: ignore[attr-defined]
                taken.append(await uow.tickets.next_sequence("acme", "tkt_1"))

    await asyncio.gather(count(world.store), count(other))
    assert sorted(taken) == list(range(1, 31))
    with pytest.raises(NotFound):
        async with world.store.writing() as uow:
            await uow.tickets.next_sequence("acme", "tkt_none")
    await other.engine.aclose()


async def test_a_mention_is_one_line_of_one_timeline(world: World) -> None:
    async with world.store.writing() as uow:
        mention = await store_post(uow, post())
        await uow.tickets.open(ticket_for(mention))
        for number in (1, 2):
            line = Entry("acme", f"ent_{number}", "tkt_1", number, "mention", Surface.PUBLIC, START, START, mention.id)
            await uow.tickets.add_entry(line)
    async with world.engine.reading() as connection:
        assert (await connection.exec_driver_sql("SELECT id FROM entries")).scalars().all() == ["ent_1"]


async def test_an_acknowledgement_is_one_a_person_and_story(world: World) -> None:
    async with world.store.writing() as uow:
        mention = await store_post(uow, post())
        ticket = ticket_for(mention)
        await uow.tickets.open(ticket)
        first, second = (reply_for(ticket, mention, f"rpl_{n}") for n in (1, 2))
        assert await uow.replies.add(first, first.purpose)
        assert not await uow.replies.add(second, second.purpose)
        message = replace(second, purpose=Purpose.MESSAGE)
        assert await uow.replies.add(message, message.id)
        found = await uow.replies.of_story("acme", ticket.id, mention.author_id, Purpose.ACKNOWLEDGE)
        assert found == first == await uow.replies.get("acme", "rpl_1")
        assert await uow.replies.get("borealis", "rpl_1") is None
        assert [r.id for r in await uow.replies.waiting_for_mention("acme", mention.id)] == ["rpl_1", "rpl_2"]


async def test_the_same_acknowledgement_by_two_workers_is_stored_once(world: World) -> None:
    other = world.another()
    async with world.store.writing() as uow:
        mention = await store_post(uow, post())
        await uow.tickets.open(ticket_for(mention))

    async def draft(store: object, name: str) -> bool:
        async with store.writing() as uow:  # type: ignore[attr-defined]
            reply = reply_for(ticket_for(mention), mention, name)
            return bool(await uow.replies.add(reply, reply.purpose))

    assert sorted(await asyncio.gather(draft(world.store, "rpl_1"), draft(other, "rpl_2"))) == [False, True]
    await other.engine.aclose()


async def test_phrasings_of_a_thread_are_those_of_its_replies(world: World) -> None:
    async with world.store.writing() as uow:
        await story(uow, "p-1", template="ack-3")
        await story(uow, "p-2", template="ack-1")
        assert await uow.replies.phrasings_in_thread("acme", "demo", "p-1") == ["ack-3"]
        assert await uow.replies.phrasings_in_thread("borealis", "demo", "p-1") == []


async def test_an_intent_holds_all_a_plug_needs(world: World) -> None:
    async with world.store.writing() as uow:
        reply = await story(uow, prepared={"rkey": "3k2a"}, state=ReplyState.QUEUED)
        intent = await uow.replies.intent(reply)
    assert (intent.reply_id, intent.key, intent.text, intent.prepared) == (
        reply.id,
        reply.key,
        reply.text,
        {"rkey": "3k2a"},
    )
    assert (intent.target.external_id, intent.target.author_handle) == ("p-1", "sam")
