"""When we hold our tongue. Pure: the facts of one mention in, `Allowed` or the first reason to hold out."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mentionbridge.domain.account import AccountState, Mode
from mentionbridge.domain.capabilities import Capabilities
from mentionbridge.domain.mention import Mention, Origin, Surface
from mentionbridge.domain.reply import SAID, ReplyState
from mentionbridge.rules.routing import Handling

PLANNED = frozenset({ReplyState.DRAFT, ReplyState.AWAITING_APPROVAL, ReplyState.QUEUED, ReplyState.MANUAL})
"""States in which an acknowledgement may still go out."""

_CLOCK_SLACK = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class AckFacts:
    """All that decides whether this mention may be acknowledged in public, now, without a person.

    `earlier` are the states of the acknowledgements this person already has in this story; `acks_last_day` counts what
    the author got from us in any story, of which `most_a_day` go out by themselves.
    """

    handling: Handling
    mode: Mode
    account_state: AccountState
    capabilities: Capabilities
    origin: Origin
    surface: Surface
    tagged: bool
    author_id: str
    author_handle: str
    own_id: str | None
    own_handle: str | None
    occurred_at: datetime
    now: datetime
    max_ack_age: timedelta
    is_bot: bool = False
    is_repost: bool = False
    silent: bool = False
    deleted: bool = False
    stopped: bool = False
    answered_by_us: bool = False
    acks_last_day: int = 0
    most_a_day: int = 3
    earlier: Sequence[ReplyState] = field(default=())


@dataclass(frozen=True, slots=True)
class Allowed:
    """Nothing speaks against it."""


@dataclass(frozen=True, slots=True)
class Held:
    """Not by itself: why, for machines and for people, and whether a person may still let it out."""

    code: str
    sentence: str
    needs_person: bool


def may_acknowledge(facts: AckFacts) -> Allowed | Held:
    """Return the first reason to hold back, those that are final before those a person may overrule."""
    never = ((code, sentence, False) for code, sentence, holds in _NEVER if holds(facts))
    review = ((code, sentence, True) for code, sentence, holds in _REVIEW if holds(facts))
    first = next(never, None) or next(review, None)
    return Held(*first) if first else Allowed()


def stays_unanswered(mention: Mention, capabilities: Capabilities) -> bool:
    """Say whether nothing we say later is said below this: history, a machine's words, or what did not call us."""
    history = mention.silent or mention.origin in (Origin.IMPORT, Origin.REPLAY)
    return history or mention.author.is_bot or (capabilities.needs_tag and not mention.tagged)


def resembles(handle: str, ours: str) -> bool:
    """Say whether two different handles look alike: `acme_help` and `АcmeHe1p`; the server or domain does not count."""
    return _skeleton(handle) == _skeleton(ours) != ""


_LOOKALIKES = str.maketrans("01345$|аеорсухіӏԁοανερ", "oieasslaeopcyxildoavep")


def _skeleton(handle: str) -> str:
    name = unicodedata.normalize("NFKD", re.split(r"[@.]", handle.lstrip("@"))[0]).casefold().translate(_LOOKALIKES)
    return "".join(character for character in name if character.isalnum()).replace("i", "l").replace("rn", "m")


def _is_us(facts: AckFacts) -> bool:
    return facts.own_id is not None and facts.author_id == facts.own_id


def _is_lookalike(facts: AckFacts) -> bool:
    return facts.own_handle is not None and resembles(facts.author_handle, facts.own_handle)


def _push_not_accepted(facts: AckFacts) -> bool:
    return facts.origin is Origin.PUSH and not facts.capabilities.accepts_push


def _replayed(facts: AckFacts) -> bool:
    return facts.origin is Origin.REPLAY and facts.capabilities.real


def _rule(code: str, sentence: str, holds: Callable[[AckFacts], bool]) -> tuple[str, str, Callable[[AckFacts], bool]]:
    return code, sentence, holds


_NEVER = (
    _rule("own_post", "We wrote this ourselves.", _is_us),
    _rule("bot", "The author is an automated account.", lambda f: f.is_bot),
    _rule("repost", "A repost is not the author's own word.", lambda f: f.is_repost),
    _rule(
        "private", "It was said in private and is not answered in public.", lambda f: f.surface is not Surface.PUBLIC
    ),
    _rule(
        "silent",
        "It was posted before we were connected, or imported.",
        lambda f: f.silent or f.origin is Origin.IMPORT,
    ),
    _rule("replay", "A replay never speaks on a real network.", _replayed),
    _rule("pushed", "It was pushed to us for a network that takes no pushes.", _push_not_accepted),
    _rule("deleted", "The post is gone.", lambda f: f.deleted),
    _rule("stopped", "The author asked us to stop.", lambda f: f.stopped),
    _rule("already_said", "This person already has an answer in this story.", lambda f: not SAID.isdisjoint(f.earlier)),
    _rule("already_planned", "An answer to this person is on its way.", lambda f: not PLANNED.isdisjoint(f.earlier)),
    _rule("rejected", "A person decided not to answer.", lambda f: ReplyState.REJECTED in f.earlier),
    _rule("already_answered", "Our own account has answered already.", lambda f: f.answered_by_us),
    _rule("not_wanted", "This kind of mention is not acknowledged.", lambda f: f.handling is Handling.NONE),
    _rule("mode_off", "Answers on such an occasion are switched off for this account.", lambda f: f.mode is Mode.OFF),
    _rule(
        "untagged",
        "The network forbids answers to posts that do not tag us.",
        lambda f: f.capabilities.needs_tag and not f.tagged,
    ),
)
_REVIEW = (
    _rule("lookalike", "The author's handle looks like our own.", _is_lookalike),
    _rule(
        "loop",
        "This author has had several answers today; it may be a machine.",
        lambda f: f.acks_last_day >= f.most_a_day,
    ),
    _rule("cannot_reply", "The network does not let us reply through its API.", lambda f: not f.capabilities.replies),
    _rule(
        "not_active",
        "The account is paused, reconciling or signed out.",
        lambda f: f.account_state is not AccountState.ACTIVE,
    ),
    _rule("review", "A person should read this before we answer.", lambda f: f.handling is Handling.REVIEW),
    _rule(
        "too_old", "The post is older than we answer out of the blue.", lambda f: f.now - f.occurred_at > f.max_ack_age
    ),
    _rule("from_future", "The post claims to be from the future.", lambda f: f.occurred_at - f.now > _CLOCK_SLACK),
    _rule("mode_approve", "A person approves every answer of this account.", lambda f: f.mode is Mode.APPROVE),
)
