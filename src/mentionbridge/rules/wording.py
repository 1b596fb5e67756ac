"""The words of a public acknowledgement: operator templates, and nothing the customer wrote.

Three placeholders exist: `{{ thing }}` (a topic's name), `{{ brand }}`, and `{{ private }}` (a label that leads into
private). What fills them comes from the operator's config alone.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from urllib.parse import urlsplit

from mentionbridge.domain.account import Brand
from mentionbridge.domain.errors import NotAllowed, SetupError
from mentionbridge.domain.reply import Link
from mentionbridge.rules.phrasings import DEFAULTS

PLACEHOLDERS = ("thing", "private", "brand")
GENERIC_THING = "this"
GENERIC_BRAND = "our team"
GENERIC_PRIVATE = "private message"

_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_SENTENCE_START = re.compile(r"(?:^|[.!?…]\s+)$")
_SENTENCE_END = re.compile(r"[.!?…]+(?:\s+|$)")
_LONGEST_VALUE = 80
_NOT_SPEAKABLE = {
    "a link": re.compile(r"://|www\.|mailto:|[^\W_][.。][^\W\d_]{2,}", re.IGNORECASE),
    "an @": re.compile("@"),
    "a #": re.compile("#"),
    "a run of digits": re.compile(r"\d{3,}"),
}
_HOLLOW = (
    (re.compile(r"\bhow (?:can|may|could) (?:we|i) (?:help|assist)", re.I), "asks what the customer has just told us"),
    (
        re.compile(r"\b(?:please )?(?:call|phone|ring) us\b|\bgive us a (?:call|ring)\b", re.I),
        "sends people to the phone",
    ),
    (re.compile(r"\bany inconvenience\b", re.I), "is a phrase nobody believes"),
)


@dataclass(frozen=True, slots=True)
class Template:
    """An operator's phrasing, parsed: literal text and placeholder names in turn, literals at even places."""

    id: str
    parts: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "Template":
        """Read a phrasing; raises SetupError with the position of anything that is not text or a placeholder."""
        parts = tuple(_PLACEHOLDER.split(text.strip()))
        template = cls("t_" + hashlib.sha256(text.strip().encode("utf-8", "replace")).hexdigest()[:12], parts)
        template._check_placeholders(text.strip())
        return template

    def _check_placeholders(self, text: str) -> None:
        unknown = (match for match in _PLACEHOLDER.finditer(text) if match[1] not in PLACEHOLDERS)
        stray = re.compile(r"[{}]").search(_PLACEHOLDER.sub(lambda match: "_" * len(match[0]), text))
        wrong = next(unknown, None) or stray
        if wrong is not None:
            may = ", ".join(f"{{{{ {name} }}}}" for name in PLACEHOLDERS)
            found = text[wrong.start() : wrong.start() + 20]
            raise SetupError(
                f"This template has {found!r} at character {wrong.start() + 1}; it may hold text and {may}."
            )

    @property
    def names(self) -> tuple[str, ...]:
        """The placeholders used, in order."""
        return self.parts[1::2]


@dataclass(frozen=True, slots=True)
class Worded:
    """A rendered acknowledgement; `kept` are the spans shortening must not touch, in code points like the links."""

    text: str
    links: tuple[Link, ...]
    template_id: str
    lang: str
    thing: str
    kept: tuple[tuple[int, int], ...] = ()


def unspeakable(value: str) -> str | None:
    """Say what in a value forbids it in a public post (a link, an @, a #, digits, hidden characters), or None."""
    if not value.strip() or len(value) > _LONGEST_VALUE:
        return f"nothing or more than {_LONGEST_VALUE} characters"
    return _forbidden(value)


def _forbidden(text: str) -> str | None:
    if any(unicodedata.category(character)[0] == "C" or character in "\u2028\u2029" for character in text):
        return "a control or hidden character"
    plain = unicodedata.normalize("NFKC", text)
    return next((what for what, pattern in _NOT_SPEAKABLE.items() if pattern.search(plain)), None)


def check(template: Template) -> None:
    """Raise SetupError for a phrasing that says nothing: names no thing, asks again, or sends people to the phone."""
    literal = " ".join(template.parts[::2])
    if "thing" not in template.names:
        raise SetupError("This template names no thing; say what it is about with {{ thing }}.")
    hollow = next((why for pattern, why in _HOLLOW if pattern.search(literal)), None)
    if hollow:
        raise SetupError(f"This template {hollow}; say what you know and offer {{{{ private }}}} instead.")
    # With the names in place a full stop that would glue a word to a placeholder's value shows as a link.
    held = _forbidden("".join(template.parts).replace("\n", " "))
    if held:
        raise SetupError(f"This template holds {held}; only the placeholders may lead anywhere.")


def check_templates(brand: Brand) -> tuple[Template, ...]:
    """Return the brand's phrasings, parsed; raises SetupError naming the template, topic or name to change."""
    for where, value in [("name", brand.name), ("generic_topic", brand.generic_topic)]:
        _check_value(f"brands.{brand.id}.{where}", value)
    for topic in brand.topics:
        _check_value(f"brands.{brand.id}.topics.{topic.key}.name", topic.name)
    return tuple(_checked(brand, number, text) for number, text in enumerate(brand.templates, start=1)) or _SHIPPED


def _check_value(where: str, value: str) -> None:
    what = unspeakable(value)
    if what:
        raise SetupError(f"{where} is said in public and holds {what}; choose plain words.")


def _checked(brand: Brand, number: int, text: str) -> Template:
    try:
        template = Template.parse(text)
        check(template)
    except SetupError as error:
        raise SetupError(f"brands.{brand.id}.templates, number {number}: {error}") from error
    return template


_SHIPPED = tuple(Template.parse(text) for text in DEFAULTS)


def templates_of(brand: Brand) -> tuple[Template, ...]:
    """Return the phrasings of a brand that was checked at load, or ours when it has none."""
    return tuple(Template.parse(text) for text in brand.templates) or _SHIPPED


def render(
    template: Template, brand: Brand, topic: str | None, private_label: str, private_url: str | None, lang: str
) -> Worded:
    """Fill a phrasing: `topic` is a topic's key, `lang` the language of the phrasing.

    A value that must not be said in public gives way to a plain one; an address that is no web address gives no link.
    """
    values = {
        "thing": thing_of(brand, topic),
        "brand": _or_else(brand.name, GENERIC_BRAND),
        "private": _or_else(private_label, GENERIC_PRIVATE),
    }
    url = private_url if private_url and _leads_somewhere(private_url) else None
    text, kept, links = "", [], []
    for place, part in enumerate(template.parts):
        if place % 2 == 0:
            text += part
            continue
        value = _capital(values[part]) if _SENTENCE_START.search(text) else values[part]
        span = (len(text), len(text) + len(value))
        kept.append(span)
        links += [Link(*span, url)] if part == "private" and url else []
        text += value
    return Worded(text, tuple(links), template.id, lang, values["thing"], tuple(kept))


def thing_of(brand: Brand, topic: str | None) -> str:
    """Return how we name a topic in public: the operator's name for it, else the brand's generic word, else "this"."""
    names = (each.name for each in brand.topics if each.key == topic)
    return _or_else(next(names, ""), _or_else(brand.generic_topic, GENERIC_THING))


def _or_else(value: str, plain: str) -> str:
    return plain if unspeakable(value) else value


def _capital(value: str) -> str:
    return value[0].upper() + value[1:]


def _leads_somewhere(url: str) -> bool:
    if not url.isascii() or not url.isprintable() or set(url) & set(' "<>\\^`{|}'):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("https", "http") and bool(parts.hostname)


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
