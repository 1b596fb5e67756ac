"""Which of the operator's topics a text is about."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from mentionbridge.classify.words import Words, phrase
from mentionbridge.domain.verdict import Topic

_FIRST_UNSPACED_SCRIPT = "\u0e00"


def find(words: Words, topics: Sequence[Topic]) -> tuple[str, ...]:
    """Return the keys of the topics a text names, the longest (most specific) name first.

    Whole words only, whatever their case, singular or plural; scripts without spaces match anywhere.
    """
    if not topics:
        return ()
    entries = [(word, topic.key) for topic in topics for word in topic.words]
    best = _best_by_key(_named(words.tokens, _spaced(tuple(entries))))
    unspaced = ((len(word), key) for word, key in entries if _is_unspaced(word) and word in words.said)
    for size, key in unspaced:
        best[key] = max(best.get(key, (0, 0)), (1, size))
    order = {topic.key: position for position, topic in enumerate(topics)}
    return tuple(sorted(best, key=lambda key: (-best[key][0], -best[key][1], order[key])))


@dataclass(frozen=True, slots=True)
class _Names:
    """The names of topics, taken into words, with the words they begin with and how many they are."""

    keys: Mapping[tuple[str, ...], str]
    first_words: frozenset[str]
    lengths: frozenset[int]


@lru_cache(maxsize=256)
def _spaced(entries: tuple[tuple[str, str], ...]) -> _Names:
    keys = {form: key for word, key in reversed(entries) for form in _forms_of_phrase(word)}
    return _Names(keys, frozenset(name[0] for name in keys), frozenset(map(len, keys)))


def _named(tokens: Sequence[str], names: _Names) -> Iterator[tuple[str, tuple[int, int]]]:
    starts = [at for at, token in enumerate(tokens) if not names.first_words.isdisjoint(_forms(token))]
    for at, length in product(starts, names.lengths):
        for last in _forms(tokens[at + length - 1]) if at + length <= len(tokens) else ():
            key = names.keys.get((*tokens[at : at + length - 1], last))
            if key is not None:
                yield key, (length, len(last))


def _best_by_key(named: Iterator[tuple[str, tuple[int, int]]]) -> dict[str, tuple[int, int]]:
    best: dict[str, tuple[int, int]] = {}
    for key, size in named:
        best[key] = max(best.get(key, (0, 0)), size)
    return best


@lru_cache(maxsize=4096)
def _forms_of_phrase(words: str) -> tuple[tuple[str, ...], ...]:
    tokens = phrase(words)
    return tuple((*tokens[:-1], form) for form in _forms(tokens[-1])) if tokens else ()


@lru_cache(maxsize=16_384)
def _forms(token: str) -> tuple[str, ...]:
    """Return a word and what it may be the plural of."""
    forms = [token]
    if len(token) > 3 and token.endswith("s"):
        forms.append(token[:-1])
    if len(token) > 4 and token.endswith("es"):
        forms.append(token[:-2])
    if len(token) > 4 and token.endswith("ies"):
        forms.append(token[:-3] + "y")
    return tuple(forms)


def _is_unspaced(word: str) -> bool:
    return bool(word) and min(word) >= _FIRST_UNSPACED_SCRIPT
