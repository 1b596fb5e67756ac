"""Which of our word lists a text should be read with."""

from collections import Counter
from collections.abc import Callable
from functools import cache
from itertools import chain

from mentionbridge.classify.lexicon import LANGUAGES, load
from mentionbridge.classify.remembered import Remembered
from mentionbridge.classify.words import Words

_ENOUGH_TO_OVERRULE = 3
_WORDS_TO_TELL_BY = 5
_KNOWN_SHARE = 0.2
_SPOKEN = "spoken"


def choose(words: Words, hint: str | None) -> str | None:
    """Return the language of one of our lists, or None when we have no list for this text.

    The network's own tag is often the setting of an app and not the language of the post, so known words overrule it.
    """
    if words.latin_share < 0.5:
        return None
    if hint in LANGUAGES and 2 * sum(map(_voiced(hint), words.tokens)) > len(words.tokens):
        # More than half of the words are of the language we were told: no other can have twice as many.
        return hint
    heard = Counter(chain.from_iterable(map(_heard.__getitem__, words.tokens)))
    known = {lang: heard.get(lang, 0) for lang in LANGUAGES}
    most = max(known.values())
    best = hint if hint in known and known[hint] == most else max(known, key=known.__getitem__)
    if hint is not None and not (known[best] >= _ENOUGH_TO_OVERRULE and known[best] >= 2 * known.get(hint, 0)):
        return hint if hint in known else None
    return None if _sounds_foreign(known[best], heard[_SPOKEN]) else best


def _hear(token: str) -> tuple[str, ...]:
    """Return what a word adds one to: that something is spoken, and every language that has it in its lists."""
    if not token[0].isalpha():
        return ()
    return (_SPOKEN, *(lang for lang in LANGUAGES if token in load(lang).vocabulary))


_heard = Remembered(_hear)


@cache
def _voiced(lang: str) -> Callable[[object], bool]:
    """Return what tells whether a word that is spoken is in the lists of a language."""
    return frozenset(word for word in load(lang).vocabulary if word[0].isalpha()).__contains__


def _sounds_foreign(known: int, spoken: int) -> bool:
    return spoken >= _WORDS_TO_TELL_BY and known < _KNOWN_SHARE * spoken
