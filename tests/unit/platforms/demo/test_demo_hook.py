"""Each way a webhook call can be wrong has its own reason."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mentionbridge.domain.mention import Post, Unreadable
from mentionbridge.platforms import demo
from mentionbridge.platforms.demo import plug
from mentionbridge.platforms.demo.credentials import sign
from mentionbridge.platforms.demo.hook import DemoHook
from mentionbridge.ports.platform import HookRequest

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
STAMP = int(NOW.timestamp())
BODY = b'{"type": "post.deleted"}'
HOOK = DemoHook("secret")
POST = json.loads((Path(demo.__file__).parent / "samples" / "mention.json").read_text())["payload"]


def _why(signature: str | None, body: bytes = BODY) -> str | None:
    headers = {} if signature is None else {"demo-signature": signature}
    return HOOK.verify(HookRequest("POST", headers, {}, body), NOW)


@pytest.mark.parametrize("stamp", [STAMP, STAMP - 300, STAMP + 300])
def test_a_good_call_passes(stamp: int) -> None:
    assert _why(sign("secret", stamp, BODY)) is None


@pytest.mark.parametrize(
    ("signature", "reason"),
    [
        (None, "missing"),
        ("", "not of the form"),
        ("v1=00", "not of the form"),
        (sign("secret", STAMP, BODY) + ",v1=x", "not of the form"),
        (sign("secret", STAMP, BODY).upper(), "not of the form"),
        (sign("secret", STAMP, BODY).replace("t=", "t=٣"), "not of the form"),
        (sign("other", STAMP, BODY), "does not match"),
        (sign("secret", STAMP, b"{}"), "does not match"),
        (sign("secret", STAMP, BODY).replace(f"t={STAMP}", f"t={STAMP + 1}"), "does not match"),
        (sign("secret", STAMP - 301, BODY), "5 minutes"),
        (sign("secret", STAMP + 301, BODY), "5 minutes"),
    ],
)
def test_a_bad_call_has_a_reason(signature: str | None, reason: str) -> None:
    why = _why(signature)
    assert why is not None
    assert reason in why


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"{", b"null", b"[" * 100_000, b'{"type": "post.created"}'])
def test_what_cannot_be_read_is_kept_as_it_came(body: bytes) -> None:
    (item,) = HOOK.parse(body)
    assert isinstance(item, Unreadable)
    assert item.reason


def test_there_is_no_handshake() -> None:
    assert HOOK.handshake(HookRequest("GET", {}, {"challenge": "x"}, b"")) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("created_at", "0001-01-01T00:00:00+14:00"),
        ("created_at", "9999-12-31T23:59:59-14:00"),
        ("created_at", "2026-11-20T12:00:00"),
        ("created_at", 1795175940),
        ("created_at", None),
        ("text", 7),
        ("id", "p-3\x00"),
        ("id", "p-\ud800"),
        ("thread", "p 3"),
        ("id", ""),
        ("id", "x" * 201),
        ("audience", "dogs"),
        ("tagged", "yes"),
        ("author", []),
        ("counts", {"replies": -1}),
        ("pictures", [{"alt": "no address"}]),
    ],
)
def test_a_post_with_one_thing_wrong_is_kept_with_the_place_of_it(field: str, value: object) -> None:
    item = plug.read({**POST, field: value})
    assert isinstance(item, Unreadable)
    assert item.reason.startswith(field)
    assert json.loads(item.body)["url"] == POST["url"]
    assert isinstance(plug.read(POST), Post)


def test_other_offsets_and_unknown_fields_are_fine() -> None:
    item = plug.read({**POST, "created_at": "2026-11-20T13:58:00+02:00", "mood": "grim"})
    assert isinstance(item, Post)
    assert item.created_at == datetime(2026, 11, 20, 11, 58, tzinfo=UTC)
    assert item.raw["mood"] == "grim"
