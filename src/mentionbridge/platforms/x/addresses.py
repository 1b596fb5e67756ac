"""Where X sees addresses, with and without https://, as its own library (twitter-text 3.1.0) finds them. Pure."""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import regex  # type: ignore[import-untyped]

Found = tuple[int, int]

_SPACES = r"\x09-\x0d\x20\x85\xa0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_UNSEEN = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\ufeff\uffff"
_MARKS = r"!'#%&()*+,\\\-./:;<=>?@\[\]\^_{|}~$"
_IN_NAME = rf"[^{_MARKS}{_SPACES}{_UNSEEN}]"
_TOP = r"(?:\L<top>(?=[^0-9a-z@+\-]|$)|xn--[\-0-9a-z]+)"
_ABOVE = rf"(?:{_IN_NAME}(?:[_\-]|{_IN_NAME})*+(?<![_\-])\.)*"
_NAME = rf"{_ABOVE}{_IN_NAME}(?:-|{_IN_NAME})*+(?<!-)\.{_TOP}"
_LATIN = (
    r"a-z0-9\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268\u026f\u0272\u0289"
    r"\u028b\u02bb\u0300-\u036f\u1e00-\u1eff"
)
_IN_PATH = rf"[{_LATIN}\u0400-\u04ff!*';:=+,.$/%#\[\]\-\u2013_~@|&]"
_AT_ITS_END = rf"[{_LATIN}\u0400-\u04ff=+/#\-_]"
_IN_BRACKETS = rf"\((?:{_IN_PATH}+|{_IN_PATH}*\({_IN_PATH}+\){_IN_PATH}*)\)"
_PATH = rf"/(?:(?:{_IN_PATH}|{_IN_BRACKETS})*{_AT_ITS_END})?(?:{_IN_BRACKETS})*"
_QUERY = r"\?[a-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*[a-z0-9\-_&=#/]"
_BEFORE = r"(?<![a-z0-9@\uff20$#\uff03\ufffe\ufeff\uffff])"
# A name is looked at once, from its first letter: a hostile text would otherwise take minutes.
_AT_ITS_START = rf"(?<!{_IN_NAME})(?<!{_IN_NAME}\.)"
_NO_ADDRESS_AFTER = tuple("-_./")


def addresses(text: str) -> list[Found]:
    """Return where the network sees addresses, in code points, from the first to the last."""
    return [place for match in _pattern(_ANY).finditer(text) for place in _places(match)]


_ANY = (
    rf"{_BEFORE}(?:(?P<scheme>https?://)|{_AT_ITS_START})(?P<name>{_NAME})(?::[0-9]+)?(?P<path>{_PATH})?(?:{_QUERY})?"
)
_LATIN_NAME = rf"(?:[\-{_LATIN}]+\.)+{_TOP}"
_OWN_SHORT = rf"https?://t\.co/[a-z0-9]+(?:{_QUERY})?"


def _places(match: "regex.Match[str]") -> Iterator[Found]:
    """Find addresses in what looks like one; without a scheme only names in Latin letters are."""
    if match["scheme"]:
        own = _pattern(_OWN_SHORT).match(match[0])
        yield match.start(), match.start() + (own.end() if own else len(match[0]))
        return
    if match.string[: match.start()].endswith(_NO_ADDRESS_AFTER):
        return
    names = [name.span() for name in _pattern(_LATIN_NAME).finditer(match["name"])]
    for at, (start, end) in enumerate(names, start=1):
        whole = at == len(names) and match["path"]
        yield match.start() + start, match.end() if whole else match.start() + end


@cache
def _pattern(of: str) -> "regex.Pattern[str]":
    top = (files(__package__) / "tlds.txt").read_text(encoding="utf-8").split()
    return regex.compile(of, regex.IGNORECASE, ignore_unused=True, top=top)
