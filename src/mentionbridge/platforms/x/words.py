"""What a post says, out of its text and its marks: addresses in full, leading handles and links to media gone. Pure."""

from collections.abc import Iterator
from html import unescape
from typing import Any

from mentionbridge.platforms.x.shapes import an_object, objects
from mentionbridge.text import plain


def read(text: str, entities: Any, shown: Any, *, is_reply: bool) -> str:
    """Return the words; X escapes `&`, `<` and `>` in them."""
    marks = an_object(entities)
    start, end = _range(text, shown) or (_after_handles(text, marks) if is_reply else 0, len(text))
    pieces, at = [], start
    for first, last, address in sorted(_links(marks)):
        if at <= first and last <= end:
            pieces += [text[at:first], address]
            at = last
    return plain.clean(unescape("".join([*pieces, text[at:end]]))).strip()


def mentioned(entities: Any) -> list[str]:
    """Return the ids of those a text names."""
    marks = an_object(entities)
    told = [*objects(marks.get("mentions")), *objects(marks.get("user_mentions"))]
    ids = (each.get("id") if isinstance(each.get("id"), str) else each.get("id_str") for each in told)
    return list(dict.fromkeys(each for each in ids if isinstance(each, str) and each.isdecimal()))


def _range(text: str, shown: Any) -> tuple[int, int] | None:
    if isinstance(shown, list) and len(shown) == 2 and all(type(each) is int for each in shown):
        start, end = shown
        return (start, end) if 0 <= start <= end <= len(text) else None
    return None


def _after_handles(text: str, marks: dict[str, Any]) -> int:
    """Return where the words of a reply begin: it inherits the handles of those above."""
    spans = {start: end for start, end in map(_span, objects(marks.get("mentions"))) if end > start}
    at = 0
    while at in spans and spans[at] <= len(text):
        at = spans[at]
        while at < len(text) and text[at].isspace():
            at += 1
    return at if at < len(text) else 0


def _links(marks: dict[str, Any]) -> Iterator[tuple[int, int, str]]:
    for link in [*objects(marks.get("urls")), *objects(marks.get("media"))]:
        start, end = _span(link)
        address = link.get("expanded_url")
        if end > start and isinstance(address, str):
            is_media = "media_key" in link or "media_url_https" in link
            yield start, end, "" if is_media else address


def _span(mark: dict[str, Any]) -> tuple[int, int]:
    both = [mark.get("start"), mark.get("end")] if "start" in mark else mark.get("indices")
    if isinstance(both, list) and len(both) == 2 and all(type(each) is int and each >= 0 for each in both):
        return both[0], both[1]
    return 0, 0
