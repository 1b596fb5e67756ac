"""Acknowledge: decide whether this person hears from us in public, in which words, and who lets the words out."""

import hashlib
from datetime import datetime

from mentionbridge.domain.account import Account, AccountHealth, Brand
from mentionbridge.domain.events import EventType
from mentionbridge.domain.mention import Mention, Origin, Surface
from mentionbridge.domain.reply import SAID, Purpose, Reply, ReplyIntent, ReplyState, Target
from mentionbridge.domain.ticket import Entry, Ticket
from mentionbridge.domain.verdict import Verdict
from mentionbridge.pipeline.bridge import Bridge, Connected
from mentionbridge.pipeline.ledger import tell
from mentionbridge.ports.platform import Platform
from mentionbridge.ports.store import UnitOfWork
from mentionbridge.rules.restraint import Allowed, Facts, Held, may_acknowledge
from mentionbridge.rules.routing import Decision, Handling
from mentionbridge.rules.wording import Worded, word


async def acknowledge(
    bridge: Bridge,
    uow: UnitOfWork,
    mention: Mention,
    ticket: Ticket,
    verdict: Verdict,
    health: AccountHealth,
    decision: Decision,
    now: datetime,
) -> None:
    """Write the acknowledgement this mention deserves, or the reason why there is none; in the caller's transaction."""
    connected = bridge.at(mention.brand_id, mention.account_id)
    facts = await _facts(uow, connected, mention, ticket, health, decision, now)
    answer = may_acknowledge(facts)
    if isinstance(answer, Held) and not answer.needs_person:
        await _hold(bridge, uow, mention, ticket, answer, now)
        return
    state = _state(bridge, mention, answer)
    reason = answer.sentence if isinstance(answer, Held) else None
    worded = await _word(uow, bridge.brands[mention.brand_id], connected.platform, mention, verdict)
    reply = _reply(bridge, connected, mention, ticket, verdict, worded, state, reason, now)
    if await uow.replies.add(reply, dedupe=Purpose.ACKNOWLEDGE):
        await tell(uow, EventType.REPLY_DRAFTED, reply, now, state=state, reason=reason)
        bridge.observer.saw(f"acknowledgement.{state}", id=reply.id, ticket=ticket.id, why=reason)


async def _facts(
    uow: UnitOfWork,
    connected: Connected,
    mention: Mention,
    ticket: Ticket,
    health: AccountHealth,
    decision: Decision,
    now: datetime,
) -> Facts:
    account, can = connected.account, connected.platform.capabilities
    said = await uow.replies.of_story(mention.brand_id, ticket.id, mention.author_id, Purpose.ACKNOWLEDGE)
    own = await uow.accounts.own_answer(mention.brand_id, mention.account_id, mention.external_id)
    return Facts(
        surface=mention.surface,
        is_own=mention.author.external_id == health.network_id,
        is_bot=mention.author.is_bot,
        is_repost=mention.is_repost,
        silent=mention.silent,
        deleted=mention.deleted_at is not None,
        tagged=mention.tagged,
        needs_tag=can.needs_tag,
        can_reply=can.replies,
        stopped=await uow.authors.stopped(mention.brand_id, mention.author_id),
        already_said=said is not None,
        already_out=said is not None and said.state in SAID,
        answered_by_own_post=own is not None,
        age=now - mention.occurred_at,
        max_age_hours=account.max_ack_age_hours,
        mode=account.mode,
        review_wanted=decision.acknowledge is Handling.REVIEW,
        review_why=decision.why,
        vouched=mention.origin.fetched or can.accepts_push,
    )


async def _hold(bridge: Bridge, uow: UnitOfWork, mention: Mention, ticket: Ticket, held: Held, now: datetime) -> None:
    bridge.observer.saw("acknowledgement.held", id=mention.id, ticket=ticket.id, why=held.code)
    if held.code == "already_said":
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


async def _word(uow: UnitOfWork, brand: Brand, platform: Platform, mention: Mention, verdict: Verdict) -> Worded:
    used = await uow.replies.phrasings_in_thread(mention.brand_id, mention.platform, mention.thread_id)
    topic = next((topic for topic in brand.topics if topic.key in verdict.topics[:1]), None)
    return word(
        brand,
        topic,
        private_url=platform.private_link(),
        seed=mention.external_id,
        used=used,
        count=platform.count,
        limit=platform.capabilities.max_length,
    )


def key_of(account: Account, external_id: str, purpose: Purpose) -> str:
    """Name one send by (account, post, purpose), so that the name survives a lost database."""
    return hashlib.sha256("\n".join((account.platform, account.id, external_id, purpose)).encode()).hexdigest()[:32]


def _reply(
    bridge: Bridge,
    connected: Connected,
    mention: Mention,
    ticket: Ticket,
    verdict: Verdict,
    worded: Worded,
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
        target=Target(
            external_id=mention.external_id,
            thread_id=mention.thread_id,
            author_external_id=mention.author.external_id,
            author_handle=mention.author.handle,
            visibility=mention.visibility,
            occurred_at=mention.occurred_at,
            ref=mention.ref,
        ),
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
        template=worded.template,
        model_version=f"{verdict.model} {verdict.version}",
        mention_edit_version=mention.edit_version,
    )
