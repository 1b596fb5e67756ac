"""What we judged a mention to be, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum


class Label(StrEnum):
    """The kinds of mention the team tells apart."""

    COMPLAINT = "complaint"
    QUESTION = "question"
    PRAISE = "praise"
    OTHER = "other"
    SPAM = "spam"


class Severity(StrEnum):
    """Two levels; finer ones cannot be told apart reliably."""

    NORMAL = "normal"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Topic:
    """One of the operator's topics: a key, the words that give it away, and how we name it in a reply.

    `names` are its names in other languages.
    """

    key: str
    name: str
    words: Sequence[str]
    names: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Place(Topic):
    """One of the operator's places: a key, its name, and the words that give it away."""


@dataclass(frozen=True, slots=True)
class Product(Topic):
    """One of the operator's products: a key, its name, and the words that give it away."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judgement with its confidence (`complaint`, 0 to 1), reasons a person can read, and who judged."""

    label: Label
    complaint: float
    severity: Severity
    topics: Sequence[str]
    lang: str | None
    reasons: Sequence[str]
    model: str
    version: str
    risky: bool = False
    actor: str | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person says a mention is; what they leave open stays as it was judged."""

    label: Label
    actor: str
    severity: Severity | None = None
    topics: Sequence[str] | None = None
    reason: str | None = None

    def of(self, earlier: Verdict | None) -> Verdict:
        """Return the verdict as this person gives it."""
        known = earlier or Verdict(self.label, 0.0, Severity.NORMAL, (), None, (), "", "")
        return replace(
            known,
            label=self.label,
            complaint=1.0 if self.label is Label.COMPLAINT else 0.0,
            severity=known.severity if self.severity is None else self.severity,
            topics=tuple(known.topics if self.topics is None else self.topics),
            reasons=(self.reason or f"a {self.label}, says {self.actor}",),
            model="person",
            version="1",
            actor=self.actor,
        )
