"""What the doors read: lists by keyset cursor and single things, always for named brands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

from mentionbridge.domain.account import AccountHealth
from mentionbridge.domain.call import Call
from mentionbridge.domain.commitment import Commitment
from mentionbridge.domain.customer import Customer, Identity
from mentionbridge.domain.events import Event
from mentionbridge.domain.incident import Incident
from mentionbridge.domain.mention import Above, Author, Mention, Surface
from mentionbridge.domain.reply import Reply, ReplyState
from mentionbridge.domain.stream import StreamHealth
from mentionbridge.domain.ticket import Entry, Ticket
from mentionbridge.domain.verdict import Verdict
from mentionbridge.domain.wait import Wait
from mentionbridge.ports.accounts import LastHeard

T = TypeVar("T")
Brands = Sequence[str]
Facts = Mapping[str, Any]
"""A row of a list by name, as it is stored; `author`, `verdict` and `media` are facts of their own beside it."""


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """Some of a list, and the cursor behind its last item when there is more."""

    items: Sequence[T]
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """A picture of a mention; its body is there when `state` is `kept`."""

    id: str
    type: str
    alt: str
    state: str
    reason: str | None
    mime: str | None
    width: int | None
    height: int | None


@dataclass(frozen=True, slots=True)
class Sighting:
    """One account that saw a mention, and how."""

    account_id: str
    origin: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict and what was decided because of it."""

    verdict: Verdict
    decided: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class MentionView:
    """A mention with its newest verdict, its pictures, the posts above it, and (when read alone) who saw it."""

    mention: Mention
    judged: Judged | None = None
    media: Sequence[MediaFacts] = ()
    sightings: Sequence[Sighting] = ()
    context: Sequence[Above] = ()


@dataclass(frozen=True, slots=True)
class TicketView:
    """A ticket, the labels of the person whose story it is, and (when read alone) how long they waited."""

    ticket: Ticket
    author: Author
    waits: Sequence[Wait] = ()


