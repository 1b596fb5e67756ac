"""Records: the company's own records are asked whether whoever wrote in the form holds the account they name."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from mentionbridge.domain.errors import NoAnswer, PlatformError
from mentionbridge.domain.events import EventType
from mentionbridge.domain.handoff import FormSession, Proof
from mentionbridge.domain.mention import Author
from mentionbridge.domain.record import MOST_AN_HOUR, RETRIES, SAYS, Held, RecordCheck
from mentionbridge.domain.ticket import Ticket
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.timeline import write
from mentionbridge.pipeline.visit import Where
from mentionbridge.ports.records import RecordAnswer
from mentionbridge.ports.store import Lease, UnitOfWork

_BY = "the company's records"
_AN_HOUR = timedelta(hours=1)


async def have_asked(
    bridge: Bridge,
    uow: UnitOfWork,
    where: Where,
    session: FormSession,
    ticket: Ticket,
    details: Mapping[str, str],
    now: datetime,
) -> None:
    """Have the records asked about these answers, as soon as the browser has proved enough; nobody at it is told."""
    if where.brand.id not in bridge.records or not details:
        return
    if await uow.records.written(session.brand_id, session.id, now - _AN_HOUR) >= MOST_AN_HOUR:
        bridge.observer.saw("records.too_often", ticket=ticket.id)
        return
    needs = where.terms.needs.records
    check = RecordCheck(
        brand_id=ticket.brand_id,
        id=bridge.ids.new("rec"),
        ticket_id=ticket.id,
        session_id=session.id,
        needs=needs,
        state=Held.ASKED,
        details=dict(details),
        asked_at=now,
    )
    await uow.records.add(check, now if session.proves(now).reaches(needs) else None)


async def ask_records(bridge: Bridge, lease: Lease) -> None:
    """Ask once; after four failures nobody can tell. Without its proof a check waits for it again."""
    async with bridge.store.reading() as uow:
        check = await uow.records.get(lease.brand_id, lease.id)
        session = await uow.forms.get(lease.brand_id, check.session_id) if check else None
        platform, author = await _whose(uow, session) if session else ("", None)
    now = bridge.clock.now()
    proof = session.proves(now) if session else Proof.NONE
    if check is None or check.state is not Held.ASKED:
        await _give_back(bridge, lease, None)
        return
    if not proof.reaches(check.needs):
        await _wait_for_proof(bridge, lease, check)
        return
    records = bridge.records.get(check.brand_id)
    try:
        answer = await records.ask(check, proof, platform, author) if records else RecordAnswer(Held.UNKNOWN)
    except (PlatformError, NoAnswer) as error:
        bridge.observer.saw("records.failed", check=check.id, why=str(error), attempt=lease.attempts)
        if lease.attempts <= len(RETRIES):
            await _give_back(bridge, lease, now + RETRIES[lease.attempts - 1])
            return
        answer = RecordAnswer(Held.UNKNOWN)
    await _note(bridge, lease, check, proof, answer)


async def _whose(uow: UnitOfWork, session: FormSession) -> tuple[str, Author | None]:
    """Return whose handle the browser proved, and on which network."""
    if session.proven_author is None:
        return "", None
    platform = await uow.authors.network_of(session.brand_id, session.proven_author)
    return platform or "", await uow.authors.get(session.brand_id, session.proven_author)


async def _give_back(bridge: Bridge, lease: Lease, due: datetime | None) -> None:
    async with bridge.store.writing() as uow:
        await uow.claims.done(lease, due, fresh=due is None)


async def _wait_for_proof(bridge: Bridge, lease: Lease, check: RecordCheck) -> None:
    """Give a check back until its browser proves enough, which it may have done this very moment."""
    async with bridge.store.writing() as uow:
        session, now = await uow.forms.get(check.brand_id, check.session_id, hold=True), bridge.clock.now()
        proven = session is not None and session.proves(now).reaches(check.needs)
        await uow.claims.done(lease, now if proven else None, fresh=True)


async def _note(bridge: Bridge, lease: Lease, check: RecordCheck, proof: Proof, answer: RecordAnswer) -> None:
    async with bridge.store.writing() as uow:
        # In the order in which everybody takes these locks, the ticket is held before what hangs on it.
        current = await uow.records.get(check.brand_id, check.id) or check
        ticket = await uow.tickets.hold(check.brand_id, current.ticket_id)
        now = bridge.clock.now()
        told: dict[str, Any] = {
            "state": answer.held,
            "account": answer.account,
            "proof": proof,
            "answered_at": now,
            "details": {},
        }
        await uow.claims.done(lease, None, **told)
        await write(uow, bridge.ids, ticket, "records", _BY, now, reason=SAYS[answer.held], text=answer.account)
        facts: dict[str, Any] = {"check_id": check.id, "held": answer.held, "proof": proof}
        await uow.events.add(EventType.RECORDS_ANSWERED, check.brand_id, now, ticket_id=ticket.id, **facts)


async def record_checks(bridge: Bridge, brand_id: str, ticket_id: str) -> Sequence[RecordCheck]:
    """Return what the records were asked about a ticket, and said."""
    async with bridge.store.reading() as uow:
        return await uow.records.of_ticket(brand_id, ticket_id)
