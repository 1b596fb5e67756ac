"""Judge: decide what a mention is, which story it belongs to and whether we answer; one transaction, no network."""

from dataclasses import replace
from datetime import datetime

from mentionbridge.classify.named import keys
from mentionbridge.domain.account import Brand
from mentionbridge.domain.events import EventType
from mentionbridge.domain.mention import Mention, MentionState, Origin, Surface
from mentionbridge.domain.reply import OwnPost
from mentionbridge.domain.ticket import Ticket
from mentionbridge.domain.verdict import Verdict
from mentionbridge.pipeline.acknowledge import acknowledge
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.choose_account import choose_account
from mentionbridge.pipeline.hand_off import said_in_private
from mentionbridge.pipeline.hear_ourselves import hear, hear_below
from mentionbridge.pipeline.open_ticket import open_ticket
from mentionbridge.pipeline.watch import customer_spoke
from mentionbridge.ports.store import InHand, Lease, UnitOfWork
from mentionbridge.rules.patience import RECHECK_FOR, next_recheck
from mentionbridge.rules.routing import DEFAULTS, Decision, Handling, MentionFacts, decide, speaks_by_picture
from mentionbridge.rules.stories import Way


async def judge(bridge: Bridge, lease: Lease) -> None:
    """Judge the mention this lease is for, with everything that follows from it."""
    async with bridge.store.writing() as uow:
        hand = await uow.mentions.in_hand(lease)
        if hand.mention.state is not MentionState.RECEIVED or hand.mention.deleted_at is not None:
            await uow.claims.done(lease)
            return
        await _judge(bridge, uow, hand)
        await uow.claims.done(lease, state=MentionState.JUDGED)


async def _judge(bridge: Bridge, uow: UnitOfWork, hand: InHand) -> None:
    now = bridge.clock.now()
    mention = await choose_account(bridge, uow, hand.mention)
    verdict = await _verdict(bridge, uow, mention, hand)
    decision = await weigh(bridge, uow, mention, verdict, maybe_own=hand.ours, has_media=hand.has_media)
    await uow.mentions.add_verdict(mention, verdict, decision.why, bridge.ids.new("vdt"), now)
    await _tell(uow, bridge.brand(mention.brand_id), mention, verdict, decision.why, now)
    await follow(bridge, uow, mention, verdict, decision, now, maybe_answered=hand.answered, maybe_wave=hand.wave)


async def weigh(
    bridge: Bridge,
    uow: UnitOfWork,
    mention: Mention,
    verdict: Verdict,
    *,
    maybe_own: bool = True,
    has_media: bool = False,
) -> Decision:
    """Decide what follows from a verdict on this mention; `maybe_own` is False when it is known not to be ours."""
    facts = facts_of(mention, is_own=maybe_own and await _is_own(bridge, uow, mention), has_media=has_media)
    connected = bridge.find(mention.brand_id, mention.account_id)
    return decide(verdict, facts, connected.account.thresholds if connected else DEFAULTS)


def facts_of(mention: Mention, *, is_own: bool, has_media: bool) -> MentionFacts:
    """Return what routing must know of a mention."""
    return MentionFacts(
        surface=mention.surface,
        tagged=mention.tagged,
        is_repost=mention.is_repost,
        is_own=is_own,
        is_bot=mention.author.is_bot,
        silent=mention.silent,
        imported=mention.origin is Origin.IMPORT,
        pictured=speaks_by_picture(mention.text, has_media),
    )


async def follow(
    bridge: Bridge,
    uow: UnitOfWork,
    mention: Mention,
    verdict: Verdict,
    decision: Decision,
    now: datetime,
    *,
    maybe_answered: bool = True,
    maybe_wave: bool = True,
) -> Ticket | None:
    """Bring the mention to its story and write the answer it deserves; in the caller's transaction.

    `maybe_answered` is False when it is known that our team has typed nothing below it, and
    `maybe_wave` when no incident is open.
    """
    health = await uow.accounts.health(mention.brand_id, mention.account_id)
    person = await uow.authors.hold(mention.brand_id, mention.author_id)
    ticket, way = await open_ticket(
        bridge, uow, mention, person, verdict, wanted=decision.opens_ticket, now=now, maybe_wave=maybe_wave
    )
    if mention.origin.fetched:
        # What it answers is looked up at once where nobody knows it.
        above = way is Way.OPEN and mention.surface is Surface.PUBLIC and await uow.contexts.lacks(mention)
        due = now if above else next_recheck(mention.occurred_at, now)
        await uow.mentions.plan_recheck(mention, due, now + RECHECK_FOR)
    if ticket is not None:
        if way is Way.OPEN and person.customer_id is None:
            await uow.customers.add(mention, now)
        await customer_spoke(bridge, uow, ticket, mention, first=way is Way.OPEN)
        await said_in_private(bridge, uow, ticket, mention, now)
        if decision.acknowledge is not Handling.NONE:
            await acknowledge(bridge, uow, mention, person, ticket, verdict, health, decision, now)
        if maybe_answered:
            await hear_below(bridge, uow, replace(mention, ticket_id=ticket.id))
        bridge.observer.saw(f"ticket.{way}", id=ticket.id, mention=mention.id)
    bridge.observer.saw(
        f"verdict.{verdict.label}",
        id=mention.id,
        complaint=round(verdict.complaint, 2),
        ticket=ticket.id if ticket else None,
    )
    return ticket


async def _is_own(bridge: Bridge, uow: UnitOfWork, mention: Mention) -> bool:
    """Tell whether an account of ours said it; what the brand's other account answered is as good as an own answer."""
    speakers = await uow.accounts.ours(mention.platform, mention.author.external_id)
    for brand_id, account_id in speakers if mention.origin.fetched else ():
        if brand_id == mention.brand_id:
            await uow.accounts.remember_own(brand_id, account_id, _as_own(mention))
            if (connected := bridge.find(brand_id, account_id)) is not None:
                await hear(bridge, uow, connected.account, _as_own(mention))
    return bool(speakers)


def _as_own(mention: Mention) -> OwnPost:
    return OwnPost(
        external_id=mention.external_id,
        parent_id=mention.parent_id,
        thread_id=mention.thread_id,
        text=mention.text,
        created_at=mention.occurred_at,
        permalink=mention.permalink,
        surface=mention.surface,
    )


async def _verdict(bridge: Bridge, uow: UnitOfWork, mention: Mention, hand: InHand) -> Verdict:
    human = await uow.mentions.human_verdict(mention.brand_id, mention.id) if hand.labelled else None
    if human is not None:
        return human
    brand = bridge.brand(mention.brand_id)
    return bridge.judge.judge(mention.text, lang=mention.lang, topics=brand.topics, has_media=hand.has_media)


async def _tell(uow: UnitOfWork, brand: Brand, mention: Mention, verdict: Verdict, decided: str, now: datetime) -> None:
    await uow.events.add(
        EventType.MENTION_CLASSIFIED,
        mention.brand_id,
        now,
        account_id=mention.account_id,
        mention_id=mention.id,
        label=verdict.label,
        complaint=round(verdict.complaint, 3),
        decided=decided,
        **keys(mention.text, brand),
    )
