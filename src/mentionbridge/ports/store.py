"""What the heart asks of memory: one unit of work is one transaction, and every question has a name."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from mentionbridge.domain.account import Account
from mentionbridge.domain.endpoint import About
from mentionbridge.domain.events import Event, EventType
from mentionbridge.domain.mention import Author, MediaLink, Mention, Origin, Post, Surface
from mentionbridge.domain.reply import Reply
from mentionbridge.domain.ticket import Entry, Hand, Priority, Ticket, TicketState
from mentionbridge.domain.verdict import Verdict
from mentionbridge.ports.accounts import Accounts as Accounts
from mentionbridge.ports.acts import Acts
from mentionbridge.ports.calls import Calls
from mentionbridge.ports.claims import Claims as Claims
from mentionbridge.ports.claims import Lease as Lease
from mentionbridge.ports.claims import Queue as Queue
from mentionbridge.ports.context import Contexts
from mentionbridge.ports.customers import Customers
from mentionbridge.ports.feed import Deliveries
from mentionbridge.ports.handoff import Forms, Handoffs
from mentionbridge.ports.incidents import Incidents
from mentionbridge.ports.media import Picture
from mentionbridge.ports.mirrors import External as External
from mentionbridge.ports.mirrors import Helpdesks
from mentionbridge.ports.mirrors import Mirrors as Mirrors
from mentionbridge.ports.records import RecordChecks
from mentionbridge.ports.replies import Replies
from mentionbridge.ports.streams import Streams
from mentionbridge.ports.timekeeping import Commitments, Waits


@dataclass(frozen=True, slots=True)
class Person:
    """Who somebody is: every author known to be them, the customer they are if any, and what we know of them."""

    authors: Sequence[str]
    customer_id: str | None = None
    stopped: bool = False
    vip: bool = False


class Authors(Protocol):
    """People by the network's immutable id."""

    async def seen(
        self, brand_id: str, platform: str, authors: Sequence[Author], now: datetime, *, fetched: bool = True
    ) -> Mapping[str, str]:
        """Keep the newest labels of these people (the last of each counts) and return our ids by the network's.

        What was not `fetched` changes nobody whom the network itself has shown us.
        """

    async def get(self, brand_id: str, author_id: str) -> Author | None: ...
    async def network_of(self, brand_id: str, author_id: str) -> str | None:
        """Return the network an author is known on."""

    async def hold(self, brand_id: str, author_id: str) -> Person:
        """Hold this person's rows until the transaction ends, so that their stories are told one at a time."""

    async def same_person(self, brand_id: str, author_id: str) -> Sequence[str]:
        """Return every author known to be this person, this one first."""

    async def stopped(self, brand_id: str, author_id: str) -> bool: ...
    async def stop(self, brand_id: str, author_id: str, at: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Incoming:
    """A post to store, our id for its author, and whether it is older than our watch."""

    post: Post
    author_id: str
    silent: bool


@dataclass(frozen=True, slots=True)
class InHand:
    """A mention that is being judged, and what else there is to know of it."""

    mention: Mention
    has_media: bool
    labelled: bool
    ours: bool
    answered: bool
    wave: bool


class Mentions(Protocol):
    """Posts that concern us."""

    async def add(
        self, account: Account, incoming: Sequence[Incoming], origin: Origin, now: datetime
    ) -> tuple[Mapping[str, str], Mapping[str, Mention]]:
        """Store posts with different external ids, each once.

        Returns two maps by external id: our ids of those that are new, and the mentions that were there already.
        """

    async def sighted(
        self, brand_id: str, mention_ids: Sequence[str], account_id: str, origin: Origin, now: datetime
    ) -> None: ...
    async def get(self, brand_id: str, mention_id: str) -> Mention | None: ...
    async def hold(self, brand_id: str, mention_id: str) -> Mention | None:
        """Return it with its row held until the transaction ends, so that nobody judges it meanwhile."""

    async def in_hand(self, lease: Lease) -> InHand:
        """Return the mention a lease is for, its row held; raises LeaseLost when the lease is no longer ours.

        `labelled` when a person said what it is, `ours` when an account of ours said it.
        """

    async def by_external_id(self, brand_id: str, platform: str, external_id: str) -> Mention | None: ...
    async def newest_public(self, brand_id: str, ticket_id: str) -> Sequence[Mention]:
        """Return the newest public post that is still there of everybody in this story."""

    async def newest_of(self, brand_id: str, ticket_id: str, surface: Surface | None = None) -> Mention | None:
        """Return what the customer said last in this story (on this surface) and has not taken back."""

    async def first_after(self, brand_id: str, ticket_id: str, at: datetime) -> Mention | None:
        """Return the first thing a customer said in this story after then."""

    async def alone_in_thread(self, brand_id: str, platform: str, thread_id: str) -> Mention | None:
        """Return the newest words in a thread in which one person alone has a story, and only one."""

    async def edit(self, mention: Mention, post: Post, now: datetime) -> bool:
        """Take over the post's new words and make it due for judgement again; False when it has changed meanwhile."""

    async def take_over(
        self,
        mention: Mention,
        account: Account,
        shown: Incoming,
        origin: Origin,
        *,
        anew: bool,
        detached: bool,
        now: datetime,
    ) -> Mention:
        """Make a held mention what the network shows; `anew` judges it again, `detached` takes it out of its ticket."""

    async def hand_to(self, mention: Mention, account_id: str, *, tagged: bool, silent: bool) -> Mention:
        """Let another account answer it, with what is true of the post as seen from there."""

    async def delete(self, mention: Mention, at: datetime) -> bool:
        """Mark it deleted at the network and remove its words, raw payload and pictures; False when it was already."""

    async def judged(self, mention: Mention, verdict: Verdict, decided: str, verdict_id: str, now: datetime) -> None:
        """Keep a verdict of a mention, which is judged by that."""

    async def verdict(self, brand_id: str, mention_id: str) -> Verdict | None:
        """Return the newest verdict."""

    async def add_verdict(
        self, mention: Mention, verdict: Verdict, decided: str, verdict_id: str, now: datetime
    ) -> None: ...
    async def human_verdict(self, brand_id: str, mention_id: str) -> Verdict | None: ...
    async def join(self, brand_id: str, mention_id: str, ticket_id: str) -> None: ...
    async def add_media(self, brand_id: str, media: Mapping[str, Sequence[MediaLink]], now: datetime) -> None:
        """Keep the links of each mention (by our ids), pictures to be fetched."""

    async def media_link(self, brand_id: str, media_id: str) -> MediaLink | None: ...
    async def keep_picture(self, brand_id: str, media_id: str, picture: Picture) -> None: ...
    async def refuse_picture(self, brand_id: str, media_id: str, reason: str) -> None: ...
    async def newest_in_thread(self, mention: Mention) -> str | None:
        """Return the id of the newest mention of the same ticket and thread that the network told us of and shows."""

    async def plan_recheck(self, mention: Mention, due: datetime, until: datetime) -> None: ...
    async def look_again(self, mention: Mention, now: datetime, until: datetime) -> None:
        """Make it due for a recheck at once, whoever may be at it."""

    async def recheck_until(self, brand_id: str, mention_id: str) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Stories:
    """A person's tickets: the one of their words in a thread, whatever its state, and those that are not over.

    The latter newest first, each with when anything was last said.
    """

    here: Ticket | None
    alive: Sequence[tuple[Ticket, datetime]]


class Tickets(Protocol):
    """Stories of customers."""

    async def stories_of(self, brand_id: str, person: Sequence[str], thread_id: str, since: datetime) -> Stories:
        """Return this person's tickets in this thread, and those not closed before `since`."""

    async def of_others_in_thread(self, brand_id: str, person: Sequence[str], thread_id: str) -> bool:
        """Tell whether anybody else has a story in this thread."""

    async def around_post(self, brand_id: str, platform: str, person: Sequence[str], post_id: str) -> Ticket | None:
        """Return the ticket a post belongs to that is this person's own, or that we answered this person with."""

    async def words_of(self, brand_id: str, person: Sequence[str], since: datetime) -> Sequence[tuple[Ticket, str]]:
        """Return what this person said since then in any story, newest first, some dozens at most."""

    async def of_mention(self, brand_id: str, mention_id: str) -> Ticket | None:
        """Return the ticket a mention is in now."""

    async def open(self, ticket: Ticket) -> None: ...
    async def bind(self, ticket: Ticket, thread_id: str, reason: str, author_id: str | None = None) -> None:
        """From now on this author's words (unless told, the ticket's own) in this thread belong to this ticket."""

    async def get(self, brand_id: str, ticket_id: str) -> Ticket | None: ...
    async def hold(self, brand_id: str, ticket_id: str) -> Ticket:
        """Return the ticket as it is now and keep everybody else from changing it; raises NotFound."""

    async def next_sequence(self, brand_id: str, ticket_id: str, now: datetime | None = None, count: int = 1) -> int:
        """Take the next `count` numbers of this ticket, changed `now`, and return the first.

        Holds its row until the transaction ends.
        """

    async def add_entry(self, entry: Entry) -> None: ...
    async def disown(self, mention: Mention, reason: str) -> None:
        """Turn the line this mention has in its ticket into an internal one that only says why it is gone."""

    async def said(self, brand_id: str, ticket_id: str, at: datetime) -> None: ...
    async def times_said(self, brand_id: str, ticket_id: str) -> int:
        """Count what customers said in this story."""

    async def private_words(self, brand_id: str, ticket_id: str, *, notes: bool = True) -> Sequence[str]:
        """Return what may not leave in public: what this story's people said in private anywhere, and its notes.

        Without `notes` it is what the customer surely said in this story, which they may read again.
        """

    async def set_state(self, ticket: Ticket, state: TicketState, now: datetime, by: Hand = Hand.PERSON) -> Ticket:
        """Make one allowed move by this hand, only if the ticket still stands where `ticket` says."""

    async def raise_priority(
        self, ticket: Ticket, priority: Priority, reasons: Sequence[str], now: datetime
    ) -> Ticket: ...
    async def change(self, ticket: Ticket, now: datetime, **facts: Any) -> Ticket:
        """Give the ticket other facts than its state; returns it as it is now."""

    async def solved_before(self, at: datetime, limit: int) -> Sequence[Ticket]:
        """Return tickets that were solved before then and are solved still, of every brand."""


class Events(Protocol):
    """Append-only facts and their way to subscribers."""

    async def add(
        self,
        type_: EventType,
        brand_id: str,
        now: datetime,
        *,
        ticket_id: str | None = None,
        account_id: str | None = None,
        mention_id: str | None = None,
        reply_id: str | None = None,
        sequence: int | None = None,
        **facts: Any,
    ) -> None:
        """Add one event; it takes the next number of its ticket, unless `sequence` was taken for it already."""

    async def add_about(
        self, reply: Reply, types: Mapping[EventType, Mapping[str, Any]], now: datetime, *, first: int
    ) -> None:
        """Add an event of each type, with its facts, about one reply; their numbers from `first` on were taken."""

    async def add_each(
        self,
        type_: EventType,
        brand_id: str,
        mention_ids: Sequence[str],
        now: datetime,
        *,
        account_id: str,
        **facts: Any,
    ) -> None:
        """Add one event of this type for each of these mentions, none of which has a ticket."""

    async def place(self, limit: int) -> Sequence[Event]:
        """Give the oldest unplaced events their positions in the feed, one placer at a time; returns them."""

    async def get(self, brand_id: str, event_id: str) -> Event | None: ...
    async def after(self, position: int, limit: int) -> Sequence[Event]:
        """Return placed events behind this position, in feed order, of every brand."""

    async def between(self, brand_id: str, after: int, until: int, limit: int) -> Sequence[Event]:
        """Return a brand's placed events behind `after`, up to and with `until`, in feed order."""

    async def about(self, events: Sequence[Event]) -> Mapping[str, About]:
        """Return by id which topics and severities these events are about; what is about no story lacks."""

    async def render(self, event: Event) -> Mapping[str, Any]:
        """Return the event's `data`: its facts with the words joined as they stand now."""

    async def render_all(self, events: Sequence[Event]) -> Mapping[str, Mapping[str, Any]]:
        """Return the `data` of many events by their ids."""


class Inbox(Protocol):
    """Raw webhook bodies, and whatever could not be understood."""

    async def keep(self, account: Account, origin: Origin, body: bytes, now: datetime) -> tuple[str, bool]:
        """Store a verified body as it came; returns (id, whether it is new)."""

    async def keep_unreadable(
        self, account: Account, origin: Origin, body: bytes, reason: str, now: datetime
    ) -> None: ...
    async def body(self, brand_id: str, inbox_id: str) -> tuple[str, bytes] | None:
        """Return (account id, body)."""

    async def park(self, brand_id: str, inbox_id: str, reason: str) -> None:
        """Keep a body that nobody can read now, with why."""

    async def unpark(self, brand_id: str, account_id: str, now: datetime) -> None:
        """Make this account's parked bodies due again."""

    async def read(self, brand_id: str, inbox_id: str) -> None:
        """It has become mentions: the raw copy goes."""

    async def let_go(self, brand_id: str, before: datetime, limit: int) -> int:
        """Remove the marks of bodies that came before then and were read; returns how many."""


class UnitOfWork(Protocol):
    """One transaction."""

    @property
    def claims(self) -> Claims: ...
    @property
    def accounts(self) -> Accounts: ...
    @property
    def authors(self) -> Authors: ...
    @property
    def mentions(self) -> Mentions: ...
    @property
    def tickets(self) -> Tickets: ...
    @property
    def replies(self) -> Replies: ...
    @property
    def events(self) -> Events: ...
    @property
    def deliveries(self) -> Deliveries: ...
    @property
    def customers(self) -> Customers: ...
    @property
    def contexts(self) -> Contexts: ...
    @property
    def inbox(self) -> Inbox: ...
    @property
    def mirrors(self) -> Mirrors: ...
    @property
    def waits(self) -> Waits: ...
    @property
    def commitments(self) -> Commitments: ...
    @property
    def acts(self) -> Acts: ...
    @property
    def incidents(self) -> Incidents: ...
    @property
    def helpdesks(self) -> Helpdesks: ...
    @property
    def handoffs(self) -> Handoffs: ...
    @property
    def forms(self) -> Forms: ...
    @property
    def calls(self) -> Calls: ...
    @property
    def records(self) -> RecordChecks: ...
    @property
    def streams(self) -> Streams: ...


class Store(Protocol):
    """Where units of work come from."""

    def writing(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """Begin a transaction that may write; it commits at its end, or rolls back when an exception passes."""

    def reading(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """Begin a transaction that only reads."""
