"""What a server's errors mean: its sentences tell apart what its statuses do not. Pure."""

from types import MappingProxyType

from mentionbridge.domain.errors import NoAnswer
from mentionbridge.domain.reply import Refusal
from mentionbridge.net.client import Answer
from mentionbridge.net.outcome import Meaning, Table

MEANINGS: Table = MappingProxyType(
    {
        "too-long": Refusal.TOO_LONG,
        "login-disabled": Meaning.LOGIN_NEEDED,
        "scopes": Meaning.LOGIN_NEEDED,
        "not-authenticated": Meaning.LOGIN_NEEDED,
    }
)

_SAYS = (
    ("character limit", "too-long"),
    ("too long", "too-long"),
    ("login is currently disabled", "login-disabled"),
    ("confirmed e-mail", "login-disabled"),
    ("pending approval", "login-disabled"),
    ("authorized scopes", "scopes"),
    ("requires an authenticated user", "not-authenticated"),
)
_SENTENCES = {
    "login-disabled": "The server has suspended this account or waits for its e-mail to be confirmed; sign in there.",
    "scopes": "The access token lacks a right; make one with `read` and `write` (Preferences, Development).",
}
_REVOKED = (
    "The server no longer takes this access token; run `mentionbridge connect mastodon`, or make a new one there."
)


def name(answer: Answer) -> str | None:
    """Return a name of ours for what an error says; None for what says nothing we know."""
    if answer.status < 400:
        return None
    said = _said(answer).lower()
    return next((ours for theirs, ours in _SAYS if theirs in said), None)


def login_sentence(answer: Answer) -> str:
    """Say what a person must do."""
    return _SENTENCES.get(name(answer) or "", _REVOKED)


def _said(answer: Answer) -> str:
    try:
        body = answer.json()
    except NoAnswer:
        return ""
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, str) else ""
