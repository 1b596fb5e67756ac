"""The concrete things a post names: an order number, a place, a product, a picture, what was tried before."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mentionbridge.classify import attempts, topics
from mentionbridge.classify.judge import LONGEST
from mentionbridge.classify.words import Words
from mentionbridge.domain.account import Brand
from mentionbridge.domain.verdict import Topic
from mentionbridge.text import pii

MOST = 10


@dataclass(frozen=True, slots=True)
class Named:
    """One thing named: its kind, and the words of the post that name it; a picture has none.

    A place or product is said by the operator's own name for it, and has its `key` in the operator's list.
    """

    kind: str
    said: str | None
    key: str | None = None


def named(text: str, lang: str | None, pictures: int, brand: Brand | None = None) -> tuple[Named, ...]:
    """Return what a post names, at most `MOST` things, each once."""
    text = text[:LONGEST]
    orders = [text[span.start : span.end] for span in pii.find(text) if span.kind is pii.Kind.ORDER]
    found = [Named("order_number", said) for said in orders]
    found += _of_lists(Words(text), brand) if brand is not None else ()
    found += [Named("earlier_attempt", said) for said in attempts.earlier(text, lang)]
    found += [Named("photo", None)] if pictures else []
    return tuple(dict.fromkeys(found))[:MOST]


def keys(text: str, brand: Brand) -> dict[str, Any]:
    """Return the keys of the places and products a post names, the most specific first; only what there is."""
    words = Words(text[:LONGEST])
    found = {"places": topics.find(words, brand.places), "products": topics.find(words, brand.products)}
    return {name: list(each)[:MOST] for name, each in found.items() if each}


def _of_lists(words: Words, brand: Brand) -> Iterator[Named]:
    yield from _listed("place", words, brand.places)
    yield from _listed("product", words, brand.products)


def _listed(kind: str, words: Words, known: Sequence[Topic]) -> Iterable[Named]:
    names = {each.key: each.name for each in known}
    return (Named(kind, names[key], key) for key in topics.find(words, known))
