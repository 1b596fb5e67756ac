"""Our signatures are those of Standard Webhooks, says its reference library."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from mentionbridge.domain.errors import SetupError
from mentionbridge.net.signing import new_secret, sign, timestamp, verify

NOW = datetime(2026, 11, 22, 9, 14, 3, tzinfo=UTC)
OLD, NEW = new_secret(), new_secret()
BODY = b'{"type":"ticket.opened"}'


def headers(body: bytes, *secrets: str, at: datetime | None = None) -> dict[str, str]:
    # The reference library reads the machine's clock, so "now" must be now and not when this file was read.
    at = at or datetime.now(UTC)
    return {
        "webhook-id": "evt_1",
        "webhook-timestamp": timestamp(at),
        "webhook-signature": sign("evt_1", at, body, secrets),
    }


def test_a_secret_is_32_random_bytes():
    secret = new_secret(lambda size: bytes(range(size)))
    assert secret == "whsec_" + base64.b64encode(bytes(range(32))).decode()
    assert new_secret() != new_secret()


@pytest.mark.parametrize("secret", [OLD, NEW], ids=["old", "new"])
def test_during_rotation_both_secrets_verify(secret):
    signed = headers(BODY, OLD, NEW)
    assert len(signed["webhook-signature"].split()) == 2
    assert Webhook(secret).verify(BODY, signed) == {"type": "ticket.opened"}


def test_another_secret_another_body_or_an_old_timestamp_does_not_verify():
    for webhook, body, ago in [
        (Webhook(new_secret()), BODY, timedelta()),
        (Webhook(OLD), BODY + b" ", timedelta()),
        (Webhook(OLD), BODY, timedelta(minutes=6)),
    ]:
        with pytest.raises(WebhookVerificationError):
            webhook.verify(body, headers(BODY, OLD, at=datetime.now(UTC) - ago))


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200), st.binary(min_size=24, max_size=64))
def test_we_and_the_reference_sign_alike(text, key):
    secret = "whsec_" + base64.b64encode(key).decode()
    assert sign("evt_1", NOW, text.encode(), [secret]) == Webhook(secret).sign("evt_1", NOW, text)


def test_we_verify_what_the_reference_signs():
    given_signature = Webhook(OLD).sign("evt_1", NOW, BODY.decode())
    assert verify("evt_1", timestamp(NOW), given_signature, BODY, [NEW, OLD], NOW)
    assert not verify("evt_1", timestamp(NOW), given_signature, BODY, [NEW], NOW)
    assert not verify("evt_2", timestamp(NOW), given_signature, BODY, [OLD], NOW)
    assert not verify("evt_1", timestamp(NOW), "", BODY, [OLD], NOW)
    assert not verify("evt_1", timestamp(NOW), given_signature.replace("v1,", "v2,"), BODY, [OLD], NOW)


@pytest.mark.parametrize(("minutes", "good"), [(-5.1, False), (-4.9, True), (4.9, True), (5.1, False)])
def test_five_minutes_either_way_are_tolerated(minutes, good):
    at = NOW + timedelta(minutes=minutes)
    assert verify("evt_1", timestamp(at), sign("evt_1", at, BODY, [OLD]), BODY, [OLD], NOW) is good


@pytest.mark.parametrize("stamp", ["", "now", "-5", "1e9", "٣", "1.5"])
def test_odd_timestamps_do_not_verify(stamp):
    assert not verify("evt_1", stamp, sign("evt_1", NOW, BODY, [OLD]), BODY, [OLD], NOW)


@pytest.mark.parametrize("secrets", [[], ["whsec_"], ["whsec_not base64!"], [OLD, "whsec_ü"]])
def test_without_a_good_secret_nothing_is_signed(secrets):
    with pytest.raises(SetupError, match="secret") as caught:
        sign("evt_1", NOW, BODY, secrets)
    assert "whsec_" not in str(caught.value)


def test_a_secret_without_its_padding_is_the_same_secret():
    assert sign("evt_1", NOW, BODY, [OLD.rstrip("=")]) == sign("evt_1", NOW, BODY, [OLD])
