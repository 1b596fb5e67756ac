"""The sentence a customer posts to prove that a handle is theirs. Pure."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    "en": "I am opening {brand}'s private form, code {code}, mine alone.",
    "de": "Ich öffne das private Formular von {brand}, Code {code}, nur für mich.",
    "fr": "J'ouvre le formulaire privé de {brand}, code {code}, pour moi seul.",
    "es": "Abro el formulario privado de {brand}, código {code}, solo para mí.",
    "it": "Sto aprendo il modulo privato di {brand}, codice {code}, solo mio.",
}
"""Each says what the code authorises, so that nobody posts it for somebody else without reading so."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE = re.compile(r"(?<![0-9A-Za-z])([0-9A-HJKMNP-TV-Z]{4})-([0-9A-HJKMNP-TV-Z]{4})(?![0-9A-Za-z])", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
_MOST_CODES = 3


def sentence(lang: str, brand: str, code: str) -> str:
    """Return what the customer is asked to post."""
    return SENTENCES.get(lang, SENTENCES["en"]).format(brand=brand, code=code)


def code_of(secret: str) -> str:
    """Return the code that a secret stands for, as `7K2M-9QXT`."""
    digest = hashlib.sha256(f"code\n{secret}".encode()).digest()
    letters = "".join(_ALPHABET[byte & 31] for byte in digest[:8])
    return f"{letters[:4]}-{letters[4:]}"


def codes_in(text: str) -> list[str]:
    """Return what looks like a code in a text, at most a few."""
    plain = unicodedata.normalize("NFKC", text)
    return [f"{found[1]}-{found[2]}".upper() for found in _CODE.finditer(plain)][:_MOST_CODES]


def says(text: str, brand: str, code: str) -> bool:
    """True when a text holds the whole sentence with this code, in any of its languages."""
    spoken = _words(text)
    return any(_holds(spoken, _words(each.format(brand=brand, code=code))) for each in SENTENCES.values())


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def _holds(spoken: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    length = len(wanted)
    return any(spoken[at : at + length] == wanted for at in range(len(spoken) - length + 1))
