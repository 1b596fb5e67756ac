"""Mirror: make a desk's ticket say what our timeline says, and take in what is said there; one ticket at a time.

One row stands for one ticket at one desk, so a ticket's lines go in order while tickets go side by side. Each line is
written down before it leaves. Where it stays open whether one arrived, the desk is asked for it by its marker, and it
is repeated only when a second, later look does not find it either.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from mentionbridge.domain.errors import (
    DeskRefused,
    LeaseLost,
    MentionbridgeError,
    NoAnswer,
    OddAnswer,
    PlatformError,
    StoreDown,
)
from mentionbridge.domain.helpdesk import (
    Carried,
    LineState,
    Mirror,
    MirrorState,
    Story,
    TheirTicket,
    TicketGone,
    Way,
)
from mentionbridge.domain.ticket import TicketState
from mentionbridge.pipeline.bridge import Bridge, LinkedDesk
from mentionbridge.pipeline.hear_desk import follow_state, take_lines
from mentionbridge.pipeline.post import Gate
from mentionbridge.pipeline.trouble_at_desk import GONE, failed
from mentionbridge.ports.mirrors import External
from mentionbridge.ports.store import Lease
from mentionbridge.rules.mirroring import Append, Replace, Step, agree, new_ticket, plan

T = TypeVar("T")

SETTLES_IN = timedelta(seconds=30)
"""So long a request whose answer was lost may still be at work at the desk; before that nothing is repeated."""

BEGINS_WITHIN = 5.0
"""Seconds between renewing the lease and the first byte; a process that was stopped in between stays silent."""

US = "mentionbridge"
CREATE = "create"


class StillOpen(Exception):
    """Whether a line arrived cannot be told yet; look again at `due`."""

    def __init__(self, due: datetime) -> None:
        super().__init__("whether it arrived is still open")
        self.due = due


@dataclass(slots=True)
class Round:
    """One turn at one mirror: what is known of both sides, refreshed as they change."""

    bridge: Bridge
    desk: LinkedDesk
    lease: Lease
    mirror: Mirror
    story: Story
    carried: Sequence[Carried]
    external: External | None
    theirs: TheirTicket | None = None

    @property
    def there(self) -> str:
        """Their ticket's id."""
        assert self.external is not None
        return self.external.external_id

    @property
    def open_lines(self) -> list[Carried]:
        """Lines of which it is open whether they arrived."""
        return [each for each in self.carried if each.way is Way.OUT and each.state is LineState.SENDING]

    @property
    def must_look(self) -> bool:
        """True when the desk's side has to be read before anything is said."""
        mirror, moved = self.mirror, self.mirror.known.get("state") != self.story.ticket.state
        again = self.lease.attempts > 1 or mirror.wanted <= mirror.reached
        return mirror.look or again or moved or any(line.key != CREATE for line in self.open_lines)

    def gate(self) -> Gate:
        """The last look at the clock before bytes leave."""
        clock = self.bridge.clock
        return Gate(clock, clock.monotonic() + BEGINS_WITHIN)

    async def reload(self) -> None:
        """Read our side again."""
        async with self.bridge.store.reading() as uow:
            self.story = await uow.mirrors.story(self.mirror.brand_id, self.mirror.ticket_id) or self.story
            self.carried = await uow.mirrors.carried(self.mirror)


async def mirror(bridge: Bridge, lease: Lease) -> None:
    """Bring the mirror this lease is for up to date."""
    turn = await _begin(bridge, lease)
    if turn is None:
        async with bridge.store.writing() as uow:
            await uow.claims.done(lease)
        return
    try:
        await _carry(turn)
    except (LeaseLost, StoreDown):
        raise
    except StillOpen as waiting:
        async with bridge.store.writing() as uow:
            await uow.claims.done(lease, waiting.due)
    except DeskRefused as error:
        await failed(bridge, turn.desk, lease, turn.mirror, await _why_refused(turn, error))
    except (PlatformError, NoAnswer) as error:
        await failed(bridge, turn.desk, lease, turn.mirror, error)
    except Exception as error:
        # A folder that stumbles over what a desk sent must be seen like a desk that is down.
        odd = OddAnswer("stumbled", f"{type(error).__name__}: {error}")
        await failed(bridge, turn.desk, lease, turn.mirror, odd)


