"""Keys, links, marks and the meaning of errors: what needs no network."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.bluesky_script import SAM, US, note, shown, uri
from fakes.clock import START
from mentionbridge.domain.mention import Author, Post, Unreadable
from mentionbridge.domain.reply import Link, Refusal
from mentionbridge.net.client import Answer
from mentionbridge.net.outcome import Meaning, meaning
from mentionbridge.platforms.bluesky import errors, richtext, tid, wire
from mentionbridge.platforms.bluesky.mark import DEEP, OVERLAP, Mark
from mentionbridge.platforms.bluesky.wire import Reader

READER = Reader(US, "https://bsky.app", "https://pds.example")
MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC))


def test_keys_are_written_as_the_network_writes_them() -> None:
    assert tid.encode(1764000000000000, 0) == "3m6f72q6k2222"
    assert tid.encode(1764000000000000, 37) == "3m6f72q6k2237"
    assert tid.moment("3m6f72q6k2237") == datetime.fromtimestamp(1764000000, UTC)


@given(st.text(), st.datetimes(timezones=st.just(UTC)))
def test_every_reply_has_one_valid_key(key: str, moment: datetime) -> None:
    made = tid.for_reply(key, moment)
    assert tid.is_valid(made)
    assert tid.for_reply(key, moment) == made


@given(st.text(), MOMENTS)
def test_a_reply_is_filed_within_a_second_after_what_it_answers(key: str, moment: datetime) -> None:
    filed = tid.moment(tid.for_reply(key, moment))
    assert filed is not None
    assert moment < filed <= moment + timedelta(seconds=1)


def test_different_replies_to_one_post_have_different_keys() -> None:
    keys = {tid.for_reply(f"k-{number}", START) for number in range(5000)}
    assert len(keys) == 5000


@pytest.mark.parametrize("text", ["", "3m6f72q6k222", "zm6f72q6k2222", "3m6f72q6k2228", "ack-1", "k" * 13])
def test_what_is_no_key_has_no_moment(text: str) -> None:
    assert not tid.is_valid(text)
    assert tid.moment(text) is None


def test_links_are_written_in_bytes() -> None:
    text = "Kia ora @alice.bsky.social – see https://one.nz/help ✅"
    start = text.index("https")
    facets = richtext.link_facets(text, [Link(start, start + len("https://one.nz/help"), "https://one.nz/help")])
    assert start == 33
    assert facets[0]["index"] == {"byteStart": 35, "byteEnd": 54}
    assert richtext.size(text) == 58


@given(st.text(max_size=40), st.text(min_size=1, max_size=20), st.text(max_size=40))
def test_a_written_link_covers_its_words(before: str, words: str, after: str) -> None:
    text = before + words + after
    link = Link(len(before), len(before) + len(words), "https://help.example/")
    [facet] = richtext.link_facets(text, [link])
    index = facet["index"]
    data = text.encode("utf-8", "surrogatepass")
    assert data[index["byteStart"] : index["byteEnd"]].decode("utf-8", "surrogatepass") == words
    assert "https://help.example/" in richtext.expand(text, [facet])


@pytest.mark.parametrize("link", [Link(5, 5, "u"), Link(-1, 2, "u"), Link(3, 99, "u"), Link(6, 2, "u")])
def test_a_link_outside_the_text_is_left_out(link: Link) -> None:
    assert richtext.link_facets("ten chars.", [link]) == []


def _link(start: Any, end: Any, url: Any = "https://status.example/outages/2026") -> dict[str, Any]:
    feature = {"$type": "app.bsky.richtext.facet#link", "uri": url}
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}


def test_a_shortened_link_is_shown_in_full() -> None:
    text = "😡 see status.example/out… now"
    assert richtext.expand(text, [_link(9, 30)]) == "😡 see https://status.example/outages/2026 now"
    assert richtext.expand("see https://status.example/outages/2026", [_link(4, 39)]).count("https") == 1
    assert richtext.expand("it is here", [_link(6, 10)]) == "it is here (https://status.example/outages/2026)"


@pytest.mark.parametrize(
    "facet",
    [
        _link(-1, 4),
        _link(4, 4),
        _link(8, 4),
        _link(0, 10_000),
        _link(1, 6),
        _link(0, 2),
        _link(0, True),
        _link("0", "4"),
        _link(0, 4, None),
        {"index": None, "features": [{}]},
        {"index": {"byteStart": 0, "byteEnd": 4}, "features": {"uri": "x"}},
        None,
        "facet",
    ],
)
def test_a_facet_that_makes_no_sense_changes_nothing(facet: Any) -> None:
    assert richtext.expand("😡 hello", [facet]) == "😡 hello"
    assert richtext.expand("😡 hello", facet) == "😡 hello"


def test_of_overlapping_links_the_first_counts() -> None:
    text = "one two three"
    told = richtext.expand(text, [_link(0, 7, "https://a.example"), _link(4, 13, "https://b.example")])
    assert told == "one two (https://a.example) three"


@given(st.text(), st.lists(st.tuples(st.integers(-2, 60), st.integers(-2, 60))))
def test_expanding_never_raises(text: str, spans: list[tuple[int, int]]) -> None:
    assert isinstance(richtext.expand(text, [_link(*span) for span in spans]), str)


def test_a_mention_tags_us_and_somebody_elses_does_not() -> None:
    tagged = READER.read(note(1))
    other = Reader("did:plc:somebodyelse", "https://bsky.app", "https://pds.example").read(note(1))
    assert isinstance(tagged, Post)
    assert isinstance(other, Post)
    assert (tagged.tagged, other.tagged) == (True, False)


@pytest.mark.parametrize(("parent", "tagged"), [(US, True), (SAM, False)])
def test_a_reply_tags_us_when_it_answers_us(parent: str, tagged: bool) -> None:
    noted = note(1)
    ref = {"uri": uri(parent, "3m6f72q6k2222"), "cid": "bafyp"}
    root = {"uri": uri(SAM, "3m6f72q6k2223"), "cid": "bafyr"}
    noted["record"] |= {"facets": [], "reply": {"root": root, "parent": ref}}
    post = READER.read(noted)
    assert isinstance(post, Post)
    assert post.tagged is tagged
    assert (post.thread_id, post.parent_id, post.ref["root"]) == (root["uri"], ref["uri"], root)


@pytest.mark.parametrize(
    ("claimed", "expected"),
    [
        ("2026-11-22T08:00:00.000Z", "2026-11-22T08:00:00+00:00"),
        ("2026-11-22T08:00:00+13:00", "2026-11-21T19:00:00+00:00"),
        ("2026-11-22T08:00:00", "2026-11-22T08:00:00+00:00"),
        ("2031-01-01T00:00:00Z", "2026-11-22T09:00:00+00:00"),
        ("0001-01-01T00:00:00+14:00", "2026-11-22T09:00:00+00:00"),
        ("yesterday", "2026-11-22T09:00:00+00:00"),
        ("", "2026-11-22T09:00:00+00:00"),
        (None, "2026-11-22T09:00:00+00:00"),
        (1764000000, "2026-11-22T09:00:00+00:00"),
    ],
)
def test_the_authors_clock_counts_only_when_it_is_not_ahead(claimed: Any, expected: str) -> None:
    noted = note(1)
    noted["record"]["createdAt"] = claimed
    post = READER.read(noted)
    assert isinstance(post, Post)
    assert post.created_at.isoformat() == expected


def test_a_quote_is_told_from_another_embed() -> None:
    def quoted_by(embed: Any) -> str | None:
        noted = note(1)
        noted["record"]["embed"] = embed
        post = READER.read(noted)
        assert isinstance(post, Post)
        assert post.is_quote == (post.quoted_id is not None)
        return post.quoted_id

    quoted = {"uri": uri(US, "3m6f72q6k2222"), "cid": "bafyq"}
    assert quoted_by({"$type": "app.bsky.embed.record", "record": quoted}) == quoted["uri"]
    beside = {"$type": "app.bsky.embed.recordWithMedia", "record": {"record": quoted}, "media": {}}
    assert quoted_by(beside) == quoted["uri"]
    assert not quoted_by({"record": {"uri": f"at://{US}/app.bsky.graph.list/3m6f72q6k2222"}})
    assert not quoted_by({"record": "x"})
    assert not quoted_by([])


@pytest.mark.parametrize(
    ("embed", "media"),
    [
        ({"images": [{"fullsize": "https://c.example/1", "alt": "a\x00b"}]}, [("https://c.example/1", "ab")]),
        ({"items": [{"thumb": "https://c.example/2"}]}, [("https://c.example/2", "")]),
        ({"media": {"images": [{"fullsize": "https://c.example/3", "alt": 7}]}}, [("https://c.example/3", "")]),
        ({"playlist": "x", "thumbnail": "https://c.example/4", "alt": "film"}, [("https://c.example/4", "film")]),
        ({"external": {"thumb": "https://c.example/5", "title": "News"}}, [("https://c.example/5", "News")]),
        ({"images": [{"fullsize": "javascript:alert(1)"}, None, 5], "external": "x", "media": []}, []),
    ],
)
def test_media_come_from_the_hydrated_embed(embed: Any, media: list[tuple[str, str]]) -> None:
    post = READER.read(shown(note(1), embed=embed))
    assert isinstance(post, Post)
    assert [(one.url, one.alt) for one in post.media] == media


def test_what_cannot_be_read_is_kept_with_the_reason() -> None:
    item = READER.read({**note(1), "indexedAt": "soon"})
    assert isinstance(item, Unreadable)
    assert item.reason.startswith("indexedAt")
    assert json.loads(item.body)["indexedAt"] == "soon"


def test_nesting_without_end_is_unreadable_and_no_crash() -> None:
    deep: Any = {}
    for _ in range(5000):
        deep = {"media": deep}
    assert isinstance(READER.read({**note(1), "record": deep}), Unreadable)


@pytest.mark.parametrize("bad", ["https://bsky.app/x", "at://handle.example/app.bsky.feed.post/1", "at://did:plc:x", 7])
def test_an_address_that_is_none_is_unreadable(bad: Any) -> None:
    assert isinstance(READER.read({**note(1), "uri": bad}), Unreadable)


def test_words_are_cleaned() -> None:
    noted = note(1, text="@acme.example \u202edown\x00\u200b")
    noted["author"]["displayName"] = "Sam\x00 \u202eRivera"
    post = READER.read(noted)
    assert isinstance(post, Post)
    assert post.text == "@acme.example down"
    assert post.author.name == "Sam Rivera"


def test_an_account_labelled_as_a_bot_is_one() -> None:
    assert wire.read_person(profile_with("bot")) == Author(SAM, "sam.example", "", None, True)
    person = wire.read_person(profile_with("!warn"))
    assert person is not None
    assert not person.is_bot


def profile_with(label: str) -> dict[str, Any]:
    return {"did": SAM, "handle": "sam.example", "labels": [{"val": label}, "x"]}


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "ExpiredToken", Meaning.LOGIN_NEEDED),
        (400, "InvalidToken", Meaning.LOGIN_NEEDED),
        (401, "AuthMissing", Meaning.LOGIN_NEEDED),
        (401, "AccountTakedown", Meaning.LOGIN_NEEDED),
        (401, "AccountDeactivated", Meaning.LOGIN_NEEDED),
        (400, "InvalidRequest", Refusal.INVALID),
        (400, "InvalidSwap", Refusal.DUPLICATE),
        (429, "RateLimitExceeded", Meaning.RATE_LIMITED),
        (500, "InternalServerError", Meaning.UNKNOWN),
        (502, "UpstreamFailure", Meaning.UNKNOWN),
        (501, "MethodNotImplemented", Meaning.NOT_DONE),
        (200, None, Meaning.OK),
    ],
)
def test_errors_mean_what_their_name_says(status: int, code: str | None, expected: Any) -> None:
    assert meaning(status, overlay=errors.MEANINGS, code=code) is expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("BlockedActor", Refusal.BLOCKED),
        ("MessagesDisabled", Refusal.PERMISSION),
        ("NotFollowedBySender", Refusal.PERMISSION),
        ("RecipientNotFound", Refusal.TARGET_GONE),
        ("ConvoLocked", Refusal.TARGET_CLOSED),
        ("InvalidToken", Refusal.PERMISSION),
        ("ExpiredToken", Meaning.LOGIN_NEEDED),
    ],
)
def test_chat_has_errors_of_its_own(code: str, expected: Any) -> None:
    assert meaning(400, overlay=errors.CHAT_MEANINGS, code=code) is expected


def test_a_session_without_a_right_is_not_a_stale_one() -> None:
    def answer(name: str, message: str) -> Answer:
        return Answer(400, {}, json.dumps({"error": name, "message": message}).encode())

    assert errors.is_stale(answer("InvalidToken", "Token could not be verified"))
    assert errors.is_stale(answer("ExpiredToken", "Token has been revoked"))
    assert not errors.is_stale(answer("InvalidToken", "Bad token method"))
    assert errors.is_unprivileged(answer("InvalidToken", "Bad token scope"))
    assert not errors.is_stale(Answer(200, {}, b'{"error": "ExpiredToken"}'))
    assert errors.name(Answer(500, {}, b"<html>")) is None
    assert errors.name(Answer(400, {}, b'{"error": 7}')) is None


def test_a_mark_survives_the_store() -> None:
    mark = Mark(START, START - timedelta(hours=1), "2026-01-01T00:00:00.000Z", "rev-1", "rev-2")
    assert Mark.load(mark.dump()) == mark
    assert Mark.load(Mark().dump()) == Mark()


@pytest.mark.parametrize("text", [None, "", "x", "[]", "7", '{"v": 2, "high": "2026-01-01T00:00:00Z"}', "[" * 9999])
def test_a_mark_that_is_not_ours_means_from_the_beginning(text: str | None) -> None:
    assert Mark.load(text) == Mark()


def test_a_mark_with_broken_parts_keeps_the_others() -> None:
    assert Mark.load('{"v": 1, "high": "soon", "log": 7, "older": "c"}') == Mark(older="c")


def test_the_floor_lies_behind_the_mark_and_now_and_then_far_behind() -> None:
    fresh = Mark(START, START)
    assert fresh.floor(START + timedelta(minutes=59)) == START - OVERLAP
    assert fresh.floor(START + timedelta(minutes=60)) == START - DEEP
    assert fresh.floor(START - timedelta(hours=2)) == START - timedelta(hours=2) - DEEP
    assert Mark().floor(START) is None
