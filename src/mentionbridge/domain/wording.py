"""What a public sentence of ours is for, and an operator's own phrasings of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The occasions on which we speak in public words that were written beforehand."""

    ACKNOWLEDGE = "acknowledge"
    HAND_OFF = "hand_off"
    OFF_HOURS = "off_hours"
    INCIDENT = "incident"
    MORE_DETAILS = "more_details"
    RESOLVED = "resolved"
    PERSONAL_DATA = "personal_data"
    PRAISE = "praise"


class Tone(StrEnum):
    """How a language that tells the two apart addresses people: `Sie` and `vous`, or `du` and `tu`."""

    FORMAL = "formal"
    FAMILIAR = "familiar"


@dataclass(frozen=True, slots=True)
class Wording:
    """Several phrasings for one occasion in one language; `where` is its name in the config."""

    where: str
    kind: Kind
    lang: str
    tone: Tone
    texts: Sequence[str]
