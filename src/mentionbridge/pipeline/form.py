"""The private form: what a browser is shown, and what it may write, before and after proof."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from mentionbridge.domain.call import Slot
from mentionbridge.domain.errors import NotAllowed, WrongValue
from mentionbridge.domain.events import EventType
from mentionbridge.domain.handoff import (
    LINES_AN_HOUR,
    MARKS,
    PICTURES_A_LINE,
    QUESTIONS,
    STORY_LINES_AN_HOUR,
    FormSession,
    HandoffState,
    Line,
    Needs,
    Proof,
)
from mentionbridge.domain.mention import Author, Surface
from mentionbridge.domain.ticket import Entry, Priority, Ticket, TicketState
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.call import book, offered
from mentionbridge.pipeline.hand_off import advance
from mentionbridge.pipeline.records import have_asked
from mentionbridge.pipeline.visit import OVER, Where, begin, proven_story, session_at, story_of
from mentionbridge.pipeline.watch import customer_waits
from mentionbridge.ports.media import MediaRefused, Picture
from mentionbridge.ports.store import UnitOfWork
from mentionbridge.rules.calls import by_the_wall
from mentionbridge.rules.teams import route
from mentionbridge.text.plain import clean

LONGEST_ANSWER = 200
LONGEST_MESSAGE = 4000
VISITOR = "form"
"""Stands where a network and an account stand, for a story that began in the form."""


@dataclass(frozen=True, slots=True)
class PublicPost:
    """The public post a form is about, as everybody can read it."""

    handle: str
    text: str
    permalink: str | None


@dataclass(frozen=True, slots=True)
class View:
    """What one browser may see: nothing of the story but its public post, before strong proof."""

    where: Where
    questions: Sequence[str]
    post: PublicPost | None = None
    over: bool = False
    asks: bool = False
    lines: Sequence[Line] = ()
    proof: Proof = Proof.NONE
    code_until: datetime | None = None
    code_turn: int = 0
    second_until: datetime | None = None
    may_prove: bool = False
    may_second: bool = False
    earlier: Sequence[Line] = ()
    slots: Sequence[Slot] = ()
    call: Slot | None = None
    call_needs_proof: bool = False
    may_send_photos: bool = True
    outcome_counts: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """What a browser sends: answers by question, a message, files as they came, and when it wants to be called."""

    answers: Mapping[str, str]
    message: str
    files: Sequence[bytes] = ()
    call_at: datetime | None = None


async def opened(bridge: Bridge, where: Where) -> None:
    """Somebody looks at the form of an invitation."""
    if where.handoff is None or where.handoff.state not in (HandoffState.OFFERED, HandoffState.DEAD_END):
        return
    async with bridge.store.writing() as uow:
        handoff = await uow.handoffs.get(where.brand.id, where.handoff.id)
        if handoff is not None:
            await advance(uow, handoff, HandoffState.OPENED, bridge.clock.now())


async def look(bridge: Bridge, where: Where, secret: str) -> View:
    """Return what this browser may see."""
    now = bridge.clock.now()
    async with bridge.store.reading() as uow:
        session = await session_at(uow, where, secret, now) if secret else None
        ticket = await story_of(uow, where, session)
        view = View(
            where,
            where.terms.asks(ticket.topic if ticket else None),
            post=await _public_post(uow, ticket) if where.handoff else None,
            over=ticket is not None and ticket.state in OVER,
            asks=ticket is not None and is_asked(ticket),
            may_prove=where.handoff is not None,
            slots=await offered(bridge, uow, where.brand.id, where.terms, now),
        )
        if session is None:
            return _within(where.terms.needs, view)
        calls = await uow.calls.open_ones(session.brand_id, session_id=session.id)
        proof = session.proves(now)
        seen = replace(
            view,
            lines=[replace(line, text=_without_names(line)) for line in await uow.forms.lines(session)],
            proof=proof,
            code_until=session.code_until if session.proof is Proof.NONE else None,
            code_turn=session.code_turn,
            second_until=session.second_until,
            may_prove=where.handoff is not None or session.ticket_id is not None,
            may_second=proof is Proof.WEAK and _can_message(bridge, await proven_story(uow, where, session)),
            earlier=await _earlier(uow, ticket) if _shows(where, proof) and ticket else (),
            call=by_the_wall(Slot(calls[0].starts_at, calls[0].ends_at), bridge.timing_of(where.brand.id).hours)
            if calls
            else None,
        )
        return _within(where.terms.needs, seen)


def _within(needs: Needs, view: View) -> View:
    """Offer only what the browser has proved enough for."""
    may_call = view.proof.reaches(needs.call)
    return replace(
        view,
        slots=view.slots if may_call else (),
        call_needs_proof=bool(view.slots) and not may_call,
        may_send_photos=view.proof.reaches(needs.photos),
        outcome_counts=view.proof.reaches(needs.outcome),
    )


def is_asked(ticket: Ticket) -> bool:
    """True while a story is solved and its customer has not said what they think of that."""
    return ticket.state is TicketState.SOLVED and ticket.outcome is None


def _without_names(line: Line) -> str:
    """Return the words of a line without the addresses of its pictures, which are the team's."""
    return "\n".join(line.text.split("\n")[: -line.pictures or None])


