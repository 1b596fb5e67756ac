"""Mastodon's JSON as domain words, and our replies as its JSON. Pure; shapes as in `samples/`."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from mentionbridge.domain.mention import Author, Item, MediaLink, Post, Surface, Unreadable, Visibility
from mentionbridge.domain.reply import OwnPost, ReplyIntent
from mentionbridge.platforms.mastodon import html, words
from mentionbridge.platforms.mastodon.shapes import Person, Status, an_object, count, objects, text
from mentionbridge.text import language, plain

READ = {
    "public": Visibility.PUBLIC,
    "unlisted": Visibility.UNLISTED,
    "private": Visibility.FOLLOWERS,
    "direct": Visibility.DIRECT,
}
"""Whatever a dialect shows to some only is a private surface."""

WRITTEN = {ours: theirs for theirs, ours in READ.items()}

NO_POST = frozenset(
    {
        "follow",
        "follow_request",
        "favourite",
        "reblog",
        "poll",
        "status",
        "update",
        "admin.sign_up",
        "admin.report",
        "severed_relationships",
        "moderation_warning",
        "annual_report",
        "quoted_update",
        "added_to_collection",
        "collection_update",
        "pleroma:emoji_reaction",
    }
)
"""Notifications that hold nothing said to us, which some dialects list whether asked or not."""

_CALLS = frozenset({"mention", "quote"})
_COUNTS = {
    "replies_count": "replies",
    "reblogs_count": "reposts",
    "favourites_count": "likes",
    "quotes_count": "quotes",
}


@dataclass(frozen=True, slots=True)
class Above:
    """What is known of the thread over a status: addresses of its first post and of the one it answers."""

    root: str
    parent: str | None


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads statuses as the account `us` (name@domain) of the server `host` sees them; `domain` ends its own names."""

    us: str
    host: str
    domain: str

    def read(self, payload: Any, above: Above | None = None) -> Item:
        """Read one notification, one status or one event of a stream. Never raises."""
        if isinstance(payload, dict) and isinstance(payload.get("event"), str):
            return self._event(payload)
        if isinstance(payload, dict) and "status" in payload:
            kind = payload.get("type")
            return self._status(payload["status"], payload, above, is_called=isinstance(kind, str) and kind in _CALLS)
        return self._status(payload, payload, above)

    def own(self, payload: Any, parent: str | None = None) -> OwnPost | None:
        """Read a status of ours; None when it makes no sense, or only shares what somebody else said."""
        try:
            status = Status.model_validate(payload)
        except ValidationError:
            return None
        if status.reblog is not None:
            return None
        return OwnPost(
            external_id=status.uri,
            parent_id=parent,
            thread_id=parent or status.uri,
            text=words.without_callees(html.text_of(status.content)),
            created_at=status.created,
            permalink=_link_to(status),
            surface=READ.get(status.visibility, Visibility.FOLLOWERS).surface,
        )

    def handle(self, person: Person) -> str:
        """Return a name that is good on every server: with its domain, in lower case."""
        return self.whole(person.acct, person.url)

    def whole(self, acct: str, url: Any = None) -> str:
        """Add our own domain to a name without one."""
        if "@" in acct:
            return plain.clean(acct).lower()
        host = self.domain or (urlsplit(url).netloc if isinstance(url, str) and "[" not in url else "")
        return f"{plain.clean(acct)}@{host or self.host}".lower()

    def _event(self, event: Mapping[str, Any]) -> Item:
        told = event.get("payload")
        if isinstance(told, str):
            try:
                told = json.loads(told)
            except (ValueError, RecursionError):
                return unreadable(event, "an event that is not JSON")
        if event["event"] == "conversation":
            told = an_object(told).get("last_status")
        return self.read(told) if isinstance(told, dict) and "event" not in told else unreadable(event, "no post in it")

    def _status(self, told: Any, payload: Any, above: Above | None, *, is_called: bool = False) -> Post | Unreadable:
        try:
            return self._post(Status.model_validate(told), payload, above, is_called=is_called)
        except ValidationError as error:
            return unreadable(payload, _why(error))
        except ValueError:
            return unreadable(payload, "an address in it is not one")

    def _post(self, status: Status, payload: Any, above: Above | None, *, is_called: bool) -> Post:
        handle = self.handle(status.person)
        named = [
            self.whole(acct, one.get("url")) for one in objects(status.mentions) if (acct := text(one.get("acct")))
        ]
        quoted = _quoted(status.quote)
        told = an_object(payload.get("status")) or payload
        return Post(
            external_id=status.uri,
            author=_author(handle, status.person),
            text=_words(status),
            created_at=status.created,
            thread_id=above.root if above else status.uri,
            parent_id=above.parent if above else None,
            permalink=_link_to(status),
            lang=language.primary(status.language) if isinstance(status.language, str) else None,
            visibility=READ.get(status.visibility, Visibility.FOLLOWERS),
            media=tuple(_media(status.media)),
            metrics={ours: found for name, ours in _COUNTS.items() if (found := count(told.get(name))) is not None},
            tagged=is_called or self.us in named,
            is_repost=isinstance(status.reblog, dict),
            is_quote=isinstance(status.quote, dict),
            quoted_id=quoted,
            edit_version=text(status.edited) or "",
            addressed=tuple(dict.fromkeys([*named, self.us] if is_called and self.us else named)),
            ref={
                "id": status.id,
                "server": self.host,
                "person": status.person.id,
                "acct": status.person.acct,
                "parent": status.parent,
                "nobot": "#nobot" in (text(status.person.note) or "").lower(),
            },
            raw=payload,
        )


