"""What a text tells of ways tried before: the third e-mail, the 55 minutes on hold."""

import re
from collections.abc import Iterator

from mentionbridge.classify import tongue
from mentionbridge.classify.lexicon import load
from mentionbridge.classify.words import Words
from mentionbridge.text import language

MOST = 3
_SPAN = r"(?:\b\d+\s+\w+\s+)?"
_ON_HOLD = re.compile(
    _SPAN + r"(?:\bon hold\b|\bin the (?:phone )?queue\b|\bin der warteschleife\b|\ben attente au téléphone\b"
    r"|\bd'attente au téléphone\b|\ben espera al teléfono\b|\bin attesa al telefono\b|\bem espera ao telefone\b)"
)


def earlier(text: str, lang: str | None) -> tuple[str, ...]:
    """Return the phrases in which the author tells of earlier attempts, as they said them, at most `MOST`."""
    words = Words(text)
    read_as = tongue.choose(words, language.primary(lang))
    told = list(_on_hold(words)) if read_as is None else [*_on_hold(words), *_from_lists(words, read_as)]
    return tuple(dict.fromkeys(told))[:MOST]


def _on_hold(words: Words) -> Iterator[str]:
    return (" ".join(found[0].split()) for found in _ON_HOLD.finditer(words.said.casefold()))


def _from_lists(words: Words, lang: str) -> Iterator[str]:
    # A single word such as "again" is said for many reasons; a phrase names what was tried.
    hits = load(lang).find(words.tokens)
    return (hit.said for hit in hits if hit.group == "attempts" and not hit.negated and " " in hit.said)
