"""What a person may want to change before their words go out. Pure; it warns with the words, and changes nothing."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import regex  # type: ignore[import-untyped]

from mentionbridge.text import pii


class Doubt(StrEnum):
    """Why words may be worth a second look."""

    SHOUTING = "shouting"
    BLAME = "blame"
    PROMISE = "promise"
    PERSONAL_DATA = "personal_data"
    SOMEBODY_ELSE = "somebody_else"


SENTENCES = {
    Doubt.SHOUTING: "This reads as shouting.",
    Doubt.BLAME: "This puts the blame on the customer.",
    Doubt.PROMISE: "This promises something; record it as a commitment, so that it is kept or its breaking is seen.",
    Doubt.PERSONAL_DATA: "This holds personal data.",
    Doubt.SOMEBODY_ELSE: "This names somebody who is not this customer.",
}


@dataclass(frozen=True, slots=True)
class Warned:
    """One doubt and the words it is about, in code points."""

    doubt: Doubt
    start: int
    end: int
    words: str

    @property
    def sentence(self) -> str:
        """Say what is meant."""
        return SENTENCES[self.doubt]


_LOUD = regex.compile(r"\b\p{Lu}{2,}(?:[\s,]+\p{Lu}{2,}){2,}\b|[!?]{3,}|!\s!\s!")
_BLAME = re.compile(
    r"""
    \b(?: you\s+(?:should|could|must|ought\s+to)\s+have
        | (?:it\s+is|it's|that\s+is|that's|this\s+is)\s+(?:your|not\s+our)\s+(?:own\s+)?(?:fault|mistake|problem)
        | you\s+(?:failed|forgot|neglected|refused|didn't\s+bother)\b
        | as\s+(?:we|i)(?:'ve|\s+have)?\s+(?:already|repeatedly)\s+(?:said|told|explained|stated|mentioned)
        | if\s+you\s+had\s+(?:only\s+)?(?:read|listened|called|checked)
        | sie\s+h[äa]tten\s+\w+(?:\s+\w+){0,4}\s+(?:sollen|müssen|können)
        | (?:das|es)\s+ist\s+(?:ihr|dein)(?:e|er)?\s+(?:fehler|schuld|problem)
        | wie\s+(?:wir|ich)\s+(?:bereits|schon)\s+(?:gesagt|erklärt|mitgeteilt)
        | c'est\s+(?:de\s+)?votre\s+(?:faute|problème|erreur)
        | vous\s+auriez\s+dû
        | es\s+(?:su|tu)\s+(?:culpa|problema|error)
        | (?:usted\s+)?deber[ií]a\s+haber
        | è\s+colpa\s+(?:sua|tua)
        | avrebbe\s+dovuto
        | a\s+culpa\s+é\s+sua
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
_WHEN = (
    r"(?:today|tonight|tomorrow|this\s+(?:morning|afternoon|evening|week)|next\s+week|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|\d{1,2}(?::\d{2})?\s*(?:am|pm|o'clock)|noon|midnight|"
    r"(?:the\s+)?end\s+of\s+(?:the\s+)?(?:day|week|month))"
)
_PROMISE = re.compile(
    rf"""
    \b(?: (?:we|i)(?:'ll|\s+will|\s+shall)\b[^.!?\n]{{0,80}}?\b(?:by|before|until|within|on|at)?\s*{_WHEN}
        | (?:we|i)(?:'ll|\s+will|\s+shall)\s+(?:call|ring|phone|refund|replace|send|fix|repair|credit|compensate)\b
        | (?:we|i)\s+(?:promise|guarantee)
        | (?:will|'ll)\s+be\s+(?:fixed|repaired|done|resolved|back|refunded|replaced|delivered|with\s+you)\b
        | within\s+(?:the\s+next\s+)?(?:\d+|a|an|one|two|three|four|few|24|48)\s+(?:minutes?|hours?|days?|weeks?)
        | by\s+{_WHEN}
        | (?:wir|ich)\s+(?:rufen|melden|erstatten|ersetzen|schicken|reparieren|versprechen|garantieren)\b
        | (?:bis|spätestens)\s+(?:heute|morgen|\w+(?<=tag)|mittwoch|\d{{1,2}}\s*uhr)
        | innerhalb\s+(?:von\s+)?\w+\s+(?:minuten|stunden|tagen|wochen)
        | nous\s+vous\s+(?:rappellerons|rembourserons|garantissons|promettons)
        | (?:le|te)\s+(?:llamaremos|devolveremos|garantizamos|prometemos)
        | (?:la|ti)\s+(?:richiameremo|rimborseremo|garantiamo)
        | (?:vamos|iremos)\s+(?:ligar|reembolsar|substituir)
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_HANDLE = re.compile(r"(?<![\w@])@[\w][\w.\-]*(?:@[\w.\-]+)?")
_PATTERNS = ((Doubt.SHOUTING, _LOUD), (Doubt.BLAME, _BLAME), (Doubt.PROMISE, _PROMISE))


def doubts(text: str, to: Iterable[str] = ()) -> list[Warned]:
    """Return what is worth a second look, in reading order; `to` are the handles the words may name."""
    return sorted([*_patterns(text), *_personal(text), *_others(text, to)], key=lambda each: (each.start, each.doubt))


def _patterns(text: str) -> Iterator[Warned]:
    for doubt, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            yield Warned(doubt, match.start(), match.end(), match[0].strip())


def _personal(text: str) -> Iterator[Warned]:
    for span in pii.find(text):
        yield Warned(Doubt.PERSONAL_DATA, span.start, span.end, f"[{span.kind}]")


def _others(text: str, to: Iterable[str]) -> Iterator[Warned]:
    known = {handle.casefold().removeprefix("@") for handle in to}
    for match in _HANDLE.finditer(text):
        if match[0][1:].rstrip(".-").casefold() not in known:
            yield Warned(Doubt.SOMEBODY_ELSE, match.start(), match.end(), match[0])
