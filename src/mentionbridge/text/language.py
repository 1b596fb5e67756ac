"""The language tag a network gives, brought down to what we compare."""

import re
from functools import lru_cache

_TAG = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]{1,8})*", re.IGNORECASE | re.ASCII)
_RENAMED = {"iw": "he", "in": "id", "ji": "yi", "jw": "jv", "mo": "ro"}
_NO_LANGUAGE = frozenset({"und", "mul", "mis", "zxx", "qam", "qct", "qht", "qme", "qst", "art"})


@lru_cache(maxsize=256)
def primary(tag: str | None) -> str | None:
    """Return the primary subtag in lower case (`en-NZ` → `en`), or None for a tag that names no language."""
    match = _TAG.fullmatch(tag.strip()) if tag else None
    if match is None:
        return None
    subtag = match[1].lower()
    return None if subtag in _NO_LANGUAGE else _RENAMED.get(subtag, subtag)
