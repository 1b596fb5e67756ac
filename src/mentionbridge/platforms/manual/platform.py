"""One account at a place without an interface: nothing is read or said there but by a person."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from mentionbridge.domain.account import Identity
from mentionbridge.domain.capabilities import Capabilities
from mentionbridge.domain.mention import Post, Surface
from mentionbridge.domain.reply import (
    NotFound,
    Outcome,
    OwnPost,
    Refusal,
    Refused,
    ReplyIntent,
    ReplyRight,
    Sent,
    Target,
)
from mentionbridge.ports.platform import Gone, Page, PostRef, SendGate
from mentionbridge.text import graphemes

_BY_HAND = "this place has no interface; copy the words, post them there, and say that it is done"


class ManualPlatform:
    """The account `us`; every answer becomes a task."""

    def __init__(self, us: Identity, private_link: str | None, able: Capabilities) -> None:
        self._us = us
        self._private_link = private_link
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
        return [
            ReplyRight(surface, allowed=False, reason=_BY_HAND, refusal=Refusal.NOT_SUMMONED)
            for surface in (Surface.PUBLIC, Surface.PRIVATE)
        ]

    def count(self, text: str) -> int:
        return graphemes.count(text)

    def prepare(self, intent: ReplyIntent) -> Mapping[str, Any]:
        return {}

    async def send(self, intent: ReplyIntent, gate: SendGate) -> Outcome:
        return Refused(Refusal.NOT_SUMMONED, _BY_HAND)

    async def find_reply(self, intent: ReplyIntent) -> Sent | NotFound:
        return NotFound("only a person can look there")

    async def own_posts(self, since: datetime) -> AsyncIterator[OwnPost]:
        return
        yield

    def private_link(self) -> str | None:
        return self._private_link

    async def aclose(self) -> None:
        """Nothing is held."""
