"""How a server counts, whom words call on, and HTML as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionbridge.platforms.mastodon import words
from mentionbridge.platforms.mastodon.html import text_of
from mentionbridge.platforms.mastodon.mark import Mark, is_newer


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("@zsc@cybre.example hi", 7),
        ("https://example.com/very/long", 23),
        ("https://example.com", 23),
        ("example.com", 11),
        ("http://localhost/x", 18),
        ("see https://example.com/a.", 28),
        ("(https://example.com/a)", 25),
        ("👨‍👩‍👧‍👦", 1),
        ("mail me@town.example", 20),
        ("@a.b-c@town.example:3000", 6),
    ],
)
def test_length_is_what_a_server_counts(text: str, length: int) -> None:
    assert words.count(text) == length


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("@sam and @Kim@Lake.example.", ["sam", "kim@lake.example"]),
        ("me@town.example", []),
        ("https://town.example/@sam", []),
        ("(@sam)", ["sam"]),
        ("@ sam", []),
    ],
)
def test_whom_words_call_on(text: str, who: list[str]) -> None:
    assert words.called(text) == who


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("a<br>b", "a\nb"),
        ("<p>1 &lt; 2 &amp; 3</p>", "1 < 2 & 3"),
        ("<script>x()</script>ok", "ok"),
        ('<a href="javascript:x()">click</a>', "click"),
        ("<p>open <b>bold", "open bold"),
        ("<![if x]>words<![endif]>", "words"),
        ('<p class="quote-inline">RE: x</p><p>own</p>', "own"),
    ],
)
def test_html_is_read_as_text(markup: str, text: str) -> None:
    assert text_of(markup) == text


@given(st.text(alphabet="<>/!&;[]-ab =\"'pscript\x00", max_size=60))
def test_no_markup_raises(markup: str) -> None:
    assert isinstance(text_of(markup), str)


@pytest.mark.parametrize("cursor", [None, "", "x", "[]", "5", '{"settled": 7}', "[" * 100_000])
def test_a_cursor_that_is_not_ours_means_from_the_beginning(cursor: str | None) -> None:
    assert Mark.load(cursor) == Mark()


def test_ids_grow_by_length_first() -> None:
    assert is_newer("10", "9")
    assert is_newer("01HB", "01HA")
    assert not is_newer("9", "9")
    assert Mark.load(Mark("10").dump()) == Mark("10")
