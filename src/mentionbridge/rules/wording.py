"""The words of a public sentence of ours: operator templates, and nothing the customer wrote.

What fills a template comes from the operator's config, the calendar and, for an incident, whoever declared it.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from urllib.parse import urlsplit

from mentionbridge.domain.account import Brand
from mentionbridge.domain.errors import NotAllowed
from mentionbridge.domain.reply import Link
from mentionbridge.domain.wording import Kind, Tone
from mentionbridge.rules.linting import LONGEST_NEWS, unspeakable
from mentionbridge.rules.phrasings import LANGUAGES, Shipped, shipped
from mentionbridge.rules.templates import Template, Text
from mentionbridge.text.language import primary

_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
_SENTENCE_START = re.compile(r"(?:^|[.!?…]\s+)$")
_SENTENCE_END = re.compile(r"[.!?…]+(?:\s+|$)")


@dataclass(frozen=True, slots=True)
class Told:
    """What a sentence is about: a topic's and a place's key, and what only some occasions know.

    `opens` is when the desk opens again, in the brand's own time; `news` is what a person said about an incident.
    """

    topic: str | None = None
    place: str | None = None
    opens: datetime | None = None
    ticket_id: str | None = None
    news: str | None = None


@dataclass(frozen=True, slots=True)
class Worded:
    """A rendered acknowledgement; `kept` are the spans shortening must not touch, in code points like the links."""

    text: str
    links: tuple[Link, ...]
    template_id: str
    lang: str
    thing: str
    kept: tuple[tuple[int, int], ...] = ()


def language_of(brand: Brand, said: str | None) -> str:
    """Return the language a post is answered in: its own if the brand speaks it, else the brand's first."""
    spoken = {primary(each) for each in (brand.lang, *brand.languages)}
    heard = primary(said)
    return heard if heard in spoken and heard is not None else primary(brand.lang) or "en"


def phrasings_of(brand: Brand, kind: Kind, lang: str) -> tuple[tuple[Template, ...], str]:
    """Return the phrasings for an occasion, and the language they are in.

    The brand's own come first, in its tone before the other one; then ours; then English.
    """
    for tone in sorted(Tone, key=lambda tone: tone is not brand.tone):
        own = [each.texts for each in brand.wordings if (each.kind, each.lang, each.tone) == (kind, lang, tone)]
        if own:
            return tuple(Template.parse(text) for texts in own for text in texts), lang
    known = shipped(lang if lang in LANGUAGES else "en")
    return known.phrasings.get((kind, brand.tone)) or known.phrasings[kind, Tone.FORMAL], known.lang


def render(template: Template, brand: Brand, told: Told, private_url: str | None, lang: str) -> Worded:
    """Fill a phrasing in `lang`.

    A value that must not be said in public gives way to a plain one; an address that is no web address gives no link.
    """
    values = _values(brand, told, lang)
    url = private_url if private_url and _leads_somewhere(private_url) else None
    text, kept, links = "", [], []
    for part in template.said_with(values):
        if isinstance(part, Text):
            text += part.text
            continue
        value = part.of(values[part.name])
        value = _capital(value) if _SENTENCE_START.search(text) else value
        span = (len(text), len(text) + len(value))
        kept.append(span)
        links += [Link(*span, url)] if part.name == "private" and url else []
        text += value
    return Worded(text, tuple(links), template.id, lang, values["thing"], tuple(kept))


def _values(brand: Brand, told: Told, lang: str) -> dict[str, str]:
    """Return what every name stands for; a name that is missing here is empty."""
    plain = shipped(lang if lang in LANGUAGES else "en")
    values = {
        "thing": thing_of(brand, told.topic, lang),
        "brand": _or_else(brand.name, plain.brand),
        "private": plain.private,
        "news": told.news if told.news and not unspeakable(told.news, LONGEST_NEWS) else "",
    }
    may_be = {
        "place": next((each.name for each in brand.places if each.key == told.place), ""),
        "opens": _moment(plain, told.opens) if told.opens else "",
        "reference": reference_of(told.ticket_id) if brand.reference and told.ticket_id else "",
    }
    return values | {name: value for name, value in may_be.items() if value and not unspeakable(value)}


def _moment(plain: Shipped, at: datetime) -> str:
    return f"{plain.days[at.weekday()]}, {at:%H:%M}"


