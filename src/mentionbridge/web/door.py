"""What the HTTP door is handed; it makes nothing itself."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from mentionbridge.domain.account import Account, Brand
from mentionbridge.domain.act import Act
from mentionbridge.domain.call import Call
from mentionbridge.domain.call import Outcome as RingOutcome
from mentionbridge.domain.capabilities import Capabilities
from mentionbridge.domain.commitment import Commitment
from mentionbridge.domain.customer import Customer, Erased, Join
from mentionbridge.domain.endpoint import DeliveryResult
from mentionbridge.domain.events import EventType
from mentionbridge.domain.handoff import Handoff, Proof
from mentionbridge.domain.incident import Incident
from mentionbridge.domain.record import RecordCheck
from mentionbridge.domain.reply import Reply, ReplyRight
from mentionbridge.domain.ticket import Entry, Outcome, Ticket
from mentionbridge.domain.verdict import Correction
from mentionbridge.kit.clock import Clock
from mentionbridge.pipeline.bridge import LinkedDesk
from mentionbridge.pipeline.form import Sent, View
from mentionbridge.pipeline.incident import Declared
from mentionbridge.pipeline.preview import Preview, Wanted
from mentionbridge.pipeline.retract import Said
from mentionbridge.pipeline.say import Saying
from mentionbridge.pipeline.visit import Where
from mentionbridge.ports.access import Idempotency, Tokens
from mentionbridge.ports.desk import Desk
from mentionbridge.ports.feed import Feed
from mentionbridge.ports.ingest import Writer
from mentionbridge.ports.mirrors import External
from mentionbridge.ports.observer import Observer
from mentionbridge.ports.platform import Hook
from mentionbridge.ports.subscriptions import Subscriptions


class Sealing(Protocol):
    """Closes texts so that only we can open them; see `store.sealed`."""

    def seal(self, text: str) -> bytes:
        """Return the text, sealed."""

    def open(self, sealed: bytes) -> str:
        """Return the text; raises SetupError for what we did not seal."""


Asgi = Callable[[Any, Any, Any], Awaitable[None]]
Switch = Callable[[Account | None, str], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one caller may send; sizes in bytes."""

    body: int = 4 * 1024 * 1024
    hook_body: int = 4 * 1024 * 1024
    form_body: int = 25 * 1024 * 1024
    form_requests_per_minute: int = 60
    batch: int = 200
    page: int = 200
    requests_per_minute: int = 1200
    streams: int = 200
    heartbeat_seconds: float = 15.0
    slow_reader_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class FormRoom:
    """What the private form asks of the bridge; a cookie's secret says which browser asks.

    `secure` is true where the world reaches us by https, so that cookies stay on it.
    """

    find: Callable[..., Awaitable[Where]]
    opened: Callable[[Where], Awaitable[None]]
    look: Callable[[Where, str], Awaitable[View]]
    write: Callable[[Where, str, Sent], Awaitable[None]]
    ask: Callable[[Where, str], Awaitable[None]]
    ask_second: Callable[[Where, str], Awaitable[None]]
    confirm: Callable[[Where, str, str], Awaitable[bool]]
    tap: Callable[[Where, str, Outcome], Awaitable[None]]
    lapse_renamed: Callable[[Where, str], Awaitable[None]]
    handles_of: Callable[[Where], Awaitable[Sequence[tuple[str, str]]]]
    unite: Callable[[Where, str], Awaitable[None]]
    secure: bool


