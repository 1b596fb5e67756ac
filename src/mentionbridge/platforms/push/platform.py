"""One account on a network that only the operator knows."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from mentionbridge.domain.account import Identity
from mentionbridge.domain.capabilities import Capabilities
from mentionbridge.domain.errors import NoAnswer, PlatformDown
from mentionbridge.domain.mention import Post, Surface, Visibility
from mentionbridge.domain.reply import (
    AlreadySent,
    NotFound,
    Outcome,
    OwnPost,
    Refusal,
    Refused,
    ReplyIntent,
    ReplyRight,
    Sent,
    Target,
    Unknown,
)
from mentionbridge.kit.clock import Clock
from mentionbridge.net.client import Answer, Http
from mentionbridge.net.outcome import check_read, reading, refusal_or_unknown
from mentionbridge.net.signing import sign, timestamp
from mentionbridge.platforms.push import wire
from mentionbridge.ports.platform import Gone, Page, PostRef, SendGate
from mentionbridge.text import graphemes

MAX_BODY = 64 * 1024


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where our words are handed over, signed with `secret`, and where they may be asked for again."""

    http: Http
    reply_url: str
    secret: str
    lookup_url: str | None = None


class PushPlatform:
    """The account `us`; without a mailbox a person posts our words by hand."""

    def __init__(
        self, us: Identity, mailbox: Mailbox | None, private_link: str | None, clock: Clock, able: Capabilities
    ) -> None:
        self._us = us
        self._mailbox = mailbox
        self._private_link = private_link
        self._clock = clock
        self._able = able

    @property
    def capabilities(self) -> Capabilities:
        return self._able

    async def probe(self) -> Identity:
        return self._us

    async def collect(self, cursor: str | None) -> AsyncIterator[Page]:
        return
        yield

    async def fetch(self, refs: Sequence[PostRef]) -> Mapping[str, Post | Gone]:
        return {}

    async def context(self, post: Post) -> Sequence[Post | Gone]:
        return []

    async def said_in_thread(self, author_id: str, thread_id: str, since: datetime) -> Sequence[Post]:
        return []

    async def reply_rights(self, target: Target) -> Sequence[ReplyRight]:
        private = self._right(Surface.PRIVATE, self._no_private())
        if target.visibility.surface is Surface.PRIVATE:
            no = Refused(Refusal.POLICY, "what was said in private is not answered in public")
            return [self._right(Surface.PUBLIC, no), private]
        return [self._right(Surface.PUBLIC, self._by_hand()), private]

    def count(self, text: str) -> int:
        return graphemes.count(text)

    def prepare(self, intent: ReplyIntent) -> Mapping[str, Any]:
        return {"body": wire.write(intent, self._us.external_id)}

    async def send(self, intent: ReplyIntent, gate: SendGate) -> Outcome:
        mailbox = self._mailbox
        if mailbox is None:
            return Refused(Refusal.NOT_SUMMONED, _BY_HAND)
        prepared = intent.prepared or self.prepare(intent)
        body = json.dumps(prepared["body"], ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
        if no := self._refused_here(intent, body):
            return no
        key = wire.key_of(intent)
        headers = {"content-type": "application/json", "idempotency-key": key}
        headers |= _signed(mailbox, key, body, self._clock.now())
        try:
            answer = await mailbox.http.request(
                "POST", _path(mailbox.reply_url), content=body, headers=headers, gate=gate
            )
        except NoAnswer as error:
            return Unknown(str(error))
        return self._outcome(answer)

    async def find_reply(self, intent: ReplyIntent) -> Sent | NotFound:
        mailbox = self._mailbox
        if mailbox is None or mailbox.lookup_url is None:
            return NotFound("this network has no address to ask at")
        key = wire.key_of(intent)
        with reading():
            headers = _signed(mailbox, key, b"", self._clock.now())
            path, params = _path(mailbox.lookup_url), {"key": key}
            answer = await mailbox.http.request("GET", path, params=params, headers=headers)
        check_read(answer, self._clock.now(), fine=(404,))
        if answer.status == 404:
            return NotFound("the network says that it never posted this")
        with reading():
            found = wire.posted(_object(answer.json()))
        if found is None:
            raise PlatformDown("the look-up's answer names no post")
        return Sent(*found, evidence="read-back")

    async def own_posts(self, since: datetime) -> AsyncIterator[OwnPost]:
        return
        yield

    def private_link(self) -> str | None:
        return self._private_link

    async def aclose(self) -> None:
        if self._mailbox is not None:
            await self._mailbox.http.aclose()

    def _refused_here(self, intent: ReplyIntent, body: bytes) -> Refused | None:
        if self.count(intent.text) > self._able.max_length:
            return Refused(Refusal.TOO_LONG, f"over {self._able.max_length} characters")
        if len(body) > MAX_BODY:
            return Refused(Refusal.TOO_LONG, f"over {MAX_BODY} bytes")
        if wire.is_private(intent):
            return self._no_private()
        if intent.target.visibility is Visibility.DIRECT:
            return Refused(Refusal.POLICY, "a private message is not answered in public")
        return None

    def _by_hand(self) -> Refused | None:
        return None if self._mailbox else Refused(Refusal.NOT_SUMMONED, _BY_HAND)

    def _no_private(self) -> Refused | None:
        no = Refused(Refusal.PERMISSION, "private messages are not switched on for this account")
        return None if self._able.private_messages else no

    @staticmethod
    def _right(surface: Surface, no: Refused | None) -> ReplyRight:
        if no is None:
            return ReplyRight(surface, allowed=True)
        return ReplyRight(surface, allowed=False, reason=no.detail, refusal=no.kind)

    def _outcome(self, answer: Answer) -> Outcome:
        try:
            found = wire.posted(_object(answer.json()))
        except NoAnswer:
            found = None
        if answer.status == 409 and found is not None:
            return AlreadySent(*found)
        no = refusal_or_unknown(answer, self._clock.now())
        if no is not None:
            return no
        return Sent(*found) if found else Unknown("it was taken, and not said under which id it stands")


_BY_HAND = "this place has no address that takes our words; post them there by hand"


def able(honours_key: bool, private: bool, max_length: int, is_connected: bool, usual: Capabilities) -> Capabilities:
    """Narrow what the kind of network can do to what this one was declared to do."""
    key_life = timedelta.max if honours_key else None
    return replace(usual, key_life=key_life, private_messages=private, max_length=max_length, replies=is_connected)


def _signed(mailbox: Mailbox, key: str, body: bytes, now: datetime) -> dict[str, str]:
    """Return the headers of Standard Webhooks: the receiver checks them as it checks our feed's."""
    signature = sign(key, now, body, [mailbox.secret])
    return {"webhook-id": key, "webhook-timestamp": timestamp(now), "webhook-signature": signature}


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
