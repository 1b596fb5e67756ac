"""X's own library weighs what we weigh, and a port of it is heard as a second opinion."""

import json
import random
import subprocess
from pathlib import Path

import pytest
from twitter_text import parse_tweet  # type: ignore[import-untyped]

from live.node_packages import installed
from mentionbridge.platforms.x.weight import count
from unit.platforms.x.test_x_weight import VECTORS

pytestmark = pytest.mark.live

WORDS = (
    "late",
    "parcel",
    "Kia",
    "ora",
    "naïve",
    "cafe\u0301",
    "ß",
    "日本語",
    "привет",
    "हिन्दी",
    "שלום",
    "don’t",
    "“no”",
    "—",
    "€5",
    "½",
)
MARKS = ("👋", "👨‍👩‍👧‍👦", "🇳🇿", "1️⃣", "☎️", "☎", "❤️", "❤", "🙏🏽", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "👩🏾‍🚒", "®️", "#️⃣", "✓", "▶️")
NAMES = ("@sam", "@acme_help", "#late", "$ACME", "sam@acme.com", "mailto:sam@acme.com", "1.5", "3.com", "a..com")
SCHEMES = ("", "", "https://", "http://", "HTTPS://", "ftp://", "(", "-", "/", ".")
HOSTS = (
    "acme.com",
    "www.acme.co.uk",
    "node.js",
    "t.co",
    "acme_x.com",
    "é.com",
    "日本.com",
    "xn--p1ai.xn--p1ai",
    "acme.museum",
    "ACME.SHOP",
)
PATHS = (
    "",
    "/",
    "/a",
    "/a/b.html",
    "/a(b)c",
    "/ü",
    "/a?x=1&y=2.",
    "/#part",
    "/a,",
    "/a)",
    "?x=1",
    "/日本",
    "/a-",
    ":8080/x",
    "/a|b",
    "/(a",
)
GLUE = (" ", " ", " ", "\n", ", ", ". ", "!", ":", "'")

NOT_AS_THE_LIBRARY = {
    # No country has these letters: the library weighs them as letters, and X shows no flag.
    "🇦🇦": (2, 4),
    # Younger than the library's table of emoji; X's documentation says that every emoji weighs 2.
    "🧑‍🤝‍🧑": (2, 8),
}
NOT_AS_THE_PORT = {"©": (1, 2), "®": (1, 2)}


def weighed(texts: list[str]) -> list[int]:
    folder = installed(Path(__file__).parent / "lengths")
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    done = subprocess.run(["node", "measure.mjs"], cwd=folder, input=lines, capture_output=True, text=True, check=True)
    return [int(line) for line in done.stdout.split()]


def any_text(chance: random.Random) -> str:
    kinds = (
        lambda: chance.choice(WORDS),
        lambda: chance.choice(MARKS),
        lambda: chance.choice(NAMES),
        lambda: chance.choice(SCHEMES) + chance.choice(HOSTS) + chance.choice(PATHS),
    )
    return "".join(chance.choice(kinds)() + chance.choice(GLUE) for _ in range(chance.randrange(1, 8)))


def test_our_vectors_are_the_librarys() -> None:
    assert dict(zip(VECTORS, weighed(list(VECTORS)), strict=True)) == VECTORS


def test_any_text_weighs_as_much_as_in_the_library() -> None:
    chance = random.Random(20261123)
    texts = [any_text(chance) for _ in range(20_000)]
    differ = [
        (text, count(text), weight) for text, weight in zip(texts, weighed(texts), strict=True) if count(text) != weight
    ]
    assert differ == []


def test_where_we_differ_from_the_library_is_written_down() -> None:
    found = {
        text: (count(text), weight)
        for text, weight in zip(NOT_AS_THE_LIBRARY, weighed(list(NOT_AS_THE_LIBRARY)), strict=True)
    }
    assert found == NOT_AS_THE_LIBRARY


def test_the_port_agrees_but_for_what_is_written_down() -> None:
    differ = {text: (count(text), parse_tweet(text).weightedLength) for text in (*VECTORS, *MARKS, *NOT_AS_THE_PORT)}
    assert {text: both for text, both in differ.items() if both[0] != both[1]} == NOT_AS_THE_PORT
