"""Collect: what a network shows us becomes mentions, each once, and the cursor moves only with its page."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mentionbridge.domain.account import Account, AccountHealth, AccountState
from mentionbridge.domain.errors import LeaseLost, LoginNeeded, PlatformDown, PlatformError, RateLimited, StoreDown
from mentionbridge.domain.events import EventType
from mentionbridge.domain.mention import Deleted, Item, Mention, Origin, Post, Unreadable
from mentionbridge.domain.reply import OwnPost, ReplyState
from mentionbridge.domain.ticket import SAME_TOPIC_WINDOW
from mentionbridge.kit.backoff import delay
from mentionbridge.pipeline.bridge import Bridge, Connected
from mentionbridge.ports.observer import Observer
from mentionbridge.ports.store import Lease, UnitOfWork
from mentionbridge.rules.intake import tidy
from mentionbridge.rules.patience import RECHECK_FOR

BLIND_AFTER = 3
"""Failures in a row after which an account counts as blind and a gap is opened."""

READ_BACK = timedelta(hours=1)
"""How far before the last moment an account could speak its own posts are read back."""

FIRST_READ_BACK = SAME_TOPIC_WINDOW
"""How far back they are read when we remember nothing: a new account, or a lost database."""

OWN_BATCH = 100

_MUTE = (AccountState.RECONCILE, AccountState.LOGIN_NEEDED)


class Result(StrEnum):
    """What became of one item."""

    CREATED = "created"
    DUPLICATE = "duplicate"
    EDITED = "edited"
    DELETED = "deleted"
    OWN = "own"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one item, and the mention it concerns."""

    result: Result
    mention_id: str | None = None


async def take_in(
    uow: UnitOfWork, account: Account, item: Item, *, origin: Origin, known: AccountHealth, now: datetime
) -> Taken:
    """Store one item in the caller's transaction; the same post by any door, any number of times, is one mention."""
    match item:
        case Unreadable(body, reason):
            await uow.inbox.keep_unreadable(account, origin, body, reason, now)
            return Taken(Result.UNREADABLE)
        case Deleted(external_id):
            mention = await uow.mentions.by_external_id(account.brand_id, account.platform, external_id)
            if mention is None or mention.deleted_at is not None or not _may_alter(origin, mention):
                return Taken(Result.DUPLICATE, mention.id if mention else None)
            await withdraw(uow, mention, now)
            return Taken(Result.DELETED, mention.id)
        case Post() if item.author.external_id == known.network_id:
            if origin is not Origin.PUSH:
                # A push vouches for nothing: it must not make us believe that we have answered.
                await uow.accounts.remember_own(account.brand_id, account.id, _as_own(item))
            return Taken(Result.OWN)
        case Post():
            return await _take_post(uow, account, item, origin, known, now)


async def _take_post(
    uow: UnitOfWork, account: Account, post: Post, origin: Origin, known: AccountHealth, now: datetime
) -> Taken:
    tidied = tidy(post, now)
    if isinstance(tidied, Unreadable):
        return await take_in(uow, account, tidied, origin=origin, known=known, now=now)
    post = tidied
    author_id = await uow.authors.seen(account.brand_id, account.platform, post.author, now)
    silent = post.created_at < known.connected_at and origin is not Origin.REPLAY
    mention_id, new = await uow.mentions.add(account, author_id, post, origin, silent=silent, now=now)
    await uow.mentions.sighted(account.brand_id, mention_id, account.id, origin, now)
    if new:
        await uow.mentions.add_media(account.brand_id, mention_id, post.media, now)
        await uow.events.add(
            EventType.MENTION_RECEIVED,
            account.brand_id,
            now,
            account_id=account.id,
            mention_id=mention_id,
            origin=origin,
        )
        return Taken(Result.CREATED, mention_id)
    return await _take_again(uow, account, mention_id, post, origin, now)


async def _take_again(
    uow: UnitOfWork, account: Account, mention_id: str, post: Post, origin: Origin, now: datetime
) -> Taken:
    mention = await uow.mentions.get(account.brand_id, mention_id)
    if mention is None or not is_edit(mention, post) or not _may_alter(origin, mention):
        return Taken(Result.DUPLICATE, mention_id)
    if mention.edit_version and origin.fetched:
        # Which of two versions is newer only the network knows; one told late must not bring old words back.
        if post.edit_version:
            await uow.mentions.look_again(mention, now, now + RECHECK_FOR)
        return Taken(Result.DUPLICATE, mention_id)
    await take_edit(uow, mention, post, now)
    return Taken(Result.EDITED, mention_id)


def is_edit(mention: Mention, post: Post) -> bool:
    """True when the post's words differ from ours under another version (or where nobody counts versions)."""
    other_version = post.edit_version != mention.edit_version or not post.edit_version
    return mention.deleted_at is None and other_version and post.text != mention.text


def _may_alter(origin: Origin, mention: Mention) -> bool:
    # A pushed item vouches for nothing: it never alters what the network itself told us.
    return origin.fetched or not mention.origin.fetched


