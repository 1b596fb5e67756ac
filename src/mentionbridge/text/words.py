"""Words as they are searched for: the same folding for what was said and for what is asked, on every database."""

import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import regex  # type: ignore[import-untyped]

from mentionbridge.text.graphemes import cut
from mentionbridge.text.plain import clean

LONGEST_WORD = 64
_SHORTEST_PREFIX = 2
_ACCENTS_FROM = 10
"""Combining classes up to here change a letter in its own script (nukta, virama, dakuten); above they decorate it."""

_NO_SPACES = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_WORD = regex.compile(rf"[{_NO_SPACES}]\p{{M}}*|(?:(?![{_NO_SPACES}])[\p{{L}}\p{{N}}\p{{M}}])+")
_SHOWN = regex.compile(r"[\p{L}\p{N}\p{M}]+")
_CHUNK = regex.compile(r'"(?P<phrase>[^"]*)"?(?P<begins>\*?)|(?P<word>[^\s"]+)')
_ADDRESSED = regex.compile(r"(?:https?://|www\.)\S+|@\S+")
_QUOTES = str.maketrans("“”„‟«»＂", '"' * 7)


def fold(text: str) -> str:
    """Return `text` without case, accents and compatibility forms."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(character for character in plain if unicodedata.combining(character) < _ACCENTS_FROM)
    return unicodedata.normalize("NFC", bare)


def words(text: str) -> list[str]:
    """Return the folded words of `text` in order; scripts without spaces give a word a character."""
    return [found[:LONGEST_WORD] for found in _WORD.findall(fold(text))]


def own_words(text: str) -> list[str]:
    """Return the words of `text` without the handles and web addresses in it."""
    return words(_ADDRESSED.sub(" ", text))


@dataclass(frozen=True, slots=True)
class Term:
    """Words that must stand side by side; with `begins`, the last need only begin so."""

    words: Sequence[str]
    begins: bool = False

    def within(self, said: Sequence[str]) -> bool:
        """True when these words stand in `said`."""
        return any(self._at(said, place) for place in range(len(said) - len(self.words) + 1))

    def _at(self, said: Sequence[str], place: int) -> bool:
        *first, last = self.words
        end = said[place + len(first)]
        return list(said[place : place + len(first)]) == first and (
            end.startswith(last) if self.begins else end == last
        )


def terms(asked: str) -> list[Term]:
    """Read a query: words, "phrases" and beginnings*, all of which must be there; any text is a query.

    It is cleaned as posts are before they are kept: who copies words from a network copies what hides between them.
    """
    return list(dict.fromkeys(_terms(clean(asked).translate(_QUOTES))))


def _terms(asked: str) -> Iterator[Term]:
    for chunk in _CHUNK.finditer(asked):
        found = tuple(words(chunk["phrase"] if chunk["word"] is None else chunk["word"]))
        if found:
            starred = chunk["begins"] if chunk["word"] is None else chunk["word"].endswith("*")
            yield Term(found, bool(starred) and len(found[-1]) >= _SHORTEST_PREFIX)


EXCERPT = 160
_BEFORE = 40


def excerpt(said: str, asked: Sequence[Term]) -> str:
    """Return the part of `said` around the first word asked for, on one line."""
    wanted = {word for term in asked for word in term.words}
    begun = tuple(term.words[-1] for term in asked if term.begins)
    line = " ".join(said.split())
    place = next((found.start() for found in _SHOWN.finditer(line) if _meant(found[0], wanted, begun)), 0)
    start = _word_start(line, place - _BEFORE) if place > _BEFORE else 0
    return ("…" if start else "") + cut(line[start:], EXCERPT)


def _meant(shown: str, wanted: Collection[str], begun: tuple[str, ...]) -> bool:
    return any(word in wanted or word.startswith(begun) for word in words(shown))


def _word_start(line: str, place: int) -> int:
    """Return where the first word behind `place` begins; long runs without spaces are cut where they stand."""
    space = line.find(" ", place, place + _BEFORE)
    return space + 1 if space >= 0 else place
