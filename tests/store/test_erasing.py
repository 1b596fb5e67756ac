"""A person leaves: nothing they said or were called is left in any cell of any table, and nothing brings it back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from fakes.clock import START
from fakes.people import ACME, SAM, photo, post, reply_for, store_post, ticket_for, verdict
from fakes.world import SEALER, World
from mentionbridge.domain.call import Call, CallState
from mentionbridge.domain.commitment import Commitment, CommitmentState
from mentionbridge.domain.customer import Join
from mentionbridge.domain.events import EventType
from mentionbridge.domain.handoff import Proof
from mentionbridge.domain.mention import Above, Author, Mention, Origin, Surface
from mentionbridge.domain.record import Held, RecordCheck
from mentionbridge.domain.reply import ReplyState
from mentionbridge.domain.ticket import Entry
from mentionbridge.pipeline.take_in import Arrival, Result, take_in
from mentionbridge.store import tables as t
from mentionbridge.store.idempotency import StoredIdempotency
from mentionbridge.store.words import ERASED, WORDLESS

SECRETS = ("zanzibar", "quokka", "u-secret-7", "p-secret-1")
QUOKKA = Author("u-secret-7", "quokka_handle", "Quokka Name")
HOLDS_WORDS = (sa.Text, sa.JSON, sa.LargeBinary)


async def tell_all(world: World) -> tuple[str, Mention]:
    """Let this person leave something in every table that can hold it; returns the customer's id."""
    async with world.store.writing() as uow:
        await uow.accounts.ensure(ACME, START)
        known = await uow.accounts.health("acme", ACME.id)
        said = replace(
            post("p-secret-1", "zanzibar is broken", author=QUOKKA),
            raw={"text": "zanzibar is broken"},
            ref={"uri": "p-secret-1"},
            permalink="https://social.example/p-secret-1",
            media=(photo(),),
        )
        (taken,) = await take_in(uow, [Arrival(ACME, known, said)], origin=Origin.POLL, now=START)
        mention = await uow.mentions.get("acme", str(taken.mention_id))
        assert mention is not None
        await uow.mentions.judged(mention, verdict(reasons=("says zanzibar",)), "a ticket", "vdt_1", START)
        ticket = ticket_for(mention, opened_because="says zanzibar", permalink=said.permalink)
        await uow.tickets.open(ticket)
        await uow.tickets.bind(ticket, mention.thread_id, "the first word")
        await uow.mentions.join("acme", mention.id, ticket.id)
        await uow.customers.ensure(mention, START)
        await uow.contexts.keep(mention, [Above("p-0", SAM, "to quokka: zanzibar?", said.permalink, START)])
        for number, facts in enumerate(({"mention_id": mention.id}, {"text": "zanzibar called"}), start=1):
            await uow.tickets.add_entry(an_entry(ticket.id, number, facts))
        sent = reply_for(
            ticket, mention, state=ReplyState.SENT, text="Sorry about zanzibar", prepared={"t": "zanzibar"}
        )
        await uow.replies.add(sent, "acknowledge")
        await uow.replies.note("acme", sent.id, "send", "failed", "zanzibar", START)
        waiting = reply_for(ticket, mention, "rpl_2", text="zanzibar again", state=ReplyState.AWAITING_APPROVAL)
        await uow.replies.add(waiting, "second")
        await uow.inbox.keep_unreadable(ACME, Origin.HOOK, b'{"by": "u-secret-7", "zanzibar": 1}', "odd", START)
        await uow.events.add(EventType.MENTION_RECEIVED, "acme", START, mention_id=mention.id)
        word = Commitment(
            "acme", "cmt_1", ticket.id, mention.author_id, "mend zanzibar", START, CommitmentState.OPEN, "Kim", START
        )
        await uow.commitments.make(word, None)
        slot, told = (START, START + timedelta(hours=1)), (CallState.OPEN, Proof.NONE, START)
        await uow.calls.book(Call("acme", "cal_1", ticket.id, "frm_1", "cmt_1", "+44 zanzibar", *slot, *told), 1)
        looked = RecordCheck("acme", "rec_1", ticket.id, "frm_1", Proof.WEAK, Held.ASKED, {"phone": "zanzibar"}, START)
        await uow.records.add(replace(looked, account="zanzibar-7"), None)
    answers = StoredIdempotency(world.engine, SEALER)
    await answers.begin("tok_1", "key", "digest", START)
    await answers.finish("tok_1", "key", 200, f'{{"id": "{mention.id}", "text": "zanzibar"}}'.encode())
    return await customer_of(world, mention), mention


