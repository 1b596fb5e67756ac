"""A text as the judge reads it: words without names and addresses, and how loudly they are said."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

_NOT_OURS = re.compile(r"https?://\S+|www\.\S+|(?<![\w@])@[\w.\-]+(?:@[\w.\-]+)?", re.IGNORECASE)
_WORD = re.compile(
    r"\d+(?:st|nd|rd|th|ème|e|º|ª)?(?![^\W_])|\d+|[^\W\d_]+(?:['\-][^\W\d_]+)*|[\u2190-\u2bff\U0001f000-\U0001faff]"
)
_BEYOND_LATIN = re.compile(r"[^\x00-\u024f]+")
_APOSTROPHES = str.maketrans("’‘´`‛＇", "''''''")


@dataclass(frozen=True)
class Words:
    """One text, taken apart once."""

    text: str

    @cached_property
    def said(self) -> str:
        """The text without handles and web addresses."""
        return _NOT_OURS.sub(" ", unicodedata.normalize("NFC", self.text).translate(_APOSTROPHES))

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        """Case-folded words and numbers, and each emoji once, however often it is repeated."""
        return tuple(_symbols_once(_WORD.findall(self.said.casefold())))

    @property
    def links(self) -> int:
        """How many web addresses the text carries."""
        return self.text.casefold().count("http")

    @property
    def hashtags(self) -> int:
        """How many hashtags the text carries."""
        return self.text.count("#")

    @cached_property
    def letters(self) -> int:
        """How many letters of any script the text holds."""
        return sum(map(str.isalpha, self.said))

    @cached_property
    def latin_share(self) -> float:
        """Which part of the letters is Latin; 1 when there are none."""
        if self.said.isascii():
            return 1.0
        others = sum(map(str.isalpha, "".join(_BEYOND_LATIN.findall(self.said))))
        return (self.letters - others) / self.letters if self.letters else 1.0

    @property
    def shouts(self) -> bool:
        """True when most of at least three longer words are in capitals."""
        longer: list[str] = [word for word in re.findall(r"[^\W\d_]{3,}", self.said) if word.lower() != word.upper()]
        loud = sum(word.isupper() for word in longer)
        return loud >= 3 and len(longer) <= 2 * loud


def _symbols_once(tokens: Iterable[str]) -> Iterator[str]:
    symbols: set[str] = set()
    for token in tokens:
        if token not in symbols:
            yield token
        if len(token) == 1 and not token.isalnum():
            symbols.add(token)


def phrase(words: str) -> tuple[str, ...]:
    """Take an entry of a word list apart the way a text is."""
    return Words(words).tokens
