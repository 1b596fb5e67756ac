"""The network's state, and how each change alters it: people, posts, private messages. Pure; rules are in `acts`."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

HANDLE = r"[a-z0-9](?:[a-z0-9_-]{0,28}[a-z0-9])?"
_HANDLE = re.compile(HANDLE, re.ASCII)
_TAG = re.compile(rf"(?<![\w@./])@({HANDLE})", re.IGNORECASE | re.ASCII)

Change = Mapping[str, Any]
"""One JSON-able line of the journal: `seq`, `at`, `type` and what the type needs."""


class Audience(StrEnum):
    """Who sees a post, widest first; `direct` is a private message."""

    EVERYONE = "everyone"
    UNLISTED = "unlisted"
    FOLLOWERS = "followers"
    DIRECT = "direct"

    def no_wider_than(self, other: "Audience") -> "Audience":
        """Return the narrower of the two."""
        return max(self, other, key=list(Audience).index)


class Kind(StrEnum):
    """What happened to a post."""

    CREATED = "created"
    EDITED = "edited"
    DELETED = "deleted"


@dataclass(slots=True)
class Person:
    """Somebody with an account here; `business` ones are run by a program with a token."""

    id: str
    handle: str
    name: str
    followers: int = 0
    bot: bool = False
    business: bool = False


@dataclass(slots=True)
class Post:
    """A post, a repost (`repost_of`) or a private message (`to` and `conversation` set)."""

    id: str
    seq: int
    author: str
    text: str
    created_at: datetime
    audience: Audience
    root: str
    parent: str | None = None
    pictures: list[dict[str, str]] = field(default_factory=list)
    links: list[dict[str, Any]] = field(default_factory=list)
    place: str | None = None
    repost_of: str | None = None
    to: str | None = None
    key: str | None = None
    edits: int = 0
    locked: bool = False
    deleted: bool = False
    addressed: frozenset[str] = frozenset()

    @property
    def private(self) -> bool:
        """True for a message between two people."""
        return self.to is not None


@dataclass(frozen=True, slots=True)
class News:
    """Something happened to a post that concerns a handle."""

    seq: int
    kind: Kind
    post_id: str


class Network:
    """Everything the network knows, rebuilt by applying every change in order."""

    def __init__(self) -> None:
        self.seq = 0
        self.people: dict[str, Person] = {}
        self.posts: dict[str, Post] = {}
        self.replies: dict[str, list[str]] = defaultdict(list)
        self.news: dict[str, list[News]] = defaultdict(list)
        self.conversations: dict[str, list[str]] = defaultdict(list)
        self.by_author: dict[str, list[str]] = defaultdict(list)
        self.follows: set[tuple[str, str]] = set()
        self.blocks: set[tuple[str, str]] = set()
        self.sends: dict[tuple[str, str], tuple[str, str]] = {}
        self.pushed: dict[str, int] = {}
        self._handles: dict[str, str] = {}
        self._reposts: dict[str, int] = defaultdict(int)

    def apply(self, change: Change) -> None:
        """Let one change happen."""
        _APPLY[change["type"]](self, change)
        self.seq = change["seq"]

    def person(self, handle: str) -> Person | None:
        """Return the person behind a handle, whatever its case."""
        found = self._handles.get(handle.lower())
        return self.people[found] if found else None

    def author(self, post: Post) -> Person:
        """Return who wrote it."""
        return self.people[post.author]

    def shown(self, post_id: str | None) -> Post | None:
        """Return a post unless it never was or is deleted."""
        post = self.posts.get(post_id or "")
        return post if post and not post.deleted else None

    def follows_of(self, person: Person) -> int:
        """How many people follow this one: the crowd they came with, and whoever followed since."""
        return person.followers + sum(1 for _, followed in self.follows if followed == person.id)

    def reposts_of(self, post: Post) -> int:
        """How often it was passed on."""
        return self._reposts[post.id]

    def ancestors(self, post: Post) -> list[Post]:
        """Return the posts above this one, root first, deleted ones too."""
        above: list[Post] = []
        while post.parent:
            post = self.posts[post.parent]
            above.append(post)
        return above[::-1]

    def top(self, post: Post) -> str:
        """Return the id of the topmost post that is known here; a thread from elsewhere may have begun above it."""
        return (self.ancestors(post) or [post])[0].id

    def thread(self, post: Post) -> Iterator[tuple[int, Post]]:
        """Walk everything under a post, each with its depth, in the order of the conversation."""
        waiting = [(1, reply) for reply in reversed(self.replies[post.id])]
        while waiting:
            depth, post_id = waiting.pop()
            yield depth, self.posts[post_id]
            waiting += [(depth + 1, reply) for reply in reversed(self.replies[post_id])]

    def timeline(self, viewer: Person | None) -> Iterator[Post]:
        """Walk the thread starts and reposts this viewer may see, newest first."""
        for post in reversed(self.posts.values()):
            if not post.parent and not post.private and not post.deleted and self.visible(post, viewer):
                yield post

    def visible(self, post: Post, viewer: Person | None) -> bool:
        """True when this viewer may read the post."""
        if post.audience in (Audience.EVERYONE, Audience.UNLISTED):
            return True
        if viewer is None:
            return False
        if post.private:
            return viewer.id in (post.author, post.to)
        return viewer.id == post.author or viewer.handle in post.addressed or (viewer.id, post.author) in self.follows

    def concerns(self, handle: str, after: int, kinds: frozenset[Kind] = frozenset(Kind)) -> Iterator[News]:
        """Walk what happened after `after` to posts that address this handle, oldest first."""
        news = self.news[handle]
        for index in range(bisect_right(news, after, key=lambda item: item.seq), len(news)):
            if news[index].kind in kinds:
                yield news[index]

    def called_on(self, post: Post) -> list[str]:
        """Return the ids of those the post itself calls on: by name, by answering them, or in private."""
        if post.to:
            return [post.to]
        parent = self.posts.get(post.parent or "")
        named = filter(None, (self.person(handle) for _, _, handle in tag_spans(post.text)))
        return list(dict.fromkeys([*([parent.author] if parent else []), *(person.id for person in named)]))

    def tagged(self, post: Post, handle: str) -> bool:
        """True when the post calls on this handle itself."""
        person = self.person(handle)
        return post.private or (person is not None and person.id in self.called_on(post))

    def has_written(self, writer: Person, reader: Person) -> bool:
        """True when `writer` has sent `reader` a private message."""
        talk = self.conversations[conversation(writer.id, reader.id)]
        return any(self.posts[message].author == writer.id for message in talk)

    def _joined(self, change: Change) -> None:
        person = Person(
            change["id"], change["handle"], change["name"], change["followers"], change["bot"], change["business"]
        )
        self.people[person.id] = person
        self._handles[person.handle] = person.id

    def _became_business(self, change: Change) -> None:
        self.people[change["id"]].business = True

    def _posted(self, change: Change) -> None:
        post = Post(
            id=change["id"],
            seq=change["seq"],
            author=change["author"],
            text=change["text"],
            created_at=datetime.fromisoformat(change["at"]),
            audience=Audience(change["audience"]),
            root=self._root(change),
            parent=change.get("parent"),
            pictures=change.get("pictures", []),
            links=change.get("links", []),
            place=change.get("place"),
            repost_of=change.get("repost_of"),
            to=change.get("to"),
            key=change.get("key"),
        )
        post.addressed = self._addressed(post)
        self._file(post)
        if post.key:
            self.sends[post.author, post.key] = (change["digest"], post.id)
        self._tell(post.addressed, change["seq"], Kind.CREATED, post)

    def _hosted(self, change: Change) -> None:
        """File a post from elsewhere; whoever brought it knows of it, so nobody is told."""
        post = Post(
            id=change["id"],
            seq=change["seq"],
            author=change["author"],
            text=change["text"],
            created_at=datetime.fromisoformat(change["created_at"]),
            audience=Audience(change["audience"]),
            root=self.posts[change["parent"]].root if change["parent"] else change["thread"],
            parent=change["parent"],
        )
        post.addressed = self._addressed(post)
        self._file(post)

    def _root(self, change: Change) -> str:
        if change.get("to"):
            return conversation(change["author"], change["to"])
        parent = change.get("parent")
        return self.posts[parent].root if parent else change["id"]

    def _addressed(self, post: Post) -> frozenset[str]:
        """Who hears of it: those it names, whoever it answers, and whoever that one addressed."""
        if post.to:
            return frozenset({self.people[post.to].handle})
        above = self.posts.get(post.parent or post.repost_of or "")
        inherited = above.addressed | {self.author(above).handle} if above else frozenset()
        return (tags(post.text) | inherited) - {self.author(post).handle}

    def _file(self, post: Post) -> None:
        self.posts[post.id] = post
        self.by_author[post.author].append(post.id)
        if post.private:
            self.conversations[post.root].append(post.id)
        if post.parent:
            self.replies[post.parent].append(post.id)
        if post.repost_of:
            self._reposts[post.repost_of] += 1

    def _edited(self, change: Change) -> None:
        post = self.posts[change["id"]]
        heard = post.addressed
        post.text = change["text"]
        post.links = []
        post.edits += 1
        post.addressed = heard | self._addressed(post)
        self._tell(heard, change["seq"], Kind.EDITED, post)
        self._tell(post.addressed - heard, change["seq"], Kind.CREATED, post)

    def _deleted(self, change: Change) -> None:
        post = self.posts[change["id"]]
        post.deleted = True
        self._tell(post.addressed, change["seq"], Kind.DELETED, post)

    def _tell(self, handles: frozenset[str], seq: int, kind: Kind, post: Post) -> None:
        for handle in handles:
            self.news[handle].append(News(seq, kind, post.id))

    def _locked(self, change: Change) -> None:
        self.posts[change["id"]].locked = change["locked"]

    def _tied(self, change: Change) -> None:
        ties = self.blocks if change["tie"] == "block" else self.follows
        pair = (change["who"], change["whom"])
        ties.add(pair) if change["on"] else ties.discard(pair)

    def _pushed(self, change: Change) -> None:
        self.pushed[change["handle"]] = change["upto"]


_APPLY: dict[str, Callable[[Network, Change], None]] = {
    "joined": Network._joined,
    "became_business": Network._became_business,
    "posted": Network._posted,
    "hosted": Network._hosted,
    "edited": Network._edited,
    "deleted": Network._deleted,
    "locked": Network._locked,
    "tied": Network._tied,
    "pushed": Network._pushed,
}


def is_handle(text: str) -> bool:
    """True for what may name a person: 1 to 30 of a-z, 0-9, - and _, with a letter or digit at the ends."""
    return _HANDLE.fullmatch(text) is not None


def tags(text: str) -> frozenset[str]:
    """Return the handles a text names."""
    return frozenset(handle.lower() for handle in _TAG.findall(text))


def tag_spans(text: str) -> Iterator[tuple[int, int, str]]:
    """Walk the places where a text names a handle: start, end, handle."""
    for found in _TAG.finditer(text):
        yield found.start(), found.end(), found[1].lower()


def conversation(one: str, other: str) -> str:
    """Name the private conversation of two people."""
    short = (one.removeprefix("u-"), other.removeprefix("u-"))
    return "c-" + "-".join(sorted(short, key=lambda name: (len(name), name)))
