"""What people may do here: each act checks the network's rules and becomes one change in the journal."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

from mentionbridge.kit.clock import Clock
from mentionbridge.platforms.demo.journal import Journal
from mentionbridge.platforms.demo.network import Audience, Change, Network, Person, Post, is_handle
from mentionbridge.text import graphemes

MAX_LENGTH = 280
MAX_NAME = 60


class Denied(Exception):
    """The network says no: an HTTP status, a stable code and a sentence for the person."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code


class LiveNetwork:
    """The network while it runs: it opens its journal at first use and tells its listeners of every change."""

    def __init__(self, clock: Clock, journal: Callable[[], Journal], *, keys: bool = True) -> None:
        self.keys = keys
        self.state = Network()
        self.listeners: list[Callable[[], None]] = []
        self._clock = clock
        self._open_journal = journal
        self._journal: Journal | None = None
        self._expected: dict[str, str] = {}

    def open(self) -> None:
        """Rebuild the state from the journal, once; raises SetupError when another process holds it."""
        if self._journal is None:
            journal = self._open_journal()
            self.state = Network()
            for change in journal.read():
                self.state.apply(change)
            self._journal = journal
        for handle, name in list(self._expected.items()):
            self.adopt(handle, name)
            del self._expected[handle]

    def close(self) -> None:
        """Let go of the journal; the next use opens it again."""
        if self._journal:
            self._journal.close()
            self._journal = None

    def expect(self, handle: str, name: str) -> None:
        """Keep a handle for a business that will be opened here; nothing is written yet."""
        self._expected[handle] = name

    def adopt(self, handle: str, name: str) -> Person:
        """Return the business of this handle, made now if need be."""
        person = self.state.person(handle) or self._join(handle, name, business=True)
        if not person.business:
            self._commit("became_business", id=person.id)
        return person

    def join(self, handle: str, name: str = "", *, followers: int = 0, bot: bool = False) -> Person:
        """Return the person of this handle, made now if need be; a business cannot be played by a person."""
        handle = handle.strip().lstrip("@").lower()
        if not is_handle(handle):
            raise Denied(
                422, "bad_handle", "A handle is 1 to 30 of a-z, 0-9, - and _, with a letter or digit at the ends."
            )
        person = self.state.person(handle)
        if person and person.business:
            raise Denied(403, "reserved", f"@{handle} belongs to the bridge; be somebody else.")
        return person or self._join(handle, name, followers=followers, bot=bot)

    def post(
        self,
        author: Person,
        text: str,
        *,
        audience: Audience = Audience.EVERYONE,
        pictures: Sequence[dict[str, str]] = (),
        place: str | None = None,
    ) -> Post:
        """Say something to everybody, or to those who follow."""
        if audience is Audience.DIRECT:
            raise Denied(422, "no_addressee", "A private message needs somebody to send it to.")
        words = _words(text, pictures)
        return self._say(author, words, audience=audience, pictures=list(pictures), place=place)

    def reply(
        self,
        author: Person,
        parent_id: str,
        text: str,
        *,
        audience: Audience = Audience.EVERYONE,
        pictures: Sequence[dict[str, str]] = (),
        links: Sequence[dict[str, Any]] = (),
        key: str | None = None,
    ) -> tuple[Post, bool]:
        """Answer a post; the second value is False when this very answer was given before under this key."""
        if audience is Audience.DIRECT:
            raise Denied(422, "bad_audience", "An answer in public is for everyone, unlisted or for followers.")
        digest = _digest("reply", parent_id, text, audience, list(links))
        if said := self._said(author, key, digest):
            return said, False
        self.check_reply(author, parent_id)
        parent = self.state.posts[parent_id]
        words = _words(text, pictures)
        post = self._say(
            author,
            words,
            audience=audience.no_wider_than(parent.audience),
            parent=parent_id,
            pictures=list(pictures),
            links=_fitting(links, words),
            **self._keyed(key, digest),
        )
        return post, True

    def write(
        self,
        author: Person,
        reader: Person,
        text: str,
        *,
        pictures: Sequence[dict[str, str]] = (),
        links: Sequence[dict[str, Any]] = (),
        key: str | None = None,
    ) -> tuple[Post, bool]:
        """Send a private message; the second value is as in `reply`."""
        digest = _digest("write", reader.id, text, list(links))
        if said := self._said(author, key, digest):
            return said, False
        self.check_write(author, reader)
        words = _words(text, pictures)
        post = self._say(
            author,
            words,
            prefix="m",
            audience=Audience.DIRECT,
            to=reader.id,
            pictures=list(pictures),
            links=_fitting(links, words),
            **self._keyed(key, digest),
        )
        return post, True

    def repost(self, author: Person, post_id: str) -> Post:
        """Pass a post on to one's own followers."""
        post = self._there(post_id)
        if post.audience not in (Audience.EVERYONE, Audience.UNLISTED):
            raise Denied(403, "not_public", "Only public posts can be passed on.")
        return self._say(author, "", audience=Audience.EVERYONE, repost_of=post.repost_of or post.id)

    def edit(self, author: Person, post_id: str, text: str) -> Post:
        """Replace the words of an own post."""
        post = self._own(author, post_id)
        self._commit("edited", id=post.id, text=_words(text, post.pictures))
        return post

    def delete(self, author: Person, post_id: str) -> None:
        """Take back an own post; answers to it stay."""
        self._commit("deleted", id=self._own(author, post_id).id)

    def lock(self, author: Person, post_id: str, locked: bool = True) -> None:
        """Close an own thread to answers, or open it again."""
        self._commit("locked", id=self._own(author, post_id).id, locked=locked)

    def block(self, who: Person, whom: Person, on: bool = True) -> None:
        """Let somebody no longer answer or write to us, or again."""
        self._commit("tied", tie="block", who=who.id, whom=whom.id, on=on)

    def follow(self, who: Person, whom: Person, on: bool = True) -> None:
        """Follow somebody, or stop; whoever follows a business may be written to by it."""
        self._commit("tied", tie="follow", who=who.id, whom=whom.id, on=on)

    def take_in(self, person_id: str, handle: str, name: str, *, followers: int, bot: bool) -> Person:
        """Let a person from elsewhere be somebody here, under the id they have there."""
        return self._join(handle, name, followers=followers, bot=bot, person_id=person_id)

    def take_from_elsewhere(
        self,
        post_id: str,
        author: Person,
        text: str,
        *,
        created_at: datetime,
        thread: str,
        parent: str | None,
        audience: str,
    ) -> Post:
        """Let a post from elsewhere exist here under its own id, of whatever length it is."""
        when = created_at.astimezone(UTC).isoformat()
        place = {"thread": thread, "parent": parent, "audience": audience}
        self._commit("hosted", id=post_id, author=author.id, text=clean(text), created_at=when, **place)
        return self.state.posts[post_id]

    def note_pushed(self, handle: str, upto: int) -> None:
        """Remember how far a webhook has been told."""
        self._commit("pushed", handle=handle, upto=upto)

    def check_reply(self, author: Person, parent_id: str) -> None:
        """Raise Denied unless this person may answer this post."""
        parent = self._there(parent_id)
        if parent.private or not self.state.visible(parent, author):
            raise Denied(403, "private", "A private message is answered in private.")
        if (parent.author, author.id) in self.state.blocks:
            raise Denied(403, "blocked", "The author of this post has blocked you.")
        if parent.locked or any(above.locked for above in self.state.ancestors(parent)):
            raise Denied(403, "locked", "This thread is closed to answers.")

    def check_write(self, author: Person, reader: Person) -> None:
        """Raise Denied unless this person may send that one a private message."""
        if author.id == reader.id:
            raise Denied(422, "yourself", "You cannot write to yourself.")
        if (reader.id, author.id) in self.state.blocks:
            raise Denied(403, "blocked", "This person has blocked you.")
        invited = (reader.id, author.id) in self.state.follows or self.state.has_written(reader, author)
        if author.business and not invited:
            raise Denied(403, "not_permitted", "A business may write only to followers and to people who wrote first.")

    def now(self) -> datetime:
        """Return the network's time."""
        return self._clock.now()

    def keep_picture(self, name: str, body: bytes) -> None:
        """Keep a checked picture."""
        self._opened().keep_picture(name, body)

    def picture(self, name: str) -> bytes | None:
        """Return a picture that a post shows."""
        return self._opened().picture(name)

    def _join(
        self,
        handle: str,
        name: str,
        *,
        followers: int = 0,
        bot: bool = False,
        business: bool = False,
        person_id: str | None = None,
    ) -> Person:
        # A business has ids of its own kind: invented people of a replayed file must not turn out to be ourselves.
        person_id = person_id or _free(self.state.people, "b" if business else "u")
        self._commit(
            "joined",
            id=person_id,
            handle=handle,
            name=clean(name).replace("\n", " ")[:MAX_NAME] or handle.replace("_", " ").title(),
            followers=followers,
            bot=bot,
            business=business,
        )
        return self.state.people[person_id]

    def _say(self, author: Person, text: str, *, prefix: str = "p", **what: Any) -> Post:
        post_id = _free(self.state.posts, prefix)
        self._commit("posted", id=post_id, author=author.id, text=text, **what)
        return self.state.posts[post_id]

    def _said(self, author: Person, key: str | None, digest: str) -> Post | None:
        """Return what was said before under this key."""
        if not key or not self.keys or (author.id, key) not in self.state.sends:
            return None
        before, post_id = self.state.sends[author.id, key]
        if before != digest:
            raise Denied(422, "key_reused", "This key was used before for something else.")
        return self.state.posts[post_id]

    def _keyed(self, key: str | None, digest: str) -> dict[str, str]:
        return {"key": key, "digest": digest} if key and self.keys else {}

    def _there(self, post_id: str) -> Post:
        post = self.state.shown(post_id)
        if post is None:
            raise Denied(404, "gone", "This post does not exist any more.")
        return post

    def _own(self, author: Person, post_id: str) -> Post:
        post = self._there(post_id)
        if post.author != author.id:
            raise Denied(403, "not_yours", "This post is somebody else's.")
        return post

    def _commit(self, type_: str, **what: Any) -> None:
        at = self._clock.now().astimezone(UTC).isoformat()
        change: Change = {"seq": self.state.seq + 1, "at": at, "type": type_, **what}
        self._opened().append(change)
        self.state.apply(change)
        for listener in self.listeners:
            listener()

    def _opened(self) -> Journal:
        if self._journal is None:
            self.open()
        assert self._journal is not None
        return self._journal


