"""What Bluesky's error names mean. Names count more than statuses: most of its sign-in errors are HTTP 400. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from mentionbridge.domain.errors import NoAnswer
from mentionbridge.domain.reply import Refusal
from mentionbridge.net.client import Answer
from mentionbridge.net.outcome import Meaning, Table

MEANINGS: Table = MappingProxyType(
    {
        "ExpiredToken": Meaning.LOGIN_NEEDED,
        "InvalidToken": Meaning.LOGIN_NEEDED,
        "AuthMissing": Meaning.LOGIN_NEEDED,
        "AuthenticationRequired": Meaning.LOGIN_NEEDED,
        "AuthFactorTokenRequired": Meaning.LOGIN_NEEDED,
        "AccountTakedown": Meaning.LOGIN_NEEDED,
        "AccountDeactivated": Meaning.LOGIN_NEEDED,
        "RepoTakendown": Meaning.LOGIN_NEEDED,
        "RepoDeactivated": Meaning.LOGIN_NEEDED,
        "RateLimitExceeded": Meaning.RATE_LIMITED,
        "XRPCNotSupported": Meaning.NOT_DONE,
        "MethodNotImplemented": Meaning.NOT_DONE,
        "InvalidRequest": Refusal.INVALID,
        "InvalidSwap": Refusal.DUPLICATE,
        "PayloadTooLarge": Refusal.TOO_LONG,
    }
)
"""Laid over the usual table of statuses. Everything 5xx stays open: a relay in between may have passed it on."""

CHAT_MEANINGS: Table = MappingProxyType(
    {
        **MEANINGS,
        "BlockedActor": Refusal.BLOCKED,
        "BlockedSubject": Refusal.BLOCKED,
        "MessagesDisabled": Refusal.PERMISSION,
        "NotFollowedBySender": Refusal.PERMISSION,
        "AccountSuspended": Refusal.PERMISSION,
        "RecipientNotFound": Refusal.TARGET_GONE,
        "InvalidConvo": Refusal.TARGET_GONE,
        "ConvoLocked": Refusal.TARGET_CLOSED,
        "InvalidToken": Refusal.PERMISSION,
    }
)
"""The same for direct messages, where a refused token means that the app password was made without them."""

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "AuthenticationRequired": "Bluesky does not accept this identifier and app password; make a new app password "
        "under Settings → Privacy and security → App passwords and put it into the config. If the password is right, "
        "the account may have been taken down.",
        "AuthFactorTokenRequired": "Bluesky asks for a sign-in code because this is the account's main password; "
        "make an app password under Settings → Privacy and security → App passwords and use that.",
        "AccountTakedown": "Bluesky has taken this account down; sign in at Bluesky to see why and to appeal.",
        "AccountDeactivated": "This account is deactivated at Bluesky; sign in there and activate it again.",
        "takendown": "Bluesky has taken this account down; sign in at Bluesky to see why and to appeal.",
        "suspended": "Bluesky has suspended this account; sign in at Bluesky to see until when.",
        "deactivated": "This account is deactivated at Bluesky; sign in there and activate it again.",
    }
)
"""What a person can do when a sign-in fails, by error name or account status."""

_STALE = frozenset({"ExpiredToken", "InvalidToken", "AuthMissing"})


def name(answer: Answer) -> str | None:
    """Return the error's name, or None for an answer that is none."""
    return _text(_body(answer).get("error")) if answer.status >= 400 else None


def is_stale(answer: Answer) -> bool:
    """True when a fresh session may be let in where this one was not."""
    return name(answer) in _STALE and not is_unprivileged(answer)


def is_unprivileged(answer: Answer) -> bool:
    """True when the session is good but its app password was made without this right."""
    message = _text(_body(answer).get("message")) or ""
    return name(answer) == "InvalidToken" and message.startswith("Bad token")


def login_sentence(answer: Answer) -> str:
    """Say why a sign-in failed and what to do."""
    known = name(answer) or ""
    return SENTENCES.get(known, f"Bluesky refused to sign us in ({known[:80] or answer.status}); check the account.")


def _body(answer: Answer) -> Mapping[str, Any]:
    try:
        body = answer.json()
    except NoAnswer:
        return {}
    return body if isinstance(body, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
