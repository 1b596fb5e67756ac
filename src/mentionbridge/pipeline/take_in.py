"""Take in: what arrives becomes mentions, each once by whatever door, many in a few statements."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from mentionbridge.domain.account import Account, AccountHealth
from mentionbridge.domain.events import EventType
from mentionbridge.domain.mention import Deleted, Item, Mention, Origin, Post, Unreadable
from mentionbridge.domain.reply import OwnPost, ReplyState
from mentionbridge.pipeline.ledger import drop
from mentionbridge.pipeline.take_over import outranks, take_over
from mentionbridge.pipeline.verify import prove
from mentionbridge.ports.observer import Observer
from mentionbridge.ports.store import Incoming, UnitOfWork
from mentionbridge.rules.intake import tidy
from mentionbridge.rules.patience import RECHECK_FOR
from mentionbridge.rules.versions import Newer, newer

MOST_AT_ONCE = 200
"""Items that share their statements; a longer page takes several rounds of them."""


class Result(StrEnum):
    """What became of one item."""

    CREATED = "created"
    DUPLICATE = "duplicate"
    EDITED = "edited"
    DELETED = "deleted"
    OWN = "own"
    UNREADABLE = "unreadable"
    PROOF = "proof"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one item, and the mention it concerns."""

    result: Result
    mention_id: str | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """One item, the account that saw it and how that account stands."""

    account: Account
    known: AccountHealth
    item: Item

    @property
    def is_own(self) -> bool:
        """True for what we said ourselves."""
        return isinstance(self.item, Post) and self.item.author.external_id == self.known.network_id

    @property
    def key(self) -> tuple[str, str, str] | None:
        """What a mention is unique by; None for what cannot be read."""
        if isinstance(self.item, Unreadable):
            return None
        return self.account.brand_id, self.account.platform, self.item.external_id


@dataclass(frozen=True, slots=True)
class Pushed:
    """A post that somebody pushed for an account, when, and the accounts this somebody may push for."""

    account: Account
    post: Post
    at: datetime
    speaks_for: frozenset[str]


async def take_pushed(uow: UnitOfWork, pushed: Sequence[Pushed], origin: Origin = Origin.PUSH) -> Sequence[Taken]:
    """Store what was pushed, in the caller's transaction; returns what became of each."""
    known: dict[tuple[str, str], AccountHealth] = {}
    for each in pushed:
        key = each.account.brand_id, each.account.id
        if key not in known:
            known[key] = await uow.accounts.health(*key)
    calling = {each.account.brand_id for each in pushed if each.post.addressed}
    others = await uow.accounts.all(sorted(calling)) if calling else ()
    arrivals = [
        Arrival(each.account, known[each.account.brand_id, each.account.id], _within_rights(each, others))
        for each in pushed
    ]
    return await take_in(uow, arrivals, origin=origin, now=max(each.at for each in pushed))


async def take_imported(uow: UnitOfWork, pushed: Sequence[Pushed]) -> Sequence[Taken]:
    """Store what a desk brings along as history: every one a matter for a ticket, and nobody is answered."""
    return await take_pushed(uow, pushed, Origin.IMPORT)


def _within_rights(pushed: Pushed, others: Sequence[AccountHealth]) -> Post:
    """Whom a post calls on decides who answers; it must not make an account speak that its pusher may not push for."""
    brand_id, post = pushed.account.brand_id, pushed.post
    if not post.addressed:
        return post
    closed = {each.network_id for each in others if each.brand_id == brand_id and each.id not in pushed.speaks_for}
    return replace(post, addressed=tuple(each for each in post.addressed if each not in closed))


async def take_in(uow: UnitOfWork, arrivals: Sequence[Arrival], *, origin: Origin, now: datetime) -> Sequence[Taken]:
    """Store items in the caller's transaction as if one came after the other; returns what became of each.

    The same post by any door, any number of times, is one mention.
    """
    taken: list[Taken] = []
    for turn in _turns([_tidied(arrival, now) for arrival in arrivals]):
        taken += await _take_turn(uow, turn, origin, now)
    return taken


def _tidied(arrival: Arrival, now: datetime) -> Arrival:
    if not isinstance(arrival.item, Post) or arrival.is_own:
        return arrival
    return Arrival(arrival.account, arrival.known, tidy(arrival.item, now))


def _turns(arrivals: Sequence[Arrival]) -> Iterator[Sequence[Arrival]]:
    """Cut where a post is told of a second time: only what concerns different posts may be stored in one go."""
    turn: list[Arrival] = []
    met: set[tuple[str, str, str]] = set()
    for arrival in arrivals:
        if len(turn) == MOST_AT_ONCE or arrival.key in met:
            yield turn
            turn, met = [], set()
        turn.append(arrival)
        if arrival.key is not None:
            met.add(arrival.key)
    if turn:
        yield turn


async def _take_turn(uow: UnitOfWork, turn: Sequence[Arrival], origin: Origin, now: datetime) -> Sequence[Taken]:
    taken: dict[int, Taken] = {}
    theirs: dict[tuple[str, str], dict[int, Post]] = {}
    for number, arrival in enumerate(turn):
        if isinstance(arrival.item, Post) and not arrival.is_own:
            theirs.setdefault((arrival.account.brand_id, arrival.account.id), {})[number] = arrival.item
        else:
            taken[number] = await _take_other(uow, arrival, origin, now)
    for posts in theirs.values():
        first = turn[next(iter(posts))]
        results = await _take_posts(uow, first.account, first.known, list(posts.values()), origin, now)
        taken |= zip(posts, results, strict=True)
    return [taken[number] for number in range(len(turn))]


