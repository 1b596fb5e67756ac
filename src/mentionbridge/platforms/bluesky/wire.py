"""Bluesky's JSON as domain words, and our replies as its records. Pure; shapes as in `samples/`."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from mentionbridge.domain.mention import Author, Item, MediaLink, Post, Surface, Unreadable, Visibility
from mentionbridge.domain.reply import OwnPost, ReplyIntent, Target
from mentionbridge.platforms.bluesky import richtext, tid
from mentionbridge.text import language, plain

POSTS = "app.bsky.feed.post"
REASONS = ("mention", "reply", "quote")
_URI = re.compile(r"at://(did:[a-z]+:[A-Za-z0-9._:%-]{1,512})/([A-Za-z0-9.-]{1,317})/([A-Za-z0-9._:~-]{1,512})")
_COUNTS = {"replyCount": "replies", "repostCount": "reposts", "likeCount": "likes", "quoteCount": "quotes"}
_MOST = 2**63


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


def _uri(value: Any) -> Any:
    if isinstance(value, str) and not _URI.fullmatch(value):
        raise ValueError("not an at-uri of a record")
    return value


def _moment(value: Any) -> Any:
    return parse_moment(value) or value


_Uri = Annotated[str, BeforeValidator(_uri)]
_Id = Annotated[str, Field(min_length=1, max_length=600, pattern=r"^[!-~]+$")]
_Moment = Annotated[datetime, BeforeValidator(_moment)]


class _Ref(_Shape):
    uri: _Uri
    cid: _Id


class _Place(_Shape):
    root: _Ref
    parent: _Ref


class _Author(_Shape):
    did: _Id
    handle: _Id
    name: Any = Field(None, alias="displayName")
    labels: Any = None


class _Record(_Shape):
    text: str
    created: Any = Field(None, alias="createdAt")
    langs: Any = None
    facets: Any = None
    reply: _Place | None = None
    embed: Any = None


class _View(_Shape):
    uri: _Uri
    cid: _Id
    author: _Author
    record: _Record
    embed: Any = None
    indexed: _Moment = Field(alias="indexedAt")


class _Own(_Shape):
    uri: _Uri
    value: _Record


class _Sender(_Shape):
    did: _Id


class _Message(_Shape):
    id: _Id
    text: str
    facets: Any = None
    sender: _Sender
    sent: _Moment = Field(alias="sentAt")


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads posts as `us` (a DID) sees them; `app` is where people read the network, `blobs` where files lie."""

    us: str
    app: str
    blobs: str

    def read(self, payload: Any, *, followers: int | None = None) -> Post | Unreadable:
        """Read a notification or a post view; what is neither comes back as Unreadable. Never raises."""
        try:
            return self._post(_View.model_validate(payload), payload, followers)
        except ValidationError as error:
            return unreadable(payload, _why(error))

    def message(self, payload: Any, convo: str, author: Author) -> Post | Unreadable:
        """Read one private message of a conversation. Never raises."""
        try:
            message = _Message.model_validate(payload)
        except ValidationError as error:
            return unreadable(payload, _why(error))
        return Post(
            external_id=message_id(convo, message.id),
            author=replace(author, external_id=message.sender.did),
            text=plain.clean(richtext.expand(message.text, message.facets)),
            created_at=message.sent,
            thread_id=convo,
            visibility=Visibility.DIRECT,
            addressed=(self.us,),
            ref={"convo": convo, "message": message.id},
            raw=payload,
        )

    def own(self, payload: Any) -> OwnPost | None:
        """Read a record of ours; None when it makes no sense."""
        try:
            own = _Own.model_validate(payload)
        except ValidationError:
            return None
        moment = parse_moment(own.value.created) or tid.moment(rkey(own.uri))
        place = own.value.reply
        if moment is None:
            return None
        return OwnPost(
            external_id=own.uri,
            parent_id=place.parent.uri if place else None,
            thread_id=place.root.uri if place else own.uri,
            text=own.value.text,
            created_at=moment,
            permalink=self.permalink(own.uri),
        )

    def permalink(self, uri: str) -> str:
        """Return where people read a post; by DID, because handles change hands."""
        return f"{self.app}/profile/{did(uri)}/post/{rkey(uri)}"

    def _post(self, view: _View, payload: Any, followers: int | None) -> Post:
        record, place, addressed = view.record, view.record.reply, _addressed(view.record)
        own = {"uri": view.uri, "cid": view.cid}
        return Post(
            external_id=view.uri,
            author=read_author(view.author, followers),
            text=plain.clean(richtext.expand(record.text, record.facets)),
            created_at=_earlier(record.created, view.indexed),
            thread_id=place.root.uri if place else view.uri,
            parent_id=place.parent.uri if place else None,
            permalink=self.permalink(view.uri),
            lang=_language(record.langs),
            media=tuple(self._media(view)),
            metrics=_metrics(payload),
            tagged=self.us in addressed,
            addressed=addressed,
            is_quote=_quoted(record.embed) is not None,
            quoted_id=_quoted(record.embed),
            edit_version=view.cid,
            ref={**own, "root": place.root.model_dump() if place else own},
            raw=payload,
        )

    def _media(self, view: _View) -> Iterator[MediaLink]:
        """Yield what the network's own servers offer; without a hydrated view, the files themselves."""
        if isinstance(view.embed, dict):
            yield from _shown(view.embed)
        else:
            for cid, alt in _files(view.record.embed):
                query = urlencode({"did": view.author.did, "cid": cid})
                yield MediaLink(f"{self.blobs}/xrpc/com.atproto.sync.getBlob?{query}", alt=alt)


