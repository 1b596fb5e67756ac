"""Personal data in a text: where it is, and the text without it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate


class Kind(StrEnum):
    """What a span holds; the value is the word that stands for it in a masked text."""

    IBAN = "IBAN"
    CARD = "card"
    EMAIL = "e-mail"
    PHONE = "phone"
    ORDER = "order number"


@dataclass(frozen=True, slots=True)
class Span:
    """One piece of personal data, in code points."""

    start: int
    end: int
    kind: Kind


_GAP = r"[\s.\-\u2010-\u2015/_\u00ad\u200b-\u200f\u2060\ufeff]{0,3}"
_DIGITS = re.compile(rf"\d(?:{_GAP}\d){{12,}}")
_EMAIL = re.compile(r"(?<![\w.+%@-])[\w.+%-]+(?:@|\s?[\[(]\s?at\s?[\])]\s?)(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}", re.I)
_IBAN_HEAD = re.compile(r"(?<![A-Z0-9])[A-Z]{2}[0-9]{2}(?=[ \-\u00a0]?[A-Z0-9])", re.I | re.ASCII)
_PHONE = re.compile(
    r"""
    (?<![\w.,+])
    (?: (?:\+|00)[1-9]\d{0,2}[ .\-]?(?:\(\d{1,4}\)[ .\-]?)?\d{1,4}(?:[ .\-]?\d{1,4}){1,4}
      | \(?0\d{1,4}\)?(?:[ .\-/]?\d{2,4}){2,4}
      | \(?[2-9]\d{2}\)?[ .\-]\d{3}[ .\-]\d{4}
    )(?![\w%])
    """,
    re.VERBOSE,
)
_DATE = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}(?!\d)")
ORDER_NUMBER = re.compile(
    r"""
    (?:\b(?:order|orders|booking|reference|ref|ticket|case|complaint|invoice|account|customer|tracking|parcel|claim|policy
      |bestellung|bestellnummer|auftrag|kundennummer|rechnung|vorgang|pedido|reserva|factura|encomenda|fatura
      |commande|dossier|facture|colis|ordine|prenotazione|pratica|fattura)
      (?:[\s\-_]{0,2}(?:no|nr|num|number|nummer|id|code|n°|nº|número|numero|numéro))?
      \.?\s{0,2}(?:is|was|ist|es|est|è|é)?\s{0,2}[:\#]?\s{0,2}
      | (?<![\w\#])\#(?=\d{5}|[A-Z]{1,4}[\-_]\d{4}))
    (?P<number>(?=(?:[A-Z\-_]{0,6}\d){3})[A-Z0-9][A-Z0-9\-_]{3,30})(?![A-Z0-9])
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Numbers that follow a word such as "order" or "#"; an operator may bring a pattern of their own.

When the pattern has a group `number` only that group is the span.
"""

_IBAN_COUNTRIES = {
    15: "NO",
    16: "BE",
    18: "DK FI FO GL NL",
    19: "MK SI",
    20: "AT BA EE KZ LT LU XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HU LB PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU",
    31: "MT SC",
}
_IBAN_LENGTHS = {country: length for length, row in _IBAN_COUNTRIES.items() for country in row.split()}


def find(text: str, orders: re.Pattern[str] = ORDER_NUMBER) -> list[Span]:
    """Return the personal data of a text in reading order; spans that touch the same characters are one."""
    found = [*_cards(text), *_ibans(text), *_emails(text), *_phones(text), *_orders(text, orders)]
    return _merged(found)


def mask(text: str, orders: re.Pattern[str] = ORDER_NUMBER) -> str:
    """Return the text with `[e-mail]`, `[phone]` and so on where personal data stood."""
    return _without(text, find(text, orders))


def mask_line(line: str) -> str:
    """Return a line of a log the same way; order numbers stay, for our own ids look like them."""
    return _without(line, _merged([*_cards(line), *_ibans(line), *_emails(line), *_phones(line)]))


def _without(text: str, spans: list[Span]) -> str:
    out, at = [], 0
    for span in spans:
        out += [text[at : span.start], f"[{span.kind}]"]
        at = span.end
    return "".join([*out, text[at:]])


_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def _cards(text: str) -> Iterator[Span]:
    # A card may stand beside other digits (its date, its code), so any part of a run that checks condemns the run.
    for run in _DIGITS.finditer(text):
        if _holds_card([int(character) for character in run[0] if character.isdecimal()]):
            yield Span(run.start(), run.end(), Kind.CARD)


def _holds_card(digits: list[int]) -> bool:
    """Look at every window of 13 to 19 digits, each in one step by running sums (one for each way to double)."""
    even = list(accumulate((_DOUBLED[d] if i % 2 == 0 else d for i, d in enumerate(digits)), initial=0))
    odd = list(accumulate((_DOUBLED[d] if i % 2 == 1 else d for i, d in enumerate(digits)), initial=0))
    return any(
        (sums[end] - sums[end - length]) % 10 == 0
        for end in range(13, len(digits) + 1)
        for sums in [odd if end % 2 else even]
        for length in range(13, min(19, end) + 1)
    )


def _ibans(text: str) -> Iterator[Span]:
    for head in _IBAN_HEAD.finditer(text):
        length = _IBAN_LENGTHS.get(head[0][:2].upper(), 0)
        end = _end_of_characters(text, head.start(), length)
        if end and _mod97(text[head.start() : end]):
            yield Span(head.start(), end, Kind.IBAN)


def _end_of_characters(text: str, start: int, wanted: int) -> int | None:
    """Return where `wanted` letters and digits from `start` end, single gaps allowed; None when there are fewer."""
    seen = 0
    for position in range(start, min(len(text), start + 2 * wanted)):
        character = text[position]
        if character.isascii() and character.isalnum():
            seen += 1
            if seen == wanted:
                return position + 1
        elif character not in " -\u00a0":
            return None
    return None


def _mod97(iban: str) -> bool:
    plain = [character for character in iban if character.isalnum()]
    return int("".join(str(int(character, 36)) for character in plain[4:] + plain[:4])) % 97 == 1


def _emails(text: str) -> Iterator[Span]:
    return (Span(*match.span(), Kind.EMAIL) for match in _EMAIL.finditer(text))


def _phones(text: str) -> Iterator[Span]:
    for match in _PHONE.finditer(text):
        digits = sum(character.isdecimal() for character in match[0])
        if 8 <= digits <= 15 and not _DATE.match(match[0]):
            yield Span(*match.span(), Kind.PHONE)


def _orders(text: str, pattern: re.Pattern[str]) -> Iterator[Span]:
    group: str | int = "number" if "number" in pattern.groupindex else 0
    return (Span(*match.span(group), Kind.ORDER) for match in pattern.finditer(text) if match[group])


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start):
        last = merged[-1] if merged else None
        if last and span.start < last.end:
            merged[-1] = Span(last.start, max(last.end, span.end), min(last.kind, span.kind, key=_RANK))
        else:
            merged.append(span)
    return merged


_RANK = list(Kind).index
