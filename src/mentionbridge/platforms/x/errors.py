"""What X's errors mean: by their own names and numbers first, then by what they say. Pure."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from mentionbridge.domain.errors import NoAnswer
from mentionbridge.domain.reply import Refusal
from mentionbridge.net.client import Answer
from mentionbridge.net.outcome import Meaning, Table
from mentionbridge.platforms.x.shapes import objects

MEANINGS: Table = MappingProxyType(
    {
        "duplicate": Meaning.UNKNOWN,
        "not-summoned": Refusal.NOT_SUMMONED,
        "who-can-reply": Refusal.TARGET_CLOSED,
        "resource-not-found": Refusal.TARGET_GONE,
        "not-authorized-for-resource": Refusal.TARGET_GONE,
        "usage-capped": Meaning.RATE_LIMITED,
        "rate-limit-exceeded": Meaning.RATE_LIMITED,
        "invalid-request": Refusal.INVALID,
        "32": Meaning.LOGIN_NEEDED,
        "34": Refusal.TARGET_GONE,
        "63": Refusal.TARGET_GONE,
        "64": Meaning.LOGIN_NEEDED,
        "88": Meaning.RATE_LIMITED,
        "89": Meaning.LOGIN_NEEDED,
        "136": Refusal.BLOCKED,
        "144": Refusal.TARGET_GONE,
        "150": Refusal.PERMISSION,
        "179": Refusal.PERMISSION,
        "186": Refusal.TOO_LONG,
        "187": Meaning.UNKNOWN,
        "226": Refusal.POLICY,
        "326": Meaning.LOGIN_NEEDED,
        "349": Refusal.PERMISSION,
        "385": Refusal.TARGET_GONE,
        "433": Refusal.TARGET_CLOSED,
    }
)
"""By problem type, by the number of an old error, or by a name of ours for what only a sentence tells.

A duplicate leaves it open: the words may be out from an earlier attempt whose answer was lost, so they are looked for.
"""

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "64": "X has suspended this account; appeal there, then sign in again.",
        "326": "X has locked this account; unlock it at x.com, then sign in again.",
        "usage-capped": "The plan's credits at X are used up; top them up in the developer portal.",
    }
)
SIGN_IN = "X no longer takes our sign-in; run `mentionbridge connect x` to sign the account in again."

_SAYS = (
    ("duplicate content", "duplicate"),
    ("usage cap", "usage-capped"),
    ("credits", "usage-capped"),
    ("who can reply", "who-can-reply"),
    ("not been mentioned", "not-summoned"),
    ("mentioned or otherwise engaged", "not-summoned"),
    ("not mentioned", "not-summoned"),
    ("only reply to", "not-summoned"),
)


def name(answer: Answer) -> str | None:
    """Return the name of the first error we know, else of the first there is; None for what tells none."""
    if answer.status < 400:
        return None
    found = list(names(answer))
    return next((each for each in found if each in MEANINGS), found[0] if found else None)


def names(answer: Answer) -> Iterator[str]:
    """Yield every name an answer's errors go by, the most telling first."""
    try:
        body = answer.json()
    except NoAnswer:
        return
    errors = _errors(body)
    for error in errors:
        said = " ".join(str(error.get(key) or "") for key in ("detail", "message", "title")).lower()
        yield from (ours for words, ours in _SAYS if words in said)
    for error in errors:
        if isinstance(error.get("code"), int) and not isinstance(error["code"], bool):
            yield str(error["code"])
        yield from filter(None, [problem(error)])


def problem(error: Mapping[str, Any]) -> str:
    """Return the last part of a problem's type: `resource-not-found`; "" when it has none."""
    kind = error.get("type")
    last = kind.rstrip("/").rpartition("/")[2] if isinstance(kind, str) else ""
    return last if last != "about:blank" else ""


def sentence(body: Mapping[str, Any]) -> str | None:
    """Return what an answer says of its first error in X's own words; None when it says nothing."""
    first = next(iter(objects(body.get("errors"))), body)
    said = (first[key] for key in ("detail", "message", "title") if isinstance(first.get(key), str))
    return next((each[:200] for each in said), None)


def login_sentence(answer: Answer) -> str:
    """Say what a person must do."""
    return SENTENCES.get(name(answer) or "", SIGN_IN)


def _errors(body: Any) -> list[Mapping[str, Any]]:
    if not isinstance(body, dict):
        return []
    inner = body.get("errors")
    listed = [each for each in inner if isinstance(each, dict)] if isinstance(inner, list) else []
    return [*listed, body]
