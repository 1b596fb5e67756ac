"""A judge that adds up what it sees and can say why."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from mentionbridge.classify import signals, tongue, topics
from mentionbridge.classify.lexicon import LANGUAGES, load
from mentionbridge.classify.signals import Signal
from mentionbridge.classify.words import Words
from mentionbridge.domain.verdict import Label, Severity, Topic, Verdict
from mentionbridge.text import language

THRESHOLD = 0.5
# Inside the band in which a person decides: we have no words for this language, so we do not pretend to know.
CANNOT_TELL = 0.42
LONGEST = 20_000
"""How many characters of a text are looked at, so that the time a judgement takes is bounded."""
_SPAM_AT_MOST = 0.1
_REASONS = 8
_HIGH_FROM = 2


class RulesJudge:
    """Scored rules: every reason is a phrase or a manner with its weight; the sum becomes a probability."""

    name = "rules"
    version = "1"

    def __init__(self) -> None:
        for lang in LANGUAGES:
            load(lang)

    def judge(self, text: str, *, lang: str | None, topics: Sequence[Topic], has_media: bool) -> Verdict:
        """Judge one text; never raises, whatever the text holds."""
        words = Words(text[:LONGEST])
        hint = language.primary(lang)
        read_as = tongue.choose(words, hint)
        if read_as is None:
            return self._no_judgement(words, hint, topics)
        found = signals.find(words, load(read_as), has_media)
        return self._weigh(words, read_as, found).verdict(words, read_as, topics, found)

    def _weigh(self, words: Words, lang: str, found: Sequence[Signal]) -> "Weighed":
        return Weighed(_probability(found), _reasons(found), self.name, self.version)

    def _no_judgement(self, words: Words, lang: str | None, named: Sequence[Topic]) -> Verdict:
        what = f"the language '{lang}'" if lang else "this language"
        return Verdict(
            label=Label.QUESTION if set("?？؟") & set(words.said) else Label.OTHER,
            complaint=CANNOT_TELL,
            severity=Severity.NORMAL,
            topics=topics.find(words, named),
            lang=lang,
            reasons=(f"has no word list for {what}; a person should read it",),
            model=self.name,
            version=self.version,
        )


class Weighed(NamedTuple):
    """How likely a complaint, why, and who says so; the rest of a verdict follows from what was found."""

    complaint: float
    reasons: tuple[str, ...]
    model: str
    version: str

    def verdict(self, words: Words, lang: str, named: Sequence[Topic], found: Sequence[Signal]) -> Verdict:
        """Return the whole verdict."""
        groups = _counted(found)
        spam = _is_spam(words, groups)
        complaint = min(self.complaint, _SPAM_AT_MOST if spam else 1.0)
        risky = not spam and not signals.RISKY.isdisjoint(groups)
        return Verdict(
            label=Label.SPAM if spam else _label(words, complaint, groups),
            complaint=complaint,
            severity=_severity(complaint, groups, risky),
            topics=topics.find(words, named),
            lang=lang,
            reasons=self.reasons,
            model=self.model,
            version=self.version,
            risky=risky,
        )


class _Counts(dict[str, int]):
    """How often each group was found. A Counter of a handful of things takes longer to make than they take to count."""

    def __missing__(self, group: str) -> int:
        return 0


def _counted(found: Sequence[Signal]) -> _Counts:
    groups = _Counts()
    for signal in found:
        groups[signal.group] += 1
    return groups


def _probability(found: Sequence[Signal]) -> float:
    return round(1 / (1 + math.exp(-signals.BIAS - sum(signal.weight for signal in found))), 4)


def _is_spam(words: Words, groups: _Counts) -> bool:
    if "spam" not in groups or "failure" in groups or "waiting" in groups:
        return False
    return groups["spam"] + (words.links > 0) + (words.hashtags >= 5) >= 2


def _label(words: Words, complaint: float, groups: _Counts) -> Label:
    if complaint >= THRESHOLD:
        return Label.COMPLAINT
    if groups["asking"]:
        return Label.QUESTION
    return Label.PRAISE if groups["praise"] + groups["thanks"] and not groups["dismay"] else Label.OTHER


def _severity(complaint: float, groups: _Counts, risky: bool) -> Severity:
    """High for anything risky, and for complaints that insist: earlier attempts, shouting, strong words, money."""
    if risky:
        return Severity.HIGH
    if complaint < THRESHOLD:
        return Severity.NORMAL
    points = 2 * min(groups["attempts"], 2) + groups["shouting"] + min(groups["dismay"], 2) + min(groups["money"], 1)
    points += groups["urgent"] + (groups["waiting"] >= 2)
    return Severity.HIGH if points >= _HIGH_FROM else Severity.NORMAL


def _reasons(found: Sequence[Signal]) -> tuple[str, ...]:
    risky = [signal for signal in found if signal.group in signals.RISKY]
    others = [signal for signal in found if signal.group not in signals.RISKY and signal.weight]
    others.sort(key=lambda signal: -abs(signal.weight))
    return tuple(str(signal) for signal in [*risky, *others][:_REASONS])