async def stands_above_another(world: World) -> None:
    """Let this person's words be what somebody else answers."""
    async with world.store.writing() as uow:
        other = await store_post(uow, post("p-2", "me too", author=SAM, parent_id="p-secret-0"))
        theirs = Above("p-secret-0", QUOKKA, "zanzibar is down", "https://social.example/p-secret-0", START)
        await uow.contexts.keep(other, [Above("p-1", SAM, "is it down?", None, START), theirs])


def an_entry(ticket_id: str, sequence: int, facts: dict[str, Any]) -> Entry:
    surface = Surface.PUBLIC if "mention_id" in facts else Surface.INTERNAL
    kind = "mention" if "mention_id" in facts else "note"
    return Entry("acme", f"ent_{sequence}", ticket_id, sequence, kind, surface, START, START, **facts)


async def customer_of(world: World, mention: Mention) -> str:
    async with world.engine.reading() as connection:
        query = sa.select(t.authors.c.customer_id).where(t.authors.c.id == mention.author_id)
        return str((await connection.execute(query)).scalar_one())


async def cells_with(world: World, words: Sequence[str]) -> list[str]:
    """Name every cell of the database that holds one of these words, sealed ones opened."""
    found = []
    async with world.engine.reading() as connection:
        for table in t.metadata.sorted_tables:
            for row in await connection.execute(sa.select(table)):
                for name, value in row._mapping.items():
                    told = SEALER.open(value) if table is t.idempotency and name == "body" and value else value
                    told = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
                    found += [f"{table.name}.{name}" for word in words if word in told]
    return sorted(set(found))


async def test_not_one_cell_keeps_a_word_a_name_or_an_id(world: World) -> None:
    customer_id, _ = await tell_all(world)
    await stands_above_another(world)
    before = await cells_with(world, SECRETS)
    assert {"contexts.text", "contexts.handle", "contexts.author_id"} <= set(before)
    assert {"mentions.text", "mentions.raw", "replies.prepared", "entries.text", "inbox.body"} <= set(before)
    async with world.store.writing() as uow:
        erased = await uow.customers.erase("acme", customer_id, START)
    assert await cells_with(world, SECRETS) == []
    assert erased.counts == {"mentions": 1, "pictures": 1, "replies": 2, "notes": 1, "arrivals": 1}
    assert (erased.left, list(erased.tickets)) == (0, ["tkt_1"])


async def test_what_waited_is_cancelled_and_the_story_is_closed(world: World) -> None:
    customer_id, _ = await tell_all(world)
    async with world.store.writing() as uow:
        await uow.customers.erase("acme", customer_id, START)
        waiting, ticket = await uow.replies.get("acme", "rpl_2"), await uow.tickets.get("acme", "tkt_1")
    assert waiting is not None and ticket is not None
    assert (waiting.state, ticket.state) == (ReplyState.CANCELLED, "closed")


async def test_a_later_poll_of_the_same_page_does_not_bring_it_back(world: World) -> None:
    customer_id, _ = await tell_all(world)
    async with world.store.writing() as uow:
        await uow.customers.erase("acme", customer_id, START)
    async with world.store.writing() as uow:
        known = await uow.accounts.health("acme", ACME.id)
        page = [post("p-secret-1", "zanzibar is broken", author=QUOKKA), post("p-2", "another", author=QUOKKA)]
        taken = await take_in(uow, [Arrival(ACME, known, each) for each in page], origin=Origin.POLL, now=START)
    assert [each.result for each in taken] == [Result.DUPLICATE, Result.CREATED]
    assert await cells_with(world, ("zanzibar", "p-secret-1")) == [], "what they say anew is a new beginning"


