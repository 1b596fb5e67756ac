"""Open a ticket: find the story a mention belongs to, or begin one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mentionbridge.classify import attempts, topics
from mentionbridge.classify.words import Words
from mentionbridge.domain.account import Brand
from mentionbridge.domain.events import EventType
from mentionbridge.domain.mention import Mention
from mentionbridge.domain.ticket import REOPEN_WINDOW, SAME_TOPIC_WINDOW, Entry, Hand, Outcome, Ticket, TicketState
from mentionbridge.domain.verdict import Severity, Verdict
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.resolve import hear_outcome, take_back_closing
from mentionbridge.pipeline.watch import priority_changed, state_changed
from mentionbridge.ports.store import Person, UnitOfWork
from mentionbridge.rules.incidents import newest_covering
from mentionbridge.rules.priority import Urgency, Weighed, raises, weigh
from mentionbridge.rules.stories import Known, Story, Telling, Way, in_same_words, place
from mentionbridge.rules.teams import route

_FIRST_LINE, _TOLD = 1, 2
"""What a new ticket's first two numbers are for: the line of its first mention, and the event that tells of it."""


@dataclass(frozen=True, slots=True)
class _Arrival:
    """One judged mention on its way to its story, with what is the same for every story it may join."""

    bridge: Bridge
    uow: UnitOfWork
    mention: Mention
    person: Person
    verdict: Verdict
    now: datetime
    maybe_wave: bool

    @property
    def topic(self) -> str | None:
        return self.verdict.topics[0] if self.verdict.topics else None

    @property
    def brand(self) -> Brand:
        return self.bridge.brand(self.mention.brand_id)

    @property
    def place(self) -> str | None:
        found = topics.find(Words(self.mention.text), self.brand.places)
        return found[0] if found else None


async def open_ticket(
    bridge: Bridge,
    uow: UnitOfWork,
    mention: Mention,
    person: Person,
    verdict: Verdict,
    *,
    wanted: bool,
    now: datetime,
    maybe_wave: bool = True,
) -> tuple[Ticket | None, Way]:
    """Join the mention to its story in the caller's transaction; returns the ticket and how they met.

    The person is held by the caller, so that two mentions judged at once cannot begin one story twice.
    """
    arrival = _Arrival(bridge, uow, mention, person, verdict, now, maybe_wave)
    if mention.ticket_id is not None:
        known = await uow.tickets.of_mention(mention.brand_id, mention.id)
        return await _hasten(arrival, known, again=False) if known else None, Way.JOIN
    telling = Telling(mention.surface, arrival.topic, mention.occurred_at, wanted, mention.is_repost)
    story = place(telling, await _known(arrival))
    if story.way is Way.NONE:
        return None, Way.NONE
    if story.way is Way.OPEN or story.ticket is None:
        return await _begin(arrival, story), Way.OPEN
    return await _meet(arrival, story, story.ticket)


async def _known(arrival: _Arrival) -> Known:
    mention, tickets, person = arrival.mention, arrival.uow.tickets, arrival.person.authors
    brand, platform = mention.brand_id, mention.platform
    stories = await tickets.stories_of(brand, person, mention.thread_id, mention.occurred_at - REOPEN_WINDOW)
    if stories.here is not None and stories.here.closed_at is None:
        # Nothing comes before the thread, so the rest need not be asked.
        return Known(stories.here)
    parent, quoted = mention.parent_id, mention.quoted_id
    # Words join no story that is over, so nobody need look for them where all are.
    said = await tickets.words_of(brand, person, mention.occurred_at - SAME_TOPIC_WINDOW) if stories.alive else ()
    return Known(
        in_thread=stories.here,
        answered=await tickets.around_post(brand, platform, person, parent) if parent else None,
        quoted=await tickets.around_post(brand, platform, person, quoted) if quoted else None,
        same_words=in_same_words(mention.text, said),
        told=stories.alive,
        # Whoever answers nobody began the thread; it is nobody else's.
        others_here=parent is not None and await tickets.of_others_in_thread(brand, person, mention.thread_id),
    )


async def _begin(arrival: _Arrival, story: Story) -> Ticket:
    mention, verdict, where = arrival.mention, arrival.verdict, arrival.place
    weighed = _weigh(arrival, times=1, again=story.ticket is not None)
    ticket = Ticket(
        brand_id=mention.brand_id,
        id=arrival.bridge.ids.new("tkt"),
        account_id=mention.account_id,
        platform=mention.platform,
        author_id=mention.author_id,
        thread_id=mention.thread_id,
        state=TicketState.NEW,
        priority=weighed.priority,
        priority_reasons=weighed.reasons,
        topic=arrival.topic,
        place=where,
        team=route(arrival.topic, where, arrival.brand.teams).team,
        surface=mention.surface,
        opened_because="; ".join(verdict.reasons) or story.reason,
        occurred_at=mention.occurred_at,
        received_at=mention.received_at,
        updated_at=arrival.now,
        sequence=_TOLD,
        permalink=mention.permalink,
        previous_id=story.ticket.id if story.ticket else None,
        incident_id=await _incident(arrival, where),
    )
    await arrival.uow.tickets.open(ticket)
    await _write_down(arrival, ticket, story.reason, _FIRST_LINE)
    told = ("priority", "topic", "place", "team", "incident_id")
    facts = {name: getattr(ticket, name) for name in told}
    await _tell(arrival, EventType.TICKET_OPENED, ticket, sequence=_TOLD, reason=story.reason, **facts)
    return ticket