def write_status(intent: ReplyIntent, widest: Visibility) -> dict[str, Any]:
    """Write our reply: to its author by name, never more widely seen than the post it answers, or than `widest`."""
    acct = text(intent.target.ref.get("acct")) or intent.target.author_handle
    links = [link.url for link in intent.links if link.url not in intent.text]
    body: dict[str, Any] = {
        "status": " ".join([f"@{acct}", intent.text, *dict.fromkeys(links)]),
        "visibility": WRITTEN[_seen_by(intent, widest)],
    }
    if isinstance(there := intent.target.ref.get("id"), str):
        body["in_reply_to_id"] = there
    return {**body, "language": intent.lang} if intent.lang else body


def is_private(intent: ReplyIntent) -> bool:
    """True when the words are for one person's eyes."""
    return intent.surface is Surface.PRIVATE or intent.visibility is Visibility.DIRECT


def _seen_by(intent: ReplyIntent, widest: Visibility) -> Visibility:
    if is_private(intent):
        return Visibility.DIRECT
    return intent.visibility.no_wider_than(intent.target.visibility).no_wider_than(widest)


def unreadable(payload: Any, reason: str) -> Unreadable:
    """Keep what we could not understand."""
    try:
        return Unreadable(json.dumps(payload, default=str).encode(), reason)
    except (ValueError, RecursionError):
        return Unreadable(repr(type(payload)).encode(), reason)


def _author(handle: str, person: Person) -> Author:
    name = plain.clean(person.name) if isinstance(person.name, str) else ""
    return Author(handle, handle, name, count(person.followers), is_bot=person.bot is True)


def _words(status: Status) -> str:
    """Return everything they wrote: what they warned of, the text, and what they let people vote on."""
    options = (plain.clean(text(each.get("title")) or "") for each in objects(an_object(status.poll).get("options")))
    warning = plain.clean(text(status.warning) or "")
    choices = "\n".join(f"- {option}" for option in options if option)
    return "\n\n".join(filter(None, [warning, html.text_of(status.content), choices]))


def _link_to(status: Status) -> str:
    return status.url if isinstance(status.url, str) and status.url.startswith(("https://", "http://")) else status.uri


def _quoted(quote: Any) -> str | None:
    """Return the address of the quoted post; some dialects put it there whole."""
    inner = an_object(an_object(quote).get("quoted_status")) or an_object(quote)
    return text(inner.get("uri"))


def _media(told: Any) -> Iterator[MediaLink]:
    """Yield pictures, and the stills of films."""
    for each in objects(told):
        names = ("url", "remote_url", "preview_url") if each.get("type") == "image" else ("preview_url",)
        url = next((found for name in names if (found := text(each.get(name)))), "")
        if url.startswith(("https://", "http://")):
            yield MediaLink(url, alt=plain.clean(text(each.get("description")) or ""))


def _why(error: ValidationError) -> str:
    """Name the first thing that is wrong, without quoting what was sent."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(step) for step in first["loc"]) or "the whole"
    return f"{place}: {first['type'].replace('_', ' ')}"
