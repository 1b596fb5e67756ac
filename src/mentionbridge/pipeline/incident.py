"""Incident: a person says what is wrong, and everybody who complained of it is told so once, and every update once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from mentionbridge.domain.account import Brand, Mode
from mentionbridge.domain.errors import NotAllowed, WrongValue
from mentionbridge.domain.events import EventType
from mentionbridge.domain.incident import Incident, IncidentState
from mentionbridge.domain.mention import Mention, Surface
from mentionbridge.domain.reply import Purpose, Reply, ReplyState
from mentionbridge.domain.ticket import Ticket
from mentionbridge.domain.wording import Kind
from mentionbridge.pipeline.bridge import Bridge, Connected
from mentionbridge.pipeline.draft import draft
from mentionbridge.pipeline.ledger import drop, tell
from mentionbridge.pipeline.timeline import write
from mentionbridge.pipeline.wording import word
from mentionbridge.ports.incidents import Untold
from mentionbridge.ports.store import UnitOfWork
from mentionbridge.rules.incidents import may_hear_more, news_for
from mentionbridge.rules.linting import LONGEST_NEWS, unspeakable
from mentionbridge.rules.restraint import PLANNED, stays_unanswered
from mentionbridge.rules.wording import Told, phrasings_of
from mentionbridge.text.language import primary
from mentionbridge.text.pii import find

AT_ONCE = 50
BY = "the bridge"


@dataclass(frozen=True, slots=True)
class Declared:
    """What a person says is wrong: its news by language, and the topics and places it is about (one list may be empty).

    Without a `lang`, who speaks none of its languages is told in the brand's own. Unfinished tickets told since `since`
    are taken in, and whatever is told until `until`.
    """

    title: str
    news: Mapping[str, str]
    lang: str | None
    topics: Sequence[str]
    places: Sequence[str]
    since: datetime
    until: datetime | None


async def declare(bridge: Bridge, brand_id: str, declared: Declared, actor: str) -> Incident:
    """Open an incident; raises WrongValue when it covers nothing that can be told apart, or cannot be said."""
    now = bridge.clock.now()
    lang = declared.lang or primary(bridge.brand(brand_id).lang) or "en"
    _check(bridge, brand_id, declared.topics, declared.places, declared.news, lang)
    if declared.until is not None and declared.until <= now:
        raise WrongValue("`until` has passed already; name a time that is still to come, or none.")
    incident = Incident(
        brand_id=brand_id,
        id=bridge.ids.new("inc"),
        title=declared.title,
        news=dict(declared.news),
        lang=lang,
        topics=tuple(declared.topics),
        places=tuple(declared.places),
        since=declared.since,
        until=declared.until,
        state=IncidentState.OPEN,
        number=1,
        telling=True,
        actor=actor,
        declared_at=now,
        updated_at=now,
    )
    async with bridge.store.writing() as uow:
        await _only_one(uow, incident)
        await uow.incidents.add(incident)
        members = await uow.incidents.take_in(incident)
        await _tell(uow, EventType.INCIDENT_OPENED, incident, now, actor=actor, members=members)
    bridge.observer.saw("incident.opened", id=incident.id, members=members, actor=actor)
    return incident


async def change(bridge: Bridge, brand_id: str, incident_id: str, facts: Mapping[str, Any], actor: str) -> Incident:
    """Change an open incident's title, topics, places or end, or close it without another word."""
    async with bridge.store.writing() as uow:
        now, incident = bridge.clock.now(), await _open(uow, brand_id, incident_id)
        changed = replace(incident, **facts, updated_at=now)
        if changed.state is IncidentState.CLOSED:
            changed = replace(changed, closed_at=now)
        _check(bridge, brand_id, changed.topics, changed.places, {}, changed.lang)
        if changed.state is IncidentState.OPEN and await uow.incidents.take_in(changed):
            changed = replace(changed, telling=True)
        await uow.incidents.keep(changed)
        type_ = EventType.INCIDENT_CLOSED if changed.state is IncidentState.CLOSED else EventType.INCIDENT_UPDATED
        await _tell(uow, type_, changed, now, actor=actor)
    return changed