def _free(taken: Mapping[str, object], prefix: str) -> str:
    """Return the next id; one that came from elsewhere may stand in the way."""
    numbers = count(len(taken) + 1)
    return next(name for name in (f"{prefix}-{number}" for number in numbers) if name not in taken)


def clean(text: str) -> str:
    """Drop what no text may hold: NUL, half characters and outer blanks; line ends become one kind."""
    whole = text.encode("utf-8", "replace").decode()
    return whole.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n").strip()


def _words(text: str, pictures: Sequence[Any]) -> str:
    words = clean(text)
    if not words and not pictures:
        raise Denied(422, "empty", "Write something, or add a picture.")
    if (length := graphemes.count(words)) > MAX_LENGTH:
        raise Denied(422, "too_long", f"A post is at most {MAX_LENGTH} characters; this one has {length}.")
    return words


def _fitting(links: Sequence[dict[str, Any]], text: str) -> list[dict[str, Any]]:
    """Keep the links that lie inside the text, in order and without overlap."""
    kept: list[dict[str, Any]] = []
    for link in sorted(links, key=lambda link: link["start"]):
        free = kept[-1]["end"] if kept else 0
        if free <= link["start"] < link["end"] <= len(text) and link["url"].startswith(("https://", "http://")):
            kept.append({"start": link["start"], "end": link["end"], "url": link["url"]})
    return kept


def _digest(*what: Any) -> str:
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()
