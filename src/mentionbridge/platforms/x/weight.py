"""How X counts a text: in weights, an emoji as two, an address as 23. Pure; the rules are its configuration v3."""

import re
import unicodedata
from functools import cache
from importlib.resources import files

import regex  # type: ignore[import-untyped]

MAX_WEIGHT = 280
ADDRESS = 23
"""Whatever its length, an address is shown through the network's own short one."""

_EMOJI = 2
_WIDE = 2
_LIGHT = ((0x0000, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))
_CLUSTER = regex.compile(r"\X")
_PICTURE = regex.compile(
    r"\p{Emoji_Presentation}|\p{Extended_Pictographic}\N{VARIATION SELECTOR-16}|[0-9#*]\ufe0f?\u20e3"
)
_FLAG = regex.compile(r"[\U0001F1E6-\U0001F1FF]{2}")
_LATIN = "A-Za-z0-9\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f"
_TLD = r"\.(?P<tld>[A-Za-z]{2,24}|xn--[A-Za-z0-9-]{2,59})(?![A-Za-z0-9@])(?::[0-9]+)?"
_PATH = rf"(?P<path>(?:/[{_LATIN}\u0400-\u04ff!*';:=+,.$/%#\[\]\-\u2013_~@|&()]*)?)"
_QUERY = r"(?P<query>(?:\?[A-Za-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*[A-Za-z0-9\-_&=#/])?)"
_LABEL = r"[^\W_](?:[\w-]*[^\W_])?"
_LAST_LABEL = r"[^\W_](?:(?:[^\W_]|-)*[^\W_])?"
_FULL = re.compile(
    rf"(?<![A-Za-z0-9@\uff20$#\uff03])https?://(?:{_LABEL}\.)*?{_LAST_LABEL}{_TLD}{_PATH}{_QUERY}", re.IGNORECASE
)
_LATIN_LABEL = rf"[{_LATIN}](?:[{_LATIN}_-]*[{_LATIN}])?"
_LAST_LATIN_LABEL = rf"[{_LATIN}](?:[{_LATIN}-]*[{_LATIN}])?"
_BARE = re.compile(
    rf"(?<![{_LATIN}@\uff20$#\uff03_./\-\u2013])(?:{_LATIN_LABEL}\.)*{_LAST_LATIN_LABEL}{_TLD}"
    rf"(?:(?=/){_PATH}{_QUERY})?",
    re.IGNORECASE,
)
_END = re.compile(r"[!*';:=,.$%\[\]~|&@(\-]+$")


def count(text: str) -> int:
    """Return the weight of a text; the network takes up to `MAX_WEIGHT`."""
    text, weight, at = unicodedata.normalize("NFC", text), 0, 0
    for start, end in addresses(text):
        weight += _plain(text[at:start]) + ADDRESS
        at = end
    return weight + _plain(text[at:])


def addresses(text: str) -> list[tuple[int, int]]:
    """Return where the network sees addresses, also such without https://, in code points."""
    found, at = [], 0
    while match := _next(text, at):
        if match["tld"].lower() in _top_level():
            found.append((match.start(), match.end() - _spare(match)))
            at = found[-1][1]
        else:
            at = match.end("tld")
    return found


def _next(text: str, at: int) -> re.Match[str] | None:
    matches = (pattern.search(text, at) for pattern in (_FULL, _BARE))
    return min(filter(None, matches), key=lambda match: match.start(), default=None)


def _spare(match: re.Match[str]) -> int:
    """Return how much at the end of a path belongs to the sentence around it."""
    path = match["path"] or ""
    if match["query"]:
        return 0
    if path.endswith(")") and path.count(")") > path.count("("):
        return 1
    ending = _END.search(path)
    return len(ending[0]) if ending else 0


@cache
def _top_level() -> frozenset[str]:
    return frozenset((files(__package__) / "tlds.txt").read_text(encoding="utf-8").split())


def _plain(text: str) -> int:
    return sum(map(_cluster, _CLUSTER.findall(text)))


def _cluster(cluster: str) -> int:
    if len(cluster) > 1 and (_PICTURE.search(cluster) or _FLAG.fullmatch(cluster)):
        return _EMOJI
    return sum(_character(character) for character in cluster)


def _character(character: str) -> int:
    point = ord(character)
    return 1 if any(low <= point <= high for low, high in _LIGHT) else _WIDE
