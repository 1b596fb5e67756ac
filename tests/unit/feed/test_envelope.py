"""The body of an event: small, stable, and JSON whatever people write."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentionbridge.feed.envelope import MAX_BYTES, render

AT = datetime(2026, 3, 2, 8, 0, 1, 234567, tzinfo=UTC)


def test_the_shape_on_the_wire():
    data = {"ticket_id": "tkt_1", "sequence": 3, "at": AT, "text": "zu spät", "none": None}
    assert render("ticket.opened", AT, data).decode() == (
        '{"type":"ticket.opened","timestamp":"2026-03-02T08:00:01.234Z","data":{"at":"2026-03-02T08:00:01.234Z",'
        '"none":null,"sequence":3,"text":"zu spät","ticket_id":"tkt_1"}}'
    )


def test_the_same_event_is_the_same_bytes():
    there = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert render("a.b", AT, {"x": 1, "y": {"b": 1, "a": 2}}) == render("a.b", there, {"y": {"a": 2, "b": 1}, "x": 1})


def test_half_a_character_does_not_stop_an_event():
    assert json.loads(render("a.b", AT, {"text": "broken \ud83d here"}))["data"]["text"] == "broken ? here"


def test_what_has_no_place_in_an_event_is_an_error():
    with pytest.raises(TypeError, match="bytes"):
        render("a.b", AT, {"raw": b"x"})


def test_a_long_text_is_cut_and_said_to_be():
    data = json.loads(render("a.b", AT, {"ticket_id": "tkt_1", "text": "word " * 10_000, "tags": ["a", "b"]}))["data"]
    assert data["truncated"] is True
    assert data["ticket_id"] == "tkt_1"
    assert data["tags"] == ["a", "b"]
    assert data["text"].startswith("word word")
    assert len(data["text"]) == 4000
    assert data["text"].endswith("…")


def test_a_short_event_is_whole():
    data = {"text": "x" * 15_000}
    assert json.loads(render("a.b", AT, data))["data"] == data


def test_when_nothing_else_helps_ids_and_numbers_stay():
    data = {"ticket_id": "tkt_1", "sequence": 7} | {f"field{n}": "ü" * 300 for n in range(500)}
    body = render("a.b", AT, data)
    kept = json.loads(body)["data"]
    assert len(body) < MAX_BYTES
    assert kept["ticket_id"] == "tkt_1"
    assert kept["sequence"] == 7
    assert kept["truncated"] is True


_LEAVES = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=200) | st.just("\x00" * 5000) | st.just("🧵" * 5000)
)
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=90), inner, max_size=5),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.text(max_size=90), _TREES, max_size=12))
def test_every_event_is_json_under_20_kb(data):
    body = render("mention.received", AT, data)
    assert len(body) < MAX_BYTES
    assert set(json.loads(body)) == {"type", "timestamp", "data"}
