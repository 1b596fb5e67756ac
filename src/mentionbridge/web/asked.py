"""What `/v1` is asked: every body it takes, strictly read."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from mentionbridge.domain.mention import Author, MediaLink, Post, Visibility
from mentionbridge.domain.verdict import Correction, Severity
from mentionbridge.domain.verdict import Label as Kind

LONGEST_TEXT = 100_000
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(minutes=5)
_MOST = 2**31 - 1


def storable(text: str) -> str:
    """Return the text when every database takes it."""
    if "\x00" in text:
        raise ValueError("holds a NUL character, which cannot be kept; remove it")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("holds half a character (a lone surrogate); remove it")
    return text


def plain(text: str) -> str:
    """Return the text when it is one plain line."""
    if not text.isprintable() and any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise ValueError("holds control characters; remove them")
    return storable(text)


def _web_address(url: str) -> str:
    try:
        parts = urlsplit(plain(url))
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError:
        fine = False
    if not fine or " " in url:
        raise ValueError("must be a web address such as https://example.com/path")
    return url


Words = Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(storable)]
Label = Annotated[str, Field(max_length=300), AfterValidator(storable)]
NetworkId = Annotated[str, Field(min_length=1, max_length=512), AfterValidator(plain)]
Tag = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(plain)]
Named = Annotated[str, Field(max_length=64), AfterValidator(plain)]
"""An id or a name of ours; whether there is such a thing is asked later."""
WebAddress = Annotated[str, Field(max_length=2048), AfterValidator(_web_address)]


class Asked(BaseModel):
    """Base of every body: unknown fields and wrong types are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Person(Asked):
    """Who does it, in your own words; stored as `NAME via TOKEN`."""

    id: Annotated[str, Field(max_length=128), AfterValidator(storable)] | None = None
    name: Annotated[str, Field(min_length=1, max_length=100), AfterValidator(plain)]


KIM: Mapping[str, Any] = {"id": "7", "name": "Kim"}


def example(**body: Any) -> ConfigDict:
    """Give a body its example in the OpenAPI document; a test sends every one of them."""
    return ConfigDict(json_schema_extra={"example": body})


class Acted(Asked):
    """A body that names who acts."""

    model_config = example(actor=KIM)

    actor: Person | None = None

    @property
    def person(self) -> str | None:
        """The person's name, if one is named."""
        return self.actor.name if self.actor else None


class PushedAuthor(Asked):
    """Who posted, by the network's immutable id."""

    external_id: NetworkId
    handle: Label
    name: Label = ""
    followers: int | None = Field(None, ge=0, le=_MOST)
    is_bot: bool = False

    def author(self) -> Author:
        """Return it as the heart knows people."""
        return Author(self.external_id, self.handle, self.name, self.followers, self.is_bot)


class PushedMedia(Asked):
    """A picture or film of the post."""

    url: WebAddress
    type: Annotated[str, Field(min_length=1, max_length=20), AfterValidator(plain)] = "image"
    alt: Words = ""


EXAMPLE: Mapping[str, Any] = {
    "platform": "demo",
    "account": "acme",
    "external_id": "p-1001",
    "author": {"external_id": "u-7", "handle": "sam", "name": "Sam", "followers": 412},
    "text": "@acme my parcel is three days late and nobody answers",
    "created_at": "2026-11-22T09:14:03Z",
    "permalink": "https://social.example/p-1001",
    "thread_id": "p-1001",
    "parent_id": None,
    "lang": "en",
    "media": [{"url": "https://social.example/p-1001.png", "type": "image", "alt": "an empty doormat"}],
    "metrics": {"reposts": 0, "likes": 1, "views": 120},
}


class PushedMention(Asked):
    """One post of a batch, close to what helpdesk channel frameworks use."""

    model_config = example(**EXAMPLE)

    platform: Annotated[str, Field(min_length=1, max_length=64)]
    account: Annotated[str, Field(min_length=1, max_length=64)]
    external_id: NetworkId
    author: PushedAuthor
    text: Words
    created_at: AwareDatetime
    permalink: WebAddress | None = None
    thread_id: NetworkId | None = None
    parent_id: NetworkId | None = None
    lang: Annotated[str, Field(min_length=2, max_length=16, pattern=r"^[A-Za-z0-9-]+$")] | None = None
    visibility: Visibility = Visibility.PUBLIC
    media: list[PushedMedia] = Field([], max_length=16)
    metrics: dict[
        Annotated[str, Field(max_length=40), AfterValidator(plain)], Annotated[int, Field(ge=0, le=2**53)]
    ] = Field({}, max_length=20)
    edit_version: Annotated[str, Field(max_length=128), AfterValidator(plain)] = ""
    addressed: list[NetworkId] = Field([], max_length=50, description="Whom it calls on, by their network ids.")

    def post(self) -> Post:
        """Return it as the heart knows posts."""
        return Post(
            external_id=self.external_id,
            author=self.author.author(),
            text=self.text,
            created_at=self.created_at.astimezone(UTC),
            thread_id=self.thread_id or self.external_id,
            parent_id=self.parent_id,
            permalink=self.permalink,
            lang=self.lang,
            visibility=self.visibility,
            media=tuple(MediaLink(each.url, each.type, each.alt) for each in self.media),
            metrics=self.metrics,
            edit_version=self.edit_version,
            addressed=tuple(self.addressed),
        )


