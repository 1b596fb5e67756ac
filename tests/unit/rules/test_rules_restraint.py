"""When we hold our tongue."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionbridge.domain.account import AccountState, Mode
from mentionbridge.domain.capabilities import Capabilities
from mentionbridge.domain.mention import Origin, Surface
from mentionbridge.domain.reply import SAID, ReplyState
from mentionbridge.rules.restraint import PLANNED, AckFacts, Allowed, Held, may_acknowledge, resembles
from mentionbridge.rules.routing import Handling

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
PLAIN = AckFacts(
    handling=Handling.AUTO,
    mode=Mode.AUTO,
    account_state=AccountState.ACTIVE,
    capabilities=Capabilities(),
    origin=Origin.POLL,
    surface=Surface.PUBLIC,
    tagged=True,
    author_id="u-7",
    author_handle="sam",
    own_id="u-1",
    own_handle="acme",
    occurred_at=NOW - timedelta(minutes=3),
    now=NOW,
    max_ack_age=timedelta(hours=6),
)


def test_a_plain_complaint_is_answered() -> None:
    assert may_acknowledge(PLAIN) == Allowed()


NEVER: list[tuple[str, dict[str, Any]]] = [
    ("own_post", {"author_id": "u-1"}),
    ("bot", {"is_bot": True}),
    ("repost", {"is_repost": True}),
    ("private", {"surface": Surface.PRIVATE}),
    ("private", {"surface": Surface.INTERNAL}),
    ("silent", {"silent": True}),
    ("silent", {"origin": Origin.IMPORT}),
    ("replay", {"origin": Origin.REPLAY}),
    ("pushed", {"origin": Origin.PUSH}),
    ("deleted", {"deleted": True}),
    ("stopped", {"stopped": True}),
    ("already_said", {"earlier": (ReplyState.SENT,)}),
    ("already_said", {"earlier": (ReplyState.CANCELLED, ReplyState.UNKNOWN)}),
    ("already_planned", {"earlier": (ReplyState.QUEUED,)}),
    ("already_planned", {"earlier": (ReplyState.AWAITING_APPROVAL,)}),
    ("rejected", {"earlier": (ReplyState.REJECTED,)}),
    ("already_answered", {"answered_by_us": True}),
    ("not_wanted", {"handling": Handling.NONE}),
    ("mode_off", {"mode": Mode.OFF}),
    ("untagged", {"tagged": False}),
]
REVIEW: list[tuple[str, dict[str, Any]]] = [
    ("lookalike", {"author_handle": "Acme@elsewhere.example"}),
    ("loop", {"acks_last_day": 3}),
    ("cannot_reply", {"capabilities": Capabilities(replies=False)}),
    ("not_active", {"account_state": AccountState.PAUSED}),
    ("not_active", {"account_state": AccountState.RECONCILE}),
    ("not_active", {"account_state": AccountState.LOGIN_NEEDED}),
    ("review", {"handling": Handling.REVIEW}),
    ("too_old", {"occurred_at": NOW - timedelta(hours=6, seconds=1)}),
    ("from_future", {"occurred_at": NOW + timedelta(minutes=6)}),
    ("mode_approve", {"mode": Mode.APPROVE}),
]


@pytest.mark.parametrize(("code", "change"), NEVER)
def test_some_things_are_never_said(code: str, change: dict[str, Any]) -> None:
    held = may_acknowledge(replace(PLAIN, **change))
    assert isinstance(held, Held)
    assert (held.code, held.needs_person) == (code, False)
    assert held.sentence.endswith(".")


@pytest.mark.parametrize(("code", "change"), REVIEW)
def test_some_things_a_person_lets_out(code: str, change: dict[str, Any]) -> None:
    held = may_acknowledge(replace(PLAIN, **change))
    assert isinstance(held, Held)
    assert (held.code, held.needs_person) == (code, True)


@pytest.mark.parametrize(
    "change",
    [
        {"tagged": False, "capabilities": Capabilities(needs_tag=False)},
        {"origin": Origin.PUSH, "capabilities": Capabilities(accepts_push=True)},
        {"origin": Origin.REPLAY, "capabilities": Capabilities(real=False)},
        {"earlier": (ReplyState.CANCELLED, ReplyState.EXPIRED, ReplyState.NOT_SENT)},
        {"occurred_at": NOW - timedelta(hours=6)},
        {"occurred_at": NOW + timedelta(minutes=4)},
        {"acks_last_day": 2},
        {"own_id": None, "own_handle": None},
    ],
)
def test_these_do_not_stand_in_the_way(change: dict[str, Any]) -> None:
    assert may_acknowledge(replace(PLAIN, **change)) == Allowed()


@given(st.sampled_from(NEVER), st.lists(st.sampled_from(REVIEW), max_size=4))
def test_no_reason_for_review_softens_a_never(never: tuple[str, dict[str, Any]], others: list[Any]) -> None:
    changes: dict[str, Any] = {}
    for _, change in others:
        changes |= change
    held = may_acknowledge(replace(PLAIN, **(changes | never[1])))
    assert isinstance(held, Held)
    assert not held.needs_person


@given(st.lists(st.sampled_from(ReplyState)))
def test_nothing_is_said_twice(earlier: list[ReplyState]) -> None:
    answer = may_acknowledge(replace(PLAIN, earlier=earlier))
    if set(earlier) & (SAID | PLANNED):
        assert isinstance(answer, Held)
        assert answer.code.startswith("already_")


@pytest.mark.parametrize(
    ("handle", "ours", "alike"),
    [
        ("acme", "acme", True),
        ("@ACME", "acme", True),
        ("a_c_m_e", "acme", True),
        ("\u0430\u0441me", "acme", True),
        ("acrne", "acme", True),
        ("acme.fake.example", "acme.example", True),
        ("acmeHelp", "acme_heIp", True),
        ("p01nt", "point", True),
        ("sam", "acme", False),
        ("acme_fan", "acme", False),
        ("", "", False),
        ("___", "---", False),
    ],
)
def test_handles_that_look_like_ours(handle: str, ours: str, alike: bool) -> None:
    assert resembles(handle, ours) is alike
