"""Which words of a post are the newer ones, as far as its versions tell. Pure.

A network that counts its versions names them. Where nobody does, the version is a digest of the words: it tells that
they changed, never which came first.
"""

import hashlib
from enum import StrEnum

_DIGEST = "words:"


class Newer(StrEnum):
    """Whether what we were told is newer than what we hold; `ask` when only the network knows."""

    YES = "yes"
    NO = "no"
    ASK = "ask"


def version_of_words(text: str) -> str:
    """Return the version of a post that its network gives none."""
    return _DIGEST + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def is_counted(version: str) -> bool:
    """True for a version the network itself gave."""
    return bool(version) and not version.startswith(_DIGEST)


def newer(ours: str, told: str, *, fetched: bool) -> Newer:
    """Compare two versions of other words; what is only pushed has no network to ask, so the last told counts."""
    if not fetched:
        return Newer.YES
    if is_counted(ours) != is_counted(told):
        # A network that counts begins with the first change, so the words without a version are the first.
        return Newer.YES if is_counted(told) else Newer.NO
    return Newer.ASK
