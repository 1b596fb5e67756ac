"""How X counts a text: in weights, an emoji as two, an address as 23. Pure; the rules are its configuration v3."""

import unicodedata

import regex  # type: ignore[import-untyped]

from mentionbridge.platforms.x.addresses import addresses

MAX_WEIGHT = 280
ADDRESS = 23
"""Whatever its length, an address is shown through the network's own short one."""

_EMOJI = 2
_WIDE = 2
_LIGHT = ((0x0000, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))
_PICTURE = (
    r"(?:\p{Emoji_Presentation}\ufe0f?|\p{Extended_Pictographic}\ufe0f|\p{Emoji_Modifier_Base}(?=\p{Emoji_Modifier}))"
    r"\p{Emoji_Modifier}?(?:[\U000E0020-\U000E007E]+\U000E007F)?"
)
_EMOJI_SHOWN = regex.compile(
    rf"[0-9#*]\ufe0f?\u20e3|[\U0001F1E6-\U0001F1FF]{{2}}|{_PICTURE}(?:\u200d(?:{_PICTURE}|\p{{Extended_Pictographic}}))*"
)


def count(text: str) -> int:
    """Return the weight of a text; the network takes up to `MAX_WEIGHT`."""
    text, weight, at = unicodedata.normalize("NFC", text), 0, 0
    for start, end in addresses(text):
        weight += _plain(text[at:start]) + ADDRESS
        at = end
    return weight + _plain(text[at:])


def _plain(text: str) -> int:
    rest, emoji = _EMOJI_SHOWN.subn("", text)
    return _EMOJI * int(emoji) + sum(map(_character, rest))


def _character(character: str) -> int:
    point = ord(character)
    return 1 if any(low <= point <= high for low, high in _LIGHT) else _WIDE
