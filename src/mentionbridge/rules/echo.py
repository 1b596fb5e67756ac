"""Whether two texts are the same words: networks rewrite links, and put a name before what they are given. Pure."""

from collections import Counter

from mentionbridge.text.words import words

ENOUGH = 0.8


def echoes(heard: str, given: str) -> bool:
    """Tell whether `heard` holds (nearly) every word of `given`, and few others."""
    ours, theirs = Counter(words(given)), Counter(words(heard))
    if not ours or not theirs:
        return heard.strip() == given.strip()
    shared = (ours & theirs).total()
    return shared >= ENOUGH * ours.total() and shared >= ENOUGH * 0.75 * theirs.total()
