"""What was found out about a word, kept: people say the same few thousand words again and again."""

from collections.abc import Callable
from typing import TypeVar

MOST, LONGEST = 16_384, 32
"""So many words, no longer than that, are kept."""

Fact = TypeVar("Fact")


class Remembered(dict[str, Fact]):
    """A dict that finds out what it does not hold. It is a dict so that a whole text is looked up in one `map`."""

    def __init__(self, find_out: Callable[[str], Fact]) -> None:
        super().__init__()
        self._find_out = find_out

    def __missing__(self, word: str) -> Fact:
        fact = self._find_out(word)
        if len(word) <= LONGEST:
            if len(self) >= MOST:
                self.clear()
            self[word] = fact
        return fact
