"""Words fit to store."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionbridge.text.plain import clean

ANY_TEXT = st.text(st.characters(codec=None, categories=None), max_size=200)


@pytest.mark.parametrize(
    ("raw", "stored"),
    [
        ("e\u0301", "é"),
        ("a\x00b\x1bc\x7f", "abc"),
        ("one\r\ntwo\u2028three\tfour", "one\ntwo\nthree\tfour"),
        ("\u202egnp.exe\u202c\u2066x\u2069", "gnp.exex"),
        ("zero\u200bwidth\ufeff\u2060soft\u00adhyphen", "zerowidthsofthyphen"),
        ("a\u200db", "ab"),
        ("👨‍👩‍👧 🏳️‍🌈 👩🏽‍🚒", "👨‍👩‍👧 🏳️‍🌈 👩🏽‍🚒"),
        ("1️⃣ ❤️", "1️⃣ ❤️"),
        ("A\ufe0f", "A"),
        (
            "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
            "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        ),
        ("hidden\U000e0068\U000e0069", "hidden"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\ud83d\ude00 \ud83d", "😀 \ufffd"),
        ("\u3164name\u2800", "name"),
        ("a\n\n\n\n\nb   \nc", "a\n\nb\nc"),
    ],
)
def test_what_is_stored_can_be_read(raw: str, stored: str) -> None:
    assert clean(raw) == stored


@given(ANY_TEXT)
def test_clean_text_is_clean_for_good(text: str) -> None:
    once = clean(text)
    once.encode("utf-8")
    assert clean(once) == once
    assert not {c for c in once if unicodedata.category(c) == "Cc"} - {"\n", "\t"}
    assert not set(once) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u200b\ufeff")


@pytest.mark.parametrize("nasty", ["👨‍👩‍👧‍👦", "\u202e", "a\u0301\u0316", "🏴\U000e0067", "\ufe0f\u200d", "\ud83d"])
def test_ten_thousand_of_anything_is_quick(nasty: str) -> None:
    started = time.perf_counter()
    clean(nasty * 10_000)
    clean(nasty[0] + nasty[1:] * 10_000)
    assert time.perf_counter() - started < 1.0


@given(st.text(st.characters(max_codepoint=127)))
def test_plain_ascii_takes_a_short_way_to_the_same_end(text: str) -> None:
    # A letter that cannot take the short way, and that cleaning leaves alone.
    assert clean(text) == clean(f"{text}\nü").removesuffix("ü").strip()