def _shows(where: Where, proof: Proof) -> bool:
    return proof is Proof.STRONG and where.terms.shows_story


def _can_message(bridge: Bridge, ticket: Ticket | None) -> bool:
    connected = bridge.find(ticket.brand_id, ticket.account_id) if ticket else None
    return connected is not None and connected.platform.capabilities.private_messages


async def _earlier(uow: UnitOfWork, ticket: Ticket) -> Sequence[Line]:
    said = await uow.tickets.private_words(ticket.brand_id, ticket.id, notes=False)
    return [Line(ticket.occurred_at, text) for text in said]


async def _public_post(uow: UnitOfWork, ticket: Ticket | None) -> PublicPost | None:
    mention = await uow.mentions.newest_of(ticket.brand_id, ticket.id, Surface.PUBLIC) if ticket else None
    if mention is None or mention.redacted:
        return None
    return PublicPost(mention.author.handle, mention.text, mention.permalink)


async def write(
    bridge: Bridge, redraw: Callable[[bytes], Picture], where: Where, secret: str, sent: Sent, lang: str | None = None
) -> None:
    """Keep what a browser wrote as a private line that is marked by what it proved; it moves nothing.

    Raises WrongValue for what cannot be kept, NotAllowed(solved | too_often | needs_proof).
    """
    text = _words(where, sent)
    pictures = await _pictures(redraw, sent.files)
    if not text and not pictures:
        raise WrongValue("empty")
    now = bridge.clock.now()
    async with bridge.store.writing() as uow:
        session = await begin(bridge, uow, where, secret)
        ticket = await story_of(uow, where, session)
        _refuse_over(ticket)
        _refuse_unproven(where.terms.needs, session.proves(now), sent)
        await _refuse_too_much(uow, session, ticket, now)
        if ticket is None:
            session, ticket = await _open(bridge, uow, where, session, text, lang, now)
        if sent.call_at is not None:
            phone = clean(sent.answers.get("phone", "")).strip()[:LONGEST_ANSWER]
            await book(bridge, uow, where.terms, session, ticket, phone, sent.call_at, now)
        await _write_down(bridge, uow, session, ticket, text, pictures, now)
        await have_asked(bridge, uow, where, session, ticket, _answers(sent, QUESTIONS), now)
        if where.handoff is not None:
            handoff = await uow.handoffs.get(where.brand.id, where.handoff.id) or where.handoff
            await advance(uow, handoff, HandoffState.DETAILS_RECEIVED, now)
    bridge.observer.saw("form.written", ticket=ticket.id, pictures=len(pictures), proof=session.proves(now))


def _words(where: Where, sent: Sent) -> str:
    answers = _answers(sent, (*QUESTIONS, "call_when"))
    told = [f"{name.replace('_', ' ')}: {answer}" for name, answer in answers.items()]
    message = clean(sent.message).strip()
    if len(message) > LONGEST_MESSAGE:
        raise WrongValue("too_long")
    return "\n".join([*told, *([message] if message else [])])


def _answers(sent: Sent, questions: Sequence[str]) -> dict[str, str]:
    """Return what was answered, each on one line."""
    told = {name: " ".join(clean(sent.answers.get(name, "")).strip()[:LONGEST_ANSWER].split()) for name in questions}
    return {name: answer for name, answer in told.items() if answer}


async def _pictures(redraw: Callable[[bytes], Picture], files: Sequence[bytes]) -> list[Picture]:
    if len(files) > PICTURES_A_LINE:
        raise WrongValue("too_many_pictures")
    try:
        return [await asyncio.to_thread(redraw, body) for body in files]
    except MediaRefused as error:
        raise WrongValue("bad_picture") from error


async def keep_line(
    bridge: Bridge, uow: UnitOfWork, session: FormSession, ticket: Ticket, text: str, now: datetime
) -> None:
    """Keep a line of our own words that a browser chose; raises NotAllowed(too_often)."""
    await _refuse_too_much(uow, session, ticket, now)
    await _write_down(bridge, uow, session, ticket, text, (), now)


def _refuse_over(ticket: Ticket | None) -> None:
    if ticket is not None and ticket.state in OVER:
        raise NotAllowed("solved", "This story is over; begin another.")