def read_author(author: _Author, followers: int | None = None) -> Author:
    """Read a person; a bot is who labels itself so."""
    marks = author.labels if isinstance(author.labels, list) else []
    return Author(
        external_id=author.did,
        handle=author.handle,
        name=plain.clean(author.name) if isinstance(author.name, str) else "",
        followers=followers,
        is_bot=any(isinstance(mark, dict) and mark.get("val") == "bot" for mark in marks),
    )


def read_person(payload: Any) -> Author | None:
    """Read a profile; None when it makes no sense."""
    try:
        return read_author(_Author.model_validate(payload), count(payload.get("followersCount")))
    except ValidationError:
        return None


def write_reply(intent: ReplyIntent) -> dict[str, Any] | None:
    """Write our reply as a record; None when the post it answers was never read from the network."""
    ref = intent.target.ref
    parent = {"uri": ref.get("uri"), "cid": ref.get("cid")}
    if not parent["uri"] or not parent["cid"]:
        return None
    record: dict[str, Any] = {
        "$type": POSTS,
        "text": intent.text,
        "createdAt": stamp(intent.created_at),
        "reply": {"root": dict(ref.get("root") or parent), "parent": parent},
    }
    facets = richtext.link_facets(intent.text, intent.links)
    return {
        **record,
        **({"langs": [intent.lang]} if intent.lang else {}),
        **({"facets": facets} if facets else {}),
    }


def write_message(intent: ReplyIntent) -> dict[str, Any]:
    """Write our reply as a private message."""
    facets = richtext.link_facets(intent.text, intent.links)
    return {"text": intent.text, **({"facets": facets} if facets else {})}


def is_private(intent: ReplyIntent) -> bool:
    """True when the words are for one person's eyes: the network knows nothing in between."""
    return intent.visibility is Visibility.DIRECT or intent.surface is Surface.PRIVATE


def convo_of(target: Target) -> str | None:
    """Return the conversation a private message came in; None for a post."""
    convo = target.ref.get("convo")
    return convo if isinstance(convo, str) and convo else None


def message_id(convo: str, message: str) -> str:
    """Name a message so that it is unique across conversations."""
    return f"{convo}/{message}"


def did(uri: str) -> str:
    """Return whose record an at-uri names."""
    return uri.removeprefix("at://").partition("/")[0]


