"""Each way a webhook call can be wrong has its own reason."""

from datetime import UTC, datetime

import pytest

from mentionbridge.domain.mention import Unreadable
from mentionbridge.platforms.demo.credentials import sign
from mentionbridge.platforms.demo.hook import DemoHook
from mentionbridge.ports.platform import HookRequest

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
STAMP = int(NOW.timestamp())
BODY = b'{"type": "post.deleted"}'
HOOK = DemoHook("secret")


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
