"""The JSON we are pushed and the JSON we hand over. Pure."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from mentionbridge.domain.mention import Author, Deleted, Item, MediaLink, Post, Surface, Unreadable, Visibility
from mentionbridge.domain.reply import ReplyIntent


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)


class _Author(_Shape):
    external_id: str = Field(min_length=1, max_length=512)
    handle: str = Field(min_length=1, max_length=512)
    name: str = ""
    followers: int | None = Field(None, ge=0, lt=2**63)


class _Media(_Shape):
    url: str = Field(pattern="^https?://")
    alt: str = ""


class _Post(_Shape):
    external_id: str = Field(min_length=1, max_length=512)
    author: _Author
    text: str
    created_at: datetime = Field(strict=False)
    thread_id: str | None = Field(None, min_length=1)
    parent_id: str | None = None
    permalink: str | None = None
    lang: str | None = None
    visibility: Visibility = Field(Visibility.PUBLIC, strict=False)
    media: list[_Media] = []

    @field_validator("created_at", mode="before")
    @classmethod
    def _is_text(cls, value: Any) -> datetime:
        if not isinstance(value, str):
            raise ValueError("a time is written as text")
        moment = datetime.fromisoformat(value)
        try:
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except OverflowError:
            raise ValueError("a time outside the calendar") from None


def read(payload: Any) -> Item:
    """Read one pushed post, or `{"deleted": id}`. Never raises."""
    gone = payload.get("deleted") if isinstance(payload, dict) else None
    if isinstance(gone, str) and gone:
        return Deleted(gone)
    try:
        post = _Post.model_validate(payload)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        return _unreadable(payload, f"{'.'.join(map(str, first['loc'])) or 'the whole'}: {first['type']}")
    author = post.author
    return Post(
        external_id=post.external_id,
        author=Author(author.external_id, author.handle, author.name, author.followers),
        text=post.text,
        created_at=post.created_at,
        thread_id=post.thread_id or post.external_id,
        parent_id=post.parent_id,
        permalink=post.permalink,
        lang=post.lang,
        visibility=post.visibility,
        media=tuple(MediaLink(each.url, alt=each.alt) for each in post.media),
        raw=payload,
    )


def write(intent: ReplyIntent, account_id: str) -> dict[str, Any]:
    """Write our words, what they answer and to whom they go."""
    target = intent.target
    return {
        "id": key_of(intent),
        "account": account_id,
        "surface": (Surface.PRIVATE if is_private(intent) else Surface.PUBLIC).value,
        "text": intent.text,
        "lang": intent.lang,
        "links": [{"start": link.start, "end": link.end, "url": link.url} for link in intent.links],
        "in_reply_to": {
            "external_id": target.external_id,
            "thread_id": target.thread_id,
            "author": {"external_id": target.author_external_id, "handle": target.author_handle},
        },
    }


def key_of(intent: ReplyIntent) -> str:
    """Return the name under which the operator's end knows a repeat; it survives a lost database."""
    return f"rpl_{intent.key}"


def is_private(intent: ReplyIntent) -> bool:
    """True when the words are for one person's eyes."""
    return intent.surface is Surface.PRIVATE or intent.visibility is Visibility.DIRECT


def posted(told: Mapping[str, Any]) -> tuple[str, str | None] | None:
    """Read under which id and address our words stand; None when it is not said."""
    found, url = told.get("id"), told.get("url")
    if not isinstance(found, str) or not 0 < len(found) <= 512 or not found.isprintable():
        return None
    return found, url if isinstance(url, str) and url.startswith(("https://", "http://")) else None


def _unreadable(payload: Any, reason: str) -> Unreadable:
    try:
        return Unreadable(json.dumps(payload, default=str).encode(), reason)
    except (ValueError, RecursionError):
        return Unreadable(repr(type(payload)).encode(), reason)
