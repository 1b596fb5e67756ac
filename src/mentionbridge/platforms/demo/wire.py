"""The network's JSON as domain words, and our replies as its JSON. Pure; shapes as in `samples/`."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from mentionbridge.domain.account import Identity
from mentionbridge.domain.mention import (
    Author,
    Deleted,
    Item,
    MediaLink,
    Mention,
    Post,
    Surface,
    Unreadable,
    Visibility,
)
from mentionbridge.domain.reply import OwnPost, Refusal, ReplyIntent, ReplyRight
from mentionbridge.ports.platform import Gone

AUDIENCES = {
    "everyone": Visibility.PUBLIC,
    "unlisted": Visibility.UNLISTED,
    "followers": Visibility.FOLLOWERS,
    "direct": Visibility.DIRECT,
}
_NAMES = {visibility: audience for audience, visibility in AUDIENCES.items()}
REFUSALS: Mapping[int | str, Refusal] = {
    "gone": Refusal.TARGET_GONE,
    "locked": Refusal.TARGET_CLOSED,
    "blocked": Refusal.BLOCKED,
    "not_permitted": Refusal.PERMISSION,
    "private": Refusal.POLICY,
    "too_long": Refusal.TOO_LONG,
}
"""What the network's own error names mean to us."""


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


def _parsed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    moment = datetime.fromisoformat(value)
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment
    except OverflowError:
        raise ValueError("this time is before the first or after the last there is") from None


_Id = Annotated[str, Field(max_length=200, pattern="^[!-~]+$")]
_Moment = Annotated[AwareDatetime, BeforeValidator(_parsed)]
_Count = Annotated[int, Field(ge=0, lt=2**63)]


class _Author(_Shape):
    id: _Id
    handle: _Id
    name: str | None = None
    followers: _Count | None = None
    bot: bool = False


class _Picture(_Shape):
    url: str
    alt: str | None = None


class _Post(_Shape):
    id: _Id
    author: _Author
    text: str
    created_at: _Moment
    thread: _Id
    parent: _Id | None = None
    url: str | None = None
    audience: Literal["everyone", "unlisted", "followers", "direct"]
    pictures: list[_Picture] = Field(default_factory=list)
    counts: dict[str, _Count] = Field(default_factory=dict)
    tagged: bool
    mentions: list[_Id] = Field(default_factory=list)
    repost_of: _Id | None = None
    edits: _Count = 0


class _Gone(_Shape):
    id: _Id
    gone: Literal[True]


class _Event(_Shape):
    type: Literal["post.created", "post.edited", "post.deleted", "message.created", "message.edited", "message.deleted"]
    post: dict[str, Any]


class _Own(_Shape):
    id: _Id
    text: str
    created_at: _Moment
    thread: _Id
    parent: _Id | None = None
    audience: Literal["everyone", "unlisted", "followers", "direct"]
    url: str | None = None
    key: str | None = None


class _Person(_Shape):
    id: _Id
    handle: _Id
    name: str = ""


def read(payload: Any) -> Item:
    """Read a post of the API or an event of a webhook; what is neither comes back as Unreadable. Never raises."""
    try:
        if isinstance(payload, Mapping) and "type" in payload:
            return _read_post(_Event.model_validate(payload).post)
        return _read_post(payload)
    except ValidationError as error:
        return Unreadable(_bytes(payload), _why(error))


def read_events(body: bytes) -> list[Item]:
    """Read the body of a webhook. Never raises."""
    try:
        return [read(json.loads(body))]
    except (ValueError, RecursionError):
        return [Unreadable(body, "the body is not JSON")]


def read_gone_or_post(payload: Any) -> tuple[str, Post | Gone] | None:
    """Read a post that was asked for by id; None when nothing can be told."""
    item = read(payload)
    if isinstance(item, Deleted):
        return item.external_id, Gone()
    return (item.external_id, item) if isinstance(item, Post) else None


def read_identity(payload: Any, pages: str) -> Identity | None:
    """Read who we are; None when it makes no sense."""
    try:
        person = _Person.model_validate(payload)
    except ValidationError:
        return None
    return Identity(person.id, person.handle, person.name, f"{pages}/people/{person.handle}")


