"""Hear ourselves: what our team types in the network's own app is an answer by a person, like one said through us."""

import hashlib
from collections.abc import Sequence
from itertools import product

from mentionbridge.domain.account import Account
from mentionbridge.domain.events import EventType
from mentionbridge.domain.mention import Mention, Post, Visibility
from mentionbridge.domain.reply import OwnPost, Purpose, Reply, ReplyState, Sent
from mentionbridge.domain.ticket import Hand, TicketState
from mentionbridge.domain.wording import Kind
from mentionbridge.pipeline.acknowledge import OCCASIONS
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.ledger import record_sent, tell
from mentionbridge.pipeline.take_in import Arrival, Result, Taken, as_own
from mentionbridge.pipeline.watch import customer_spoke, person_answered
from mentionbridge.pipeline.wording import word
from mentionbridge.ports.store import UnitOfWork
from mentionbridge.rules.echo import echoes
from mentionbridge.rules.wording import Told, language_of, phrasings_of

BY = "our team, in the network's own app"
SEEN = "seen among our own posts"
_ON_THE_WAY = (ReplyState.QUEUED, ReplyState.SENDING, ReplyState.UNKNOWN)


async def hear_arrivals(bridge: Bridge, uow: UnitOfWork, arrivals: Sequence[Arrival], taken: Sequence[Taken]) -> None:
    """Hear what is ours of some arrivals, in the transaction that took them in."""
    for arrival, what in zip(arrivals, taken, strict=True):
        if what.result is Result.OWN and isinstance(arrival.item, Post):
            await hear(bridge, uow, arrival.account, as_own(arrival.item))


async def hear_below(bridge: Bridge, uow: UnitOfWork, mention: Mention) -> None:
    """Hear what we said below a post before it had a story."""
    for account_id, post in await uow.accounts.said_below(mention):
        if (connected := bridge.find(mention.brand_id, account_id)) is not None:
            await hear(bridge, uow, connected.account, post)


async def hear(bridge: Bridge, uow: UnitOfWork, account: Account, post: OwnPost) -> None:
    """Count a post of ours as a person's answer, once, unless it was sent through us."""
    brand_id, platform = account.brand_id, account.platform
    if await uow.replies.by_external_id(brand_id, platform, post.external_id) is None:
        mention = await _answered(uow, account, post)
        if mention is None or mention.ticket_id is None:
            return
        ours = await uow.replies.of_ticket(brand_id, mention.ticket_id)
        if any(reply.state in _ON_THE_WAY and echoes(post.text, reply.text) for reply in ours):
            # It is being sent by us this moment; whoever sends it writes it down.
            return
        if not _said_by_machine(bridge, account, mention, post):
            await _take(bridge, uow, account, mention, post, ours)
    await uow.accounts.heard_own(brand_id, account.id, post.external_id)


async def _answered(uow: UnitOfWork, account: Account, post: OwnPost) -> Mention | None:
    """Return what a post of ours answers; by its thread alone only where one person has one story."""
    brand_id, platform = account.brand_id, account.platform
    if post.parent_id is not None:
        if (mention := await uow.mentions.by_external_id(brand_id, platform, post.parent_id)) is not None:
            return mention
        if (before := await uow.replies.by_external_id(brand_id, platform, post.parent_id)) is not None:
            return await uow.mentions.get(brand_id, before.mention_id)
    return await uow.mentions.alone_in_thread(brand_id, platform, post.thread_id)


def _said_by_machine(bridge: Bridge, account: Account, mention: Mention, post: OwnPost) -> bool:
    """A database that came back from a backup knows nothing of acknowledgements sent since; their words tell."""
    brand, connected = bridge.brand(account.brand_id), bridge.find(account.brand_id, account.id)
    if connected is None:
        return False
    opens = bridge.timing_of(account.brand_id).hours.opens_after(post.created_at)
    lang = language_of(brand, mention.lang)
    for kind, topic in product((*OCCASIONS, Kind.RESOLVED), [None, *(topic.key for topic in brand.topics)]):
        templates, spoken = phrasings_of(brand, kind, lang)
        told = Told(topic, None, opens, mention.ticket_id or "")
        if any(echoes(post.text, word([each], brand, told, connected.platform, spoken).text) for each in templates):
            return True
    return False


async def _take(
    bridge: Bridge, uow: UnitOfWork, account: Account, mention: Mention, post: OwnPost, ours: Sequence[Reply]
) -> None:
    now = bridge.clock.now()
    reply = next((each for each in ours if _was_to_post(each, mention, post)), None)
    if reply is None:
        reply = _typed(bridge, account, mention, post)
        await uow.replies.add(reply, "n:" + reply.key)
        await tell(uow, EventType.REPLY_DRAFTED, reply, now, state=ReplyState.SENT, reason=f"written by {BY}")
    as_given = echoes(post.text, reply.text)
    proof = Sent(post.external_id, post.permalink, evidence=SEEN)
    sent = await record_sent(bridge, uow, reply, proof, now, actor=BY, said_at=post.created_at)
    if not as_given:
        await uow.replies.reword(sent, post.text)
        await person_answered(bridge, uow, sent.brand_id, sent.ticket_id, post.created_at)
    await _go_on(bridge, uow, sent, post)
    bridge.observer.saw("answer.heard", id=sent.id, ticket=sent.ticket_id, account=account.id)


def _was_to_post(reply: Reply, mention: Mention, post: OwnPost) -> bool:
    same = (reply.author_id, reply.surface) == (mention.author_id, post.surface)
    return same and reply.state is ReplyState.MANUAL


async def _go_on(bridge: Bridge, uow: UnitOfWork, sent: Reply, post: OwnPost) -> None:
    """The ticket is in a person's hands; whoever spoke after that answer waits for the next one."""
    ticket = await uow.tickets.hold(sent.brand_id, sent.ticket_id)
    if ticket.state is TicketState.NEW:
        ticket = await uow.tickets.set_state(ticket, TicketState.OPEN, bridge.clock.now(), Hand.PERSON)
    if ticket.state not in (TicketState.OPEN, TicketState.PENDING):
        return
    since = await uow.mentions.first_after(sent.brand_id, sent.ticket_id, post.created_at)
    if since is not None:
        await customer_spoke(bridge, uow, ticket, since)


def _typed(bridge: Bridge, account: Account, mention: Mention, post: OwnPost) -> Reply:
    """A reply that a person has posted already; it is recorded as sent in the same breath."""
    visibility = mention.visibility if post.surface is mention.surface else Visibility.DIRECT
    return Reply(
        brand_id=mention.brand_id,
        id=bridge.ids.new("rpl"),
        ticket_id=mention.ticket_id or "",
        account_id=account.id,
        platform=mention.platform,
        mention_id=mention.id,
        author_id=mention.author_id,
        purpose=Purpose.MESSAGE,
        surface=post.surface,
        state=ReplyState.MANUAL,
        text=post.text,
        lang=None,
        links=(),
        key=hashlib.sha256(f"{account.platform}\n{account.id}\n{post.external_id}".encode()).hexdigest()[:32],
        visibility=visibility,
        prepared={},
        created_at=post.created_at,
        updated_at=bridge.clock.now(),
        author_of_words=BY,
        approved_by=BY,
        mention_edit_version=mention.edit_version,
    )
