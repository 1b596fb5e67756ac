"""The phrasings we ship, by language, occasion and tone: the files of `shipped/`.

Each names the thing, says what is true now and opens a way into private. None promises a time: nobody has agreed to one
yet. An operator's own phrasings for an occasion and language replace ours.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from mentionbridge.domain.wording import Kind, Tone
from mentionbridge.rules.templates import Template

LANGUAGES = ("en", "de", "es", "fr", "it", "nl", "pt")
"""Languages we ship phrasings in."""


@dataclass(frozen=True, slots=True)
class Shipped:
    """One language: what stands where nothing else may be said, the days of a week, and the phrasings."""

    lang: str
    thing: str
    brand: str
    private: str
    days: Sequence[str]
    phrasings: Mapping[tuple[Kind, Tone], tuple[Template, ...]]


@cache
def shipped(lang: str) -> Shipped:
    """Return what we ship in a language, which is one of `LANGUAGES`."""
    source = resources.files("mentionbridge.rules").joinpath("shipped", f"{lang}.toml")
    told = tomllib.loads(source.read_text(encoding="utf-8"))
    phrasings = {
        (kind, Tone(tone)): tuple(map(Template.parse, texts)) for kind in Kind for tone, texts in told[kind].items()
    }
    return Shipped(lang, told["thing"], told["brand"], told["private"], told["opens"], phrasings)
