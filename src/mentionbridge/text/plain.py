"""Readable plain text out of whatever a network sends."""

import unicodedata

import regex  # type: ignore[import-untyped]

_NEWLINES = regex.compile(r"\r\n?|[\v\f\x85\u2028\u2029]")
# Joiners belong inside emoji and between letters of scripts that need them; elsewhere they only hide things.
_JOINERS = r"""
    (?<!\p{ExtPict}\uFE0F?|\p{EMod}|\U000E007F|[\p{sc=Arab}\p{sc=Syrc}\p{InSC=Virama}\p{InSC=Invisible_Stacker}])\u200D
  | \u200D(?!\p{ExtPict}|[\p{sc=Arab}\p{sc=Syrc}\u0900-\u0DFF])
  | (?<![\p{sc=Arab}\p{sc=Syrc}\p{InSC=Virama}])\u200C
  | \u200C(?!\p{L})
"""
_SELECTORS = r"""
    (?<!\p{Emoji})\uFE0F | (?<!\p{Emoji})\uFE0E
  | [\uFE00-\uFE0D\U000E0100-\U000E01EF]
"""
_TAGS = r"""
    (?<!\U0001F3F4[\U000E0030-\U000E007A]{0,7})[\U000E0020-\U000E007F]
"""
_INVISIBLE = regex.compile(
    rf"""
    (?![\n\t])\p{{Cc}}
  | (?![\u200C\u200D\u0600-\u0605\u06DD\u070F\u08E2\U000110BD\U000110CD\U000E0020-\U000E007F])\p{{Cf}}
  | [\u034F\u115F\u1160\u17B4\u17B5\u2800\u3164\uFFA0] | \p{{NChar}}
  | {_JOINERS} | {_SELECTORS} | {_TAGS}
    """,
    regex.VERBOSE,
)
# Normalising is quadratic in the length of one run of accents; no language needs so many on one letter.
_PILED_ACCENTS = regex.compile(r"(\p{M}{30})\p{M}+")
_MANY_NEWLINES = regex.compile(r"\n{3,}")


def clean(text: str) -> str:
    """Return text fit to store and show: NFC, no control, direction or other invisible characters, no surrogates.

    Joiners stay where a script or an emoji needs them. Never raises, whatever the text holds.
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    visible = _INVISIBLE.sub("", _NEWLINES.sub("\n", whole))
    normal = unicodedata.normalize("NFC", _PILED_ACCENTS.sub(r"\1", visible))
    lines = "\n".join(line.rstrip(" \t\u00a0") for line in normal.split("\n"))
    return str(_MANY_NEWLINES.sub("\n\n", lines)).strip()
