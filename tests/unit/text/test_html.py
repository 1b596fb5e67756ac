"""What people at a desk write in HTML becomes plain words, and what they quote does not."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mentionbridge.text.html import from_html


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<p>one</p><p>two<br>three</p>", "one\n\ntwo\nthree"),
        ("fish &amp; chips &lt;3 &#x1F41F;", "fish & chips <3 🐟"),
        ("<script>alert(1)</script>words<style>p{}</style>", "words"),
        ("<p>mine</p><blockquote>On Monday you wrote:<p>theirs</p></blockquote><p>mine too</p>", "mine\n\nmine too"),
        ('<a href="https://desk.example/1">https://desk.example/1</a>', "https://desk.example/1"),
        ('see <a href="https://desk.example/1">our page</a>.', "see our page (https://desk.example/1)."),
        ('<a href="javascript:x()">here</a>', "here"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
        ("5 < 6 and <b>bold", "5 < 6 and bold"),
    ],
)
def test_html_becomes_words(html: str, words: str) -> None:
    assert from_html(html) == words


@given(st.text(st.characters(codec=None, categories=None), max_size=200))
@example("<![if x]>words")
@example("<!DOCTYPE [")
@example("</a></p><a><blockquote></span>")
def test_no_markup_is_too_broken(html: str) -> None:
    from_html(f"<p>{html}<a href='{html}'>{html}")
