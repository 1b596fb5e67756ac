"""What an item must be before it is stored: readable text, ids that fit, a time that has come. Pure."""

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from mentionbridge.domain.mention import Author, MediaLink, Post, Unreadable
from mentionbridge.rules.versions import version_of_words
from mentionbridge.text.plain import clean

LONGEST_ID = 512
LONGEST_TEXT = 50_000
LONGEST_LABEL = 300
LONGEST_URL = 4_000
MOST_MEDIA = 20
MOST_ADDRESSED = 200
_LARGEST = 2**31 - 1


def tidy(post: Post, now: datetime) -> Post | Unreadable:
    """Return the post as it can be kept; an id that cannot be kept makes it Unreadable, nothing else does."""
    ids = (post.external_id, post.thread_id, post.author.external_id, post.parent_id or "-")
    if not all(_fits(each) for each in ids):
        return Unreadable(_as_bytes(post.raw), "an id is missing, too long or holds control characters")
    text = clean(post.text)[:LONGEST_TEXT]
    return replace(
        post,
        author=_tidy_author(post.author),
        text=text,
        created_at=min(post.created_at, now),
        permalink=_url(post.permalink),
        quoted_id=post.quoted_id if post.quoted_id and _fits(post.quoted_id) else None,
        lang=clean(post.lang)[:16] if post.lang else None,
        media=tuple(_tidy_media(link) for link in post.media[:MOST_MEDIA] if _url(link.url)),
        metrics={clean(name)[:40]: _bounded(value) for name, value in post.metrics.items()},
        edit_version=clean(post.edit_version)[:128] or version_of_words(text),
        addressed=tuple(each for each in post.addressed if _fits(each))[:MOST_ADDRESSED],
        ref=_storable(post.ref),
        raw=_storable(post.raw),
    )


def _fits(network_id: str) -> bool:
    return bool(network_id) and len(network_id) <= LONGEST_ID and clean(network_id) == network_id


def _tidy_author(author: Author) -> Author:
    followers = None if author.followers is None else _bounded(author.followers)
    return replace(
        author,
        handle=clean(author.handle)[:LONGEST_LABEL],
        name=clean(author.name)[:LONGEST_LABEL],
        followers=followers,
    )


def _tidy_media(link: MediaLink) -> MediaLink:
    return MediaLink(link.url, clean(link.type)[:20], clean(link.alt)[:LONGEST_TEXT])


def _url(url: str | None) -> str | None:
    fits = url is not None and len(url) <= LONGEST_URL and clean(url) == url and url.startswith(("http://", "https://"))
    return url if fits else None


def _bounded(number: int) -> int:
    return max(0, min(number, _LARGEST))


def _storable(data: Mapping[str, Any]) -> dict[str, Any]:
    """PostgreSQL keeps no U+0000, no lone surrogate and no NaN in JSON."""
    if not data:
        return {}
    try:
        text = json.dumps(data, ensure_ascii=True, allow_nan=False)
        if "\\u0000" not in text and "\\ud" not in text.lower():
            return dict(data)
    except (TypeError, ValueError):
        pass
    except RecursionError:
        return {}
    cleaned: dict[str, Any] = _cleaned(data)
    return cleaned


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {_cleaned(str(key)): _cleaned(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(each) for each in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _as_bytes(raw: Mapping[str, Any]) -> bytes:
    return json.dumps(raw, ensure_ascii=True, default=str).encode()