async def take_edit(uow: UnitOfWork, mention: Mention, post: Post, now: datetime) -> None:
    """Take over new words: judge again, and whatever answered the old words goes back to review."""
    if not await uow.mentions.edit(mention, post, now):
        return
    await uow.events.add(
        EventType.MENTION_EDITED,
        mention.brand_id,
        now,
        ticket_id=mention.ticket_id,
        account_id=mention.account_id,
        mention_id=mention.id,
    )
    for reply in await uow.replies.waiting_for_mention(mention.brand_id, mention.id):
        if reply.state is ReplyState.QUEUED and not reply.may_be_out:
            await uow.replies.move(
                reply, ReplyState.AWAITING_APPROVAL, now, reason="the post was edited", due=None, lease_token=None
            )


async def withdraw(uow: UnitOfWork, mention: Mention, now: datetime) -> None:
    """Follow a deletion: the words go, and what has not been said yet stays unsaid."""
    if not await uow.mentions.delete(mention, now):
        return
    for reply in await uow.replies.waiting_for_mention(mention.brand_id, mention.id):
        await uow.replies.move(reply, ReplyState.CANCELLED, now, reason="the post was deleted", due=None)
        await uow.events.add(
            EventType.REPLY_CANCELLED, reply.brand_id, now, ticket_id=reply.ticket_id, reply_id=reply.id
        )
    await uow.events.add(
        EventType.MENTION_DELETED,
        mention.brand_id,
        now,
        ticket_id=mention.ticket_id,
        account_id=mention.account_id,
        mention_id=mention.id,
    )


def _as_own(post: Post) -> OwnPost:
    return OwnPost(
        external_id=post.external_id,
        parent_id=post.parent_id,
        thread_id=post.thread_id,
        text=post.text,
        created_at=post.created_at,
        permalink=post.permalink,
        surface=post.visibility.surface,
    )


async def poll(bridge: Bridge, lease: Lease) -> None:
    """Walk one account's mentions to the end, one transaction a page, and note how the account is doing."""
    connected = bridge.at(lease.brand_id, lease.id)
    account = connected.account
    try:
        await _walk(bridge, connected, lease)
    except (LeaseLost, StoreDown):
        raise
    except PlatformError as error:
        await _poll_failed(bridge, account, lease, error)
        return
    except Exception as error:
        # A plug that stumbles leaves us as blind as a network that is down, and must be seen as such.
        await _poll_failed(bridge, account, lease, PlatformDown(f"{type(error).__name__}: {error}"))
        return
    async with bridge.store.writing() as uow:
        now = bridge.clock.now()
        await uow.accounts.well(account, now)
        await _see_again(uow, account, now)
        await uow.claims.done(lease, now + timedelta(seconds=account.poll_seconds), fresh=True)


async def _walk(bridge: Bridge, connected: Connected, lease: Lease) -> None:
    account = connected.account
    async with bridge.store.reading() as uow:
        known = await uow.accounts.health(account.brand_id, account.id)
    if known.network_id is None or known.state in _MUTE:
        known = await introduce(bridge, connected, lease)
    async for page in connected.platform.collect(known.cursor):
        await store_page(bridge, account, page.items, page.cursor, known, lease)


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
        taken = [await take_in(uow, account, item, origin=Origin.POLL, known=known, now=now) for item in items]
        seen = max((item.created_at for item in items if isinstance(item, Post)), default=None)
        await uow.accounts.polled(account, cursor, seen, now)
    tell(bridge.observer, account, taken, Origin.POLL)
    return taken


def tell(observer: Observer, account: Account, taken: Sequence[Taken], origin: Origin) -> None:
    """Let the logs and metrics know what came in."""
    for each in taken:
        observer.saw(
            f"mention.{each.result}", platform=account.platform, account=account.id, origin=origin, id=each.mention_id
        )


async def _see_again(uow: UnitOfWork, account: Account, now: datetime) -> None:
    if await uow.accounts.close_gap(account, "walked from the last cursor to the end", now) is None:
        return
    await uow.events.add(EventType.GAP_CLOSED, account.brand_id, now, account_id=account.id)
    await uow.events.add(EventType.ACCOUNT_RECOVERED, account.brand_id, now, account_id=account.id)


async def _poll_failed(bridge: Bridge, account: Account, lease: Lease, error: PlatformError) -> None:
    now = bridge.clock.now()
    async with bridge.store.writing() as uow:
        failures = await uow.accounts.failed(account, str(error), now)
        if isinstance(error, LoginNeeded):
            await _signed_out(uow, account, error, now)
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
    if await uow.accounts.open_gap(account, cause, now) is None:
        return False
    await uow.events.add(EventType.GAP_OPENED, account.brand_id, now, account_id=account.id, cause=cause)
    return True


async def read_hook(bridge: Bridge, lease: Lease) -> None:
    """Turn one stored webhook body into mentions; what cannot be read stays, marked so."""
    async with bridge.store.writing() as uow:
        await uow.claims.check(lease)
        found = await uow.inbox.body(lease.brand_id, lease.id)
        if found is None:
            return
        account_id, body = found
        connected = bridge.at(lease.brand_id, account_id)
        known = await uow.accounts.health(lease.brand_id, account_id)
        if connected.hook is None:
            raise PlatformDown(f"The account {account_id} takes no webhooks any more; remove it or restore its config.")
        items = connected.hook.parse(body)
        now = bridge.clock.now()
        taken = [
            await take_in(uow, connected.account, item, origin=Origin.HOOK, known=known, now=now) for item in items
        ]
        await uow.inbox.read(lease.brand_id, lease.id)
        await uow.claims.done(lease)
    tell(bridge.observer, connected.account, taken, Origin.HOOK)
