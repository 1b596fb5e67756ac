"""Collect: what a network shows us becomes mentions, each once, and the cursor moves only with its page."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

from mentionbridge.domain.account import Account, AccountHealth, AccountState, GapKind
from mentionbridge.domain.errors import (
    DaySpent,
    LeaseLost,
    LoginNeeded,
    Paced,
    PlatformDown,
    PlatformError,
    RateLimited,
    StoreDown,
)
from mentionbridge.domain.events import EventType
from mentionbridge.domain.mention import Item, Origin, Post
from mentionbridge.domain.reply import OwnPost
from mentionbridge.domain.ticket import SAME_TOPIC_WINDOW
from mentionbridge.kit.backoff import delay
from mentionbridge.pipeline.bridge import Bridge, Connected
from mentionbridge.pipeline.hear_ourselves import hear, hear_arrivals
from mentionbridge.pipeline.spend import READING, check_spend
from mentionbridge.pipeline.take_in import Arrival, Taken, take_in, tell
from mentionbridge.ports.platform import allowance_of, replayer_of
from mentionbridge.ports.store import Lease, UnitOfWork
from mentionbridge.rules.gaps import Walk, repaired

BLIND_AFTER = 3
"""Failures in a row after which an account counts as blind and a gap is opened."""

NOTICED_LATE = timedelta(minutes=10)
"""A gap is opened after some failures: so long before it something may have been missed already."""

SOON = timedelta(seconds=2)
"""When a poll is repeated that something new was heard of while it went on."""

LONGEST_PAUSE = timedelta(minutes=2)
"""A poll that has to yield for longer leaves us as blind as one that failed."""

READ_BACK = timedelta(hours=1)
"""How far before the last moment an account could speak its own posts are read back."""

FIRST_READ_BACK = SAME_TOPIC_WINDOW
"""How far back they are read when we remember nothing: a new account, or a lost database."""

OWN_BATCH = 100

_MUTE = (AccountState.RECONCILE, AccountState.LOGIN_NEEDED)


async def poll(bridge: Bridge, lease: Lease) -> None:
    """Walk one account's mentions to the end, one transaction a page, and note how the account is doing."""
    connected = bridge.find(lease.brand_id, lease.id)
    if connected is None:
        await _poll_no_more(bridge, lease)
        return
    account = connected.account
    try:
        walk = await _walk(bridge, connected, lease)
    except (LeaseLost, StoreDown):
        raise
    except Paced as error:
        await _poll_paced(bridge, account, lease, error)
        return
    except PlatformError as error:
        await _poll_failed(bridge, account, lease, error)
        return
    except Exception as error:
        # A plug that stumbles leaves us as blind as a network that is down, and must be seen as such.
        await _poll_failed(bridge, account, lease, PlatformDown(f"{type(error).__name__}: {error}"))
        return
    replayed = await _ask_again(bridge, connected)
    async with bridge.store.writing() as uow:
        now = bridge.clock.now()
        await uow.accounts.well(account, now)
        if (allowance := allowance_of(connected.platform)) is not None:
            await uow.accounts.allowed(account, allowance)
        await _see_again(uow, connected, walk, replayed, now)
        begun = lease.until - timedelta(seconds=lease.seconds)
        again = SOON if await uow.accounts.woken_since(account, begun) else timedelta(seconds=account.poll_seconds)
        await uow.claims.done(lease, now + again, fresh=True)


async def _poll_no_more(bridge: Bridge, lease: Lease) -> None:
    """The account is gone from the config; the first start that knows it again makes it due."""
    async with bridge.store.writing() as uow:
        await uow.claims.done(lease)


async def _walk(bridge: Bridge, connected: Connected, lease: Lease) -> Walk:
    account = connected.account
    async with bridge.store.reading() as uow:
        known = await uow.accounts.health(account.brand_id, account.id)
    if known.network_id is None or known.state in _MUTE:
        known = await introduce(bridge, connected, lease)
    await check_spend(bridge, connected, READING)
    walk = Walk(from_a_place=known.cursor is not None)
    async for page in connected.platform.collect(known.cursor):
        await store_page(bridge, account, page.items, page.cursor, known, lease)
        walk = walk.and_([item.created_at for item in page.items if isinstance(item, Post)])
        await check_spend(bridge, connected, READING)
    return walk


async def introduce(bridge: Bridge, connected: Connected, lease: Lease | None = None) -> AccountHealth:
    """Ask who we are and read back what we said, before anything new is said; under a lease, only while it holds."""
    account = connected.account
    identity = await connected.platform.probe()
    async with bridge.store.writing() as uow:
        await uow.accounts.identified(account, identity)
        known = await uow.accounts.health(account.brand_id, account.id)
    async for posts in _batches(connected.platform.own_posts(_read_back_to(known))):
        async with bridge.store.writing() as uow:
            if lease is not None:
                await uow.claims.check(lease, extend=lease.seconds)
            for post in posts:
                await uow.accounts.remember_own(account.brand_id, account.id, post)
                await hear(bridge, uow, account, post)
    async with bridge.store.writing() as uow:
        if lease is not None:
            await uow.claims.check(lease)
        # Whoever paused the account meanwhile outranks us.
        await uow.accounts.set_state(account, AccountState.ACTIVE, only_from=_MUTE)
    return known


