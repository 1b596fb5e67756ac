"""What in a text speaks for a complaint or against it, and how much. The weights are the whole model.

They were set by hand with a public set of posts to brands at hand, and rounded; none of its words is in the lists.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import compress
from typing import NamedTuple

from mentionbridge.classify.lexicon import Hit, Lexicon
from mentionbridge.classify.words import Words

BIAS = -1.4
RISKY = frozenset({"safety", "legal", "press", "self_harm"})

WEIGHTS = {
    "failure": (1.6, "a failure"),
    "waiting": (1.3, "waiting"),
    "attempts": (1.0, "an earlier attempt"),
    "money": (1.3, "money"),
    "dismay": (1.4, "dismay"),
    "blame": (0.6, "a reproach or a call for help"),
    "why": (1.1, "asking why"),
    "plea": (0.7, "a plea"),
    "denial": (0.7, "a denial"),
    "own": (0.4, "something of their own"),
    "sarcasm": (1.6, "sarcasm"),
    "safety": (1.6, "safety"),
    "legal": (0.8, "the law"),
    "press": (0.0, "the press"),
    "self_harm": (0.6, "a person in need"),
    "not_praise": (1.0, "praise denied"),
    "not_failure": (0.5, "a failure, perhaps denied"),
    "praise": (-1.0, "praise"),
    "thanks": (-0.5, "thanks"),
    "calm": (-0.4, "a calm tone"),
    "solved": (-1.4, "solved already"),
    "question": (-0.1, "a question"),
    "spam": (-1.2, "advertising"),
}
_COUNTED_HITS = 3
_NEGATED = {"praise": "not_praise", "failure": "not_failure", "money": "not_failure", "dismay": "not_failure"}
_AMOUNT = re.compile(r"[$£€](?:\s?\d|(?<=\d.)|(?<=\d\s.))")


class Signal(NamedTuple):
    """One thing we noticed, in words a person can check, with its part of the score."""

    group: str
    seen: str
    weight: float
    meaning: str = ""

    def __str__(self) -> str:
        return told(self.seen, self.weight, self.meaning)


def told(seen: str, weight: float, meaning: str) -> str:
    """Say what was noticed as a reason, with its part of the score."""
    if not weight:
        return f"{seen} ({meaning})" if meaning else seen
    return f"{seen} ({meaning}{', ' if meaning else ''}{weight:+.1f})"


def find(words: Words, lexicon: Lexicon, has_media: bool) -> list[Signal]:
    """Return every signal of a text, those of the word lists first."""
    return [*_from_lists(lexicon.find(words.tokens)), *compress(_MANNERS, _manners_of(words, has_media))]


def _from_lists(hits: Iterator[Hit]) -> Iterator[Signal]:
    said: dict[str, list[str]] = defaultdict(list)
    for group, phrase, negated in hits:
        phrases = said[_NEGATED.get(group, group) if negated else group]
        if len(phrases) < _COUNTED_HITS and phrase not in phrases:
            phrases.append(phrase)
    for group, phrases in said.items():
        # Said twice is not twice as bad: each further phrase of a kind counts half the one before.
        weight, meaning = WEIGHTS[group]
        for place, phrase in enumerate(phrases):
            yield Signal(group, f"says '{phrase}'", weight / 2**place, meaning)


_MANNERS = (
    Signal("length", "tells at some length", 0.5),
    Signal("length", "tells in detail", 0.2),
    Signal("shouting", "is written in capitals", 0.7),
    Signal("shouting", "heaps up exclamation marks", 0.0),
    Signal("urgent", "heaps up question marks", 0.8),
    Signal("asking", "asks something", 0.4),
    Signal("amount", "names an amount of money", 0.4),
    Signal("link", "links elsewhere", -0.7),
    Signal("media", "shows a picture", 0.1),
)


def _manners_of(words: Words, has_media: bool) -> tuple[bool, ...]:
    """Tell which of `_MANNERS` a text has."""
    length, text, said = len(words.tokens), words.text, words.said
    return (
        length >= 8,
        length >= 15,
        words.shouts,
        "!!" in text,
        "??" in text or "?!" in text or "!?" in text,
        "?" in said or "？" in said,
        _AMOUNT.search(said) is not None,
        words.links > 0,
        has_media,
    )
