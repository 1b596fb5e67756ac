"""Recheck: read posts again for edits and deletions in batches, and read on in the threads of open stories."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import groupby

from mentionbridge.domain.capabilities import Capabilities
from mentionbridge.domain.errors import LeaseLost, MentionbridgeError, RateLimited
from mentionbridge.domain.mention import Mention, Post
from mentionbridge.kit.backoff import delay
from mentionbridge.pipeline.bridge import Bridge, Connected
from mentionbridge.pipeline.follow import Thread, follow, to_follow
from mentionbridge.pipeline.look_up import look_up
from mentionbridge.pipeline.spend import READING, check_spend
from mentionbridge.pipeline.take_in import is_edit, take_edit, withdraw
from mentionbridge.ports.platform import Gone, PostRef
from mentionbridge.ports.store import Lease, UnitOfWork
from mentionbridge.rules.intake import tidy
from mentionbridge.rules.patience import RECHECKS, next_recheck


async def recheck(bridge: Bridge, leases: Sequence[Lease]) -> None:
    """Follow what became of these posts at their networks."""
    async with bridge.store.reading() as uow:
        pairs = [(lease, await uow.mentions.get(lease.brand_id, lease.id)) for lease in leases]
    held = [(lease, mention) for lease, mention in pairs if mention is not None]
    held.sort(key=lambda pair: _account(pair[1]))
    for account, group in groupby(held, key=lambda pair: _account(pair[1])):
        await _recheck_account(bridge, account, list(group))


def _account(mention: Mention) -> tuple[str, str]:
    return mention.brand_id, mention.account_id


async def _recheck_account(bridge: Bridge, account: tuple[str, str], group: list[tuple[Lease, Mention]]) -> None:
    connected = _who_can_look(bridge, account, group[0][1].platform)
    if connected is None:
        await _not_now(bridge, [lease for lease, _ in group])
        return
    group = [pair for pair in group if not await _only_looked_up(bridge, connected, *pair)]
    platform = connected.platform
    size = platform.capabilities.fetch_batch
    for start in range(0, len(group), size):
        batch = group[start : start + size]
        refs = [PostRef(mention.external_id, mention.ref) for _, mention in batch]
        try:
            await check_spend(bridge, connected, READING)
            now_there = await platform.fetch(refs)
        except MentionbridgeError as error:
            await _later(bridge, [lease for lease, _ in batch], error)
            continue
        for thread in await _compare(bridge, platform.capabilities, batch, now_there):
            await follow(bridge, connected, thread)


async def _only_looked_up(bridge: Bridge, connected: Connected, lease: Lease, mention: Mention) -> bool:
    """Look up what a mention answers; True when that was all there was to do, for it is too new to be read again."""
    looked, now = await look_up(bridge, connected, mention), bridge.clock.now()
    if not looked or now - mention.occurred_at >= RECHECKS[0]:
        return False
    with suppress(LeaseLost):
        async with bridge.store.writing() as uow:
            await uow.claims.done(lease, next_recheck(mention.occurred_at, now), fresh=True)
    return True


def _who_can_look(bridge: Bridge, account: tuple[str, str], platform: str) -> Connected | None:
    """Return the account, or another one the brand has there when it has left the config."""
    others = [(account[0], other.id) for other in bridge.accounts_on(account[0], platform)]
    return next(filter(None, (bridge.find(*each) for each in (account, *others))), None)


async def _not_now(bridge: Bridge, leases: Sequence[Lease]) -> None:
    tomorrow = bridge.clock.now() + timedelta(hours=24)
    async with bridge.store.writing() as uow:
        for lease in leases:
            with suppress(LeaseLost):
                await uow.claims.done(lease, tomorrow, fresh=True)


async def _compare(
    bridge: Bridge,
    can: Capabilities,
    batch: Sequence[tuple[Lease, Mention]],
    now_there: Mapping[str, Post | Gone],
) -> Sequence[Thread]:
    """Take over what has changed and give the rows back, but for those whose threads are read on in."""
    async with bridge.store.writing() as uow:
        now = bridge.clock.now()
        compared = [
            await _compare_one(uow, can, lease, mention, now_there.get(mention.external_id), now)
            for lease, mention in batch
        ]
    return [thread for thread in compared if thread is not None]


async def _compare_one(
    uow: UnitOfWork, can: Capabilities, lease: Lease, mention: Mention, found: Post | Gone | None, now: datetime
) -> Thread | None:
    try:
        await uow.claims.check(lease)
    except LeaseLost:
        return None
    known = await uow.mentions.get(mention.brand_id, mention.id)
    if known is None or known.edit_version != mention.edit_version:
        # What we fetched may be older than what somebody told us meanwhile.
        await uow.claims.done(lease, now)
        return None
    if isinstance(found, Gone) and mention.deleted_at is None:
        await withdraw(uow, mention, now)
    tidied = tidy(found, now) if isinstance(found, Post) else None
    if isinstance(tidied, Post) and is_edit(mention, tidied):
        await take_edit(uow, mention, tidied, now)
    over = isinstance(found, Gone) or mention.deleted_at is not None
    if not over and (thread := await to_follow(uow, can, lease, known)) is not None:
        return thread
    due = next_recheck(mention.occurred_at, now)
    until = await uow.mentions.recheck_until(mention.brand_id, mention.id)
    await uow.claims.done(lease, None if over or until is None or due > until else due, fresh=True)
    return None


async def _later(bridge: Bridge, leases: Sequence[Lease], error: MentionbridgeError) -> None:
    until = error.until if isinstance(error, RateLimited) else None
    async with bridge.store.writing() as uow:
        for lease in leases:
            with suppress(LeaseLost):
                due = until or bridge.clock.now() + delay(lease.attempts, first=30, cap=3600)
                await uow.claims.done(lease, due)
    bridge.observer.saw("recheck.failed", count=len(leases), why=str(error))
