"""How a server of the fediverse counts words, and who is called on in them. Pure."""

import re

from mentionbridge.text import graphemes

MAX_LENGTH = 500
LINK_LENGTH = 23

_END = r"A-Za-z0-9\-_~/#@$&*+=%"
_LINK = re.compile(rf"(?<![\w@])https?://(?:[A-Za-z0-9-]+\.)+[A-Za-z]{{2,}}(?:[/?#:](?:[{_END}.:?!'(),;]*[{_END}])?)?")
_NAME = r"[A-Za-z0-9_]+(?:[.-]+[A-Za-z0-9_]+)*"
_MENTION = re.compile(rf"(?<![=/\w])@({_NAME})(@[\w.:-]*\w)?")
_LEADING = re.compile(rf"(?:@{_NAME}(?:@[\w.:-]*\w)?\s+)+")


def count(text: str, link_length: int = LINK_LENGTH) -> int:
    """Return what a server counts: people see graphemes, every address is as long, a handle's domain is free."""
    short = _LINK.sub("0" * link_length, text)
    return graphemes.count(_MENTION.sub(lambda found: f"@{found[1]}", short))


def called(text: str) -> list[str]:
    """Return the handles a server would notify, without their @, in lower case."""
    return [found[0][1:].lower() for found in _MENTION.finditer(_LINK.sub(" ", text))]


def without_callees(text: str) -> str:
    """Return the words behind the handles a reply begins with."""
    found = _LEADING.match(text)
    return text[found.end() :] if found else text


def same(one: str, other: str) -> bool:
    """True for the same words, however servers broke their lines."""
    return without_callees(one).split() == without_callees(other).split()
