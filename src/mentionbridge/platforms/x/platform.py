"""One account on X."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from mentionbridge.domain.account import Allowance, Identity
from mentionbridge.domain.capabilities import Capabilities
from mentionbridge.domain.errors import PlatformDown, StreamRefused
from mentionbridge.domain.mention import Item, Post, Surface, Visibility
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
from mentionbridge.domain.stream import Loss, Pauses
from mentionbridge.platforms.x import weight, wire
from mentionbridge.platforms.x.api import Api
from mentionbridge.platforms.x.listener import PAUSES, Listener
from mentionbridge.platforms.x.mark import Mark
from mentionbridge.platforms.x.messages import Messages
from mentionbridge.platforms.x.replies import PublicReplies
from mentionbridge.platforms.x.timeline import Timeline
from mentionbridge.platforms.x.webhooks import Replays
from mentionbridge.platforms.x.wire import Reader
from mentionbridge.ports.platform import Gone, Page, PostRef, SendGate

HINTS = (
    "Let X show this account as automated (Settings, Your account, Automation), and name who runs it in its profile.",
)


class XPlatform:
    """The account that `api` signs in; `site` is where people read the network."""

    def __init__(
        self,
        api: Api,
        timeline: Timeline,
        replies: PublicReplies,
        messages: Messages,
        listener: Listener | None,
        replays: Replays | None,
        site: str,
        able: Capabilities,
    ) -> None:
        self._api = api
        self._timeline = timeline
        self._replies = replies
        self._messages = messages
        self._listener = listener
        self._replays = replays
        self._site = site
        self._able = able
        self._us: str | None = None
        self._handle = ""

    @property
    def capabilities(self) -> Capabilities:
        return replace(
            self._able,
            private_messages=self._messages.are_allowed,
            streams=self._listener is not None,
            replays=self._replays is not None,
        )

    async def probe(self) -> Identity:
        body = await self._api.read("/2/users/me", {"user.fields": "username,name"})
        user = wire.read_user(body.get("data"))
        if user is None:
            raise PlatformDown("X did not say who we are")
        self._us, self._handle = user.id, user.handle
        name = user.name if isinstance(user.name, str) else ""
        return Identity(user.id, user.handle, name, f"{self._site}/{user.handle}", (*HINTS, *self._api.hints))

    async def collect(self, cursor: str | None) -> AsyncIterator[Page]:
        reader, mark = await self._reader(), Mark.load(cursor)
        async for items, reached in self._timeline.walk(mark, reader):
            mark = reached or mark
            yield Page(items, reached.dump() if reached else None)
        if self._messages.are_allowed:
            async for items, reached in self._messages.collect(mark, reader):
                yield Page(items, reached.dump() if reached else None)

    async def listen(self) -> AsyncIterator[Sequence[Item] | None]:
        if self._listener is None:
            raise StreamRefused("this account has no stream")
        reader = await self._reader()
        async for heard in self._listener.listen(self._handle, reader):
            yield heard

    def pauses(self, loss: Loss) -> Pauses:
        return PAUSES[loss]

    async def newest(self) -> Sequence[Item]:
        return await self._timeline.newest(await self._reader())

    async def fetch(self, refs: Sequence[PostRef]) -> Mapping[str, Post | Gone]:
        return await self._timeline.fetch([ref for ref in refs if "conversation" not in ref.ref], await self._reader())

    async def context(self, post: Post) -> Sequence[Post | Gone]:
        return await self._timeline.above(post, await self._reader())

    async def said_in_thread(self, author_id: str, thread_id: str, since: datetime) -> Sequence[Post]:
        return await self._timeline.said_in_thread(author_id, thread_id, since, await self._reader())

    async def reply_rights(self, target: Target) -> Sequence[ReplyRight]:
        private = self._messages.right(target)
        if target.visibility is Visibility.DIRECT:
            reason = "a private message is not answered in public"
            return [ReplyRight(Surface.PUBLIC, allowed=False, reason=reason, refusal=Refusal.POLICY), private]
        return [await self._replies.right(target, await self._reader()), private]

    def count(self, text: str) -> int:
        return weight.count(text)

    def prepare(self, intent: ReplyIntent) -> Mapping[str, Any]:
        return {} if wire.is_private(intent) else {"body": wire.write_reply(intent, self._us, self._site)}

    async def send(self, intent: ReplyIntent, gate: SendGate) -> Outcome:
        if wire.is_private(intent):
            return await self._messages.send(intent, gate)
        prepared = intent.prepared or self.prepare(intent)
        return await self._replies.send(intent, prepared.get("body"), await self._reader(), gate)

    async def find_reply(self, intent: ReplyIntent) -> Sent | NotFound:
        if wire.is_private(intent):
            return await self._messages.find(intent, await self._reader())
        return await self._replies.find(intent, await self._reader())

    async def own_posts(self, since: datetime) -> AsyncIterator[OwnPost]:
        async for own in self._replies.since(since, await self._reader()):
            yield own

    async def retract(self, external_id: str) -> Refused | None:
        return await self._replies.retract(external_id)

    def spent(self) -> Mapping[tuple[date, str], int]:
        return self._api.bill.spent()

    def kept(self, spent: Mapping[tuple[date, str], int]) -> None:
        self._api.bill.kept(spent)

    def allowance(self) -> Allowance | None:
        return self._api.allowance()

    def pushed(self, items: Sequence[Item]) -> None:
        for item in items:
            if isinstance(item, Post):
                direct = item.visibility is Visibility.DIRECT
                self._api.bill.pushed("message_read" if direct else "post_read", item.external_id)

    async def replay(self, since: datetime, until: datetime) -> str:
        return await self._replays.ask(since, until) if self._replays else "nothing was pushed again"

    def private_link(self) -> str | None:
        return wire.compose_link(self._us, self._site) if self._us else None

    async def aclose(self) -> None:
        await self._api.aclose()
        if self._listener is not None:
            await self._listener.aclose()
        if self._replays is not None:
            await self._replays.webhooks.http.aclose()

    async def _reader(self) -> Reader:
        if self._us is None:
            await self.probe()
        assert self._us is not None
        return Reader(self._us, self._site)
