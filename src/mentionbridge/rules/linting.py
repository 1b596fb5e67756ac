"""What no public sentence of ours may say: hollow phrases, and values that lead out. Pure."""

import re
import unicodedata
from collections.abc import Iterator, Mapping

from mentionbridge.domain.account import Brand
from mentionbridge.domain.errors import SetupError
from mentionbridge.domain.wording import Kind
from mentionbridge.rules.templates import Fill, Template, Text
from mentionbridge.text.language import primary

LONGEST_VALUE = 80
LONGEST_NEWS = 200
NEEDED: Mapping[Kind, str] = {
    Kind.ACKNOWLEDGE: "thing",
    Kind.HAND_OFF: "private",
    Kind.OFF_HOURS: "thing",
    Kind.INCIDENT: "news",
    Kind.MORE_DETAILS: "thing",
    Kind.RESOLVED: "thing",
    Kind.PERSONAL_DATA: "private",
}
"""The name without which a sentence for this occasion says nothing."""

_NOT_SPEAKABLE = {
    "a link": re.compile(r"://|www\.|mailto:|[^\W_][.。][^\W\d_]{2,}", re.IGNORECASE),
    "an @": re.compile("@"),
    "a #": re.compile("#"),
    "a run of digits": re.compile(r"\d{3,}"),
}
_HOLLOW = (
    (
        re.compile(
            r"\b(?:how (?:can|may|could) (?:we|i) (?:help|assist)|wie (?:können|dürfen) wir (?:ihnen|dir|euch) helfen"
            r"|comment (?:pouvons|peut)[- ](?:nous|on) vous aider|(?:en )?qué podemos ayudarl?[eo]"
            r"|come possiamo aiutar|(?:em que|como) (?:o |a )?podemos ajudar"
            r"|hoe kunnen (?:we|wij) (?:u|je|jou) helpen)",
            re.I,
        ),
        "asks what the customer has just told us",
    ),
    (
        re.compile(
            r"\b(?:please )?(?:call|phone|ring) us\b|\bgive us a (?:call|ring)\b|\brufen sie uns\b|\bruf uns\b"
            r"|\bappelez[- ]nous\b|\bll[áa]menos\b|\bci chiami\b|\bligue[- ](?:nos|para n[óo]s)\b|\bbel ons\b",
            re.I,
        ),
        "sends people to the phone",
    ),
    (
        re.compile(
            r"\bany inconvenience\b|\betwaige unannehmlichkeiten\b|\btout désagrément\b|\bcualquier inconveniente\b"
            r"|\beventuali disagi\b|\bqualquer inconveniente\b|\beventueel ongemak\b",
            re.I,
        ),
        "is a phrase nobody believes",
    ),
)


def unspeakable(value: str, longest: int = LONGEST_VALUE) -> str | None:
    """Say what in a value forbids it in a public post (a link, an @, a #, digits, hidden characters), or None."""
    if not value.strip() or len(value) > longest:
        return f"nothing or more than {longest} characters"
    return _forbidden(value)


def _forbidden(text: str) -> str | None:
    if any(unicodedata.category(character)[0] == "C" or character in "\u2028\u2029" for character in text):
        return "a control or hidden character"
    plain = unicodedata.normalize("NFKC", text)
    return next((what for what, pattern in _NOT_SPEAKABLE.items() if pattern.search(plain)), None)


def check(template: Template, kind: Kind) -> None:
    """Raise SetupError for a phrasing that says nothing, asks again, sends people to the phone or leads out."""
    for way in template.ways():
        _check_way(way, kind)


def _check_way(way: tuple[Text | Fill, ...], kind: Kind) -> None:
    literal = " ".join(part.text for part in way if isinstance(part, Text))
    names = {part.name for part in way if isinstance(part, Fill)}
    needed = NEEDED.get(kind)
    if needed is not None and needed not in names:
        raise SetupError(f"This template names no {needed}; say what it is about with {{{{ {needed} }}}}.")
    if "news" in names and kind is not Kind.INCIDENT:
        raise SetupError("This template says {{ news }}, which only an incident has.")
    hollow = next((why for pattern, why in _HOLLOW if pattern.search(literal)), None)
    if hollow:
        raise SetupError(f"This template {hollow}; say what you know and offer {{{{ private }}}} instead.")
    # With the names in place a full stop that would glue a word to a value shows as a link.
    whole = "".join(part.text if isinstance(part, Text) else part.name for part in way)
    if held := _forbidden(whole.replace("\n", " ")):
        raise SetupError(f"This template holds {held}; only the placeholders may lead anywhere.")


def check_words(brand: Brand) -> None:
    """Check every word a brand may say in public; raises SetupError naming the template, topic or name to change."""
    for where, value in _values(brand):
        if what := unspeakable(value):
            raise SetupError(f"brands.{brand.id}.{where} is said in public and holds {what}; choose plain words.")
    for wording in brand.wordings:
        if not wording.texts:
            raise SetupError(f"brands.{brand.id}.{wording.where} holds no phrasing; write one or leave it out.")
        if primary(wording.lang) != wording.lang:
            raise SetupError(f"brands.{brand.id}.{wording.where} is in {wording.lang!r}; name a language such as `de`.")
        for number, text in enumerate(wording.texts, start=1):
            _check_text(f"brands.{brand.id}.{wording.where}, number {number}", text, wording.kind)


def _values(brand: Brand) -> Iterator[tuple[str, str]]:
    yield "name", brand.name
    if brand.generic_topic is not None:
        yield "generic_topic", brand.generic_topic
    for lang, generic in brand.generic_topics.items():
        yield f"generic_topics.{lang}", generic
    for kind, known in (("topics", brand.topics), ("places", brand.places)):
        for each in known:
            yield f"{kind}.{each.key}.name", each.name
            yield from ((f"{kind}.{each.key}.names.{lang}", name) for lang, name in each.names.items())


def _check_text(where: str, text: str, kind: Kind) -> None:
    try:
        check(Template.parse(text), kind)
    except SetupError as error:
        raise SetupError(f"{where}: {error}") from error