async def broadcast(
    bridge: Bridge, brand_id: str, incident_id: str, news: Mapping[str, str], actor: str, *, fixed: bool
) -> Incident:
    """Tell everybody who was told of an incident the newest news; the last ones when it is `fixed`."""
    async with bridge.store.writing() as uow:
        now, incident = bridge.clock.now(), await _open(uow, brand_id, incident_id)
        _check(bridge, brand_id, incident.topics, incident.places, news, incident.lang)
        told = replace(incident, news=dict(news), number=incident.number + 1, telling=True, actor=actor, updated_at=now)
        if fixed:
            told = replace(told, state=IncidentState.CLOSED, closed_at=now)
        await uow.incidents.keep(told)
        type_ = EventType.INCIDENT_CLOSED if fixed else EventType.INCIDENT_UPDATED
        await _tell(uow, type_, told, now, actor=actor)
    bridge.observer.saw("incident.broadcast", id=told.id, number=told.number, actor=actor)
    return told


async def _only_one(uow: UnitOfWork, incident: Incident) -> None:
    """Raise NotAllowed when an open incident is about the very same: its news would never be said."""
    about = _about(incident)
    for each in await uow.incidents.open_ones(incident.brand_id):
        if _about(each) == about:
            raise NotAllowed("incident_open", f"The same is open as {each.id}; broadcast the news there.")


def _about(incident: Incident) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(incident.topics), frozenset(incident.places)


async def _open(uow: UnitOfWork, brand_id: str, incident_id: str) -> Incident:
    incident = await uow.incidents.hold(brand_id, incident_id)
    if incident.state is not IncidentState.OPEN:
        raise NotAllowed("incident_closed", "This incident is closed; declare another.")
    return incident


async def incident_of(uow: UnitOfWork, ticket: Ticket) -> Incident | None:
    """Return the open incident a ticket is part of."""
    if ticket.incident_id is None:
        return None
    incident = await uow.incidents.get(ticket.brand_id, ticket.incident_id)
    return incident if incident is not None and incident.state is IncidentState.OPEN else None


async def end_overdue(bridge: Bridge) -> int:
    """Close the incidents whose time is over; returns how many there were."""
    now = bridge.clock.now()
    async with bridge.store.writing() as uow:
        over = await uow.incidents.overdue(now)
        for each in over:
            closed = replace(each, state=IncidentState.CLOSED, closed_at=now, updated_at=now)
            await uow.incidents.keep(closed)
            await _tell(uow, EventType.INCIDENT_CLOSED, closed, now, actor=BY)
    return len(over)


async def tell_members(bridge: Bridge) -> int:
    """Write the newest news to some of those who have not heard them; returns for how many that is settled now."""
    async with bridge.store.reading() as uow:
        telling = await uow.incidents.telling(1)
    return await _tell_some(bridge, telling[0]) if telling else 0


async def _tell_some(bridge: Bridge, telling: Incident) -> int:
    async with bridge.store.writing() as uow:
        incident = await uow.incidents.hold(telling.brand_id, telling.id)
        untold = await uow.incidents.untold(incident, AT_ONCE)
        settled = sum([await _tell_one(bridge, uow, incident, member) for member in untold])
        if not settled:
            await uow.incidents.keep(replace(incident, telling=False))
    return settled


async def _tell_one(bridge: Bridge, uow: UnitOfWork, incident: Incident, member: Untold) -> bool:
    """Tell one member, or leave them out with the reason; False when somebody has done either already."""
    now = bridge.clock.now()
    ticket = await uow.tickets.hold(incident.brand_id, member.ticket_id)
    person = (await uow.authors.hold(incident.brand_id, member.author_id)).authors
    earlier = [
        reply
        for reply_id in await uow.incidents.told_in(incident, person)
        if (reply := await uow.replies.get(incident.brand_id, reply_id)) is not None
    ]
    mention = await uow.mentions.newest_of(ticket.brand_id, ticket.id, Surface.PUBLIC)
    connected = bridge.find(mention.brand_id, mention.account_id) if mention is not None else None
    why = await _why_not(uow, connected, mention, earlier)
    reply = None
    if why is None and mention is not None and connected is not None:
        try:
            reply = await _worded(bridge, uow, connected, incident, ticket, mention, now)
        except NotAllowed as error:
            why = str(error)
    if reply is None:
        if not await uow.incidents.note_told(incident, member.author_id, person, None):
            return False
        await write(uow, bridge.ids, ticket, "held", BY, now, reason=f"not told of the incident: {why}")
        return True
    if not await uow.incidents.note_told(incident, member.author_id, person, reply.id):
        return False
    for old in await _acknowledgements(uow, ticket, person, earlier):
        if old.state in PLANNED and not old.may_be_out:
            await drop(uow, old, "the news of the incident are said instead", now)
    for old in earlier:
        if old.state in PLANNED and not old.may_be_out:
            await drop(uow, old, "there are newer news", now)
    if await uow.replies.add(reply, f"i{incident.number}:{incident.id}"):
        await tell(uow, EventType.REPLY_DRAFTED, reply, now, state=reply.state, actor=incident.actor)
    return True


