"""Which earlier texts resemble one? Pure: words in, an order out. Rare words that both share weigh most."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import log, sqrt
from typing import TypeVar

from mentionbridge.text.words import own_words

Key = TypeVar("Key")
SHORTEST_WORD = 3
LEAST = 0.1
"""Below this, on a scale to 1, two texts share what any two texts share."""


def most_alike(text: str, others: Mapping[Key, str], limit: int) -> Sequence[Key]:
    """Return the keys of the texts that resemble `text`, the likest first; the earlier of two that are as like."""
    asked, known = _words(text), {key: _words(other) for key, other in others.items()}
    common = Counter(word for said in known.values() for word in said)
    weight = {word: log(1 + len(known) / count) for word, count in common.items()}
    unheard = log(1 + len(known))
    scored = {key: _likeness(asked, said, weight, unheard) for key, said in known.items()}
    found = sorted((key for key, score in scored.items() if score >= LEAST), key=lambda key: -scored[key])
    return found[:limit]


def _words(text: str) -> frozenset[str]:
    return frozenset(word for word in own_words(text) if len(word) >= SHORTEST_WORD)


def _likeness(asked: frozenset[str], said: frozenset[str], weight: Mapping[str, float], unheard: float) -> float:
    """Return the cosine of two sets of words under these weights."""
    shared = sum(weight[word] ** 2 for word in asked & said)
    length = sum(weight.get(word, unheard) ** 2 for word in asked) * sum(weight[word] ** 2 for word in said)
    return shared / sqrt(length) if length else 0.0
