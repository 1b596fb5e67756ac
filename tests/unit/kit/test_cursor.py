"""A cursor comes back as it was made, and nothing else passes for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionbridge.kit.cursor import BadCursor, binding, decode, encode


@given(st.text(), st.integers())
def test_what_goes_in_comes_out(text: str, number: int) -> None:
    assert decode(encode(text, number), str, int) == [text, number]


@given(st.text(), st.integers())
def test_it_can_stand_in_an_address(text: str, number: int) -> None:
    assert all(character.isascii() and (character.isalnum() or character in "-_") for character in encode(text, number))


@given(st.text())
def test_what_we_did_not_make_is_refused_and_nothing_else_happens(text: str) -> None:
    try:
        keys = decode(text, str)
    except BadCursor:
        return
    assert encode(*keys) == text.rstrip("=")


@pytest.mark.parametrize(
    "cursor", ["", "é", "!!!!", "bnVsbA", encode("a"), encode("a", 1, 2), encode(1, "a"), encode("a", "1"), "W10", "W3"]
)
def test_a_cursor_of_another_list_is_refused(cursor: str) -> None:
    with pytest.raises(BadCursor):
        decode(cursor, str, int)


def test_true_is_no_number() -> None:
    with pytest.raises(BadCursor):
        decode("W3RydWVd", int)


def test_another_list_or_another_filter_has_another_name() -> None:
    names = [
        binding("tickets", {}),
        binding("mentions", {}),
        binding("tickets", {"state": "new"}),
        binding("tickets", {"state": "new", "account_id": "acme"}),
        binding("tickets", {"state": "new,account_id=acme"}),
    ]
    assert len(set(names)) == len(names)
    assert binding("t", {"a": "1", "b": "2"}) == binding("t", {"b": "2", "a": "1"})