async def _acknowledgements(
    uow: UnitOfWork, ticket: Ticket, person: Sequence[str], besides: Sequence[Reply]
) -> Sequence[Reply]:
    """Return what acknowledges this person in the story, but for earlier news and a warning of personal data."""
    news = {reply.id for reply in besides}
    of_story = await uow.replies.of_ticket(ticket.brand_id, ticket.id)
    theirs = [each for each in of_story if each.purpose is Purpose.ACKNOWLEDGE and each.author_id in person]
    return [each for each in theirs if each.id not in news and each.kind is not Kind.PERSONAL_DATA]


async def _why_not(
    uow: UnitOfWork, connected: Connected | None, mention: Mention | None, earlier: Sequence[Reply]
) -> str | None:
    """Say why this person is left out, or None."""
    if mention is None or connected is None:
        return "nothing they said in public is left to answer"
    if connected.account.mode_for(Kind.INCIDENT) is Mode.OFF:
        return "answers on such an occasion are switched off for this account"
    if stays_unanswered(mention, connected.platform.capabilities):
        return "what they said is not answered in public"
    if await uow.authors.stopped(mention.brand_id, mention.author_id):
        return "they asked us to stop"
    if not may_hear_more(earlier):
        return "they were told nothing of it yet"
    return None


async def _worded(
    bridge: Bridge,
    uow: UnitOfWork,
    connected: Connected,
    incident: Incident,
    ticket: Ticket,
    mention: Mention,
    now: datetime,
) -> Reply:
    news, lang = news_for(incident, mention.lang)
    drafted, _ = await draft(
        bridge,
        uow,
        connected,
        ticket,
        mention,
        Kind.INCIDENT,
        Purpose.BROADCAST,
        heard=lang,
        reason="",
        now=now,
        turn=(incident.id, incident.number),
        news=news,
    )
    # Whoever declared it has read the news, and decided that all of them hear them.
    return replace(drafted, state=ReplyState.QUEUED, approved_by=incident.actor, due=now, reason=None)


def _check(
    bridge: Bridge,
    brand_id: str,
    topics: Sequence[str],
    places: Sequence[str],
    news: Mapping[str, str],
    lang: str,
) -> None:
    brand = bridge.brand(brand_id)
    _check_names("topics", topics, [topic.key for topic in brand.topics])
    _check_names("places", places, [place.key for place in brand.places])
    if not topics and not places:
        raise WrongValue("`topics` and `places` are both empty; name at least one, or it would be about everything.")
    if news and lang not in news:
        raise WrongValue(f"`news` lacks the language `{lang}`, in which everybody else is told.")
    for text in news.values():
        _check_words(text)
    for spoken, text in news.items():
        _check_fits(bridge, brand, spoken, text)


def _check_names(what: str, keys: Sequence[str], known: Sequence[str]) -> None:
    if unknown := sorted(set(keys) - set(known)):
        raise WrongValue(f"`{what}` names {', '.join(unknown)}; the config has: {', '.join(sorted(known)) or 'none'}.")


def _check_words(text: str) -> None:
    if what := unspeakable(text, LONGEST_NEWS):
        raise WrongValue(f"The news hold {what}; say them in plain words.")
    if find(text):
        raise WrongValue("The news hold personal data; everybody would read them.")


def _check_fits(bridge: Bridge, brand: Brand, lang: str, news: str) -> None:
    for connected in bridge.connected.values():
        if connected.account.brand_id == brand.id:
            templates, spoken = phrasings_of(brand, Kind.INCIDENT, lang)
            for topic in (None, *(each.key for each in brand.topics)):
                word(templates, brand, Told(topic, news=news), connected.platform, spoken)


async def _tell(uow: UnitOfWork, type_: EventType, incident: Incident, now: datetime, **facts: Any) -> None:
    told = {"incident_id": incident.id, "number": incident.number, **facts}
    await uow.events.add(type_, incident.brand_id, now, **told)