def read_own(payload: Any) -> tuple[OwnPost, str | None] | None:
    """Read something we said, with the key it was sent under; None when it makes no sense."""
    try:
        own = _Own.model_validate(payload)
    except ValidationError:
        return None
    surface = Surface.PRIVATE if own.audience == "direct" else AUDIENCES[own.audience].surface
    return OwnPost(own.id, own.parent, own.thread, own.text, own.created_at, own.url, surface), own.key


def read_rights(payload: Any, visibility: Visibility) -> list[ReplyRight]:
    """Read what we may answer on each surface; a surface nothing is said of is not allowed."""
    told = payload if isinstance(payload, Mapping) else {}
    public = ReplyRight(Surface.PUBLIC, allowed=False, reason="private", refusal=Refusal.POLICY)
    if visibility.surface is Surface.PUBLIC:
        public = _right(Surface.PUBLIC, told.get("public", "unknown"))
    return [public, _right(Surface.PRIVATE, told.get("private", "unknown"))]


def write(intent: ReplyIntent) -> dict[str, Any]:
    """Write a reply as the network takes it: in public under its parent, or to a person in private."""
    links = [{"start": link.start, "end": link.end, "url": link.url} for link in intent.links]
    if is_message(intent):
        return {"to": intent.target.author_external_id, "text": intent.text, "links": links}
    audience = intent.visibility.no_wider_than(intent.target.visibility)
    return {"text": intent.text, "audience": _NAMES[audience], "links": links}


def write_hosted(mention: Mention) -> dict[str, Any]:
    """Write a post that was told to us, for the network to take it in."""
    author = mention.author
    return {
        "author": {
            "id": author.external_id,
            "handle": author.handle,
            "name": author.name,
            "followers": author.followers or 0,
            "bot": author.is_bot,
        },
        "text": mention.text,
        "created_at": mention.occurred_at.isoformat(),
        "thread": mention.thread_id,
        "parent": mention.parent_id,
        "audience": _NAMES[mention.visibility],
    }


def is_message(intent: ReplyIntent) -> bool:
    """True when the words may be read by the other person only."""
    in_thread = intent.visibility is Visibility.FOLLOWERS and intent.target.visibility is Visibility.FOLLOWERS
    return intent.visibility is Visibility.DIRECT or (intent.surface is Surface.PRIVATE and not in_thread)


def _read_post(payload: Any) -> Post | Deleted:
    if isinstance(payload, Mapping) and "gone" in payload:
        return Deleted(_Gone.model_validate(payload).id)
    post = _Post.model_validate(payload)
    someone = post.author
    return Post(
        external_id=post.id,
        author=Author(someone.id, someone.handle, someone.name or "", someone.followers, someone.bot),
        text=post.text,
        created_at=post.created_at,
        thread_id=post.thread,
        parent_id=post.parent,
        permalink=post.url,
        visibility=AUDIENCES[post.audience],
        media=tuple(MediaLink(picture.url, "image", picture.alt or "") for picture in post.pictures),
        metrics=dict(post.counts),
        tagged=post.tagged,
        addressed=tuple(post.mentions),
        is_repost=post.repost_of is not None,
        edit_version=str(post.edits) if post.edits else "",
        ref={"id": post.id},
        raw=payload,
    )


_SENTENCES = {
    "gone": "the post is gone",
    "not_permitted": "a business may write only to followers and to people who wrote first",
}


def _right(surface: Surface, denial: Any) -> ReplyRight:
    if denial is None:
        return ReplyRight(surface, allowed=True)
    code = denial if isinstance(denial, str) else "unknown"
    refusal = REFUSALS.get(code, Refusal.POLICY)
    return ReplyRight(surface, allowed=False, reason=_SENTENCES.get(code, code), refusal=refusal)


def _why(error: ValidationError) -> str:
    """Name the first thing that is wrong, without quoting what was sent."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(step) for step in first["loc"]) or "the whole"
    return f"{place}: {first['type'].replace('_', ' ')}"


def _bytes(payload: Any) -> bytes:
    return json.dumps(payload, default=str).encode()
