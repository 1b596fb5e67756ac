"""Sentences of our own that the default tier learns beside the labelled posts."""

import tomllib
from collections.abc import Iterator, Sequence
from importlib import resources
from itertools import cycle

from mentionbridge.classify.learning import Lesson, lesson, see

TIMES = 3
COUNT = 1.0
"""How much one of these counts beside a labelled post."""


def sentences(times: int = TIMES) -> list[tuple[str, bool]]:
    """Return each sentence `times` over with other things in it, and whether it is a complaint."""
    source = resources.files("mentionbridge.classify").joinpath("own_words.toml")
    data = tomllib.loads(source.read_text(encoding="utf-8"))
    told = [(text, kind == "complaints") for kind in ("complaints", "others") for text in data[kind]]
    return list(dict.fromkeys(_filled(told * times, data["thing"], data["name"])))


def _filled(
    told: Sequence[tuple[str, bool]], things: Sequence[str], names: Sequence[str]
) -> Iterator[tuple[str, bool]]:
    turns = zip(told, cycle(things), cycle(names), strict=False)
    return ((text.replace("<thing>", thing).replace("<name>", name), is_so) for (text, is_so), thing, name in turns)


def taught() -> Lesson:
    """Return them ready to learn from."""
    told = sentences()
    return lesson(see([text for text, _ in told]), [float(is_so) for _, is_so in told], COUNT)
