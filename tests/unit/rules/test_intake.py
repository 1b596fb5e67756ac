"""Whatever a plug hands over can be kept on both databases, or is kept as unreadable."""

import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionbridge.domain.mention import Author, MediaLink, Post, Unreadable
from mentionbridge.rules.intake import LONGEST_ID, LONGEST_TEXT, MOST_ADDRESSED, MOST_MEDIA, tidy
from mentionbridge.rules.versions import version_of_words

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
POST = Post("p-1", Author("u-1", "sam"), "@acme it is late", NOW - timedelta(hours=1), thread_id="p-1")


def kept(**changes: Any) -> Post:
    found = tidy(replace(POST, **changes), NOW)
    assert isinstance(found, Post)
    return found


def test_a_plain_post_is_left_as_it_is() -> None:
    plain = replace(POST, media=(), metrics={}, ref={}, raw={})
    assert kept() == replace(plain, edit_version=version_of_words(POST.text))


def test_a_post_nobody_gave_a_version_has_one_of_its_words() -> None:
    assert kept(edit_version="3").edit_version == "3"
    assert kept(text="one").edit_version != kept(text="two").edit_version
    assert kept(text="one", edit_version="\x00").edit_version == kept(text="one").edit_version


def test_of_those_addressed_only_ids_are_kept() -> None:
    assert kept(addressed=("n-1", "", "x" * 513, "n\x00", "n-2")).addressed == ("n-1", "n-2")
    assert len(kept(addressed=[f"n-{number}" for number in range(300)]).addressed) == MOST_ADDRESSED


@pytest.mark.parametrize("id_", ["", "x" * (LONGEST_ID + 1), "a\x00b", "a\u202eb"])
@pytest.mark.parametrize("name", ["external_id", "thread_id"])
def test_an_id_that_cannot_be_kept_makes_the_post_unreadable(name: str, id_: str) -> None:
    found = tidy(replace(POST, raw={"seen": 1}, **{name: id_}), NOW)
    assert isinstance(found, Unreadable)
    assert json.loads(found.body) == {"seen": 1}


def test_a_post_from_the_future_happened_now() -> None:
    assert kept(created_at=NOW + timedelta(days=400)).created_at == NOW


def test_direction_overrides_and_zero_width_characters_go_and_emoji_stay() -> None:
    assert kept(text="\u202ekaputt\u202c \u200bnow 👨‍👩‍👧‍👦").text == "kaputt now 👨‍👩‍👧‍👦"
    assert len(kept(text="🔥" * 10_000).text) == 10_000
    assert len(kept(text="x" * (LONGEST_TEXT + 9)).text) == LONGEST_TEXT


def test_numbers_fit_their_columns() -> None:
    post = kept(author=Author("u-1", "sam", followers=2**70), metrics={"likes": 2**70, "views": -5})
    assert post.author.followers == 2**31 - 1
    assert post.metrics == {"likes": 2**31 - 1, "views": 0}


def test_media_that_leads_nowhere_is_left_out_and_only_so_much_is_kept() -> None:
    links = [MediaLink("javascript:alert(1)"), *[MediaLink(f"https://pic.example/{n}") for n in range(30)]]
    assert [link.url for link in kept(media=links).media] == [f"https://pic.example/{n}" for n in range(MOST_MEDIA - 1)]


def test_what_json_columns_refuse_is_taken_out() -> None:
    raw = kept(raw={"a": "x\x00y", "b": [math.nan, 1.5], "c": {"d": "\ud800"}, "e": None}).raw
    assert raw == {"a": "xy", "b": [None, 1.5], "c": {"d": "?"}, "e": None}


@given(st.dictionaries(st.text(), st.recursive(st.none() | st.floats() | st.text(), st.lists, max_leaves=5)), st.text())
def test_anything_can_be_written_as_strict_json(raw: dict[str, Any], text: str) -> None:
    post = kept(raw=raw, text=text)
    assert "\\u0000" not in json.dumps(post.raw, allow_nan=False)
    assert "\x00" not in post.text
