"""X's webhooks: the challenge, the signature, and both shapes of what they carry."""

import base64
import hmac
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from mentionbridge.domain.mention import Deleted, Item
from mentionbridge.platforms.x.shapes import an_object, objects
from mentionbridge.platforms.x.wire import Beside, Reader, unreadable
from mentionbridge.ports.platform import HookAnswer, HookRequest

SIGNATURE = "x-twitter-webhooks-signature"
_POSTS = frozenset({"post.mention.create", "post.reply.create", "post.quote.create"})
_NOT_OURS = frozenset({"post.create", "dm.sent", "block.block", "oauth.revoke"})
_LISTS = ("tweet_create_events", "tweet_delete_events", "direct_message_events")


def token_for(secret: str, text: bytes) -> str:
    """Sign as X does."""
    return "sha256=" + base64.b64encode(hmac.new(secret.encode(), text, sha256).digest()).decode()


class XHook:
    """One account's webhook. X signs no time: an old call heard again is a repeat, and changes nothing."""

    def __init__(self, secret: str, reader: Reader) -> None:
        self._secret = secret
        self._reader = reader

    def handshake(self, request: HookRequest) -> HookAnswer | None:
        """Answer the challenge by which X makes sure, again and again, that we know the secret."""
        token = request.query.get("crc_token")
        if request.method != "GET" or token is None:
            return None
        return HookAnswer(200, json.dumps({"response_token": token_for(self._secret, token.encode())}).encode())

    def verify(self, request: HookRequest, now: datetime) -> str | None:
        """Check the signature over the raw bytes in constant time."""
        given = request.headers.get(SIGNATURE)
        if given is None:
            return f"the {SIGNATURE} header is missing"
        good = hmac.compare_digest(token_for(self._secret, request.body).encode(), given.encode("utf-8", "replace"))
        return None if good else "the signature does not match"

    def addressee(self, body: bytes) -> str | None:
        """X knows one address an app, and sends there what is for any account that signed in with it."""
        return _receiver(_read(body))

    def parse(self, body: bytes) -> Sequence[Item]:
        """Read what it carries; events that tell us nothing are left out, and what is not understood is kept."""
        told = _read(body)
        if told is None:
            return [unreadable(body.decode("utf-8", "replace"), "not JSON")]
        if not isinstance(told, dict):
            return [unreadable(told, "not an object")]
        if "data" in told:
            return list(self._as(_receiver(told))._activity(told["data"]))
        if any(name in told for name in _LISTS):
            return list(self._as(_receiver(told))._account_activity(told))
        return [unreadable(told, "an event of a kind we do not know")]

    def _as(self, us: str | None) -> "XHook":
        """Read as the account the event says it is for."""
        return self if us is None else XHook(self._secret, replace(self._reader, us=us))

    def _activity(self, event: Any) -> Iterator[Item]:
        told = an_object(event)
        kind, payload, beside = told.get("event_type"), told.get("payload"), Beside.read(told.get("includes"))
        if isinstance(kind, str) and kind in _POSTS and isinstance(payload, dict):
            yield (
                self._reader.old(payload)
                if "id_str" in payload and "user" in payload
                else self._reader.post(payload, beside)
            )
        elif kind == "post.delete" and isinstance(gone := an_object(payload).get("id"), str) and gone:
            yield Deleted(gone)
        elif kind == "dm.received" and objects(an_object(payload).get("direct_message_events")):
            yield from self._messages(an_object(payload))
        elif not (isinstance(kind, str) and kind in _NOT_OURS):
            yield unreadable(event, "an event of a kind we do not know")

    def _account_activity(self, told: dict[str, Any]) -> Iterator[Item]:
        for name in _LISTS:
            if name in told and not isinstance(told[name], list):
                yield unreadable(told[name], f"{name} is not a list")
        for each in _list(told, "tweet_create_events"):
            yield self._reader.old(each)
        for each in _list(told, "tweet_delete_events"):
            gone = an_object(an_object(each).get("status")).get("id")
            yield Deleted(gone) if isinstance(gone, str) and gone else unreadable(each, "a deletion of nothing")
        yield from self._messages(told)

    def _messages(self, told: dict[str, Any]) -> Iterator[Item]:
        people = an_object(told.get("users"))
        for each in _list(told, "direct_message_events"):
            said = an_object(each)
            created = an_object(said.get("message_create"))
            sender = created.get("sender_id")
            if isinstance(sender, str) and sender == self._reader.us:
                continue
            receiver = an_object(created.get("target")).get("recipient_id")
            users = {"users": [_person(key, value) for key, value in people.items()]}
            message = {
                "id": said.get("id"),
                "text": an_object(created.get("message_data")).get("text"),
                "sender_id": sender,
                "dm_conversation_id": conversation(sender, receiver),
                "created_at": said.get("created_timestamp"),
            }
            item = self._reader.message(message, Beside.read(users))
            yield item


def _read(body: bytes) -> Any:
    """Return what the body says; None is said by nobody, and stands for what is no JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _receiver(told: Any) -> str | None:
    whole = an_object(told)
    us = (
        an_object(an_object(whole.get("data")).get("filter")).get("user_id")
        if "data" in whole
        else whole.get("for_user_id")
    )
    return us if isinstance(us, str) and us else None


def conversation(one: Any, other: Any) -> str | None:
    """Name the conversation of two people as X does."""
    ids = [each for each in (one, other) if isinstance(each, str) and each.isdecimal() and len(each) <= 20]
    return "-".join(sorted(ids, key=int)) if len(ids) == 2 else None


def _list(told: dict[str, Any], name: str) -> list[Any]:
    found = told.get(name)
    return found if isinstance(found, list) else []


def _person(key: str, value: Any) -> dict[str, Any]:
    told = an_object(an_object(value).get("data")) or an_object(value)
    handle = told.get("username") or told.get("screen_name")
    followers = an_object(told.get("public_metrics")).get("followers_count", told.get("followers_count"))
    return {
        "id": key,
        "username": handle,
        "name": told.get("name"),
        "public_metrics": {"followers_count": followers},
    }
