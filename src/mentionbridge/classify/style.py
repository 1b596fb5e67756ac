"""How a text is written, as a short row of numbers: what our lists found in it, and its manner."""

import math
import re
from collections.abc import Iterable, Sequence

from mentionbridge.classify.signals import WEIGHTS, Signal
from mentionbridge.classify.words import Words

_GROUPS = (*WEIGHTS, "length", "shouting", "urgent", "asking", "amount", "link")
_PLACES = {group: place for place, group in enumerate(_GROUPS)}
_WEIGHTLESS = 0.3

_CLASSES = {
    "I": "i i'm im i've ive i'll i'd my me mine we our us we're we've",
    "you": "you your yours u ur you're youre you've yourself",
    "time": "now today yesterday still again yet since ever never always already tonight "
    "week weeks day days hour hours month months minutes",
    "asking word": "why how when what where who which",
    "may": "should would could can will shall may might must",
    "past": "was were had did got went came said told been bought ordered tried paid sent received called",
}
_CLASS_OF = {word: place for place, words in enumerate(_CLASSES.values()) for word in words.split()}
_ASKING = list(_CLASSES).index("asking word")
_SMILE = re.compile(r"[:;=](?<!\w.)[\-']?[)DpP\]]")
_FROWN = re.compile(r"[:;=](?<!\w.)[\-']?[(\[/\\|]")
_HAPPY = re.compile(r"[😀-😎😍😘🙌👍❤💕🎉]")
_SAD = re.compile(r"[😒😞😔😡😠😤😩😫😭😢👎]")

MANNERS = (
    *("words", "characters", "capitals", "exclamation marks", "question marks", "dots", "begins with a name"),
    *("names", "a link", "hashtags", "a number", "a smile", "a frown", "a quotation", "a repost", "ends asking"),
    *("an ampersand", "a colon"),
)
NAMES = (*_GROUPS, *_CLASSES, "begins with an asking word", *MANNERS)
"""What each number stands for, in order."""


def row(words: Words, found: Sequence[Signal]) -> list[float]:
    """Return the numbers of one text, in the order of `NAMES`."""
    return [*_groups(found), *_classes(words.tokens), *_manner(words)]


def by_group(numbers: Iterable[float]) -> dict[str, float]:
    """Return the first of a row of numbers by the group of signals each stands for."""
    return dict(zip(_GROUPS, numbers, strict=False))


def added(signal: Signal) -> float:
    """Return how much a signal adds to the number of its group."""
    return abs(signal.weight) or _WEIGHTLESS


def _groups(found: Sequence[Signal]) -> list[float]:
    row = [0.0] * len(_GROUPS)
    for signal in found:
        place = _PLACES.get(signal.group)
        if place is not None:
            row[place] += added(signal)
    return row


def _classes(tokens: Sequence[str]) -> list[float]:
    counts = [0] * len(_CLASSES)
    for place in map(_CLASS_OF.get, tokens):
        if place is not None:
            counts[place] += 1
    begins = bool(tokens) and _CLASS_OF.get(tokens[0]) == _ASKING
    return [*[min(count, 3) / 2 for count in counts], float(begins)]


def _manner(words: Words) -> list[float]:
    text, said = words.text, words.said
    facts = (
        math.log1p(len(words.tokens)),
        math.log1p(len(text)) / 2,
        len(words.capitals) / max(4, len(words.longer)),
        min(text.count("!"), 4) / 2,
        min(text.count("?"), 3) / 2,
        "..." in text or "…" in text,
        text.startswith("@"),
        min(text.count("@"), 3) / 2,
        words.links > 0,
        min(text.count("#"), 3) / 2,
        words.has_digits,
        "<3" in text or _shows(text, _SMILE, _HAPPY),
        _shows(text, _FROWN, _SAD),
        '"' in text or "“" in text,
        text.lstrip()[:3].lower() == "rt ",
        text.rstrip().endswith("?"),
        "&" in text,
        ":" in said,
    )
    return [float(fact) for fact in facts]


def _shows(text: str, typed: re.Pattern[str], drawn: re.Pattern[str]) -> bool:
    return (_has_eyes(text) and bool(typed.search(text))) or (not text.isascii() and bool(drawn.search(text)))


def _has_eyes(text: str) -> bool:
    # Most texts show no face; asking for one character is ten times as fast as a pattern.
    return ":" in text or ";" in text or "=" in text
