"""A brand and its presence on a network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from mentionbridge.domain.handoff import FormTerms
from mentionbridge.domain.verdict import Place, Product, Topic
from mentionbridge.domain.wording import Kind, Tone, Wording


class Mode(StrEnum):
    """Who lets an acknowledgement out: the machine, a person, or nobody."""

    AUTO = "auto"
    APPROVE = "approve"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Team:
    """Who looks after which topics at which places; none named means all."""

    key: str
    topics: Sequence[str] = ()
    places: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Brand:
    """A name we answer for, with the operator's own words.

    `lang` is its own language, in which its topics are named; `languages` are those it answers in besides.
    """

    id: str
    name: str
    topics: Sequence[Topic] = ()
    wordings: Sequence[Wording] = ()
    generic_topic: str | None = None
    lang: str = "en"
    places: Sequence[Place] = ()
    products: Sequence[Product] = ()
    teams: Sequence[Team] = ()
    languages: Sequence[str] = ()
    generic_topics: Mapping[str, str] = field(default_factory=dict)
    tone: Tone = Tone.FORMAL
    reference: bool = False
    form: FormTerms | None = None


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which probability of a complaint a post gets a ticket a person looks at, and is answered by itself."""

    review_from: float = 0.09
    auto_from: float = 0.71


ASKED_FIRST = frozenset({Kind.RESOLVED})
"""Occasions on which a person lets the words out unless the account's `modes` say otherwise."""


@dataclass(frozen=True, slots=True)
class Account:
    """A brand's account on one platform, as configured.

    `modes` are the occasions with a mode of their own. By itself it says at most `most_an_hour` public answers an hour
    and acknowledges one author `most_a_day_to_one` times a day; what waits for a person waits `draft_hours`. Where
    calls cost money it spends `most_spent_a_day` millionths of a dollar.
    """

    brand_id: str
    id: str
    platform: str
    mode: Mode
    poll_seconds: float
    max_ack_age_hours: float = 6.0
    thresholds: Thresholds = Thresholds()
    options: Mapping[str, Any] = field(default_factory=dict)
    modes: Mapping[Kind, Mode] = field(default_factory=dict)
    most_an_hour: int = 500
    most_a_day_to_one: int = 3
    draft_hours: float = 72.0
    most_spent_a_day: int | None = None

    def mode_for(self, kind: Kind | None) -> Mode:
        """Return who lets words for this occasion out."""
        mode = self.modes.get(kind) if kind is not None else None
        return mode or (Mode.APPROVE if kind in ASKED_FIRST and self.mode is Mode.AUTO else self.mode)


class AccountState(StrEnum):
    """How an account is doing; only `active` accounts say anything."""

    RECONCILE = "reconcile"
    ACTIVE = "active"
    PAUSED = "paused"
    LOGIN_NEEDED = "login_needed"


class GapKind(StrEnum):
    """Why an account may have missed something: it could not read, or what it read was quiet beyond belief."""

    BLIND = "blind"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a network said it still lets us ask: `left` of `limit` requests until `resets_at`.

    Where it counts several things apart, this is the one of which the smallest share is left.
    """

    limit: int
    left: int
    resets_at: datetime


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the network says we are; `hints` are sentences on what the operator could set better there."""

    external_id: str
    handle: str
    name: str = ""
    profile_url: str | None = None
    hints: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class AccountHealth:
    """One account as the store sees it.

    Everything said until `read_to` has been read, as far as the network shows it; None where nothing is polled.
    """

    brand_id: str
    id: str
    platform: str
    state: AccountState
    connected_at: datetime
    cursor: str | None
    network_id: str | None = None
    handle: str | None = None
    last_polled_at: datetime | None = None
    last_seen_at: datetime | None = None
    alive_at: datetime | None = None
    failures: int = 0
    last_error: str | None = None
    paused_by: str | None = None
    open_gap: str | None = None
    read_to: datetime | None = None
    allowance: Allowance | None = None
    hook_heard_at: datetime | None = None
    hook_refused_at: datetime | None = None
    hook_refused_because: str | None = None
