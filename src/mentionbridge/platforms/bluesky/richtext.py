"""Links and mentions inside a text. The network counts UTF-8 bytes, we count code points. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any

from mentionbridge.domain.reply import Link

_LINK = "app.bsky.richtext.facet#link"
_MENTION = "app.bsky.richtext.facet#mention"


def expand(text: str, facets: Any) -> str:
    """Return the text with the whole address where a link stands; facets that make no sense are passed over."""
    data, out, at = _bytes(text), b"", 0
    for start, end, url in sorted(_links(facets)):
        shown = _slice(data, start, end) if start >= at else None
        if shown is not None:
            out += data[at:start] + _bytes(_address(shown, url))
            at = end
    return (out + data[at:]).decode("utf-8", "surrogatepass")


def mentioned(facets: Any) -> list[str]:
    """Return the ids of the people a text mentions so that they are told of it, in the order it names them."""
    features = (feature for _, _, feature in _features(facets) if feature.get("$type") == _MENTION)
    return [feature["did"] for feature in features if isinstance(feature.get("did"), str)]


def link_facets(text: str, links: Sequence[Link]) -> list[dict[str, Any]]:
    """Write our links the network's way."""
    return [
        {
            "index": {"byteStart": len(_bytes(text[: link.start])), "byteEnd": len(_bytes(text[: link.end]))},
            "features": [{"$type": _LINK, "uri": link.url}],
        }
        for link in links
        if 0 <= link.start < link.end <= len(text)
    ]


def size(text: str) -> int:
    """Return the length in bytes, as the network counts it."""
    return len(_bytes(text))


def _address(shown: str, url: str) -> str:
    """Return the address alone when what is shown is only its shorter form, else both."""
    bare = url.split("://", 1)[-1]
    start = shown.split("://", 1)[-1].rstrip("….").rstrip("/")
    return url if start and bare.startswith(start) else f"{shown} ({url})"


def _links(facets: Any) -> Iterator[tuple[int, int, str]]:
    for start, end, feature in _features(facets):
        url = feature.get("uri")
        if feature.get("$type") == _LINK and isinstance(url, str):
            yield start, end, url


def _features(facets: Any) -> Iterator[tuple[int, int, dict[str, Any]]]:
    for facet in _dicts(facets):
        index = facet.get("index")
        start, end = (index.get("byteStart"), index.get("byteEnd")) if isinstance(index, dict) else (None, None)
        if type(start) is int and type(end) is int and 0 <= start < end:
            yield from ((start, end, feature) for feature in _dicts(facet.get("features")))


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _slice(data: bytes, start: int, end: int) -> str | None:
    """Return what lies between two bytes, unless they cut a character or lie outside."""
    try:
        data[:start].decode("utf-8", "surrogatepass")
        return data[start:end].decode("utf-8", "surrogatepass") if end <= len(data) else None
    except UnicodeDecodeError:
        return None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