def _refuse_unproven(needs: Needs, proof: Proof, sent: Sent) -> None:
    if (sent.call_at is not None and not proof.reaches(needs.call)) or (sent.files and not proof.reaches(needs.photos)):
        raise NotAllowed("needs_proof", "Prove first that it is your post.")


async def _refuse_too_much(uow: UnitOfWork, session: FormSession, ticket: Ticket | None, now: datetime) -> None:
    since, brand_id = now - timedelta(hours=1), session.brand_id
    mine = await uow.forms.written(brand_id, since, session_id=session.id)
    all_of_it = await uow.forms.written(brand_id, since, ticket_id=ticket.id) if ticket else 0
    if mine >= LINES_AN_HOUR or all_of_it >= STORY_LINES_AN_HOUR:
        raise NotAllowed("too_often", "That is a lot for one hour; come back later.")


async def _write_down(
    bridge: Bridge,
    uow: UnitOfWork,
    session: FormSession,
    ticket: Ticket,
    text: str,
    pictures: Sequence[Picture],
    now: datetime,
) -> None:
    named = [(bridge.ids.new("upl"), picture) for picture in pictures]
    mark = MARKS[session.proves(now)]
    entry = Entry(
        brand_id=ticket.brand_id,
        id=bridge.ids.new("ent"),
        ticket_id=ticket.id,
        sequence=await uow.tickets.next_sequence(ticket.brand_id, ticket.id, now),
        kind="form",
        surface=Surface.PRIVATE,
        occurred_at=now,
        received_at=now,
        reason=mark,
        actor=f"somebody in the form ({mark})",
        text="\n".join([text, *(f"picture: /v1/media/{upload_id}" for upload_id, _ in named)]).strip(),
    )
    await uow.tickets.add_entry(entry)
    await uow.forms.wrote(session, ticket.id, entry.id, named, now)
    about: dict[str, Any] = {"ticket_id": ticket.id, "account_id": ticket.account_id}
    await uow.events.add(
        EventType.TICKET_UPDATED, ticket.brand_id, now, **about, changed=["form"], reason=f"a line of the form, {mark}"
    )


async def _open(
    bridge: Bridge,
    uow: UnitOfWork,
    where: Where,
    session: FormSession,
    text: str,
    lang: str | None,
    now: datetime,
) -> tuple[FormSession, Ticket]:
    """Open a private-only ticket of a visitor who is nobody yet."""
    brand = where.brand
    visitor = Author(session.id, "visitor", "")
    author_id = (await uow.authors.seen(brand.id, VISITOR, [visitor], now))[session.id]
    verdict = bridge.judge.judge(text, lang=lang, topics=brand.topics, has_media=False)
    topic = verdict.topics[0] if verdict.topics else None
    ticket = Ticket(
        brand_id=brand.id,
        id=bridge.ids.new("tkt"),
        account_id=VISITOR,
        platform=VISITOR,
        author_id=author_id,
        thread_id=session.id,
        state=TicketState.NEW,
        priority=Priority.NORMAL,
        topic=topic,
        team=route(topic, None, brand.teams).team,
        surface=Surface.PRIVATE,
        opened_because="written in the form",
        occurred_at=now,
        received_at=now,
        updated_at=now,
        sequence=0,
    )
    await uow.tickets.open(ticket)
    await uow.tickets.bind(ticket, session.id, ticket.opened_because)
    await uow.customers.add_author(brand.id, author_id, "visitor of the form", now)
    facts = {
        "reason": ticket.opened_because,
        "priority": ticket.priority,
        "topic": topic,
        "team": ticket.team,
    }
    told: dict[str, Any] = {name: value for name, value in facts.items() if value is not None}
    about: dict[str, Any] = {"ticket_id": ticket.id, "account_id": VISITOR}
    await uow.events.add(EventType.TICKET_OPENED, brand.id, now, **about, **told)
    await customer_waits(bridge, uow, ticket, now, first=True)
    return await uow.forms.change(session, ticket_id=ticket.id, author_id=author_id), ticket


async def handles_of(bridge: Bridge, where: Where) -> Sequence[tuple[str, str]]:
    """Return how we are called where a code may be posted, by network: where the story began, else wherever we are."""
    async with bridge.store.reading() as uow:
        ticket = await story_of(uow, where, None)
        theirs = (
            [(ticket.brand_id, ticket.account_id)]
            if ticket
            else [k for k in bridge.connected if k[0] == where.brand.id]
        )
        found = [bridge.connected[key].account for key in theirs if key in bridge.connected]
        known = [
            (account.platform, (await uow.accounts.health(account.brand_id, account.id)).handle) for account in found
        ]
    return [(platform, handle) for platform, handle in known if handle]
