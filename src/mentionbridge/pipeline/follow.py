"""Follow: while a story is open, hear what its customer adds to the thread without calling on us."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from mentionbridge.domain.capabilities import Capabilities
from mentionbridge.domain.errors import LeaseLost, MentionbridgeError, RateLimited
from mentionbridge.domain.mention import Mention, Origin, Post, Surface
from mentionbridge.domain.ticket import Ticket, TicketState
from mentionbridge.kit.backoff import delay
from mentionbridge.pipeline.bridge import Bridge, Connected
from mentionbridge.pipeline.take_in import Arrival, take_in, tell
from mentionbridge.ports.store import Lease, UnitOfWork
from mentionbridge.rules.patience import next_recheck


@dataclass(frozen=True, slots=True)
class Thread:
    """The newest public words of an open story in one thread, and our right to their recheck."""

    lease: Lease
    mention: Mention
    ticket: Ticket


async def to_follow(uow: UnitOfWork, can: Capabilities, lease: Lease, mention: Mention) -> Thread | None:
    """Return the thread to read on in, or None: one look a thread is enough, and none once the story is closed."""
    if not can.follows_threads or mention.ticket_id is None or mention.surface is not Surface.PUBLIC:
        return None
    ticket = await uow.tickets.get(mention.brand_id, mention.ticket_id)
    if ticket is None or ticket.state is TicketState.CLOSED:
        return None
    is_newest = await uow.mentions.newest_in_thread(mention) == mention.id
    return Thread(lease, mention, ticket) if is_newest else None


async def follow(bridge: Bridge, connected: Connected, thread: Thread) -> None:
    """Take in what this customer said in the thread, and plan the next look; what strangers say there is not ours."""
    now, lease = bridge.clock.now(), thread.lease
    if lease.deadline - bridge.clock.monotonic() < lease.seconds / 4:
        await _put_back(bridge, lease, now)
        return
    try:
        said = await _said(connected, thread)
    except RateLimited as error:
        await _put_back(bridge, lease, error.until, error)
        return
    except MentionbridgeError as error:
        await _put_back(bridge, lease, now + delay(lease.attempts, first=60, cap=3600), error)
        return
    with suppress(LeaseLost):
        await _keep(bridge, connected, thread, said)


async def _said(connected: Connected, thread: Thread) -> Sequence[Post]:
    author_id, thread_id = thread.mention.author.external_id, thread.mention.thread_id
    found = await connected.platform.said_in_thread(author_id, thread_id, thread.ticket.occurred_at)
    # What they say to some only was not said to us.
    public = [post for post in found if post.visibility.surface is Surface.PUBLIC]
    return [post for post in public if post.author.external_id == author_id]


async def _keep(bridge: Bridge, connected: Connected, thread: Thread, said: Sequence[Post]) -> None:
    account, mention = connected.account, thread.mention
    async with bridge.store.reading() as uow:
        new = [post for post in said if not await _is_known(uow, mention, post)]
    now = bridge.clock.now()
    async with bridge.store.writing() as uow:
        await uow.claims.check(thread.lease)
        known = await uow.accounts.health(account.brand_id, account.id)
        taken = await take_in(uow, [Arrival(account, known, post) for post in new], origin=Origin.POLL, now=now)
        await uow.claims.done(thread.lease, next_recheck(mention.occurred_at, now), fresh=True)
    tell(bridge.observer, account, taken, Origin.POLL)


async def _is_known(uow: UnitOfWork, mention: Mention, post: Post) -> bool:
    return await uow.mentions.by_external_id(mention.brand_id, mention.platform, post.external_id) is not None


async def _put_back(bridge: Bridge, lease: Lease, due: datetime, error: MentionbridgeError | None = None) -> None:
    with suppress(LeaseLost):
        async with bridge.store.writing() as uow:
            await uow.claims.done(lease, due)
    if error is not None:
        bridge.observer.saw("follow.failed", id=lease.id, why=str(error))