def reference_of(ticket_id: str) -> str:
    """Return the short name of a ticket: six letters no word is made of, the same for ever."""
    number = int.from_bytes(hashlib.sha256(ticket_id.encode()).digest()[:8])
    letters = [_LETTERS[number // len(_LETTERS) ** place % len(_LETTERS)] for place in range(6)]
    return "".join(letters[:3]) + "-" + "".join(letters[3:])


def thing_of(brand: Brand, topic: str | None, lang: str) -> str:
    """Return how we name a topic in public: the operator's name for it in this language, else a generic word."""
    plain = shipped(lang if lang in LANGUAGES else "en").thing
    # A sentence in a language the brand does not speak is ours, for want of one of its own; the name is still its.
    own = lang == primary(brand.lang) or lang not in map(primary, brand.languages)
    known = next((each for each in brand.topics if each.key == topic), None)
    named = (known.names.get(lang) or (known.name if own else "")) if known else ""
    generic = brand.generic_topics.get(lang) or ((brand.generic_topic or "") if own else "")
    return _or_else(named, _or_else(generic, plain))


def _or_else(value: str, plain: str) -> str:
    return plain if unspeakable(value) else value


def _capital(value: str) -> str:
    return value[0].upper() + value[1:] if value else value


def _leads_somewhere(url: str) -> bool:
    if not url.isascii() or not url.isprintable() or set(url) & set(' "<>\\^`{|}'):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("https", "http") and bool(parts.hostname)


def with_reference(worded: Worded, template: Template, told: Told, brand: Brand) -> Worded:
    """Add the ticket's reference at the end, where it is wanted and the phrasing does not say it itself."""
    if not brand.reference or told.ticket_id is None or "{{ reference" in template.text:
        return worded
    return replace(worded, text=f"{worded.text} ({reference_of(told.ticket_id)})")


def choose(variants: Sequence[Template], seed: str, already_used: Iterable[str]) -> tuple[Template, ...]:
    """Return the phrasings this thread has not heard yet, in an order that follows from the seed.

    Empty when all were used: then a person must find new words.
    """
    used = set(already_used)
    fresh = (variant for variant in variants if variant.id not in used)
    return tuple(sorted(fresh, key=lambda variant: hashlib.sha256(f"{seed}:{variant.id}".encode()).digest()))


def fit(variants: Sequence[Worded], count: Callable[[str], int], limit: int) -> Worded:
    """Return the first wording within the limit: whole ones first, then without sentences that carry nothing needed.

    Raises NotAllowed (`too_long`) when even the shortest does not fit.
    """
    shortened = (shorter for variant in variants for shorter in _shortenings(variant))
    for worded in [*variants, *shortened]:
        if count(worded.text) <= limit:
            return worded
    raise NotAllowed(
        "too_long", f"None of the {len(variants)} phrasings fits into {limit} characters; add a shorter one."
    )


def _shortenings(worded: Worded) -> Iterator[Worded]:
    shorter = _without_last_spare_sentence(worded)
    while shorter is not None:
        yield shorter
        shorter = _without_last_spare_sentence(shorter)


def _without_last_spare_sentence(worded: Worded) -> Worded | None:
    for start, end in reversed(_sentences(worded)):
        if not any(start < kept_end and kept_start < end for kept_start, kept_end in worded.kept):
            return _cut_out(worded, start, end)
    return None


def _sentences(worded: Worded) -> list[tuple[int, int]]:
    """Return the spans of the sentences; a full stop inside a filled placeholder ends none."""
    inside = [range(start, end) for start, end in worded.kept]
    ends = [m.end() for m in _SENTENCE_END.finditer(worded.text) if not any(m.start() in span for span in inside)]
    edges = [0, *ends] if ends and ends[-1] == len(worded.text) else [0, *ends, len(worded.text)]
    return [(start, end) for start, end in pairwise(edges) if start < end]


def _cut_out(worded: Worded, start: int, end: int) -> Worded:
    text = (worded.text[:start] + worded.text[end:]).rstrip()
    gone = end - start
    return replace(
        worded,
        text=text,
        links=tuple(_moved(link, gone) if link.start >= end else link for link in worded.links),
        kept=tuple((a - gone, b - gone) if a >= end else (a, b) for a, b in worded.kept),
    )


def _moved(link: Link, by: int) -> Link:
    return replace(link, start=link.start - by, end=link.end - by)
