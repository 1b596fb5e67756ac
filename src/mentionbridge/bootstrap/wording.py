"""Whether a brand can be worded on every network it speaks on: looked at before anything starts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from mentionbridge.domain.account import Brand
from mentionbridge.domain.errors import NotAllowed, SetupError
from mentionbridge.domain.verdict import Topic
from mentionbridge.domain.wording import Kind
from mentionbridge.pipeline.bridge import Connected
from mentionbridge.pipeline.wording import word
from mentionbridge.rules.wording import Told, language_of, phrasings_of, thing_of

_LONG_DAY = datetime(2026, 1, 7, 23, 59, tzinfo=UTC)
"""A Wednesday, which is the longest day in English, to the minute."""


def check_wording(brands: Mapping[str, Brand], connected: Mapping[tuple[str, str], Connected]) -> None:
    """Raise SetupError when an occasion cannot be worded for the longest of a brand's topics on one of its networks.

    What a person says about an incident is measured when it is said.
    """
    for each in connected.values():
        brand = brands[each.account.brand_id]
        for lang, kind in _occasions(brand):
            told = _longest(brand, lang, each.platform.count)
            templates, spoken = phrasings_of(brand, kind, lang)
            try:
                word(templates, brand, told, each.platform, spoken, each.platform.private_link())
            except NotAllowed as error:
                where = f"brands.{brand.id}, {kind} in {spoken!r}, topic {told.topic or 'generic'}, {each.account.id}"
                raise SetupError(f"{where}: {error}") from error


def _occasions(brand: Brand) -> Iterator[tuple[str, Kind]]:
    for lang in dict.fromkeys(language_of(brand, each) for each in (brand.lang, *brand.languages)):
        yield from ((lang, kind) for kind in Kind if kind is not Kind.INCIDENT)


def _longest(brand: Brand, lang: str, count: Callable[[str], int]) -> Told:
    topics = (None, *(topic.key for topic in brand.topics))
    topic = max(topics, key=lambda key: count(thing_of(brand, key, lang)))
    return Told(topic, _longest_name(brand.places, count), _LONG_DAY, "tkt_0")


def _longest_name(known: Sequence[Topic], count: Callable[[str], int]) -> str | None:
    longest = max(known, key=lambda each: count(each.name), default=None)
    return longest.key if longest else None
