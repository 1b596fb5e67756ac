"""Open a ticket: find the story a mention belongs to, or begin one."""

from datetime import datetime

from mentionbridge.domain.events import EventType
from mentionbridge.domain.mention import Mention
from mentionbridge.domain.ticket import Entry, Hand, Priority, Ticket, TicketState
from mentionbridge.domain.verdict import Severity, Verdict
from mentionbridge.kit.ids import Ids
from mentionbridge.ports.store import UnitOfWork
from mentionbridge.rules.stories import Story, Telling, Way, place


async def open_ticket(
    uow: UnitOfWork, ids: Ids, mention: Mention, verdict: Verdict, *, wanted: bool, now: datetime
) -> tuple[Ticket | None, Way]:
    """Join the mention to its story in the caller's transaction; returns the ticket and how they met.

    The person's row is held meanwhile, so that two mentions judged at once cannot begin one story twice.
    """
    await uow.authors.lock(mention.brand_id, mention.author_id)
    if mention.ticket_id is not None:
        return await uow.tickets.get(mention.brand_id, mention.ticket_id), Way.JOIN
    story = await _place(uow, mention, verdict, wanted, now)
    if story.way is Way.NONE:
        return None, Way.NONE
    ticket = await _meet(uow, ids, mention, verdict, story, now)
    await _write_down(uow, ids, mention, ticket, story, now)
    return ticket, story.way


async def _place(uow: UnitOfWork, mention: Mention, verdict: Verdict, wanted: bool, now: datetime) -> Story:
    telling = Telling(
        thread_id=mention.thread_id,
        surface=mention.surface,
        topic=_topic(verdict),
        occurred_at=mention.occurred_at,
        opens_ticket=wanted,
    )
    person = await uow.authors.same_person(mention.brand_id, mention.author_id)
    in_thread = await uow.tickets.open_ticket_for_thread(mention.brand_id, person, mention.thread_id)
    told = await uow.tickets.tickets_of(mention.brand_id, person, now)
    return place(telling, in_thread, [each for each in told if each[0].closed_at is None])


def _topic(verdict: Verdict) -> str | None:
    return verdict.topics[0] if verdict.topics else None


async def _meet(uow: UnitOfWork, ids: Ids, mention: Mention, verdict: Verdict, story: Story, now: datetime) -> Ticket:
    if story.way is Way.OPEN or story.ticket is None:
        return await _begin(uow, ids, mention, verdict, story, now)
    ticket = story.ticket
    if story.way is Way.REOPEN:
        await uow.tickets.set_state(ticket, TicketState.OPEN, now, Hand.CUSTOMER)
    if verdict.severity is Severity.HIGH and ticket.priority in (Priority.LOW, Priority.NORMAL):
        await uow.tickets.raise_priority(ticket, Priority.HIGH, ("the complaint is severe",), now)
    return ticket


async def _begin(uow: UnitOfWork, ids: Ids, mention: Mention, verdict: Verdict, story: Story, now: datetime) -> Ticket:
    ticket = Ticket(
        brand_id=mention.brand_id,
        id=ids.new("tkt"),
        account_id=mention.account_id,
        platform=mention.platform,
        author_id=mention.author_id,
        thread_id=mention.thread_id,
        state=TicketState.NEW,
        priority=_priority(verdict),
        topic=_topic(verdict),
        surface=mention.surface,
        opened_because="; ".join(verdict.reasons) or story.reason,
        occurred_at=mention.occurred_at,
        received_at=mention.received_at,
        updated_at=now,
        sequence=0,
        permalink=mention.permalink,
        previous_id=story.ticket.id if story.ticket else None,
    )
    await uow.tickets.open(ticket)
    return ticket


def _priority(verdict: Verdict) -> Priority:
    if verdict.risky:
        return Priority.URGENT
    return Priority.HIGH if verdict.severity is Severity.HIGH else Priority.NORMAL


_TOLD = {
    Way.OPEN: EventType.TICKET_OPENED,
    Way.JOIN: EventType.TICKET_UPDATED,
    Way.REOPEN: EventType.TICKET_REOPENED,
}


async def _write_down(uow: UnitOfWork, ids: Ids, mention: Mention, ticket: Ticket, story: Story, now: datetime) -> None:
    await uow.tickets.bind(ticket, mention.thread_id, story.reason)
    await uow.mentions.join(mention.brand_id, mention.id, ticket.id)
    await uow.tickets.said(mention.brand_id, ticket.id, mention.occurred_at)
    entry = Entry(
        brand_id=mention.brand_id,
        id=ids.new("ent"),
        ticket_id=ticket.id,
        sequence=await uow.tickets.next_sequence(mention.brand_id, ticket.id),
        kind="mention",
        surface=mention.surface,
        occurred_at=mention.occurred_at,
        received_at=mention.received_at,
        mention_id=mention.id,
        reason=story.reason,
    )
    await uow.tickets.add_entry(entry)
    await uow.events.add(
        _TOLD[story.way],
        mention.brand_id,
        now,
        ticket_id=ticket.id,
        account_id=mention.account_id,
        mention_id=mention.id,
        reason=story.reason,
    )
