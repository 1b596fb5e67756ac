"""The parts of X's JSON that we use, in both spellings it is found in: `tweet` and `post`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field

_MOST = 2**63


def parse_moment(value: Any) -> datetime | None:
    """Read a time as API v2, v1.1 or a direct message writes it; None for what is none."""
    if not isinstance(value, str) or len(value) > 64:
        return None
    for read in (datetime.fromisoformat, _old, _milliseconds):
        try:
            moment = read(value)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError, OSError):
            continue
    return None


def _old(value: str) -> datetime:
    return datetime.strptime(value, "%a %b %d %H:%M:%S %z %Y")


def _milliseconds(value: str) -> datetime:
    if not value.isdecimal():
        raise ValueError(value)
    return datetime.fromtimestamp(int(value) / 1000, UTC)


def _moment(value: Any) -> Any:
    return parse_moment(value) or value


def either(*names: str) -> AliasChoices:
    """A field that goes by several names."""
    return AliasChoices(*names)


class Shape(BaseModel):
    """Strict in what it uses; everything else is ignored."""

    model_config = ConfigDict(strict=True, frozen=True)


Id = Annotated[str, Field(pattern=r"^[0-9]{1,20}$")]
Moment = Annotated[datetime, BeforeValidator(_moment)]


class Note(Shape):
    """The whole of a long post."""

    text: str
    entities: Any = None


class Reference(Shape):
    """A post that this one answers, quotes or shares."""

    type: str
    id: Id


class Tweet(Shape):
    """A post of API v2."""

    id: Id
    text: str
    author: Id = Field(alias="author_id")
    created: Moment = Field(alias="created_at")
    lang: Any = None
    conversation: Id | None = Field(None, alias="conversation_id")
    answers: Id | None = Field(None, alias="in_reply_to_user_id")
    history: Sequence[Id] = Field((), validation_alias=either("edit_history_tweet_ids", "edit_history_post_ids"))
    referenced: Sequence[Reference] = Field((), validation_alias=either("referenced_tweets", "referenced_posts"))
    note: Note | None = Field(None, validation_alias=either("note_tweet", "note_post"))
    shown: Any = Field(None, alias="display_text_range")
    entities: Any = None
    attachments: Any = None
    metrics: Any = Field(None, alias="public_metrics")
    reply_settings: Any = None


class User(Shape):
    """A person of API v2."""

    id: Id
    handle: str = Field(alias="username", min_length=1)
    name: Any = None
    metrics: Any = Field(None, alias="public_metrics")
    takes_messages: Any = Field(None, alias="receives_your_dm")


class OldUser(Shape):
    """A person of API v1.1, as the Account Activity webhooks still send them."""

    id: Id = Field(alias="id_str")
    handle: str = Field(alias="screen_name", min_length=1)
    name: Any = None
    followers: Any = Field(None, alias="followers_count")


class OldTweet(Shape):
    """A post of API v1.1."""

    id: Id = Field(alias="id_str")
    user: OldUser
    created: Moment = Field(alias="created_at")
    text: str = Field(validation_alias=either("full_text", "text"))
    extended: Any = Field(None, alias="extended_tweet")
    lang: Any = None
    parent: Id | None = Field(None, alias="in_reply_to_status_id_str")
    answers: Id | None = Field(None, alias="in_reply_to_user_id_str")
    quoted: Id | None = Field(None, alias="quoted_status_id_str")
    shared: Any = Field(None, alias="retweeted_status")
    shown: Any = Field(None, alias="display_text_range")
    entities: Any = None
    media: Any = Field(None, alias="extended_entities")


class Message(Shape):
    """A direct message of API v2."""

    id: Id
    text: str
    sender: Id = Field(alias="sender_id")
    conversation: str = Field(alias="dm_conversation_id", pattern=r"^[0-9]{1,20}(-[0-9]{1,20})?$")
    created: Moment = Field(alias="created_at")
    attachments: Any = None


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def an_object(value: Any) -> dict[str, Any]:
    """Return an object, or an empty one."""
    return value if isinstance(value, dict) else {}


def count(value: Any) -> int | None:
    """Read a number of things; None for what is not one."""
    return value if type(value) is int and 0 <= value < _MOST else None
