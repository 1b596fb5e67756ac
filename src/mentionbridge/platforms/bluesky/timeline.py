"""Walks the notifications, newest first, so that none is lost between two polls or two pages."""

from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from mentionbridge.domain.errors import PlatformError
from mentionbridge.domain.mention import Item, Post, Unreadable
from mentionbridge.kit.clock import Clock
from mentionbridge.platforms.bluesky import wire
from mentionbridge.platforms.bluesky.mark import Mark
from mentionbridge.platforms.bluesky.wire import Reader
from mentionbridge.platforms.bluesky.xrpc import Xrpc, read_list, read_object

LIMIT = 100
BATCH = 25
HISTORY_PAGES = 20
"""How many pages of the time before we were connected one poll reads; the next goes on from there."""

FEED_PAGES = 10
"""How many pages of a person's posts are read for what they added to a thread."""

FOLLOWERS_LIVE = timedelta(hours=6)
VIEWS_LIVE = timedelta(minutes=10)
TOLD_LIVE = timedelta(hours=1)
_NOT_POSTS = ("like", "repost", "follow", "like-via-repost", "repost-via-repost", "verified", "unverified")
_TICK = timedelta(milliseconds=1)
_ROUNDS = 3


class Memory:
    """Remembers what was read a while ago, so that overlapping walks do not ask for it again."""

    def __init__(self, clock: Clock, life: timedelta, most: int = 4096) -> None:
        self._clock = clock
        self._life = life.total_seconds()
        self._most = most
        self._kept: OrderedDict[str, tuple[float, Any]] = OrderedDict()

    def get(self, key: str) -> tuple[bool, Any]:
        """Return whether it is known, and what."""
        at, value = self._kept.get(key, (float("-inf"), None))
        known = self._clock.monotonic() - at < self._life
        return known, value if known else None

    def put(self, key: str, value: Any) -> None:
        """Keep it, and let go of the oldest."""
        self._kept[key] = (self._clock.monotonic(), value)
        self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)


class Posts:
    """Reads posts and people by the batch."""

    def __init__(self, xrpc: Xrpc, clock: Clock) -> None:
        self._xrpc = xrpc
        self._views = Memory(clock, VIEWS_LIVE, most=1024)
        self._followers = Memory(clock, FOLLOWERS_LIVE)

    async def views(self, uris: Sequence[str]) -> dict[str, Any]:
        """Return the posts the network shows us now, by address; what it does not show is missing."""
        found: dict[str, Any] = {}
        for start in range(0, len(uris), BATCH):
            answer = await self._xrpc.read("app.bsky.feed.getPosts", uris=list(uris[start : start + BATCH]))
            views = (view for view in read_list(answer, "posts") if isinstance(view, dict))
            found |= {view["uri"]: view for view in views if isinstance(view.get("uri"), str)}
        return found

    async def said_in_thread(self, did: str, root: str, since: datetime, reader: Reader) -> list[Post]:
        """Return what this person said in a thread since then, oldest first.

        Their own posts are listed and not the thread: it may be a crowd's, of which the network shows a part.
        """
        found: dict[str, Post] = {}
        cursor: str | None = None
        for _ in range(FEED_PAGES):
            answer = await self._xrpc.ask(
                "app.bsky.feed.getAuthorFeed",
                actor=did,
                filter="posts_with_replies",
                limit=LIMIT,
                cursor=cursor,
                fine=(400,),
            )
            if answer.status != 200:
                # The account is gone, or there is a block between us: nobody to hear.
                break
            page = read_object(answer)
            listed = [one for one in read_list(page, "feed") if isinstance(one, dict) and "reason" not in one]
            posts = [item for one in listed if isinstance(item := reader.read(one.get("post")), Post)]
            late = [post for post in posts if post.thread_id == root and post.created_at >= since]
            found |= {post.external_id: post for post in late}
            given = page.get("cursor")
            if not isinstance(given, str) or given == cursor or any(post.created_at < since for post in posts):
                break
            cursor = given
        return sorted(found.values(), key=lambda post: post.created_at)

    async def hydrated(self, noted: Sequence[Any]) -> list[Any]:
        """Return each notified post as the network shows it, with its pictures; where it does not, as it was noted."""
        keys = {id(one): f"{one['uri']} {one['cid']}" for one in noted}
        wanted = [one["uri"] for one in noted if not self._views.get(keys[id(one)])[0]]
        fresh = await self.views(list(dict.fromkeys(wanted)))
        for one in noted:
            if one["uri"] in fresh:
                self._views.put(keys[id(one)], fresh[one["uri"]])
        return [fresh.get(one["uri"]) or self._views.get(keys[id(one)])[1] or one for one in noted]

    async def followers(self, dids: Sequence[str]) -> dict[str, int | None]:
        """Return how many follow each person; nice to have, so a network that will not say stops nothing."""
        wanted = [did for did in dict.fromkeys(dids) if not self._followers.get(did)[0]]
        for start in range(0, len(wanted), BATCH):
            try:
                await self._ask_followers(wanted[start : start + BATCH])
            except PlatformError:
                break
        return {did: self._followers.get(did)[1] for did in dids}

    async def _ask_followers(self, dids: Sequence[str]) -> None:
        answer = await self._xrpc.read("app.bsky.actor.getProfiles", actors=list(dids))
        for profile in read_list(answer, "profiles"):
            if isinstance(profile, dict) and isinstance(profile.get("did"), str):
                self._followers.put(profile["did"], wire.count(profile.get("followersCount")))


