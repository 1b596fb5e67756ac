"""The word lists of one language, and where a text uses them."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import NamedTuple

from mentionbridge.classify.remembered import Remembered
from mentionbridge.classify.words import phrase

LANGUAGES = ("en", "de", "es", "fr", "it", "pt")
_SHORTEST_STEM, _LONGEST_STEM = 4, 16
_NEGATED_WITHIN = 3


class Hit(NamedTuple):
    """A phrase of our lists found in a text; `negated` when a "not" stands shortly before it."""

    group: str
    said: str
    negated: bool = False


class _Known(NamedTuple):
    """A word as our lists know it: its class or itself, whether a phrase may begin with it, its group when alone."""

    kind: str
    starts: bool
    group: str | None


class Lexicon:
    """Phrases by group. The longest phrase at a place wins, and its words count once."""

    def __init__(self, data: Mapping[str, Mapping[str, Sequence[str]] | Sequence[str]]) -> None:
        self._negation = frozenset(data["negation"])
        self._classes = {word: f"<{name}>" for name, words in _table(data["classes"]) for word in words}
        self._phrases: dict[tuple[str, ...], str] = {}
        self._starts: set[str] = set(self._negation)
        self._reach: dict[tuple[str, ...], int] = {}
        self._stems: dict[str, str] = {}
        self._known = Remembered(self._learn)
        self.vocabulary = {*data["common"], *self._negation, *self._classes}
        for group, words in _table(data["words"]):
            for entry in words:
                self._add(group, entry)

    def _add(self, group: str, entry: str) -> None:
        if entry.endswith("*"):
            self._stems[entry[:-1]] = group
        else:
            for number in ("<one>", "<many>") if "<n>" in entry else ("",):
                self._add_pattern(group, _pattern(entry.replace("<n>", number)))

    def _add_pattern(self, group: str, pattern: tuple[str, ...]) -> None:
        self._phrases[pattern] = group
        self.vocabulary.update(pattern)
        self._starts.add(pattern[0])
        self._reach[pattern[:2]] = max(len(pattern), self._reach.get(pattern[:2], 0))

    def find(self, tokens: tuple[str, ...]) -> Iterator[Hit]:
        """Yield hits from left to right, in time linear in the number of tokens."""
        known = [*map(self._known.__getitem__, tokens)]
        kinds = tuple([each.kind for each in known])
        free_from, last_negation = 0, -_NEGATED_WITHIN - 1
        for at, (_, starts, alone) in enumerate(known):
            if not starts or at < free_from:
                continue
            length, group = self._longest_at(tokens, kinds, at, alone)
            free_from = at + length
            if group:
                yield Hit(group, " ".join(tokens[at:free_from]), at - last_negation <= _NEGATED_WITHIN)
            elif tokens[at] in self._negation:
                yield Hit("denial", tokens[at])
                last_negation = at

    def _learn(self, token: str) -> _Known:
        kind, stem = self._kind(token), self._stem(token)
        starts = token in self._starts or kind in self._starts or stem is not None
        return _Known(kind, starts, self._phrases.get((token,)) or self._phrases.get((kind,)) or stem)

    def _kind(self, word: str) -> str:
        if word.isdecimal():
            return "<one>" if word == "1" else "<many>"
        return "<nth>" if word[0].isdecimal() else self._classes.get(word, word)

    def _longest_at(
        self, tokens: tuple[str, ...], kinds: tuple[str, ...], at: int, alone: str | None
    ) -> tuple[int, str | None]:
        # Most words that may begin a phrase are followed by one that ends the matter.
        two = slice(at, at + 2)
        reach = max(self._reach.get(tokens[two], 1), self._reach.get(kinds[two], 1))
        for length in range(min(reach, len(tokens) - at), 1, -1):
            piece = slice(at, at + length)
            group = self._phrases.get(tokens[piece]) or self._phrases.get(kinds[piece])
            if group:
                return length, group
        return 1, alone

    def _stem(self, token: str) -> str | None:
        ends = range(_SHORTEST_STEM, min(len(token), _LONGEST_STEM) + 1)
        return next((self._stems[token[:end]] for end in ends if token[:end] in self._stems), None)


def _table(value: Mapping[str, Sequence[str]] | Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    if not isinstance(value, Mapping):
        raise TypeError("a word list needs its tables [classes] and [words]")
    yield from value.items()


def _pattern(entry: str) -> tuple[str, ...]:
    return tuple(token for part in entry.split() for token in ([part] if part.startswith("<") else phrase(part)))


@cache
def load(lang: str) -> Lexicon:
    """Return the lists of one of `LANGUAGES`."""
    source = resources.files("mentionbridge.classify").joinpath("lexicons", f"{lang}.toml")
    return Lexicon(tomllib.loads(source.read_text(encoding="utf-8")))
