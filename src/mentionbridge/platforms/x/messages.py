"""Direct messages: we write only to people who wrote to us first."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from mentionbridge.domain.errors import LoginNeeded, NoAnswer, RateLimited
from mentionbridge.domain.mention import Item, Post, Surface
from mentionbridge.domain.reply import (
    NotFound,
    Outcome,
    Refusal,
    Refused,
    ReplyIntent,
    ReplyRight,
    Sent,
    Target,
    Unknown,
)
from mentionbridge.kit.clock import Clock
from mentionbridge.net.outcome import refusal_or_unknown
from mentionbridge.platforms.x import errors, fields
from mentionbridge.platforms.x.api import Api
from mentionbridge.platforms.x.mark import Mark, newer
from mentionbridge.platforms.x.shapes import an_object, objects
from mentionbridge.platforms.x.wire import Beside, Reader, conversation_of
from mentionbridge.ports.platform import SendGate

MAX_LENGTH = 10_000
PAGES = 30
"""Messages are shown for 30 days, and may be asked for fifteen times in a quarter of an hour."""

_THEY_FIRST = "X lets us write only to people who have written to us"


class Messages:
    """The account's conversations."""

    def __init__(self, api: Api, clock: Clock, *, wanted: bool) -> None:
        self._api = api
        self._clock = clock
        self._allowed = wanted

    @property
    def are_allowed(self) -> bool:
        """False when the operator does not want them, or our sign-in may not read them."""
        return self._allowed

    async def collect(self, mark: Mark, reader: Reader) -> AsyncIterator[tuple[list[Item], Mark | None]]:
        """Yield pages, newest first, back to the last message we know; only the last page has a mark.

        Where X asks us to wait in between, the walk ends without one and begins again later.
        """
        newest: str | None = None
        token: str | None = None
        for _ in range(PAGES):
            try:
                body = await self._api.read("/2/dm_events", {**fields.MESSAGES, "pagination_token": token}, fine=(403,))
            except RateLimited:
                return
            self._allowed = bool(body)
            told, beside = objects(body.get("data")), Beside.read(body.get("includes"))
            ids = [each["id"] for each in told if isinstance(each.get("id"), str)]
            newest = newest or (ids[0] if ids else None)
            known = mark.messages is not None and any(not _is_newer(each, mark.messages) for each in ids)
            fresh = [each for each in told if mark.messages is None or _is_newer(each.get("id"), mark.messages)]
            items: list[Item] = [reader.message(each, beside) for each in fresh if each.get("sender_id") != reader.us]
            given = an_object(body.get("meta")).get("next_token")
            if known or not isinstance(given, str) or given == token:
                yield items, replace(mark, messages=newer(newest, mark.messages))
                return
            yield items, None
            token = given

    def right(self, target: Target) -> ReplyRight:
        """Say whether we may write to this person."""
        if not self._allowed:
            reason = "our sign-in at X has no access to direct messages"
            return ReplyRight(Surface.PRIVATE, allowed=False, reason=reason, refusal=Refusal.PERMISSION)
        if conversation_of(target):
            return ReplyRight(Surface.PRIVATE, allowed=True)
        return ReplyRight(Surface.PRIVATE, allowed=False, reason=_THEY_FIRST, refusal=Refusal.POLICY)

    async def send(self, intent: ReplyIntent, gate: SendGate) -> Outcome:
        """Write one message."""
        conversation = conversation_of(intent.target)
        if conversation is None:
            return Refused(Refusal.POLICY, _THEY_FIRST)
        if len(intent.text) > MAX_LENGTH:
            return Refused(Refusal.TOO_LONG, f"over {MAX_LENGTH} characters")
        try:
            answer = await self._api.write(
                f"/2/dm_conversations/{conversation}/messages", {"text": intent.text}, gate=gate
            )
        except NoAnswer as error:
            return Unknown(str(error))
        try:
            no = refusal_or_unknown(answer, self._clock.now(), overlay=errors.MEANINGS, code=errors.name(answer))
        except LoginNeeded:
            raise LoginNeeded(errors.login_sentence(answer)) from None
        return no or _sent(answer)

    async def find(self, intent: ReplyIntent, reader: Reader) -> Sent | NotFound:
        """Look for our words among the last of this conversation."""
        conversation = conversation_of(intent.target)
        if conversation is None:
            return NotFound("there is no conversation with this person")
        body = await self._api.read(f"/2/dm_conversations/{conversation}/dm_events", fields.MESSAGES)
        for each in objects(body.get("data")):
            item = reader.message(each, Beside())
            if (
                isinstance(item, Post)
                and item.author.external_id == reader.us
                and each.get("text") == intent.text
                and item.created_at >= intent.created_at
            ):
                return Sent(item.external_id, evidence="read-back")
        return NotFound("not among our messages in this conversation")


def _sent(answer: Any) -> Outcome:
    try:
        told = an_object(an_object(answer.json()).get("data")).get("dm_event_id")
    except NoAnswer as error:
        return Unknown(str(error))
    return Sent(f"dm-{told}") if isinstance(told, str) and told else Unknown("X took it and did not say under which id")


def _is_newer(one: Any, other: str) -> bool:
    return not (isinstance(one, str) and one.isdecimal()) or int(one) > int(other)
