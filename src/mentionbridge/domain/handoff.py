"""The way from a public post into private, and what is known of who came."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class HandoffState(StrEnum):
    """How far an invitation has led: `offered → opened → details_received → verified`, or to a dead end."""

    PREPARED = "prepared"
    OFFERED = "offered"
    OPENED = "opened"
    DETAILS_RECEIVED = "details_received"
    VERIFIED = "verified"
    DEAD_END = "dead_end"


class Way(StrEnum):
    """How a customer is led into private."""

    FORM = "form"
    NETWORK = "network"
    MESSAGE = "message"


class Proof(StrEnum):
    """How sure we are that a browser is the author's."""

    NONE = "none"
    WEAK = "weak"
    STRONG = "strong"

    def reaches(self, needed: "Proof") -> bool:
        """True when this is at least what is needed."""
        order = list(Proof)
        return order.index(self) >= order.index(needed)


MARKS = {Proof.NONE: "unverified", Proof.WEAK: "weak proof", Proof.STRONG: "strong proof"}
"""How a line of the form says who wrote it."""

FORM_LIFE = timedelta(days=14)
CODE_LIFE = timedelta(minutes=15)
PROOF_LIFE = timedelta(hours=2)
SESSION_LIFE = timedelta(days=1)
SECOND_TRIES = 5
LINES_AN_HOUR = 20
STORY_LINES_AN_HOUR = 100
PICTURES_A_LINE = 5


@dataclass(frozen=True, slots=True)
class CallTerms:
    """How a brand calls back: how many at once (0: no call is offered), how long each, how soon and how far ahead."""

    at_once: int = 0
    length: timedelta = timedelta(minutes=30)
    notice: timedelta = timedelta(hours=1)
    ahead: timedelta = timedelta(days=5)


@dataclass(frozen=True, slots=True)
class Needs:
    """How sure we must be of a browser's author before it may ask for a call, send photos, say that a story is solved
    or not (else it is a line for the team), and have the company's records asked."""

    call: Proof = Proof.NONE
    photos: Proof = Proof.NONE
    outcome: Proof = Proof.WEAK
    records: Proof = Proof.WEAK


@dataclass(frozen=True, slots=True)
class FormTerms:
    """How a brand's private form looks and what it asks, as configured; `questions` go by topic, "" for the rest."""

    colour: str = "#1f4e79"
    days: int = FORM_LIFE.days
    shows_story: bool = True
    questions: tuple[tuple[str, tuple[str, ...]], ...] = ()
    calls: CallTerms = field(default_factory=CallTerms)
    needs: Needs = field(default_factory=Needs)

    def asks(self, topic: str | None) -> Sequence[str]:
        """Return the questions of a topic."""
        told = dict(self.questions)
        return told.get(topic or "") or told.get("", ())


QUESTIONS = ("order_number", "model", "place", "phone")
"""What a form can ask besides the message: `phone` brings the time to call along."""


@dataclass(frozen=True, slots=True)
class Handoff:
    """One invitation into private. `digest` knows the token of a form's address without telling it."""

    brand_id: str
    id: str
    ticket_id: str
    author_id: str
    way: Way
    turn: int
    state: HandoffState
    created_at: datetime
    digest: str | None = None
    reply_id: str | None = None
    expires_at: datetime | None = None
    offered_at: datetime | None = None
    opened_at: datetime | None = None
    received_at: datetime | None = None
    verified_at: datetime | None = None
    dead_at: datetime | None = None
    dead_because: str | None = None
    revoked_at: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """True while its address leads anywhere."""
        live = self.revoked_at is None and (self.expires_at is None or now < self.expires_at)
        return live and self.digest is not None


ORDER = list(HandoffState)


@dataclass(frozen=True, slots=True)
class FormSession:
    """One browser that has sent something; `author_id` is the visitor of a form that began without a post.

    `code_*` is the sentence to be posted, `second_*` the code of the private message; `proven_*` what came of them.
    """

    brand_id: str
    id: str
    digest: str
    created_at: datetime
    expires_at: datetime
    handoff_id: str | None = None
    ticket_id: str | None = None
    author_id: str | None = None
    code_digest: str | None = None
    code_turn: int = 0
    code_until: datetime | None = None
    asked_as: str | None = None
    post_print: str | None = None
    second_digest: str | None = None
    second_until: datetime | None = None
    second_tries: int = 0
    proof: Proof = Proof.NONE
    proven_at: datetime | None = None
    proven_author: str | None = None
    proven_print: str | None = None
    lapsed_at: datetime | None = None

    def proves(self, now: datetime) -> Proof:
        """Return the proof that holds now."""
        if self.proven_at is None or self.lapsed_at is not None or now >= self.proven_at + PROOF_LIFE:
            return Proof.NONE
        return self.proof


@dataclass(frozen=True, slots=True)
class Line:
    """What one browser wrote."""

    at: datetime
    text: str
    pictures: int = 0