async def _take_other(uow: UnitOfWork, arrival: Arrival, origin: Origin, now: datetime) -> Taken:
    account = arrival.account
    match arrival.item:
        case Unreadable(body, reason):
            await uow.inbox.keep_unreadable(account, origin, body, reason, now)
            return Taken(Result.UNREADABLE)
        case Deleted(external_id):
            mention = await uow.mentions.by_external_id(account.brand_id, account.platform, external_id)
            if mention is None or mention.deleted_at is not None or not _may_alter(origin, mention):
                return Taken(Result.DUPLICATE, mention.id if mention else None)
            await withdraw(uow, mention, now)
            return Taken(Result.DELETED, mention.id)
        case Post() as post:
            if origin not in (Origin.PUSH, Origin.IMPORT):
                # A push vouches for nothing: it must not make us believe that we have answered.
                await uow.accounts.remember_own(account.brand_id, account.id, as_own(post))
            return Taken(Result.OWN)


async def _take_posts(
    uow: UnitOfWork, account: Account, known: AccountHealth, posts: Sequence[Post], origin: Origin, now: datetime
) -> Sequence[Taken]:
    brand_id = account.brand_id
    if erased := await uow.customers.buried(brand_id, account.platform, [post.external_id for post in posts]):
        kept = iter(
            await _take_posts(uow, account, known, [p for p in posts if p.external_id not in erased], origin, now)
        )
        return [Taken(Result.DUPLICATE) if post.external_id in erased else next(kept) for post in posts]
    if proofs := await prove(uow, account, posts, origin, now):
        kept = iter(
            await _take_posts(uow, account, known, [p for p in posts if p.external_id not in proofs], origin, now)
        )
        return [Taken(Result.PROOF) if post.external_id in proofs else next(kept) for post in posts]
    if not posts:
        return []
    people = [post.author for post in posts]
    authors = await uow.authors.seen(brand_id, account.platform, people, now, fetched=origin.fetched)
    incoming = [Incoming(post, authors[post.author.external_id], _is_silent(post, known, origin)) for post in posts]
    new, old = await uow.mentions.add(account, incoming, origin, now)
    mention_ids = [new[post.external_id] if post.external_id in new else old[post.external_id].id for post in posts]
    await uow.mentions.sighted(brand_id, mention_ids, account.id, origin, now)
    await _tell_of_new(uow, account, [post for post in posts if post.external_id in new], new, origin, now)
    return [
        Taken(Result.CREATED, new[each.post.external_id])
        if each.post.external_id in new
        else await _take_again(uow, account, old[each.post.external_id], each, origin, now)
        for each in incoming
    ]


def _is_silent(post: Post, known: AccountHealth, origin: Origin) -> bool:
    if origin is Origin.IMPORT:
        return True
    return post.created_at < known.connected_at and origin is not Origin.REPLAY


async def _tell_of_new(
    uow: UnitOfWork, account: Account, posts: Sequence[Post], new: Mapping[str, str], origin: Origin, now: datetime
) -> None:
    mention_ids = [new[post.external_id] for post in posts]
    await uow.mentions.add_media(account.brand_id, {new[post.external_id]: post.media for post in posts}, now)
    await uow.events.add_each(
        EventType.MENTION_RECEIVED, account.brand_id, mention_ids, now, account_id=account.id, origin=origin
    )


async def _take_again(
    uow: UnitOfWork, account: Account, mention: Mention, told: Incoming, origin: Origin, now: datetime
) -> Taken:
    if outranks(origin, mention):
        edited = await take_over(uow, account, mention, told, origin, now)
    else:
        edited = await _take_newer(uow, mention, told.post, origin, now)
    return Taken(Result.EDITED if edited else Result.DUPLICATE, mention.id)


async def _take_newer(uow: UnitOfWork, mention: Mention, post: Post, origin: Origin, now: datetime) -> bool:
    if not is_edit(mention, post) or not _may_alter(origin, mention):
        return False
    match newer(mention.edit_version, post.edit_version, fetched=origin.fetched):
        case Newer.YES:
            await take_edit(uow, mention, post, now)
            return True
        case Newer.ASK:
            # Words told late must not bring old ones back.
            await uow.mentions.look_again(mention, now, now + RECHECK_FOR)
    return False


def is_edit(mention: Mention, post: Post) -> bool:
    """True when the post's words differ from ours under another version."""
    return mention.deleted_at is None and post.edit_version != mention.edit_version and post.text != mention.text


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
        await drop(uow, reply, "the post was deleted", now)
    await uow.events.add(
        EventType.MENTION_DELETED,
        mention.brand_id,
        now,
        ticket_id=mention.ticket_id,
        account_id=mention.account_id,
        mention_id=mention.id,
    )


def as_own(post: Post) -> OwnPost:
    """Return a post of ours as something we said."""
    return OwnPost(
        external_id=post.external_id,
        parent_id=post.parent_id,
        thread_id=post.thread_id,
        text=post.text,
        created_at=post.created_at,
        permalink=post.permalink,
        surface=post.visibility.surface,
    )


def tell(observer: Observer, account: Account, taken: Sequence[Taken], origin: Origin) -> None:
    """Let the logs and metrics know what came in."""
    for each in taken:
        observer.saw(
            f"mention.{each.result}", platform=account.platform, account=account.id, origin=origin, id=each.mention_id
        )
