"""What a customer means who writes after we said that it is solved. Pure: words in, a reading out.

Only plain words count. Whoever writes much, asks, or says both that it works and that something does not, is read by
a person: the story is open again then, which is what it would be without this rule.
"""

from collections.abc import Collection, Iterable, Sequence
from functools import cache

from mentionbridge.domain.ticket import Outcome
from mentionbridge.rules.phrasings import LANGUAGES, AfterSolved, shipped
from mentionbridge.text.language import primary
from mentionbridge.text.words import own_words

MOST_WORDS = 25
"""Whoever has more to say than this says more than yes or no."""
NEAR = 3
"""So many words apart, a negation belongs to what it stands beside."""


def read(text: str, langs: Iterable[str | None], *, asked: bool) -> Outcome | None:
    """Read an answer in the languages it may be in; None when it is neither plainly yes nor plainly no.

    A mere "yes" or "thank you" agrees only with somebody who has `asked`.
    """
    said = own_words(text)
    if not said:
        return _shown(text) if asked else None
    if len(said) > MOST_WORDS:
        return None
    known = _known(frozenset(filter(None, map(primary, langs))))
    against, fixed = _in(said, known.against), _in(said, known.fixed)
    if against:
        return Outcome.DENIED if asked and (0 in against or _near(against, fixed)) else None
    if "?" in text:
        return None
    agrees = fixed or (asked and _in(said, known.agreed))
    return Outcome.CONFIRMED if agrees else None


def _near(against: Sequence[int], fixed: Sequence[int]) -> bool:
    """Say whether what speaks against it stands beside a word that it works: before it or, as in German, behind it."""
    return any(abs(one - other) <= NEAR for one in against for other in fixed)


_THUMBS = {"👍": Outcome.CONFIRMED, "✅": Outcome.CONFIRMED, "🙏": Outcome.CONFIRMED, "👎": Outcome.DENIED}


def _shown(text: str) -> Outcome | None:
    shown = {meant for sign, meant in _THUMBS.items() if sign in text}
    return shown.pop() if len(shown) == 1 else None


@cache
def _known(langs: frozenset[str]) -> AfterSolved:
    there = [shipped(lang).after_solved for lang in LANGUAGES if lang in langs]
    return AfterSolved(
        against=tuple(phrase for each in there for phrase in each.against),
        fixed=tuple(phrase for each in there for phrase in each.fixed),
        agreed=tuple(phrase for each in there for phrase in each.agreed),
    )


def _in(said: Sequence[str], phrases: Collection[Sequence[str]]) -> list[int]:
    """Return where these phrases begin."""
    return [
        start
        for start in range(len(said))
        if any(tuple(said[start : start + len(phrase)]) == tuple(phrase) for phrase in phrases)
    ]
