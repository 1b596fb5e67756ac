"""A text as the judge reads it: words without names and addresses, and how loudly they are said."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

# A pattern that begins with one character is looked for many times faster: what may not stand before is asked after it.
_HANDLE = r"@(?<![\w@]@)[\w.\-]+(?:@[\w.\-]+)?"
_HANDLES = re.compile(_HANDLE)
_NOT_OURS = re.compile(rf"https?://\S+|www\.\S+|{_HANDLE}", re.IGNORECASE)
_WORD = re.compile(
    r"\d+(?:st|nd|rd|th|ème|e|º|ª)?(?![^\W_])|\d+|[^\W\d_]+(?:['\-][^\W\d_]+)*|[\u2190-\u2bff\U0001f000-\U0001faff]"
)
_DIGIT = re.compile("[0-9]")
_LONGER = re.compile(r"[^\W\d_]{2,}")
_BEYOND_LATIN = re.compile(r"[^\x00-\u024f]+")
_APOSTROPHES = str.maketrans("’‘´`‛＇", "''''''")


class Words:
    """One text, taken apart once.

    `said` is the text without handles and web addresses, `folded` the whole of it case-folded; `tokens` are case-folded
    words and numbers, and each emoji once, however often it is repeated; `links` is how many web addresses it carries.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.folded = text.casefold()
        whole = unicodedata.normalize("NFC", text).translate(_APOSTROPHES)
        self.said = (_NOT_OURS if "http" in self.folded or "www." in self.folded else _HANDLES).sub(" ", whole)
        found = _WORD.findall(self.said.casefold())
        self.tokens = tuple(found if self.said.isascii() else _symbols_once(found))
        self.links = self.folded.count("http")
        # A property that remembers by itself takes a lock before Python 3.12, which costs more than it saves here.
        self._longer: list[str] | None = None
        self._capitals: list[str] | None = None

    @property
    def hashtags(self) -> int:
        """How many hashtags the text carries."""
        return self.text.count("#")

    @property
    def has_digits(self) -> bool:
        """True when a digit of any script is among what is said."""
        return bool(_DIGIT.search(self.said)) or (not self.said.isascii() and any(map(str.isdigit, self.said)))

    @property
    def latin_share(self) -> float:
        """Which part of the letters is Latin; 1 when there are none."""
        if self.said.isascii():
            return 1.0
        others = sum(map(str.isalpha, "".join(_BEYOND_LATIN.findall(self.said))))
        letters = sum(map(str.isalpha, self.said))
        return (letters - others) / letters if letters else 1.0

    @property
    def longer(self) -> list[str]:
        """Every run of two letters or more, as it is written."""
        if self._longer is None:
            self._longer = _LONGER.findall(self.said)
        return self._longer

    @property
    def capitals(self) -> list[str]:
        """Those of them that are in capitals."""
        if self._capitals is None:
            self._capitals = [word for word in self.longer if word.isupper()]
        return self._capitals

    @property
    def shouts(self) -> bool:
        """True when most of at least three longer words are in capitals."""
        loud = sum(map(_can_shout, self.capitals))
        return loud >= 3 and 2 * loud >= sum(map(_can_shout, self.longer))


def _can_shout(word: str) -> bool:
    return len(word) > 2 and word.lower() != word.upper()


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
