"""What must hold of every story after every step, read off the tables alone."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from fakes.tale import Tale
from mentionbridge.store import tables as t

_CELLS = [table for table in t.metadata.sorted_tables if table.name != "idempotency"]


@dataclass(frozen=True, slots=True)
class Seen:
    """The tables of one moment, each a list of rows."""

    rows: Mapping[str, Sequence[Any]]

    def __getattr__(self, name: str) -> Sequence[Any]:
        return self.rows[name]

    def by_id(self, name: str) -> dict[str, Any]:
        return {row.id: row for row in self.rows[name]}


async def look(told: Tale) -> Seen:
    async with told.engine.reading() as connection:
        return Seen({table.name: (await connection.execute(sa.select(table))).all() for table in _CELLS})


def families(seen: Seen) -> dict[str, str]:
    """Name each ticket's family by one of its tickets: what acts not undone have joined or parted."""
    head = {ticket.id: ticket.id for ticket in seen.tickets}

    def root(ticket_id: str) -> str:
        while head[ticket_id] != ticket_id:
            ticket_id = head[ticket_id]
        return ticket_id

    for act in seen.story_acts:
        if act.undone_at is None:
            head[root(act.source_id)] = root(act.target_id)
    return {ticket_id: root(ticket_id) for ticket_id in head}


def every_post_is_one_mention(seen: Seen, delivered: int) -> None:
    assert len(seen.mentions) == delivered


def every_mention_has_one_place_and_a_reason(seen: Seen) -> None:
    lines: dict[str, list[Any]] = {}
    for line in seen.entries:
        if line.mention_id is not None:
            lines.setdefault(line.mention_id, []).append(line)
    decided = {verdict.mention_id: verdict.decided for verdict in seen.verdicts}
    for mention in seen.mentions:
        theirs = lines.get(mention.id, [])
        if mention.ticket_id is None:
            assert theirs == [], f"{mention.id} is in no ticket and has a line"
            assert mention.state == "received" or decided[mention.id], f"{mention.id} is nowhere, and nobody says why"
        else:
            (line,) = theirs
            assert (line.ticket_id, bool(line.reason)) == (mention.ticket_id, True), f"{mention.id} lies elsewhere"
            assert line.surface == ("public" if mention.visibility in ("public", "unlisted") else "private")


def a_merged_ticket_is_empty(seen: Seen) -> None:
    held = {mention.ticket_id for mention in seen.mentions} | {reply.ticket_id for reply in seen.replies}
    for ticket in seen.tickets:
        if ticket.merged_into is not None:
            assert ticket.state == "closed" and ticket.id not in held, ticket.id


def nobody_is_in_a_strangers_ticket(seen: Seen) -> None:
    """Unless a person brought two people's tickets together, and has not undone it."""
    whose, family = seen.by_id("tickets"), families(seen)
    owners: dict[str, set[str]] = {}
    for ticket in seen.tickets:
        owners.setdefault(family[ticket.id], set()).add(ticket.author_id)
    for mention in seen.mentions:
        if mention.ticket_id is not None:
            assert mention.author_id in owners[family[mention.ticket_id]], (mention.id, whose[mention.ticket_id].id)


def an_answer_lies_where_its_post_lies(seen: Seen) -> None:
    mentions, replies = seen.by_id("mentions"), seen.by_id("replies")
    for reply in seen.replies:
        mention = mentions[reply.mention_id]
        assert mention.ticket_id == reply.ticket_id, reply.id
        assert mention.author_id == reply.author_id, f"{reply.id} answers somebody else's post"
    for line in seen.entries:
        if line.reply_id is not None:
            assert line.ticket_id == replies[line.reply_id].ticket_id


def lines_are_numbered(seen: Seen) -> None:
    numbers = Counter((line.ticket_id, line.sequence) for line in seen.entries)
    assert max(numbers.values(), default=1) == 1
    last = {ticket.id: ticket.sequence for ticket in seen.tickets}
    assert all(0 < line.sequence <= last[line.ticket_id] for line in seen.entries)


def events_are_numbered(seen: Seen) -> None:
    numbers = Counter((event.ticket_id, event.sequence) for event in seen.events if event.ticket_id)
    assert max(numbers.values(), default=1) == 1


def a_customer_waits_once(seen: Seen) -> None:
    """Two stories that were merged may each have been waiting; one answer ends both."""
    waiting = Counter(wait.ticket_id for wait in seen.waits if wait.ended_at is None)
    met = {act.target_id for act in seen.story_acts} | {act.source_id for act in seen.story_acts}
    assert all(count == 1 for ticket_id, count in waiting.items() if ticket_id not in met)
    over = {ticket.id for ticket in seen.tickets if ticket.state in ("solved", "closed")}
    assert not over & set(waiting), "nobody waits for what is over"


_OUT = ("sending", "sent", "unknown", "retracted")


def nobody_is_told_twice(seen: Seen, before: Seen) -> None:
    """What has newly gone out in this step is its person's first acknowledgement in the story, and its post's."""
    was = {reply.id for reply in before.replies if reply.state in _OUT}
    family = families(seen)
    acks = [reply for reply in seen.replies if reply.purpose == "acknowledge" and reply.state in _OUT]
    for reply in acks:
        if reply.id in was:
            continue
        others = [other for other in acks if other.id != reply.id and other.author_id == reply.author_id]
        same = [other.id for other in others if family[other.ticket_id] == family[reply.ticket_id]]
        assert same == [], f"{reply.author_id} heard {reply.id} after {same}"
    below = Counter(reply.mention_id for reply in acks)
    assert max(below.values(), default=1) == 1


def nothing_private_is_public(told: Tale, secrets: Collection[str]) -> None:
    for intent in told.paper.printed.values():
        if intent.surface == "public":
            assert intent.target.visibility in ("public", "unlisted")
            assert not [secret for secret in secrets if secret in intent.text]


def the_erased_are_nowhere(seen: Seen, words: Collection[str]) -> None:
    if not words:
        return
    for table in _CELLS:
        for row in seen.rows[table.name]:
            told = str(tuple(row))
            left = [word for word in words if word in told]
            assert not left, f"{table.name} still holds {left}: {told[:300]}"


_ACTS = ("merged", "unmerged", "split", "unsplit")
_FACTS = ("state", "priority", "surface", "occurred_at", "merged_into", "closed_at", "solved_at", "last_said_at")


def places(seen: Seen, without: Collection[str] = ()) -> dict[str, Any]:
    """Return where everything lies and how every ticket stands, but for these tickets, for comparison."""
    waiting = [wait for wait in seen.waits if wait.ended_at is None]
    return {
        "mentions": {row.id: row.ticket_id for row in seen.mentions},
        "replies": {row.id: (row.ticket_id, row.state) for row in seen.replies},
        "lines": {row.id: row.ticket_id for row in seen.entries if row.kind not in _ACTS},
        "stories": {(row.author_id, row.thread_id): row.ticket_id for row in seen.stories},
        "waits": {row.id: (row.ticket_id, row.started_at) for row in waiting},
        "tickets": {
            row.id: [getattr(row, name) for name in (*_FACTS, "author_id", "priority_reasons")]
            for row in seen.tickets
            if row.id not in without
        },
    }
