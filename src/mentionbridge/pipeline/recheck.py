"""Recheck: read posts again for edits and deletions, in batches an account."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import groupby

from mentionbridge.domain.errors import LeaseLost, MentionbridgeError
from mentionbridge.domain.mention import Mention, Post
from mentionbridge.kit.backoff import delay
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.take_in import is_edit, take_edit, withdraw
from mentionbridge.ports.platform import Gone, Platform, PostRef
from mentionbridge.ports.store import Lease, UnitOfWork
from mentionbridge.rules.intake import tidy
from mentionbridge.rules.patience import next_recheck


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
    platform = _who_can_look(bridge, account, group[0][1].platform)
    if platform is None:
        await _not_now(bridge, [lease for lease, _ in group])
        return
    size = platform.capabilities.fetch_batch
    for start in range(0, len(group), size):
        batch = group[start : start + size]
        refs = [PostRef(mention.external_id, mention.ref) for _, mention in batch]
        try:
            now_there = await platform.fetch(refs)
        except MentionbridgeError as error:
            await _later(bridge, [lease for lease, _ in batch], error)
            continue
        await _follow(bridge, batch, now_there)


def _who_can_look(bridge: Bridge, account: tuple[str, str], platform: str) -> Platform | None:
    """Return the account's platform, or another one the brand has there when it has left the config."""
    others = [(account[0], other.id) for other in bridge.accounts_on(account[0], platform)]
    found = next(filter(None, (bridge.find(*each) for each in (account, *others))), None)
    return found.platform if found else None


async def _not_now(bridge: Bridge, leases: Sequence[Lease]) -> None:
    tomorrow = bridge.clock.now() + timedelta(hours=24)
    async with bridge.store.writing() as uow:
        for lease in leases:
            with suppress(LeaseLost):
                await uow.claims.done(lease, tomorrow, fresh=True)


async def _follow(bridge: Bridge, batch: Sequence[tuple[Lease, Mention]], now_there: Mapping[str, Post | Gone]) -> None:
    async with bridge.store.writing() as uow:
        for lease, mention in batch:
            await _follow_one(bridge, uow, lease, mention, now_there.get(mention.external_id))


async def _follow_one(
    bridge: Bridge, uow: UnitOfWork, lease: Lease, mention: Mention, found: Post | Gone | None
) -> None:
    now = bridge.clock.now()
    try:
        await uow.claims.check(lease)
    except LeaseLost:
        return
    known = await uow.mentions.get(mention.brand_id, mention.id)
    if known is None or known.edit_version != mention.edit_version:
        # What we fetched may be older than what somebody told us meanwhile.
        await uow.claims.done(lease, now)
        return
    if isinstance(found, Gone) and mention.deleted_at is None:
        await withdraw(uow, mention, now)
    tidied = tidy(found, now) if isinstance(found, Post) else None
    if isinstance(tidied, Post) and is_edit(mention, tidied):
        await take_edit(uow, mention, tidied, now)
    over = isinstance(found, Gone) or mention.deleted_at is not None
    due = next_recheck(mention.occurred_at, now)
    until = await uow.mentions.recheck_until(mention.brand_id, mention.id)
    await uow.claims.done(lease, None if over or until is None or due > until else due, fresh=True)


async def _later(bridge: Bridge, leases: Sequence[Lease], error: MentionbridgeError) -> None:
    async with bridge.store.writing() as uow:
        for lease in leases:
            with suppress(LeaseLost):
                await uow.claims.done(lease, bridge.clock.now() + delay(lease.attempts, first=30, cap=3600))
    bridge.observer.saw("recheck.failed", count=len(leases), why=str(error))
