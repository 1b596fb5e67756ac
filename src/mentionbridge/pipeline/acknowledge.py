"""Acknowledge: decide whether this person hears from us in public, in which words, and who lets the words out."""

from dataclasses import replace
from datetime import datetime, timedelta

from mentionbridge.domain.account import AccountHealth, AccountState
from mentionbridge.domain.events import EventType
from mentionbridge.domain.mention import Mention, Origin, Surface
from mentionbridge.domain.reply import Purpose, Reply, ReplyIntent, ReplyState, Target
from mentionbridge.domain.ticket import Entry, Ticket
from mentionbridge.domain.verdict import Label, Verdict
from mentionbridge.domain.wording import Kind
from mentionbridge.pipeline.bridge import Bridge, Connected
from mentionbridge.pipeline.hand_off import invite, keep
from mentionbridge.pipeline.incident import incident_of
from mentionbridge.pipeline.ledger import tell
from mentionbridge.pipeline.naming import key_of
from mentionbridge.pipeline.wording import in_fresh_words
from mentionbridge.ports.store import Person, UnitOfWork
from mentionbridge.rules.incidents import news_for
from mentionbridge.rules.restraint import AckFacts, Allowed, Held, may_acknowledge
from mentionbridge.rules.routing import Decision
from mentionbridge.rules.wording import Told, Worded
from mentionbridge.text.pii import find

NO_NEW_WORDS = Held("no_new_words", "Every phrasing has been used in this thread; find new words.", needs_person=True)
NOT_CONFIGURED = Held("not_configured", "The account it reached is no longer in the config.", needs_person=False)
ALREADY_TOLD = Held("already_told", "This person has heard of the incident in another story.", needs_person=False)
UNSAID_CODES = frozenset({"already_said", "already_planned", "not_wanted"})
"""Reasons that need no line in the timeline: nobody would look for an answer there."""


OCCASIONS = (Kind.ACKNOWLEDGE, Kind.OFF_HOURS, Kind.PERSONAL_DATA, Kind.PRAISE)
"""For what an acknowledgement may be worded."""


async def acknowledge(
    bridge: Bridge,
    uow: UnitOfWork,
    mention: Mention,
    person: Person,
    ticket: Ticket,
    verdict: Verdict,
    health: AccountHealth,
    decision: Decision,
    now: datetime,
) -> None:
    """Write the acknowledgement this mention deserves, or the reason why there is none; in the caller's transaction."""
    connected = bridge.find(mention.brand_id, mention.account_id)
    if connected is None:
        await _hold(bridge, uow, mention, ticket, NOT_CONFIGURED, now)
        return
    kind = occasion(mention.text, verdict.label, at_work=bridge.timing_of(mention.brand_id).hours.is_open(now))
    incident = await incident_of(uow, ticket) if kind is not Kind.PRAISE else None
    if incident is not None and kind is Kind.PERSONAL_DATA:
        # What must be said of their details comes first; the news follow in an answer of their own.
        await uow.incidents.ring(incident)
        incident = None
    kind = Kind.INCIDENT if incident is not None else kind
    facts = await _facts(bridge, uow, connected, mention, person, ticket, health, decision, kind, now)
    answer = may_acknowledge(facts)
    if isinstance(answer, Held) and not answer.needs_person:
        await _hold(bridge, uow, mention, ticket, answer, now)
        return
    invitation = invite(bridge, uow, connected, mention, ticket)
    told, heard = _told(bridge, mention, ticket, verdict, now), verdict.lang or mention.lang
    if incident is not None:
        news, heard = news_for(incident, heard)
        told = replace(told, news=news)
    worded, fresh = await in_fresh_words(bridge, uow, connected, mention, kind, told, heard, invitation.url)
    if not fresh and isinstance(answer, Allowed):
        answer = NO_NEW_WORDS
    state = _state(bridge, mention, answer)
    reason = answer.sentence if isinstance(answer, Held) else None
    reply = _reply(bridge, connected, mention, ticket, verdict, worded, kind, state, reason, now)
    if incident is not None and not await uow.incidents.note_told(
        incident, mention.author_id, person.authors, reply.id
    ):
        await _hold(bridge, uow, mention, ticket, ALREADY_TOLD, now)
        return
    if await uow.replies.add(reply, dedupe=Purpose.ACKNOWLEDGE):
        if incident is None and kind is not Kind.PRAISE:
            await keep(uow, invitation, reply)
        await tell(uow, EventType.REPLY_DRAFTED, reply, now, state=state, reason=reason)
        bridge.observer.saw(f"acknowledgement.{state}", id=reply.id, ticket=ticket.id, why=reason)


