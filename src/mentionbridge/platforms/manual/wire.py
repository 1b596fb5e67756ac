"""What a person pasted: the address of a post, its words, and who wrote them. Pure."""

import json
from datetime import UTC, datetime
from typing import Any

from mentionbridge.domain.mention import Author, Item, Post, Unreadable


def read(payload: Any) -> Item:
    """Read `{"link", "text", "author", "created_at"}`; a post without an id goes by its link. Never raises."""
    told = payload if isinstance(payload, dict) else {}
    link, words, who = (_text(told.get(name)) for name in ("link", "text", "author"))
    moment = _moment(told.get("created_at"))
    if link is None or words is None or who is None or moment is None:
        return _unreadable(payload)
    external_id = _text(told.get("external_id")) or link.strip()
    return Post(
        external_id=external_id,
        author=Author(who, who),
        text=words,
        created_at=moment,
        thread_id=_text(told.get("thread_id")) or external_id,
        permalink=link if link.startswith(("https://", "http://")) else None,
        raw=payload,
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def _unreadable(payload: Any) -> Unreadable:
    reason = "a pasted post needs a link, its words, its author and when it was said"
    try:
        return Unreadable(json.dumps(payload, default=str).encode(), reason)
    except (ValueError, RecursionError):
        return Unreadable(repr(type(payload)).encode(), reason)
