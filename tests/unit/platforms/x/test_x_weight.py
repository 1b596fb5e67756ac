"""X's own way to count, checked against what its own library (twitter-text 3.1.0) answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionbridge.platforms.x.addresses import addresses
from mentionbridge.platforms.x.weight import count

VECTORS = {
    "Hello, world! 👋": 16,
    "https://example.com/very/long/path?x=1": 23,
    "see example.com now": 31,
    "billing.help": 23,
    "foo@example.com": 15,
    "http://127.0.0.1/x": 18,
    "日本語": 6,
    "cafe\u0301": 4,
    "👨‍👩‍👧‍👦": 2,
    "🇳🇿": 2,
    "1️⃣": 2,
    "€5 ₿": 6,
    "① ✓ → ™": 11,
    "ā ē ī ō ū Māori": 15,
    "“quoted” — dash… ellipsis": 26,
    "Kia ora 🙏 https://one.nz/x": 34,
    "x" * 281: 281,
    "t.co": 23,
    "a.b": 3,
    "node.js": 7,
    "Acme.com.": 24,
    "acme.co.uk": 23,
    "@acme.com": 9,
    "-acme.com": 9,
    "acme.com日本": 27,
    "日本.com": 8,
    "é.com": 23,
    "acme.com:8080/x": 23,
    "https://user@acme.com/": 22,
    "http://acme": 11,
    "ftp://acme.com": 14,
    "HTTP://ACME.COM": 23,
    "acme.com?x=1": 27,
    "https://a_b.acme.com": 23,
    "acme_x.com": 10,
    "(acme.com/a)": 25,
    "acme.com/a(b)c": 23,
    "www.acme.example": 16,
    "https://acme.com/ü": 23,
    "☎️ ☎ ❤️": 8,
}


@pytest.mark.parametrize(("text", "weight"), VECTORS.items())
def test_it_counts_as_x_does(text: str, weight: int) -> None:
    assert count(text) == weight


@given(st.text(max_size=300))
def test_any_text_has_a_weight_and_addresses_lie_within_it(text: str) -> None:
    assert count(text) >= 0
    spans = addresses(text)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert spans == sorted(spans)


@given(st.text(max_size=100), st.text(max_size=100))
def test_more_words_are_never_lighter_by_more_than_an_address_hides(one: str, other: str) -> None:
    assert count(one + "\n" + other) <= count(one) + count(other) + 1
