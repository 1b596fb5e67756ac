"""What must not leave on a public surface. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from mentionbridge.domain.mention import Surface
from mentionbridge.text.pii import ORDER_NUMBER, find

_WORD = re.compile(r"[^\W_]+")
_TELLING_RUN = 5
_TELLING_NUMBER = 3


def leaks(
    text: str, surface: Surface, private_words: Iterable[str], orders: re.Pattern[str] = ORDER_NUMBER
) -> list[str]:
    """Return what a text would give away, a sentence each; empty when it may go out.

    `private_words` are the texts said in private in the same story. Personal data never leaves in public; nor do five
    words in a row of a private text, the whole of a shorter one, or a number from it. Only public surfaces are judged.
    """
    if surface is not Surface.PUBLIC:
        return []
    kinds = dict.fromkeys(f"It holds personal data ({span.kind})." for span in find(text, orders))
    spoken = _words(text)
    copied = any(_repeats(spoken, _words(private)) for private in private_words)
    return [*kinds, *(["It repeats what was said in private."] if copied else [])]


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def _repeats(spoken: Sequence[str], private: Sequence[str]) -> bool:
    run = min(_TELLING_RUN, len(private))
    told = _runs(private, run) & _runs(spoken, run) if run >= 2 else set()
    return bool(told) or bool(_numbers(private) & _numbers(spoken))


def _runs(words: Sequence[str], length: int) -> set[tuple[str, ...]]:
    return {tuple(words[at : at + length]) for at in range(len(words) - length + 1)}


def _numbers(words: Sequence[str]) -> set[str]:
    return {word for word in words if sum(map(str.isdecimal, word)) >= _TELLING_NUMBER}
