"""The concrete things a post names: an order number, a picture, what was tried before."""

from dataclasses import dataclass

from mentionbridge.classify import attempts
from mentionbridge.text import pii

MOST = 10


@dataclass(frozen=True, slots=True)
class Named:
    """One thing named: its kind, and the words of the post that name it; a picture has none."""

    kind: str
    said: str | None


def named(text: str, lang: str | None, pictures: int) -> tuple[Named, ...]:
    """Return what a post names, at most `MOST` things, each once."""
    orders = [text[span.start : span.end] for span in pii.find(text) if span.kind is pii.Kind.ORDER]
    found = [Named("order_number", said) for said in orders]
    found += [Named("earlier_attempt", said) for said in attempts.earlier(text, lang)]
    found += [Named("photo", None)] if pictures else []
    return tuple(dict.fromkeys(found))[:MOST]