def unlikely_time(created_at: datetime, now: datetime) -> str | None:
    """Say why a post cannot have been made then, or None."""
    if created_at.replace(tzinfo=None) < _EARLIEST.replace(tzinfo=None):
        return "`created_at` lies before the year 2000; send the time of the post."
    if created_at.year == _LAST_YEAR or created_at > now + _AHEAD:
        return "`created_at` lies in the future; check the sender's clock and its offset from UTC."
    return None


_LAST_YEAR = 9999


class Rejection(Acted):
    """Why this is not said."""

    model_config = example(actor=KIM, reason="answered by telephone")

    reason: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(storable)]


class Retraction(Acted):
    """Why this is taken back."""

    model_config = example(actor=KIM, reason="the fault was elsewhere")

    reason: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(storable)]


class BulkRetraction(Retraction):
    """Take back what a template, an account, or a template on an account said since a moment; `dry_run` only tells."""

    model_config = example(
        actor=KIM,
        brand="acme",
        template="t_0a1b2c3d4e5f",
        since="2026-11-22T09:00:00Z",
        reason="wrong words",
        dry_run=True,
    )

    brand: Tag
    since: Annotated[AwareDatetime, Field(strict=False)]
    template: Tag | None = None
    account_id: Tag | None = None
    dry_run: bool = False


class Edit(Acted):
    """Other words for a reply that is not out yet; it returns to review."""

    model_config = example(actor=KIM, text="Thank you, Sam. Please send us a private message about your parcel.")

    text: Annotated[str, Field(min_length=1, max_length=20_000), AfterValidator(storable)]


class TemplatePreview(Asked):
    """An occasion to word: in the phrasings in use, or in `text`."""

    model_config = example(brand="acme", kind="acknowledge", text="We have your word about {{ thing }}.")

    brand: Tag
    kind: Literal[
        "acknowledge", "hand_off", "off_hours", "incident", "more_details", "resolved", "personal_data", "praise"
    ] = "acknowledge"
    lang: Tag | None = None
    topic: Tag | None = None
    place: Tag | None = None
    news: Annotated[str, Field(max_length=2000), AfterValidator(storable)] | None = None
    text: Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(storable)] | None = None
    account_id: Tag | None = None


class Settlement(Acted):
    """What a person saw on the network: whether the reply is out, and under which id."""

    model_config = example(actor=KIM, sent=True, external_id="p-1002")

    sent: bool
    external_id: NetworkId | None = None


class ChangedCustomer(Acted):
    """What to change about a customer; what is left out stays."""

    model_config = example(actor=KIM, name="Sam Rivers", vip=True)

    name: Annotated[str, Field(min_length=1, max_length=300), AfterValidator(plain)] | None = None
    vip: bool | None = None


class JoinedCustomer(Acted):
    """Another customer who is the same person, and how we know."""

    model_config = example(actor=KIM, customer_id="cus_01jd8x0000000000000000000", reason="told us by telephone")

    customer_id: Named
    reason: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(storable)]


class FinishedTask(Acted):
    """Whether a person has posted it, and where it can be seen."""

    model_config = example(actor=KIM, posted=True, permalink="https://social.example/p-1003")

    posted: bool = True
    permalink: WebAddress | None = None


class NewCommitment(Acted):
    """A word given to a ticket's customer; `reply_id` is the message that told them, if one did."""

    model_config = example(
        actor=KIM,
        ticket_id="tkt_01jd8x0000000000000000000",
        what="a new parcel is with you",
        due_at="2099-11-22T13:00:00Z",
        owner="dispatch",
    )

    ticket_id: Named
    what: Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(storable)]
    due_at: Annotated[AwareDatetime, Field(strict=False)]
    owner: Annotated[str, Field(min_length=1, max_length=100), AfterValidator(plain)] | None = None
    reply_id: Named | None = None


class MovedCommitment(Acted):
    """Another time for a word given, and why."""

    model_config = example(actor=KIM, due_at="2099-11-23T13:00:00Z", reason="the van broke down")

    due_at: Annotated[AwareDatetime, Field(strict=False)]
    reason: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(storable)]


class Relabelling(Acted):
    """What a person says a mention is; severity and topics stay as they were judged when left out."""

    model_config = example(actor=KIM, label="complaint", severity="high", reason="a child was hurt")

    label: Annotated[Kind, Field(strict=False)]
    severity: Annotated[Severity, Field(strict=False)] | None = None
    topics: Annotated[list[Named], Field(max_length=20)] | None = None
    reason: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(storable)] | None = None

    def correction(self, actor: str) -> Correction:
        """Return it as the heart knows it."""
        return Correction(self.label, actor, self.severity, self.topics, self.reason)
