"""The HTML of a status as the text a person reads. Pure, and never raises."""

import re
from html.parser import HTMLParser

from mentionbridge.text import plain

_BLOCKS = frozenset({"p", "div", "blockquote", "pre", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6"})
_UNSEEN = frozenset({"script", "style", "template", "head", "title"})
_TAG = re.compile(r"<[^>]*>")
_BLANK = re.compile(r"[ \t\r\n\f]+")


def text_of(markup: str) -> str:
    """Return the words: paragraphs a blank line apart, links as their whole address, mentions and tags as shown."""
    reader = _Reader()
    try:
        reader.feed(markup)
        reader.close()
    except AssertionError:
        # The parser gives up on some declarations that no browser minds.
        return plain.clean(_TAG.sub(" ", markup))
    return plain.clean(reader.text)


class _Reader(HTMLParser):
    """Gathers words; what stands inside a shortened link is replaced by where the link leads."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._said: list[str] = []
        self._link: str | None = None
        self._silent: str | None = None

    @property
    def text(self) -> str:
        return "".join(self._said)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        classes = given.get("class", "").split()
        if self._silent is not None:
            return
        if tag in _UNSEEN or (tag == "p" and "quote-inline" in classes):
            self._silent = tag
        elif tag == "br":
            self._said.append("\n")
        elif tag == "li":
            self._said.append("\n- ")
        elif tag == "a" and self._link is None and not {"mention", "hashtag"} & set(classes):
            self._open(given.get("href", ""))
        elif tag in _BLOCKS:
            self._break()

    def handle_endtag(self, tag: str) -> None:
        if self._silent is not None:
            self._silent = None if tag == self._silent else self._silent
        elif tag == "a":
            self._link = None
        elif tag in _BLOCKS:
            self._break()

    def handle_data(self, data: str) -> None:
        if self._silent is None and self._link is None:
            self._said.append(_BLANK.sub(" ", data))

    def _open(self, href: str) -> None:
        if href.startswith(("https://", "http://")):
            self._link = href
            self._said.append(href)

    def _break(self) -> None:
        if self._said and not self._said[-1].endswith("\n\n"):
            self._said.append("\n\n")
