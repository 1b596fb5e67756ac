"""Words are folded the same way whoever says or asks them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionbridge.text.words import EXCERPT, LONGEST_WORD, Term, excerpt, fold, terms, words


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Hello, World!", ["hello", "world"]),
        ("ÉGLISE Straße ﬁne ½", ["eglise", "strasse", "fine", "1", "2"]),
        ("İstanbul ΣΊΣΥΦΟΣ Йод", ["istanbul", "σισυφοσ", "иод"]),
        ("ＡＢＣ１２３", ["abc123"]),
        ("配送 が遅い", ["配", "送", "か\u3099", "遅", "い"]),
        ("한국어 사람", ["한국어", "사람"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("סָפָה שָׁלוֹם", ["ספה", "שלום"]),
        ("snake_case a-b c.d", ["snake", "case", "a", "b", "c", "d"]),
        ("😡 ... —", []),
        ("x" * 100, ["x" * LONGEST_WORD]),
    ],
)
def test_words(said: str, kept: list[str]) -> None:
    assert words(said) == [fold(each) for each in kept]


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert words(" ".join(words(text))) == words(text)


@given(st.text())
def test_a_word_is_letters_digits_and_marks_only(text: str) -> None:
    for word in words(text):
        assert word and not set(word) & set(" '\"\\*:&|!()<>·\x00") and word == word.casefold()


@pytest.mark.parametrize(
    ("asked", "read"),
    [
        ("late parcel", [Term(("late",)), Term(("parcel",))]),
        ("late late", [Term(("late",))]),
        ('"late parcel" x', [Term(("late", "parcel")), Term(("x",))]),
        ("par* x*", [Term(("par",), True), Term(("x",))]),
        ('"my par"*', [Term(("my", "par"), True)]),
        ("can't*", [Term(("can", "t"))]),
        ("l'egl*", [Term(("l", "egl"), True)]),
        ('a"b"c', [Term(("a",)), Term(("b",)), Term(("c",))]),
        ('"" "*" *', []),
    ],
)
def test_terms(asked: str, read: list[Term]) -> None:
    assert terms(asked) == read


def test_what_stands_within() -> None:
    said = words("my parcel is three days late")
    assert Term(("three", "days")).within(said) and Term(("three", "da"), True).within(said)
    assert not Term(("days", "three")).within(said) and not Term(("late", "x")).within(said)
    assert not Term(("a", "b", "c", "d", "e", "f", "g")).within(said)


@given(st.text(max_size=400), st.text(max_size=20))
def test_an_excerpt_is_short_and_on_one_line(said: str, asked: str) -> None:
    shown = excerpt(said, terms(asked))
    assert "\n" not in shown and len(shown) <= max(len(said), EXCERPT * 2) + 1
