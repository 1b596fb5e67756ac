"""Tokens and webhook secrets, all derived from the network's one secret."""

import hashlib
import hmac


def token(secret: str, handle: str) -> str:
    """Return the bearer token that lets a program speak for this handle."""
    return f"{handle}.{_derive(secret, 'token', handle)}"


def handle_of(secret: str, bearer: str) -> str | None:
    """Return the handle a bearer token speaks for, or None when it is not one of ours."""
    handle, _, _ = bearer.partition(".")
    good = hmac.compare_digest(token(secret, handle).encode(), bearer.encode("utf-8", "replace"))
    return handle if good else None


def webhook_secret(secret: str, handle: str) -> str:
    """Return the secret that signs what this handle's webhook is told."""
    return _derive(secret, "webhook", handle)


def sign(secret: str, stamp: int, body: bytes) -> str:
    """Return the `demo-signature` header for a body: HMAC-SHA256 over `<unix time>.<body>`."""
    code = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256)
    return f"t={stamp},v1={code.hexdigest()}"


def _derive(secret: str, purpose: str, handle: str) -> str:
    return hmac.new(secret.encode(), f"{purpose}:{handle}".encode(), hashlib.sha256).hexdigest()