@dataclass(slots=True)
class _Walk:
    """One way down to `floor`: what it has met, and the newest it has met."""

    floor: datetime | None = None
    seen: set[str] = field(default_factory=set)
    given: Counter[str] = field(default_factory=Counter)
    newest: datetime | None = None

    def follow(self, given: Any, cursor: str | None, *, progress: bool) -> str | None:
        """Return where the next page begins; None at the end, also when the network leads in circles.

        Its cursor is the time of the last post and hides others of that very time. So we begin one tick above it,
        meeting the last ones again; when that brings nothing new, we go on from where the network says.
        """
        if not isinstance(given, str) or not given or given == cursor:
            return None
        self.given[given] += 1
        if self.given[given] > _ROUNDS:
            return None
        moment = wire.parse_moment(given) if progress else None
        return wire.stamp(moment + _TICK) if moment else given


@dataclass(frozen=True, slots=True)
class _Step:
    """One page of a walk: its items, their keys, how far down it reached, and where the next begins."""

    items: list[Item]
    keys: list[str]
    reached: datetime | None
    cursor: str | None


class Timeline:
    """The mentions of one account."""

    def __init__(self, xrpc: Xrpc, posts: Posts, clock: Clock) -> None:
        self._xrpc = xrpc
        self._posts = posts
        self._clock = clock
        self._told = Memory(clock, TOLD_LIVE)

    async def walk(self, mark: Mark, reader: Reader) -> AsyncIterator[tuple[list[Item], Mark | None]]:
        """Yield pages of mentions; a page that comes with a mark may be committed together with it."""
        below = _Walk()
        walked = self._begin(mark, reader, below) if mark.high is None else self._new(mark, reader)
        async for items, reached in walked:
            mark = reached or mark
            yield items, reached
        async for page in self._history(mark, reader, below):
            yield page

    async def _begin(self, mark: Mark, reader: Reader, walk: _Walk) -> AsyncIterator[tuple[list[Item], Mark | None]]:
        """The very first page; what lies below it is history."""
        step = await self._step(None, walk, reader)
        now = self._clock.now()
        yield step.items, replace(mark, high=_no_later(walk.newest, now), deep=now, older=step.cursor)

    async def _new(self, mark: Mark, reader: Reader) -> AsyncIterator[tuple[list[Item], Mark | None]]:
        """Walk down to what was read before; only the last page may move the mark."""
        now = self._clock.now()
        floor, walk = mark.floor(now), _Walk(mark.floor(now))
        deep = now if mark.is_deep_due(now) else mark.deep
        step = await self._step(None, walk, reader)
        while step.cursor and not (step.reached and floor and step.reached <= floor):
            yield step.items, None
            self._tell(step)
            step = await self._step(step.cursor, walk, reader)
        high = max(filter(None, (walk.newest, mark.high)), default=None)
        yield step.items, replace(mark, high=_no_later(high, now), deep=deep)
        self._tell(step)

    async def _history(self, mark: Mark, reader: Reader, walk: _Walk) -> AsyncIterator[tuple[list[Item], Mark]]:
        for _ in range(HISTORY_PAGES):
            if mark.older is None:
                return
            step = await self._step(mark.older, walk, reader)
            mark = replace(mark, older=step.cursor)
            yield step.items, mark

    async def _step(self, cursor: str | None, walk: _Walk, reader: Reader) -> _Step:
        answer = await self._xrpc.read(
            "app.bsky.notification.listNotifications", limit=LIMIT, reasons=list(wire.REASONS), cursor=cursor
        )
        listed = read_list(answer, "notifications")
        fresh = [one for one in listed if _key(one) not in walk.seen]
        walk.seen.update(map(_key, fresh))
        times = [time for time in map(_indexed, listed) if time]
        walk.newest = max(filter(None, (walk.newest, *times)), default=None)
        given = answer.get("cursor")
        due = [one for one in fresh if not self._is_told(one, walk.floor)]
        items = await self._items(due, reader)
        if _is_one_moment(listed, times):
            items.append(_hidden(times[0]))
        reached = times[-1] if times else wire.parse_moment(given)
        return _Step(items, list(map(_key, due)), reached, walk.follow(given, cursor, progress=bool(fresh)))

    def _is_told(self, noted: Any, floor: datetime | None) -> bool:
        """True for what lies below the floor and was handed on, and stored, not long ago."""
        time = _indexed(noted)
        return floor is not None and time is not None and time <= floor and self._told.get(_key(noted))[0]

    def _tell(self, step: _Step) -> None:
        # Who asks for the next page has stored this one.
        for key in step.keys:
            self._told.put(key, None)

    async def _items(self, noted: Sequence[Any], reader: Reader) -> list[Item]:
        """Read what was noted, oldest first, without what we said ourselves and what nobody said to us."""
        found = [(one, reader.read(one)) for one in reversed(noted) if _concerns_us(one, reader.us)]
        posts = [one for one, item in found if isinstance(item, Post)]
        followers = await self._posts.followers([one["author"]["did"] for one in posts])
        shown = dict(zip((one["uri"] for one in posts), await self._posts.hydrated(posts), strict=True))
        return [
            self._whole(item, shown[one["uri"]], followers[one["author"]["did"]], reader)
            if isinstance(item, Post)
            else item
            for one, item in found
        ]

    def _whole(self, noted: Post, view: Any, followers: int | None, reader: Reader) -> Item:
        """Read the hydrated post; if that cannot be read, the notification could."""
        whole = reader.read(view, followers=followers)
        if not isinstance(whole, Post):
            return replace(noted, author=replace(noted.author, followers=followers))
        return replace(whole, created_at=min(whole.created_at, noted.created_at))


def _is_one_moment(listed: Sequence[Any], times: Sequence[datetime]) -> bool:
    return len(listed) >= LIMIT and len(set(times)) == 1


def _hidden(moment: datetime) -> Unreadable:
    """Say aloud that the network cannot list more than a page of one moment."""
    reason = f"{LIMIT} or more mentions claim the moment {wire.stamp(moment)}; the network lists no more of them"
    return Unreadable(wire.stamp(moment).encode(), reason)


def _concerns_us(noted: Any, us: str) -> bool:
    if not isinstance(noted, dict):
        return True
    author = noted.get("author")
    is_own = isinstance(author, dict) and author.get("did") == us
    # A server that does not know our filter sends likes and follows too.
    return not is_own and noted.get("reason") not in _NOT_POSTS


def _key(noted: Any) -> str:
    if isinstance(noted, dict) and isinstance(noted.get("uri"), str):
        return f"{noted['uri']} {noted.get('cid')}"
    return repr(noted)


def _indexed(noted: Any) -> datetime | None:
    return wire.parse_moment(noted.get("indexedAt")) if isinstance(noted, dict) else None


def _no_later(moment: datetime | None, now: datetime) -> datetime | None:
    return min(moment, now) if moment else None