@dataclass(frozen=True, slots=True)
class FoundLine:
    """The line of a story that holds most of what was asked for, as far as it is shown."""

    entry_id: str
    surface: Surface
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A ticket that holds what was asked for; `line` is None when its words are older than those looked at."""

    ticket: Facts
    line: FoundLine | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of a timeline with its words as they stand now."""

    entry: Entry
    mention: MentionView | None = None
    reply: Reply | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One line of a reply's ledger."""

    at: datetime
    what: str
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True)
class ReplyView:
    """A reply and (when read alone) every attempt made at it."""

    reply: Reply
    attempts: Sequence[Attempt] = ()


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account's health, its gaps, and how many arrivals wait to be read or could not be.

    `spend` is that of the last days, newest first, by what it was for, in millionths of a dollar. `last` is the newest
    that came in by itself, `lag` the seconds since all the network shows was read (None where nothing is polled).
    """

    health: AccountHealth
    gaps: Sequence[Mapping[str, Any]]
    waiting: int
    unreadable: int
    spend: Mapping[date, Mapping[str, int]]
    last: LastHeard | None = None
    lag: float | None = None
    stream: StreamHealth | None = None


@dataclass(frozen=True, slots=True)
class UnreadableItem:
    """Something that arrived and could not be understood, as it came."""

    id: str
    origin: str
    received_at: datetime
    reason: str
    body: bytes


@dataclass(frozen=True, slots=True)
class EventView:
    """An event that has its place in the feed, and its data with the words as they stand now."""

    event: Event
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MediaBody:
    """A kept picture."""

    mime: str
    body: bytes


@dataclass(frozen=True, slots=True)
class CustomerView:
    """A customer, and who they are on the networks."""

    customer: Customer
    identities: Sequence[Identity]


@dataclass(frozen=True, slots=True)
class StoryView:
    """A ticket with its whole timeline and the words given in it."""

    ticket: TicketView
    lines: Sequence[Line]
    commitments: Sequence[Commitment]


@dataclass(frozen=True, slots=True)
class PublicAnswer:
    """A story that was called solved in public: what was asked, all that was said, and how many it has `helped` since.

    `id` is the closing answer's. Personal data in what was asked is masked.
    """

    brand_id: str
    id: str
    ticket_id: str
    lang: str | None
    permalink: str | None
    sent_at: datetime
    topic: str | None
    place: str | None
    outcome: str | None
    helped: int
    asked: str
    said: Sequence[str]


@dataclass(frozen=True, slots=True)
class IncidentView:
    """An incident, how many tickets are in it, and how many people were told its newest news."""

    incident: Incident
    members: int
    told: int


class TaskState(StrEnum):
    """Whether somebody still has to do it."""

    OPEN = "open"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class TaskView:
    """A reply that a person must post, and the address of the post it answers."""

    reply: Reply
    link: str | None

    @property
    def state(self) -> TaskState:
        """Open while the reply waits to be posted."""
        return TaskState.OPEN if self.reply.state is ReplyState.MANUAL else TaskState.DONE


class Desk(Protocol):
    """Everything a team can look at. Lists are newest first unless said; a thing of another brand is None.

    `filters` name columns: mentions by account_id, author_id, ticket_id; tickets by state, account_id, author_id;
    replies, commitments and calls by state, ticket_id. Raises kit.cursor.BadCursor for a cursor we did not make.
    """

    async def mentions(
        self, brands: Brands, filters: Mapping[str, str], cursor: str | None, limit: int
    ) -> Slice[Facts]: ...
    async def mention(self, brands: Brands, mention_id: str) -> MentionView | None: ...
    async def tickets(
        self, brands: Brands, filters: Mapping[str, str], cursor: str | None, limit: int
    ) -> Slice[Facts]: ...
    async def search(
        self, brands: Brands, asked: str, filters: Mapping[str, str], cursor: str | None, limit: int
    ) -> Slice[Hit]:
        """Return the tickets whose story holds every word, "phrase" and beginning* of `asked`."""

    async def answers(
        self, brands: Brands, asked: str, filters: Mapping[str, str], cursor: str | None, limit: int
    ) -> Slice[PublicAnswer]:
        """Return what was solved in public; with `asked`, what holds its words in public. A part may be short."""

    async def answers_like(self, brands: Brands, ticket_id: str, limit: int) -> Sequence[PublicAnswer] | None:
        """Return the answers to what resembles this ticket, the likest first; None without such a ticket."""

    async def incidents(
        self, brands: Brands, filters: Mapping[str, str], cursor: str | None, limit: int
    ) -> Slice[IncidentView]: ...
    async def incident(self, brands: Brands, incident_id: str) -> IncidentView | None: ...
    async def ticket(self, brands: Brands, ticket_id: str) -> TicketView | None: ...
    async def timeline(self, brands: Brands, ticket_id: str, cursor: str | None, limit: int) -> Slice[Line] | None:
        """Return the story's lines, oldest first."""

    async def replies(
        self, brands: Brands, filters: Mapping[str, str], cursor: str | None, limit: int
    ) -> Slice[Facts]: ...
    async def reply(self, brands: Brands, reply_id: str) -> ReplyView | None: ...
    async def tasks(
        self, brands: Brands, filters: Mapping[str, str], cursor: str | None, limit: int
    ) -> Slice[TaskView]: ...
    async def task(self, brands: Brands, task_id: str) -> TaskView | None: ...
    async def commitments(
        self, brands: Brands, filters: Mapping[str, str], cursor: str | None, limit: int
    ) -> Slice[Commitment]: ...
    async def commitment(self, brands: Brands, commitment_id: str) -> Commitment | None: ...
    async def calls(
        self, brands: Brands, filters: Mapping[str, str], cursor: str | None, limit: int
    ) -> Slice[Call]: ...
    async def call(self, brands: Brands, call_id: str) -> Call | None: ...
    async def customers(
        self, brands: Brands, filters: Mapping[str, str], cursor: str | None, limit: int
    ) -> Slice[CustomerView]:
        """Return customers; the filter `handle` looks up by what an author is called now."""

    async def customer(self, brands: Brands, customer_id: str) -> CustomerView | None: ...
    async def customer_of(self, brands: Brands, platform: str, external_id: str) -> CustomerView | None:
        """Return who this author is."""

    async def stories_of(self, brands: Brands, customer_id: str) -> Sequence[StoryView]:
        """Return every story of a customer, whole."""

    async def accounts(self, brands: Brands) -> Sequence[AccountView]: ...
    async def unreadable(
        self, brands: Brands, account_id: str, cursor: str | None, limit: int
    ) -> Slice[UnreadableItem]: ...
    async def media(self, brands: Brands, media_id: str) -> MediaBody | None: ...
    async def paused_everywhere(self) -> bool: ...
    async def newest_in_thread(self, brands: Brands, platforms: Sequence[str], thread_id: str) -> Mention | None:
        """Return what was said last in a public conversation, or in a private one."""

    async def gaps(self, brand: str, account_id: str, cursor: str | None, limit: int) -> Slice[Mapping[str, Any]]:
        """Return the windows in which an account was blind."""
