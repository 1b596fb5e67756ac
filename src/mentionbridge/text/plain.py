"""Readable plain text out of whatever a network sends."""

import unicodedata
from html import unescape
from html.parser import HTMLParser

import regex  # type: ignore[import-untyped]

_NEWLINES = regex.compile(r"\r\n?|[\v\f\x85\u2028\u2029]")
# Joiners belong inside emoji and between letters of scripts that need them; elsewhere they only hide things.
_JOINERS = r"""
    (?<!\p{ExtPict}\uFE0F?|\p{EMod}|\U000E007F|[\p{sc=Arab}\p{sc=Syrc}\p{InSC=Virama}\p{InSC=Invisible_Stacker}])\u200D
  | \u200D(?!\p{ExtPict}|[\p{sc=Arab}\p{sc=Syrc}\u0900-\u0DFF])
  | (?<![\p{sc=Arab}\p{sc=Syrc}\p{InSC=Virama}])\u200C
  | \u200C(?!\p{L})
"""
_SELECTORS = r"""
    (?<!\p{Emoji})\uFE0F | (?<!\p{Emoji})\uFE0E
  | [\uFE00-\uFE0D\U000E0100-\U000E01EF]
"""
_TAGS = r"""
    (?<!\U0001F3F4[\U000E0030-\U000E007A]{0,7})[\U000E0020-\U000E007F]
"""
_INVISIBLE = regex.compile(
    rf"""
    (?![\n\t])\p{{Cc}}
  | (?![\u200C\u200D\u0600-\u0605\u06DD\u070F\u08E2\U000110BD\U000110CD\U000E0020-\U000E007F])\p{{Cf}}
  | [\u034F\u115F\u1160\u17B4\u17B5\u2800\u3164\uFFA0] | \p{{NChar}}
  | {_JOINERS} | {_SELECTORS} | {_TAGS}
    """,
    regex.VERBOSE,
)
# Normalising is quadratic in the length of one run of accents; no language needs so many on one letter.
_PILED_ACCENTS = regex.compile(r"(\p{M}{30})\p{M}+")
_MANY_NEWLINES = regex.compile(r"\n{3,}")


def clean(text: str) -> str:
    """Return text fit to store and show: NFC, no control, direction or other invisible characters, no surrogates.

    Joiners stay where a script or an emoji needs them. Never raises, whatever the text holds.
    """
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    visible = _INVISIBLE.sub("", _NEWLINES.sub("\n", whole))
    normal = unicodedata.normalize("NFC", _PILED_ACCENTS.sub(r"\1", visible))
    lines = "\n".join(line.rstrip(" \t\u00a0") for line in normal.split("\n"))
    return str(_MANY_NEWLINES.sub("\n\n", lines)).strip()


def from_html(html: str) -> str:
    """Return the words of a post written in HTML, paragraphs apart by a blank line and links with their whole address.

    Never raises; a tag soup that cannot be parsed loses its tags and keeps its words.
    """
    reader = _Reader()
    try:
        reader.feed(html)
        reader.close()
    except AssertionError:
        return clean(unescape(regex.sub(r"<[^<>]*>", " ", html)))
    return clean(reader.text())


class _Reader(HTMLParser):
    """Collects words; knows the classes Mastodon and its kin mark shortened links and quotes with."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._out: list[str] = []
        self._hidden: list[str] = []
        self._link: str | None = None
        self._link_from = 0
        self._shortened = False

    def text(self) -> str:
        return "".join(self._out)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        classes = set(given.get("class", "").split())
        if self._hidden or tag in ("script", "style") or "quote-inline" in classes:
            if tag not in _VOID:
                self._hidden.append(tag)
        elif tag == "a":
            self._open_link(given, classes)
        elif tag == "span" and classes & {"invisible", "ellipsis"}:
            self._shortened = True
        else:
            self._out.append({"br": "\n", "li": "\n- ", "img": given.get("alt", "")}.get(tag, ""))

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            self._leave_hidden(tag)
        elif tag == "a" and self._link is not None:
            self._close_link()
        elif tag in ("p", "div", "blockquote", "ul", "ol", "pre"):
            self._out.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._out.append(data)

    def _open_link(self, given: dict[str, str], classes: set[str]) -> None:
        is_name = bool(classes & {"mention", "hashtag"})
        self._link = None if is_name else given.get("href", "")
        self._link_from, self._shortened = len(self._out), False

    def _close_link(self) -> None:
        if self._shortened and self._link:
            self._out[self._link_from :] = [self._link]
        self._link = None

    def _leave_hidden(self, tag: str) -> None:
        if tag in self._hidden:
            while self._hidden.pop() != tag:
                pass


_VOID = frozenset({"br", "img", "hr", "wbr", "input", "link", "meta"})