async def _facts(
    bridge: Bridge,
    uow: UnitOfWork,
    connected: Connected,
    mention: Mention,
    person: Person,
    ticket: Ticket,
    health: AccountHealth,
    decision: Decision,
    kind: Kind,
    now: datetime,
) -> AckFacts:
    account, author_id = connected.account, mention.author_id
    # What was said below this post stays said, also when the post turned out to be another person's than we were told.
    earlier, lately = await uow.replies.acknowledged(mention, person.authors, ticket.id, now - timedelta(days=1))
    answered = await uow.accounts.answered_story(mention.brand_id, mention.platform, ticket.id, author_id)
    # A paused account, or one that still reads back, queues its words: sending waits for it, judging need not.
    state = health.state if health.state is AccountState.LOGIN_NEEDED else AccountState.ACTIVE
    return AckFacts(
        handling=decision.acknowledge,
        mode=account.mode_for(kind),
        account_state=state,
        capabilities=connected.platform.capabilities,
        origin=mention.origin,
        surface=mention.surface,
        tagged=mention.tagged,
        author_id=mention.author.external_id,
        author_handle=mention.author.handle,
        own_id=health.network_id,
        own_handle=health.handle,
        occurred_at=mention.occurred_at,
        now=now,
        max_ack_age=bridge.answers_until(account, mention.origin),
        is_bot=mention.author.is_bot,
        is_repost=mention.is_repost,
        silent=mention.silent,
        deleted=mention.deleted_at is not None,
        stopped=person.stopped,
        answered_by_us=answered,
        acks_last_day=lately,
        most_a_day=account.most_a_day_to_one,
        earlier=earlier,
    )


async def _hold(bridge: Bridge, uow: UnitOfWork, mention: Mention, ticket: Ticket, held: Held, now: datetime) -> None:
    bridge.observer.saw("acknowledgement.held", id=mention.id, ticket=ticket.id, why=held.code)
    if held.code in UNSAID_CODES:
        return
    entry = Entry(
        brand_id=mention.brand_id,
        id=bridge.ids.new("ent"),
        ticket_id=ticket.id,
        sequence=await uow.tickets.next_sequence(mention.brand_id, ticket.id),
        kind="held",
        surface=Surface.INTERNAL,
        occurred_at=now,
        received_at=now,
        reason=f"not acknowledged in public: {held.sentence}",
    )
    await uow.tickets.add_entry(entry)


def _state(bridge: Bridge, mention: Mention, answer: Allowed | Held) -> ReplyState:
    if mention.origin is Origin.REPLAY and not bridge.replies_to_history:
        return ReplyState.DRAFT
    return ReplyState.QUEUED if isinstance(answer, Allowed) else ReplyState.AWAITING_APPROVAL


def _told(bridge: Bridge, mention: Mention, ticket: Ticket, verdict: Verdict, now: datetime) -> Told:
    opens = bridge.timing_of(mention.brand_id).hours.opens_after(now)
    return Told(verdict.topics[0] if verdict.topics else None, ticket.place, opens, ticket.id)


def occasion(text: str, label: Label, *, at_work: bool) -> Kind:
    """Tell for which occasion an acknowledgement is worded; what strangers could misuse goes before all else."""
    if find(text):
        return Kind.PERSONAL_DATA
    if label is Label.PRAISE:
        return Kind.PRAISE
    return Kind.ACKNOWLEDGE if at_work else Kind.OFF_HOURS


def _reply(
    bridge: Bridge,
    connected: Connected,
    mention: Mention,
    ticket: Ticket,
    verdict: Verdict,
    worded: Worded,
    kind: Kind,
    state: ReplyState,
    reason: str | None,
    now: datetime,
) -> Reply:
    intent = ReplyIntent(
        reply_id=bridge.ids.new("rpl"),
        key=key_of(connected.account, mention.external_id, Purpose.ACKNOWLEDGE),
        surface=Surface.PUBLIC,
        visibility=mention.visibility,
        text=worded.text,
        lang=worded.lang,
        target=Target.of(mention),
        created_at=now,
        links=worded.links,
    )
    return Reply(
        brand_id=mention.brand_id,
        id=intent.reply_id,
        ticket_id=ticket.id,
        account_id=mention.account_id,
        platform=mention.platform,
        mention_id=mention.id,
        author_id=mention.author_id,
        purpose=Purpose.ACKNOWLEDGE,
        surface=intent.surface,
        state=state,
        text=intent.text,
        lang=intent.lang,
        links=intent.links,
        key=intent.key,
        visibility=intent.visibility,
        prepared=connected.platform.prepare(intent),
        created_at=now,
        updated_at=now,
        due=now if state is ReplyState.QUEUED else None,
        reason=reason,
        template=worded.template_id,
        model_version=f"{verdict.model} {verdict.version}",
        mention_edit_version=mention.edit_version,
        kind=kind,
    )