async def _why_refused(turn: Round, refused: DeskRefused) -> DeskRefused:
    """Tell a ticket that was deleted after our look from a desk that minds our words: both are refused alike."""
    if turn.external is None or refused.code == GONE:
        return refused
    try:
        found = await turn.desk.helpdesk.read(turn.there)
    except MentionbridgeError:
        return refused
    return _gone(turn, found) if isinstance(found, TicketGone) else refused


def _gone(turn: Round, found: TicketGone) -> DeskRefused:
    return DeskRefused(GONE, f"Their ticket {turn.there} is gone: {found.reason}.")


async def _begin(bridge: Bridge, lease: Lease) -> Round | None:
    async with bridge.store.writing() as uow:
        await uow.claims.check(lease)
        row = await uow.mirrors.get(lease.brand_id, lease.id)
        desk = bridge.desks.get((row.brand_id, row.desk)) if row is not None else None
        story = await uow.mirrors.story(row.brand_id, row.ticket_id) if row is not None else None
        if row is None or desk is None or story is None or row.state is MirrorState.GONE:
            return None
        await uow.mirrors.looking(row)
        external = await uow.mirrors.external(row.brand_id, row.ticket_id, row.desk)
        return Round(bridge, desk, lease, row, story, await uow.mirrors.carried(row), external)


async def _carry(turn: Round) -> None:
    until = turn.story.ticket.sequence
    if turn.external is None:
        await _make(turn)
    if turn.must_look:
        await _look(turn)
    for step in plan(turn.story, turn.carried, edits=turn.desk.helpdesk.capabilities.edits):
        await _tell(turn, step)
    known = await _agree(turn)
    await _settle(turn, until, known)


async def _make(turn: Round) -> None:
    """Make their ticket, once: it is looked for by its key before, and again after an answer was lost."""
    bridge, desk, now = turn.bridge, turn.desk.helpdesk, turn.bridge.clock.now()
    brand = bridge.brand(turn.mirror.brand_id)
    ticket = new_ticket(turn.story, brand, desk.capabilities.longest_title)
    earlier = next((line for line in turn.open_lines if line.key == CREATE), None)
    made = await desk.find(ticket)
    adopted = made is not None
    if made is None:
        if earlier is not None and now < earlier.at + SETTLES_IN:
            raise StillOpen(earlier.at + SETTLES_IN)
        made = await _sending(turn, CREATE, lambda: desk.create(ticket, turn.gate()))
    external = External(
        turn.mirror.brand_id, turn.mirror.ticket_id, turn.desk.name, made.id, made.url, US, bridge.clock.now()
    )
    known: dict[str, str | None] = {"state": TicketState.NEW, "status": desk.words.theirs.get(TicketState.NEW)}
    async with bridge.store.writing() as uow:
        turn.external = await uow.mirrors.claim(external)
        await uow.mirrors.arrived(turn.mirror, CREATE, LineState.DONE, made.id, now)
        turn.mirror = replace(await uow.mirrors.settle(turn.mirror, turn.mirror.reached, known), look=adopted)
    bridge.observer.saw("helpdesk.ticket", desk=turn.desk.name, ticket=turn.mirror.ticket_id, external=made.id)


async def _sending(turn: Round, marker: str, send: Callable[[], Awaitable[T]]) -> T:
    """Write down that a line leaves, let it leave, and take the note back when it surely did not."""
    async with turn.bridge.store.writing() as uow:
        await uow.claims.check(turn.lease, extend=turn.lease.seconds)
        await uow.mirrors.begin(turn.mirror, marker, turn.bridge.clock.now())
    try:
        return await send()
    except (PlatformError, DeskRefused):
        async with turn.bridge.store.writing() as uow:
            await uow.mirrors.not_left(turn.mirror, marker)
        raise


async def _look(turn: Round) -> None:
    """Read their side: what arrived of ours, what they said, and whether their ticket is still this one."""
    known = [line.key for line in turn.carried if line.way is Way.IN]
    found = await turn.desk.helpdesk.read(turn.there, known=known)
    if isinstance(found, TicketGone):
        raise _gone(turn, found)
    if found.id != turn.there:
        await _follow_merge(turn, found)
    turn.theirs = found
    await _find_open_lines(turn, found)
    await take_lines(
        turn.bridge, turn.desk, turn.lease, turn.mirror, turn.story, found, turn.carried, ours=_made_by_us(turn)
    )
    await turn.reload()


