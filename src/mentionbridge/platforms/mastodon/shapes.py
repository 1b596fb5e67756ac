"""The parts of Mastodon's JSON that we use."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

_MOST = 2**63


def parse_moment(value: Any) -> datetime | None:
    """Read a time; None for what is not one. A time without a zone is taken as UTC."""
    if not isinstance(value, str) or len(value) > 64:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _moment(value: Any) -> Any:
    return parse_moment(value) or value


Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""Numbers on Mastodon, other words elsewhere."""

Moment = Annotated[datetime, BeforeValidator(_moment)]
Address = Annotated[str, Field(pattern=r"^https?://[^\s/]+", max_length=2048)]


class Shape(BaseModel):
    """Strict in what it uses; everything else is ignored."""

    model_config = ConfigDict(strict=True, frozen=True)


class Person(Shape):
    """An account as others see it."""

    id: Id
    acct: str = Field(pattern=r"^[^\s@]+(@[^\s@]+)?$", max_length=512)
    url: Any = None
    name: Any = Field(None, alias="display_name")
    note: Any = None
    followers: Any = Field(None, alias="followers_count")
    bot: Any = None


class Status(Shape):
    """A post."""

    id: Id
    uri: Address
    content: str
    created: Moment = Field(alias="created_at")
    visibility: str
    person: Person = Field(alias="account")
    url: Any = None
    edited: Any = Field(None, alias="edited_at")
    parent: Id | None = Field(None, alias="in_reply_to_id")
    language: Any = None
    warning: Any = Field("", alias="spoiler_text")
    mentions: Any = None
    media: Any = Field(None, alias="media_attachments")
    reblog: Any = None
    quote: Any = None
    poll: Any = None


def an_object(value: Any) -> Mapping[str, Any]:
    """Return an object, or an empty one for what is none."""
    return value if isinstance(value, dict) else {}


def objects(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the objects in a list."""
    yield from (each for each in value if isinstance(each, dict)) if isinstance(value, list) else ()


def count(value: Any) -> int | None:
    """Read a number of things; None for what is not one."""
    return value if type(value) is int and 0 <= value < _MOST else None


def text(value: Any) -> str | None:
    """Return a text, or None for what is none."""
    return value if isinstance(value, str) else None