def _read_back_to(known: AccountHealth) -> datetime:
    return known.alive_at - READ_BACK if known.alive_at else known.connected_at - FIRST_READ_BACK


async def _batches(posts: AsyncIterator[OwnPost]) -> AsyncIterator[list[OwnPost]]:
    batch: list[OwnPost] = []
    async for post in posts:
        batch.append(post)
        if len(batch) == OWN_BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


async def store_page(
    bridge: Bridge,
    account: Account,
    items: Sequence[Item],
    cursor: str | None,
    known: AccountHealth,
    lease: Lease | None = None,
) -> Sequence[Taken]:
    """Store one page and its cursor in one transaction."""
    now = bridge.clock.now()
    async with bridge.store.writing() as uow:
        if lease is not None:
            await uow.claims.check(lease, extend=lease.seconds)
        arrivals = [Arrival(account, known, item) for item in items]
        taken = await take_in(uow, arrivals, origin=Origin.POLL, now=now)
        await hear_arrivals(bridge, uow, arrivals, taken)
        seen = max((item.created_at for item in items if isinstance(item, Post)), default=None)
        await uow.accounts.polled(account, cursor, seen, now)
    tell(bridge.observer, account, taken, Origin.POLL)
    return taken


async def _ask_again(bridge: Bridge, connected: Connected) -> str | None:
    """Have what was pushed while we were blind pushed again, before the gap is closed; returns what came of it."""
    replayer = replayer_of(connected.platform)
    if replayer is None:
        return None
    async with bridge.store.reading() as uow:
        since = await uow.accounts.gap_since(connected.account)
    return await replayer.replay(since - NOTICED_LATE, bridge.clock.now()) if since is not None else None


async def _see_again(uow: UnitOfWork, connected: Connected, walk: Walk, replayed: str | None, now: datetime) -> None:
    account = connected.account
    if (since := await uow.accounts.gap_since(account)) is None:
        return
    how = "; ".join(filter(None, (repaired(since, walk, connected.platform.capabilities.reach), replayed)))
    await uow.accounts.close_gap(account, how, now)
    await uow.events.add(
        EventType.GAP_CLOSED, account.brand_id, now, account_id=account.id, repaired=how, kind=GapKind.BLIND
    )
    await uow.events.add(EventType.ACCOUNT_RECOVERED, account.brand_id, now, account_id=account.id)


async def _poll_paced(bridge: Bridge, account: Account, lease: Lease, paced: Paced) -> None:
    """A poll that yields to replies for a while is none that failed, unless the while is long."""
    now = bridge.clock.now()
    if paced.until - now > LONGEST_PAUSE:
        await _poll_failed(bridge, account, lease, paced)
        return
    async with bridge.store.writing() as uow:
        await uow.claims.done(lease, max(paced.until, now + timedelta(seconds=1)), fresh=True)
    bridge.observer.saw("paced.poll", platform=account.platform, account=account.id, until=paced.until.isoformat())


async def _poll_failed(bridge: Bridge, account: Account, lease: Lease, error: PlatformError) -> None:
    now = bridge.clock.now()
    async with bridge.store.writing() as uow:
        failures = await uow.accounts.failed(account, str(error), now)
        if isinstance(error, LoginNeeded):
            await _signed_out(uow, account, error, now)
        elif isinstance(error, DaySpent):
            await _miss(uow, account, str(error), now)
        elif failures == BLIND_AFTER:
            await go_blind(uow, account, str(error), now)
        await uow.claims.done(lease, _again(error, failures, account, now))
    bridge.observer.saw("poll.failed", platform=account.platform, account=account.id, failures=failures, why=str(error))


async def _signed_out(uow: UnitOfWork, account: Account, error: LoginNeeded, now: datetime) -> None:
    speaks = (AccountState.ACTIVE, AccountState.RECONCILE)
    silenced = await uow.accounts.set_state(account, AccountState.LOGIN_NEEDED, only_from=speaks)
    # A paused account stays paused, or the next sign-in would let it speak; its gap tells that it is signed out.
    if await go_blind(uow, account, str(error), now) or silenced:
        await uow.events.add(EventType.ACCOUNT_REAUTH_REQUIRED, account.brand_id, now, account_id=account.id)


def _again(error: PlatformError, failures: int, account: Account, now: datetime) -> datetime:
    if isinstance(error, RateLimited):
        return max(error.until, now + timedelta(seconds=1))
    if isinstance(error, LoginNeeded):
        return now + timedelta(seconds=60)
    return now + delay(failures, first=account.poll_seconds)


async def go_blind(uow: UnitOfWork, account: Account, cause: str, now: datetime) -> bool:
    """Record that from now on we may miss what is said; False when that is known already.

    What a person says by hand meanwhile is missed too, so our own posts are read back before we speak again.
    """
    await uow.accounts.set_state(account, AccountState.RECONCILE, only_from=(AccountState.ACTIVE,))
    return await _miss(uow, account, cause, now)


async def _miss(uow: UnitOfWork, account: Account, cause: str, now: datetime) -> bool:
    if await uow.accounts.open_gap(account, cause, now) is None:
        return False
    await uow.events.add(
        EventType.GAP_OPENED, account.brand_id, now, account_id=account.id, cause=cause, kind=GapKind.BLIND
    )
    return True
