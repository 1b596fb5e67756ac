"""One table for what a status means, and a plug's own laid over it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionbridge.domain.errors import LoginNeeded, NoAnswer, PlatformDown, RateLimited
from mentionbridge.domain.reply import Refusal, Refused, Unknown
from mentionbridge.net.client import Answer
from mentionbridge.net.outcome import Meaning, check_read, meaning, reading, refusal_or_unknown, retry_after, retry_at

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def answer(status: int, **headers: str) -> Answer:
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, b"")


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_a_send_that_was_taken_is_neither_refused_nor_unknown(status):
    assert refusal_or_unknown(answer(status), NOW) is None
    assert check_read(answer(status), NOW) is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Refusal.INVALID),
        (403, Refusal.PERMISSION),
        (404, Refusal.TARGET_GONE),
        (409, Refusal.DUPLICATE),
        (410, Refusal.TARGET_GONE),
        (413, Refusal.TOO_LONG),
        (422, Refusal.INVALID),
    ],
)
def test_what_the_network_refused(status, kind):
    outcome = refusal_or_unknown(answer(status), NOW)
    assert isinstance(outcome, Refused)
    assert outcome.kind is kind
    assert str(status) in outcome.detail


@pytest.mark.parametrize("status", [100, 301, 302, 304, 402, 408, 418, 500, 502, 503, 504, 599, 999])
def test_everything_else_leaves_a_send_open_and_a_read_undone(status):
    assert refusal_or_unknown(answer(status), NOW) == Unknown(f"the network answered {status}")
    with pytest.raises(PlatformDown, match=str(status)):
        check_read(answer(status), NOW)


@pytest.mark.parametrize("check", [refusal_or_unknown, check_read])
def test_dead_credentials_and_limits_are_raised(check):
    with pytest.raises(LoginNeeded):
        check(answer(401), NOW)
    with pytest.raises(RateLimited) as caught:
        check(answer(429, retry_after="30"), NOW)
    assert caught.value.until == NOW + timedelta(seconds=30)


def test_a_refused_read_is_down_unless_its_reader_knows_the_status():
    with pytest.raises(PlatformDown):
        check_read(answer(404), NOW)
    assert check_read(answer(404), NOW, fine=(404, 410)) is None


def test_a_plugs_table_counts_before_ours_and_error_names_before_statuses():
    overlay = {"ExpiredToken": Meaning.LOGIN_NEEDED, 403: Meaning.OK, 400: Refusal.POLICY, 503: Meaning.NOT_DONE}
    assert refusal_or_unknown(answer(403), NOW, overlay=overlay) is None
    assert refusal_or_unknown(answer(400), NOW, overlay=overlay).kind is Refusal.POLICY
    assert refusal_or_unknown(answer(404), NOW, overlay=overlay).kind is Refusal.TARGET_GONE
    with pytest.raises(LoginNeeded, match="ExpiredToken"):
        refusal_or_unknown(answer(400), NOW, overlay=overlay, code="ExpiredToken")
    with pytest.raises(PlatformDown, match="503"):
        refusal_or_unknown(answer(503), NOW, overlay=overlay)
    assert meaning(400, overlay=overlay, code="SomethingNew") is Refusal.POLICY


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "30"}, 30),
        ({"retry_after": " 2.5 "}, 2.5),
        ({"retry_after": "Mon, 02 Mar 2026 08:02:00 GMT"}, 120),
        ({"retry_after": "0"}, 1),
        ({"retry_after": "-7"}, 1),
        ({"retry_after": "Mon, 02 Mar 2020 08:02:00 GMT"}, 1),
        ({"retry_after": "86400"}, 3600),
        ({"retry_after": "Mon, 02 Mar 2099 08:02:00 GMT"}, 3600),
        ({"retry_after": "1e300"}, 3600),
        ({"ratelimit_reset": str(int(NOW.timestamp()) + 90)}, 90),
        ({"ratelimit_reset": "90"}, 90),
        ({"x_ratelimit_reset": str(int(NOW.timestamp()) + 90)}, 90),
        ({"x_ratelimit_reset": "2026-03-02T08:05:00.123456Z"}, 300.123456),
        ({"x_ratelimit_reset": "2026-03-02T10:05:00+02:00"}, 300),
        ({"x_ratelimit_reset": "2026-03-02T08:05:00"}, 300),
        ({"x_rate_limit_reset": str(int(NOW.timestamp()) + 15)}, 15),
        ({"retry_after": "5", "ratelimit_reset": "90"}, 5),
        ({"retry_after": "soon", "ratelimit_reset": "90"}, 90),
        ({"ratelimit_reset": "never", "x_ratelimit_reset": "90"}, 90),
        ({"retry_after": "nan"}, 60),
        ({"retry_after": "inf"}, 60),
        ({"retry_after": ""}, 60),
        ({"retry_after": "Mon, 99 Foo 2026"}, 60),
        ({}, 60),
    ],
)
def test_when_to_come_back(headers, seconds):
    assert retry_at(answer(429, **headers).headers, NOW) == NOW + timedelta(seconds=seconds)


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_a_server_writes_the_wait_is_sane(after, reset):
    until = retry_at({"retry-after": after, "x-ratelimit-reset": reset}, NOW)
    assert timedelta(seconds=1) <= until - NOW <= timedelta(hours=1)


def test_no_retry_after_is_none():
    assert retry_after({}, NOW) is None
    assert retry_after({"retry-after": "soon"}, NOW) is None


def test_a_lost_answer_to_a_read_is_down_and_other_errors_stay_themselves():
    with pytest.raises(PlatformDown, match="lost"), reading():
        raise NoAnswer("lost")
    with pytest.raises(LoginNeeded), reading():
        raise LoginNeeded("dead")
