"""What must not leave in public."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionbridge.domain.mention import Surface
from mentionbridge.rules.privacy import leaks

SAID = ["My name is Robin Sampleton and I live at 12 Elm Road", "Reference QX77120", "secret garden"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("write to robin@mail.example", "e-mail"),
        ("we call you on 021 555 0199", "phone"),
        ("card 4111 1111 1111 1111", "card"),
        ("to DE89 3704 0044 0532 0130 00", "IBAN"),
        ("your order 88213377 is on its way", "order number"),
    ],
)
def test_personal_data_stays(text: str, why: str) -> None:
    assert leaks(text, Surface.PUBLIC, []) == [f"It holds personal data ({why})."]


@pytest.mark.parametrize(
    "text",
    [
        "Hello robin sampleton AND i live at number nine? You said: name is Robin Sampleton and...",
        "about QX77120: done",
        "the Secret Garden it is",
    ],
)
def test_private_words_stay(text: str) -> None:
    assert "It repeats what was said in private." in leaks(text, Surface.PUBLIC, SAID)


def test_everyday_words_may_go_out() -> None:
    assert leaks("Thank you, we have sent you a message.", Surface.PUBLIC, [*SAID, "thanks", "", "ok"]) == []


@pytest.mark.parametrize("surface", [Surface.PRIVATE, Surface.INTERNAL])
def test_only_public_surfaces_are_judged(surface: Surface) -> None:
    assert leaks("robin@mail.example " + SAID[0], surface, SAID) == []


WORDS = st.lists(st.text("abcdefgh", min_size=1, max_size=6), min_size=5, max_size=20)


@given(WORDS, WORDS, WORDS)
def test_a_private_text_pasted_anywhere_is_seen(before: list[str], private: list[str], after: list[str]) -> None:
    text = " ".join([*before, *private, *after]).upper()
    assert leaks(text, Surface.PUBLIC, [" ".join(private)]) == ["It repeats what was said in private."]


@given(st.text(), st.lists(st.text(), max_size=3))
def test_no_text_upsets_it(text: str, private: list[str]) -> None:
    assert isinstance(leaks(text, Surface.PUBLIC, private), list)
