"""What goes with a weights file: which texts it learned from, by what, and the words it may quote."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from mentionbridge.classify.distilling import ALL, Copies, Teacher, seen_copies
from mentionbridge.classify.learning import Lesson, lesson, see
from mentionbridge.classify.lexicon import load
from mentionbridge.classify.model import Weights
from mentionbridge.classify.own_words import taught
from mentionbridge.classify.rows import Row, fingerprint
from mentionbridge.classify.trials import Beside, calibrated_learn, said_to_brands
from mentionbridge.domain.second import Second

_SHARED_BY = 12
_WORD = re.compile(r"[^\W\d_]{2,}(?:['’][^\W\d_]+)?")
_MASKS = frozenset({"user", "http"})
_CAPITAL_SHARE = 0.5


def train(rows: Sequence[Row], version: str, teacher: Teacher | None = None) -> Weights:
    """Learn a weights file from labelled texts, our own sentences and a teacher, with the facts of its card."""
    given: Lesson = lesson(see([row.text for row in rows]), [float(row.complaint) for row in rows])
    copies = Copies(seen_copies(rows), teacher.parts[ALL]) if teacher is not None else None
    told = {**facts(rows, version), "distilled": teacher is not None}
    return calibrated_learn(given, told, Beside(taught(), copies), said_to_brands(rows))


def facts(rows: Sequence[Row], version: str) -> dict[str, Any]:
    """Return what a weights file tells of itself."""
    return {
        "version": version,
        "rows": len(rows),
        "complaints": sum(row.complaint for row in rows),
        "fingerprint": fingerprint(rows),
        "words": shared_words([row.text for row in rows]),
    }


def shared_words(texts: Sequence[str]) -> list[str]:
    """Return the words that may be quoted as reasons: those of our lists and those many texts share.

    Words mostly written with a capital are left out: they are names.
    """
    small: Counter[str] = Counter()
    every: Counter[str] = Counter()
    for text in texts:
        said = set(_WORD.findall(text))
        small.update({word for word in said if word.islower()})
        every.update({word.casefold() for word in said})
    shared = {word for word, count in every.items() if count >= _SHARED_BY and small[word] >= _CAPITAL_SHARE * count}
    spoken = {word for word in load("en").vocabulary if _WORD.fullmatch(word)}
    return sorted((shared | spoken) - _MASKS)


def knows(weights: Weights, rows: Sequence[Row]) -> bool:
    """Tell whether these very rows were learned from, so that judging them again proves nothing."""
    return weights.facts.get("fingerprint") == fingerprint(rows)


def learned_by(second: Second, rows: Sequence[Row]) -> bool:
    """Tell the same of a slower judge."""
    return second.learned_from == fingerprint(rows)
