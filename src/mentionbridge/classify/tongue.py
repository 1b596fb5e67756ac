"""Which of our word lists a text should be read with."""

from collections import Counter
from functools import lru_cache

from mentionbridge.classify.lexicon import LANGUAGES, LONGEST_KNOWN, MOST_KNOWN, load
from mentionbridge.classify.words import Words

_ENOUGH_TO_OVERRULE = 3
_WORDS_TO_TELL_BY = 5
_KNOWN_SHARE = 0.2


def choose(words: Words, hint: str | None) -> str | None:
    """Return the language of one of our lists, or None when we have no list for this text.

    The network's own tag is often the setting of an app and not the language of the post, so known words overrule it.
    """
    if words.latin_share < 0.5:
        return None
    spoken = [token for token in words.tokens if token[0].isalpha()]
    heard = Counter(lang for token in spoken for lang in _lists_with(token))
    known = {lang: heard[lang] for lang in LANGUAGES}
    best = max(known, key=lambda lang: (known[lang], lang == hint))
    if hint is not None and not (known[best] >= _ENOUGH_TO_OVERRULE and known[best] >= 2 * known.get(hint, 0)):
        return hint if hint in known else None
    return None if _sounds_foreign(known[best], len(spoken)) else best


def _lists_with(token: str) -> tuple[str, ...]:
    return _remembered(token) if len(token) <= LONGEST_KNOWN else _look_up(token)


def _look_up(token: str) -> tuple[str, ...]:
    return tuple(lang for lang in LANGUAGES if token in load(lang).vocabulary)


_remembered = lru_cache(maxsize=MOST_KNOWN)(_look_up)


def _sounds_foreign(known: int, spoken: int) -> bool:
    return spoken >= _WORDS_TO_TELL_BY and known < _KNOWN_SHARE * spoken