def _made_by_us(turn: Round) -> bool:
    return turn.external is not None and turn.external.actor == US


async def _follow_merge(turn: Round, found: TheirTicket) -> None:
    assert turn.external is not None
    async with turn.bridge.store.writing() as uow:
        await uow.claims.check(turn.lease)
        ours = await uow.mirrors.mirrored_by(turn.mirror.brand_id, turn.desk.name, found.id)
        if not await uow.mirrors.rebind(turn.external, found.id, found.url):
            raise DeskRefused(
                "merged_away",
                f"Their ticket {turn.there} was merged into {found.id}, which mirrors our {ours}; "
                "merge the tickets here too, or take them apart there.",
            )
    turn.bridge.observer.saw("helpdesk.merged", desk=turn.desk.name, ticket=turn.mirror.ticket_id, into=found.id)
    turn.external = replace(turn.external, external_id=found.id, url=found.url)


async def _find_open_lines(turn: Round, found: TheirTicket) -> None:
    """Match what stands there with what we remember; after a restore the desk may remember more than we do."""
    there = {line.marker: line.id for line in found.lines if line.ours and line.marker}
    now = turn.bridge.clock.now()
    remembered = {line.key for line in turn.carried if line.way is Way.OUT}
    for marker in there.keys() - remembered:
        async with turn.bridge.store.writing() as uow:
            await uow.mirrors.arrived(turn.mirror, marker, LineState.DONE, there[marker], now)
    for line in turn.open_lines:
        if line.key in there:
            async with turn.bridge.store.writing() as uow:
                await uow.mirrors.arrived(turn.mirror, line.key, LineState.DONE, there[line.key], now, line.reason)
        elif now < line.at + SETTLES_IN:
            raise StillOpen(line.at + SETTLES_IN)
        else:
            async with turn.bridge.store.writing() as uow:
                await uow.mirrors.not_left(turn.mirror, line.key)


async def _tell(turn: Round, step: Step) -> None:
    desk = turn.desk.helpdesk
    match step:
        case Append(line, version):
            theirs = await _sending(turn, line.marker, lambda: desk.append(turn.there, line, turn.gate()))
            key = line.marker
        case Replace(theirs, line, version):
            # The same words again change nothing, so a repeat needs no look.
            await desk.replace(turn.there, theirs, line, turn.gate())
            key = f"{line.marker}~{version}"
    async with turn.bridge.store.writing() as uow:
        now = turn.bridge.clock.now()
        await uow.mirrors.arrived(turn.mirror, key, LineState.DONE, theirs, now, version)
    turn.bridge.observer.saw("helpdesk.line", desk=turn.desk.name, ticket=turn.mirror.ticket_id, line=key)


async def _agree(turn: Round) -> dict[str, str | None]:
    """Follow whoever moved; returns what both sides agree on now."""
    known = dict(turn.mirror.known)
    if turn.theirs is None:
        return known
    desk, theirs = turn.desk.helpdesk, turn.theirs
    verdict = agree(desk.words, known, theirs.status, turn.story.ticket.state)
    status, state = theirs.status, turn.story.ticket.state
    if verdict.give is not None and verdict.give != theirs.status:
        await desk.set_status(turn.there, verdict.give, turn.gate())
        status = verdict.give
    if verdict.take is not None:
        state = await follow_state(turn.bridge, turn.desk, turn.lease, turn.mirror, verdict.take)
    return known | {"status": status, "state": state}


async def _settle(turn: Round, until: int, known: dict[str, str | None]) -> None:
    bridge, now = turn.bridge, turn.bridge.clock.now()
    async with bridge.store.writing() as uow:
        await uow.claims.check(turn.lease)
        row = await uow.mirrors.settle(turn.mirror, until, known)
        await uow.helpdesks.well(turn.mirror.brand_id, turn.desk.name)
        over = turn.story.ticket.state is TicketState.CLOSED
        later = None if over else now + timedelta(seconds=turn.desk.look_seconds)
        await uow.claims.done(turn.lease, now if row.wanted > until or row.look else later, fresh=True)