async def test_a_reply_that_may_be_out_keeps_what_its_fate_is_learned_by_and_is_told(world: World) -> None:
    customer_id, _ = await tell_all(world)
    async with world.store.writing() as uow:
        reply = await uow.replies.get("acme", "rpl_2")
        assert reply is not None
        queued = await uow.replies.move(reply, ReplyState.QUEUED, START, due=START)
        await uow.replies.move(queued, ReplyState.SENDING, START)
    async with world.store.writing() as uow:
        assert (await uow.customers.erase("acme", customer_id, START)).left == 1
        open_reply = await uow.replies.get("acme", "rpl_2")
        assert open_reply is not None
        await uow.replies.move(open_reply, ReplyState.UNKNOWN, START)
        settled = await uow.replies.get("acme", "rpl_2")
        assert settled is not None
        await uow.replies.move(settled, ReplyState.NOT_SENT, START)
        assert (await uow.customers.erase("acme", customer_id, START)).left == 0
    assert await cells_with(world, SECRETS) == []


async def test_a_repeat_of_a_request_still_does_nothing_twice(world: World) -> None:
    customer_id, _ = await tell_all(world)
    async with world.store.writing() as uow:
        await uow.customers.erase("acme", customer_id, START)
    again = await StoredIdempotency(world.engine, SEALER).begin("tok_1", "key", "digest", START)
    assert (again.earlier, again.status, again.body) == ("stored", 200, b'{"redacted": true}')


async def test_whoever_was_joined_is_one_person_until_they_are_separated(world: World) -> None:
    customer_id, mention = await tell_all(world)
    async with world.store.writing() as uow:
        known = await uow.accounts.health("acme", ACME.id)
        other = post("p-9", "me again", author=Author("u-9", "quokka_handle", "Quokka Name"))
        (taken,) = await take_in(uow, [Arrival(ACME, known, other)], origin=Origin.POLL, now=START)
        recycled = await uow.mentions.get("acme", str(taken.mention_id))
        assert recycled is not None
        await uow.customers.ensure(recycled, START)
        assert list(await uow.authors.same_person("acme", recycled.author_id)) == [recycled.author_id]
    source = await customer_of(world, recycled)
    assert source != customer_id, "a handle used by another inherits nothing"
    join = Join("acme", "joi_1", source, customer_id, "Kim", "told us by telephone", START, (recycled.author_id,))
    async with world.store.writing() as uow:
        await uow.customers.join(join)
        same = await uow.authors.same_person("acme", mention.author_id)
        assert sorted(same) == sorted([mention.author_id, recycled.author_id])
        assert await uow.customers.latest_join("acme", source) == join
        await uow.customers.separate(join, "Kim", START)
        assert list(await uow.authors.same_person("acme", mention.author_id)) == [mention.author_id]
        assert await uow.customers.latest_join("acme", customer_id) is None


async def test_words_of_closed_stories_and_old_payloads_go_by_age(world: World) -> None:
    _, mention = await tell_all(world)
    later = START + timedelta(days=40)
    async with world.store.writing() as uow:
        assert await uow.customers.purge_words("acme", later, 10) == [], "its story is open"
        assert await uow.customers.purge_payloads("acme", later, 10) == 1
        assert await uow.customers.purge_payloads("acme", later, 10) == 0
        await uow.connection.execute(sa.update(t.tickets).values(state="closed"))  # type: ignore[attr-defined]
        await uow.connection.execute(sa.update(t.mentions).values(due=None))  # type: ignore[attr-defined]
        assert [each.id for each in await uow.customers.purge_words("acme", later, 10)] == [mention.id]
        assert await uow.customers.purge_words("acme", later, 10) == []
        purged = await uow.mentions.get("acme", mention.id)
    assert purged is not None
    assert (purged.text, purged.redacted, purged.external_id) == ("", True, "p-secret-1")


@pytest.mark.parametrize("table", t.metadata.sorted_tables, ids=lambda table: str(table.name))
def test_every_column_is_told(table: sa.Table) -> None:
    held = {column.name for column in table.c if isinstance(column.type, HOLDS_WORDS) or column.type is t.NetworkId}
    erased, wordless = set(ERASED.get(table.name, ())), set(WORDLESS.get(table.name, ()))
    assert not erased & wordless, "a column stands in both lists"
    assert held <= erased | wordless, (
        f"say in store/words.py whether these hold a person's words: {held - erased - wordless}"
    )