@dataclass(frozen=True, slots=True)
class Door:
    """Everything behind the door.

    `hook_of(platform, account_id)` finds an account and how its network pushes. `accepts_push(account)` is true for
    accounts whose mentions may be pushed over `/v1`. `pages` are mounted at `/p/{platform}`, `desks` are the helpdesks
    by name. `wake` nudges the worker after something became due. `ready` returns the reasons why we are not ready.
    `pause` and `resume` take an account, or None for everything, and an actor; the reply actions take (brand id, reply
    id, …, actor).
    """

    desk: Desk
    feed: Feed
    writer: Writer
    tokens: Tokens
    idempotency: Idempotency
    subscriptions: Subscriptions
    clock: Clock
    observer: Observer
    accounts: Mapping[tuple[str, str], Account]
    brand_ids: Sequence[str]
    hook_of: Callable[[str, str], tuple[Account, Hook] | None]
    accepts_push: Callable[[Account], bool]
    pause: Switch
    resume: Switch
    approve: Callable[[str, str, str], Awaitable[Reply]]
    reject: Callable[[str, str, str, str], Awaitable[Reply]]
    """(brand id, reply id, actor, reason)"""
    edit: Callable[[str, str, str, str], Awaitable[Reply]]
    """(brand id, reply id, text, actor)"""
    settle: Callable[[str, str, bool, str | None, str], Awaitable[Reply]]
    """(brand id, reply id, whether it is out, its id on the network, actor)"""
    retract: Callable[[str, str, str, str], Awaitable[Reply]]
    """(brand id, reply id, actor, reason)"""
    to_retract: Callable[[Said], Awaitable[Sequence[Reply]]]
    change_customer: Callable[..., Awaitable[Customer]]
    join_customers: Callable[[str, str, str, str, str], Awaitable[Join]]
    """(brand id, who they really are, the other customer, actor, reason)"""
    separate_customers: Callable[[str, str, str], Awaitable[Join]]
    forget: Callable[[str, str, str], Awaitable[Erased]]
    """(brand id, customer id, actor)"""
    change_ticket: Callable[[str, str, Mapping[str, Any], str, int | None], Awaitable[Ticket]]
    """(brand id, ticket id, facts, actor, the sequence the caller saw)"""
    note: Callable[[str, str, str, str, int | None], Awaitable[Entry]]
    merge: Callable[[str, str, str, str, str, int | None], Awaitable[Act]]
    """(brand id, source id, target id, actor, reason, the sequence the caller saw)"""
    split: Callable[[str, str, Collection[str], str, str, int | None], Awaitable[Act]]
    undo: Callable[[str, str, str | None, str, int | None], Awaitable[Act]]
    message: Callable[[Saying], Awaitable[Reply]]
    claim_mirror: Callable[..., Awaitable[External]]
    mirrors_of: Callable[[str, str], Awaitable[Sequence[External]]]
    finish_task: Callable[..., Awaitable[Reply]]
    declare: Callable[[str, Declared, str], Awaitable[Incident]]
    change_incident: Callable[[str, str, Mapping[str, Any], str], Awaitable[Incident]]
    broadcast: Callable[..., Awaitable[Incident]]
    attempt_call: Callable[[str, str, RingOutcome, str], Awaitable[Call]]
    """(brand id, call id, outcome, actor)"""
    promise: Callable[..., Awaitable[Commitment]]
    keep_promise: Callable[[str, str, str], Awaitable[Commitment]]
    """(brand id, commitment id, actor)"""
    move_promise: Callable[[str, str, datetime, str, str], Awaitable[Commitment]]
    """(brand id, commitment id, new due time, actor, reason)"""
    relabel: Callable[[str, str, Correction], Awaitable[None]]
    """(brand id, mention id, what a person says it is)"""
    rights: Callable[[str, str], Awaitable[Sequence[ReplyRight]]]
    """(brand id, mention id)"""
    preview: Callable[[Wanted], Sequence[Preview]]
    brands: Mapping[str, Brand]
    forms: FormRoom
    invitations: Callable[[str, str], Awaitable[Sequence[tuple[Handoff, Proof]]]]
    """(brand id, ticket id): each invitation with the best proof that holds now"""
    record_checks: Callable[[str, str], Awaitable[Sequence[RecordCheck]]]
    """(brand id, ticket id)"""
    revoke: Callable[[str, str, str], Awaitable[None]]
    """(brand id, ticket id, actor)"""
    capabilities_of: Callable[[Account], Capabilities]
    try_out: Callable[[str, str, EventType], Awaitable[DeliveryResult]]
    """(brand id, endpoint id, the type whose example is sent)"""
    may_tell: Callable[[str], Awaitable[str | None]]
    """Why a webhook address is refused, or None."""
    wake: Callable[[], None]
    ready: Callable[[], Awaitable[Sequence[str]]]
    metrics: Callable[[], Awaitable[bytes]]
    metrics_token: str | None = None
    pages: Mapping[str, Asgi] = field(default_factory=dict)
    limits: Limits = Limits()
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when we begin to stop: whatever would go on for ever ends."""
    desks: Mapping[str, LinkedDesk] = field(default_factory=dict)
    sealing: Sealing | None = None
    """Closes the console's cookies; without it there is no console."""
    refusals: dict[tuple[str, str], datetime] = field(default_factory=dict)
    """When a webhook of an account was last refused and noted, by (brand id, account id)."""
    secure: bool = False
    """True when people reach us over https only."""
