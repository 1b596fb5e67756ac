"""What we judged a mention to be, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
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
    """One of the operator's topics: a key, the words that give it away, and how we name it in a reply."""

    key: str
    name: str
    words: Sequence[str]


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