def rkey(uri: str) -> str:
    """Return the last part of an at-uri."""
    return uri.rpartition("/")[2]


def is_post_uri(text: str) -> bool:
    """True for the address of a post."""
    match = _URI.fullmatch(text)
    return match is not None and match[2] == POSTS


def stamp(moment: datetime) -> str:
    """Write a time as the network does: UTC, milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_moment(value: Any) -> datetime | None:
    """Read a time; None for what is not one. A time without a zone is taken as UTC."""
    if not isinstance(value, str) or len(value) > 64:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def count(value: Any) -> int | None:
    """Read a number of things; None for what is not one."""
    return value if type(value) is int and 0 <= value < _MOST else None


def unreadable(payload: Any, reason: str) -> Unreadable:
    """Keep what we could not understand."""
    try:
        return Unreadable(json.dumps(payload, default=str).encode(), reason)
    except (ValueError, RecursionError):
        return Unreadable(repr(type(payload)).encode(), reason)


def kept(item: Item) -> str:
    """Return what makes an item the same again within one walk."""
    return f"{item.external_id} {item.edit_version}" if isinstance(item, Post) else repr(item)


def _earlier(claimed: Any, indexed: datetime) -> datetime:
    # The author's clock may be wrong or lie: it counts only when it is not ahead of the network's.
    return min(parse_moment(claimed) or indexed, indexed)


def _addressed(record: _Record) -> tuple[str, ...]:
    """Return whom a post names and whom it answers."""
    above = [did(record.reply.parent.uri)] if record.reply else []
    return tuple(dict.fromkeys([*above, *richtext.mentioned(record.facets)]))


def _language(langs: Any) -> str | None:
    first = langs[0] if isinstance(langs, list) and langs else None
    return language.primary(first) if isinstance(first, str) else None


def _metrics(payload: Mapping[str, Any]) -> dict[str, int]:
    counts = ((ours, count(payload.get(theirs))) for theirs, ours in _COUNTS.items())
    return {ours: number for ours, number in counts if number is not None}


def _quoted(embed: Any) -> str | None:
    """Return the post that is embedded, alone or beside pictures; lists, feeds and starter packs can be too."""
    quoted = _dict(_dict(embed).get("record"))
    uri = quoted.get("uri") or _dict(quoted.get("record")).get("uri")
    return uri if isinstance(uri, str) and is_post_uri(uri) else None


def _shown(embed: Mapping[str, Any]) -> Iterator[MediaLink]:
    """Yield pictures, stills of films and link previews of a hydrated embed, also beside a quote."""
    for part in (embed, _dict(embed.get("media"))):
        for picture in _pictures(part):
            yield from _link(picture.get("fullsize") or picture.get("thumb"), picture.get("alt"))
        yield from _link(part.get("thumbnail"), part.get("alt"))
        card = _dict(part.get("external"))
        yield from _link(card.get("thumb"), card.get("title"))


def _link(url: Any, alt: Any) -> Iterator[MediaLink]:
    if isinstance(url, str) and url.startswith(("https://", "http://")):
        yield MediaLink(url, alt=plain.clean(alt) if isinstance(alt, str) else "")


def _files(embed: Any) -> Iterator[tuple[str, str]]:
    """Yield content ids and descriptions of the pictures in a bare record."""
    whole = _dict(embed)
    for picture in [*_pictures(whole), *_pictures(_dict(whole.get("media")))]:
        cid = _dict(_dict(picture.get("image")).get("ref")).get("$link")
        alt = picture.get("alt")
        if isinstance(cid, str):
            yield cid, plain.clean(alt) if isinstance(alt, str) else ""


def _pictures(embed: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the pictures of an embed; galleries call them items."""
    return [*_dicts(embed.get("images")), *_dicts(embed.get("items"))]


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _why(error: ValidationError) -> str:
    """Name the first thing that is wrong, without quoting what was sent."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(step) for step in first["loc"]) or "the whole"
    return f"{place}: {first['type'].replace('_', ' ')}"
