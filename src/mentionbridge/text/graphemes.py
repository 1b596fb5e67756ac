"""Text measured the way people see it: one family emoji is one."""

import regex  # type: ignore[import-untyped]

_GRAPHEME = regex.compile(r"\X")


def count(text: str) -> int:
    """Return the number of user-perceived characters (extended grapheme clusters)."""
    return sum(1 for _ in _GRAPHEME.finditer(text))


def cut(text: str, limit: int) -> str:
    """Return at most `limit` whole graphemes of `text`; the last is an ellipsis when something was left out."""
    if limit <= 0:
        return ""
    kept = ends = 0
    for seen, grapheme in enumerate(_GRAPHEME.finditer(text), start=1):
        if seen == limit:
            kept = grapheme.start()
        if seen > limit:
            return text[:kept].rstrip() + "…"
        ends = grapheme.end()
    return text[:ends]