async def _incident(arrival: _Arrival, where: str | None) -> str | None:
    if not arrival.maybe_wave or arrival.mention.silent:
        return None
    there = await arrival.uow.incidents.open_ones(arrival.mention.brand_id)
    incident = newest_covering(there, arrival.topic, where, arrival.now)
    return incident.id if incident is not None else None


async def _meet(arrival: _Arrival, story: Story, ticket: Ticket) -> tuple[Ticket, Way]:
    uow = arrival.uow
    number = await uow.tickets.next_sequence(ticket.brand_id, ticket.id, arrival.now)
    await uow.tickets.said(ticket.brand_id, ticket.id, arrival.mention.occurred_at)
    await _write_down(arrival, ticket, story.reason, number)
    before, outcome = await hear_outcome(
        arrival.bridge, uow, ticket, arrival.mention, arrival.person.authors, arrival.verdict, arrival.now
    )
    agreed = outcome is Outcome.CONFIRMED
    way = Way.JOIN if agreed else story.way
    ticket = before if agreed else await _hasten(arrival, await _wake(arrival, before), again=way is Way.REOPEN)
    ticket = await _route_again(arrival, ticket)
    type_ = EventType.TICKET_REOPENED if way is Way.REOPEN else EventType.TICKET_UPDATED
    changed = [
        name for name in ("state", "priority", "place", "team") if getattr(before, name) != getattr(ticket, name)
    ]
    await _tell(arrival, type_, ticket, reason=story.reason, changed=changed)
    return ticket, way


async def _wake(arrival: _Arrival, ticket: Ticket) -> Ticket:
    """What the customer says makes it our turn again."""
    if ticket.state in (TicketState.NEW, TicketState.OPEN):
        return ticket
    woken = await arrival.uow.tickets.set_state(ticket, TicketState.OPEN, arrival.now, Hand.CUSTOMER)
    await state_changed(arrival.bridge, arrival.uow, ticket, TicketState.OPEN, arrival.now)
    await take_back_closing(arrival.uow, ticket, "the customer has spoken again", arrival.now)
    return woken


async def _hasten(arrival: _Arrival, ticket: Ticket, *, again: bool) -> Ticket:
    times = await arrival.uow.tickets.times_said(ticket.brand_id, ticket.id)
    weighed = _weigh(arrival, times=times, again=again)
    if not raises(ticket, weighed):
        return ticket
    raised = await arrival.uow.tickets.raise_priority(ticket, weighed.priority, weighed.reasons, arrival.now)
    await priority_changed(arrival.bridge, arrival.uow, raised, arrival.now)
    return raised


def _weigh(arrival: _Arrival, *, times: int, again: bool) -> Weighed:
    mention, verdict = arrival.mention, arrival.verdict
    return weigh(
        Urgency(
            risky=verdict.risky,
            severe=verdict.severity is Severity.HIGH,
            followers=mention.author.followers,
            reposts=mention.metrics.get("reposts", 0),
            times=times,
            again=again,
            attempts=attempts.earlier(mention.text, mention.lang),
            vip=arrival.person.vip,
        )
    )


async def _route_again(arrival: _Arrival, ticket: Ticket) -> Ticket:
    """A place told later may find the team a first post without one did not."""
    if ticket.place is not None or (where := arrival.place) is None:
        return ticket
    team = ticket.team or route(ticket.topic, where, arrival.brand.teams).team
    return await arrival.uow.tickets.change(ticket, arrival.now, place=where, team=team)


async def _write_down(arrival: _Arrival, ticket: Ticket, reason: str, number: int) -> None:
    uow, mention = arrival.uow, arrival.mention
    await uow.tickets.bind(ticket, mention.thread_id, reason, mention.author_id)
    await uow.mentions.join(mention.brand_id, mention.id, ticket.id)
    entry = Entry(
        brand_id=mention.brand_id,
        id=arrival.bridge.ids.new("ent"),
        ticket_id=ticket.id,
        sequence=number,
        kind="mention",
        surface=mention.surface,
        occurred_at=mention.occurred_at,
        received_at=mention.received_at,
        mention_id=mention.id,
        reason=reason,
    )
    await uow.tickets.add_entry(entry)


async def _tell(arrival: _Arrival, type_: EventType, ticket: Ticket, **facts: Any) -> None:
    mention = arrival.mention
    await arrival.uow.events.add(
        type_,
        mention.brand_id,
        arrival.now,
        ticket_id=ticket.id,
        account_id=mention.account_id,
        mention_id=mention.id,
        **{name: value for name, value in facts.items() if value is not None},
    )
