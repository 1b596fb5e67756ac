"""Words out of HTML."""

import re
from html import unescape
from html.parser import HTMLParser

from mentionbridge.text.plain import clean

_UNSEEN = frozenset({"script", "style", "head", "title", "blockquote"})
_BREAKS = {"br": "\n", "li": "\n- ", "p": "\n\n", "div": "\n"}
_TAG = re.compile(r"<[^<>]*>")


def from_html(html: str) -> str:
    """Return what somebody wrote in HTML, without what they quote; a link keeps its address where it says another text.

    Never raises; a tag soup that cannot be parsed loses its tags and keeps its words.
    """
    reader = _Reader()
    try:
        reader.feed(html)
        reader.close()
    except AssertionError:
        return clean(unescape(_TAG.sub(" ", html)))
    return clean("".join(reader.words))


class _Reader(HTMLParser):
    """Collects words."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._unseen: list[str] = []
        self._address = ""
        self._link_from = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen.append(tag)
        elif tag == "a":
            self._address, self._link_from = dict(attrs).get("href") or "", len(self.words)
        elif not self._unseen:
            self.words.append(_BREAKS.get(tag, ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in self._unseen:
            while self._unseen.pop() != tag:
                pass
        elif tag == "a" and self._address:
            self._end_link()
        elif tag in ("p", "div") and not self._unseen:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.words.append(data)

    def _end_link(self) -> None:
        said = "".join(self.words[self._link_from :])
        if self._address.startswith(("http://", "https://")) and said and said not in self._address:
            self.words.append(f" ({self._address})")
        self._address = ""
