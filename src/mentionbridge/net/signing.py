"""Standard Webhooks 1.0 signatures: HMAC-SHA256 over `id.timestamp.body`. Pure.

Source: the Standard Webhooks specification, https://www.standardwebhooks.com
"""

import base64
import binascii
import hashlib
import hmac
import secrets as system_random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from mentionbridge.domain.errors import SetupError

PREFIX = "whsec_"
TOLERANCE = timedelta(minutes=5)
_SECRET_BYTES = 32


def new_secret(random_bytes: Callable[[int], bytes] = system_random.token_bytes) -> str:
    """Make a secret for one endpoint: `whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(random_bytes(_SECRET_BYTES)).decode()


def sign(message_id: str, at: datetime, body: bytes, secrets: Sequence[str]) -> str:
    """Return the `webhook-signature` header: one `v1,…` a secret, so that both work during rotation.

    Raises SetupError when there is no secret, or one that is not base64.
    """
    if not secrets:
        raise SetupError("This endpoint has no signing secret; rotate its secret to give it one.")
    return " ".join(_signature(message_id, timestamp(at), body, secret) for secret in secrets)


def timestamp(at: datetime) -> str:
    """Write a moment as the `webhook-timestamp` header does: whole seconds since 1970."""
    return str(int(at.timestamp()))


def verify(message_id: str, stamp: str, signature: str, body: bytes, secrets: Sequence[str], now: datetime) -> bool:
    """Tell whether any signature fits any secret and the timestamp is within five minutes of `now`."""
    if not (stamp.isascii() and stamp.isdecimal()):
        return False
    if abs(int(stamp) - now.timestamp()) > TOLERANCE.total_seconds():
        return False
    good = [_signature(message_id, stamp, body, secret).encode() for secret in secrets]
    given = [each.encode() for each in signature.split()]
    return any(hmac.compare_digest(ours, theirs) for ours in good for theirs in given)


def _signature(message_id: str, stamp: str, body: bytes, secret: str) -> str:
    signed = f"{message_id}.{stamp}.".encode() + body
    digest = hmac.new(_key(secret), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def _key(secret: str) -> bytes:
    text = secret.removeprefix(PREFIX)
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise SetupError("This endpoint's signing secret is damaged; rotate it.")
    return key
