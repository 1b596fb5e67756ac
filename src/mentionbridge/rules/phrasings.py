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
from mentionbridge.text.language import primary
from mentionbridge.text.words import words

LANGUAGES = ("en", "de", "es", "fr", "it", "nl", "pt")
"""Languages we ship phrasings in."""


Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AfterSolved:
    """Words that tell what somebody says of a thing called solved: against it, that it works, or that they agree."""

    against: Sequence[Phrase]
    fixed: Sequence[Phrase]
    agreed: Sequence[Phrase]


@dataclass(frozen=True, slots=True)
class Shipped:
    """One language: what stands for what has no name, the days of a week, the phrasings, how people answer, and what we
    write to one of them alone: `second_code`, `hand_off`, `moved` and `moved_short`."""

    lang: str
    thing: str
    brand: str
    private: str
    days: Sequence[str]
    phrasings: Mapping[tuple[Kind, Tone], tuple[Template, ...]]
    after_solved: AfterSolved
    messages: Mapping[str, str]


@cache
def shipped(lang: str) -> Shipped:
    """Return what we ship in a language, which is one of `LANGUAGES`."""
    source = resources.files("mentionbridge.rules").joinpath("shipped", f"{lang}.toml")
    told = tomllib.loads(source.read_text(encoding="utf-8"))
    phrasings = {
        (kind, Tone(tone)): tuple(map(Template.parse, texts)) for kind in Kind for tone, texts in told[kind].items()
    }
    after = AfterSolved(**{name: [tuple(words(each)) for each in said] for name, said in told["after_solved"].items()})
    return Shipped(
        lang, told["thing"], told["brand"], told["private"], told["opens"], phrasings, after, told["messages"]
    )


def spoken(*langs: str | None) -> str:
    """Return the first of these languages that we ship, else English."""
    return next((lang for each in langs if (lang := primary(each)) in LANGUAGES and lang), "en")


def message(name: str, lang: str, **told: str) -> str:
    """Write one of our messages in one of `LANGUAGES`."""
    return shipped(lang).messages[name].format_map(told)
