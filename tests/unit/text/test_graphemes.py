"""Length and cutting in user-perceived characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionbridge.text.graphemes import count, cut


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", 0), ("abc", 3), ("👨‍👩‍👧‍👦", 1), ("🇳🇿🇳🇿", 2), ("e\u0301", 1), ("👍🏽!", 2), ("a\r\nb", 3), ("नमस्ते", 3)],
)
def test_people_count_what_they_see(text: str, expected: int) -> None:
    assert count(text) == expected


def test_a_cut_never_splits_a_family() -> None:
    assert cut("👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦", 2) == "👨‍👩‍👧‍👦…"


def test_what_fits_is_left_alone() -> None:
    assert cut("abc", 3) == "abc"
    assert cut("abcd", 3) == "ab…"
    assert cut("a bcd", 3) == "a…"
    assert cut("abc", 0) == ""


@given(st.text(), st.integers(0, 20))
def test_a_cut_is_within_its_limit(text: str, limit: int) -> None:
    assert count(cut(text, limit)) <= limit
