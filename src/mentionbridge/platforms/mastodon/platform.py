"""One account on a server of the fediverse."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from mentionbridge.domain.account import Allowance, Identity
from mentionbridge.domain.capabilities import Capabilities
from mentionbridge.domain.errors import PlatformDown
from mentionbridge.domain.mention import Item, Post
from mentionbridge.domain.reply import NotFound, Outcome, OwnPost, Refused, ReplyIntent, ReplyRight, Sent, Target
from mentionbridge.domain.stream import Loss, Pauses
from mentionbridge.platforms.mastodon import server as servers
from mentionbridge.platforms.mastodon import words
from mentionbridge.platforms.mastodon.api import Api
from mentionbridge.platforms.mastodon.listener import PAUSES, Listener
from mentionbridge.platforms.mastodon.mark import Mark
from mentionbridge.platforms.mastodon.replies import Replies
from mentionbridge.platforms.mastodon.search import Search
from mentionbridge.platforms.mastodon.server import KEY_LIFE, Server
from mentionbridge.platforms.mastodon.shapes import Person, text
from mentionbridge.platforms.mastodon.timeline import Timeline
from mentionbridge.platforms.mastodon.wire import Reader
from mentionbridge.ports.platform import Gone, Page, PostRef, SendGate

_LABEL = "Mark the account as automated (Preferences, Public profile): many servers ask for it."


class MastodonPlatform:
    """The account that `api` speaks for, on the server `host`."""

    def __init__(
        self,
        api: Api,
        timeline: Timeline,
        search: Search,
        replies: Replies,
        listener: Listener,
        host: str,
        able: Capabilities,
    ) -> None:
        self._api = api
        self._timeline = timeline
        self._search = search
        self._replies = replies
        self._listener = listener
        self._host = host
        self._able = able
        self._server = Server()
        self._us: tuple[str, Reader] | None = None
        self._page: str | None = None

    @property
    def capabilities(self) -> Capabilities:
        key_life = KEY_LIFE if self._server.keyed else None
        streams = self._listener.hears(self._server)
        return replace(self._able, key_life=key_life, max_length=self._server.room, streams=streams)

    async def probe(self) -> Identity:
        told = await self._api.an_object("/api/v1/accounts/verify_credentials")
        try:
            person = Person.model_validate(told)
        except ValidationError:
            raise PlatformDown("the server did not say who we are") from None
        server = await servers.ask(self._api)
        policy = await self._api.an_object("/api/v2/notifications/policy", fine=(400, 403, 404, 405, 410))
        self._server = replace(server, has_policy=bool(policy))
        reader = Reader("", self._host, self._server.domain)
        handle = reader.handle(person)
        self._us = person.id, replace(reader, us=handle)
        self._page = text(person.url)
        hints = [*servers.filters(policy), *([] if person.bot is True else [_LABEL])]
        return Identity(handle, handle, text(person.name) or "", self._page, tuple(hints))

    async def collect(self, cursor: str | None) -> AsyncIterator[Page]:
        _, reader = await self._signed_in()
        mark = Mark.load(cursor)
        async for items, reached in self._timeline.walk(mark, reader, self._server):
            mark = reached
            yield Page(items, mark.dump())
        async for items, reached in self._search.walk(mark, reader):
            mark = reached
            yield Page(items, mark.dump())

    def listen(self) -> AsyncIterator[Sequence[Item] | None]:
        return self._listener.listen(self._server)

    def pauses(self, loss: Loss) -> Pauses:
        return PAUSES

    async def newest(self) -> Sequence[Item]:
        _, reader = await self._signed_in()
        return await self._timeline.newest(reader, self._server)

    async def fetch(self, refs: Sequence[PostRef]) -> Mapping[str, Post | Gone]:
        _, reader = await self._signed_in()
        return await self._timeline.fetch(refs, reader)

    async def context(self, post: Post) -> Sequence[Post | Gone]:
        _, reader = await self._signed_in()
        return await self._timeline.above(post, reader)

    async def said_in_thread(self, author_id: str, thread_id: str, since: datetime) -> Sequence[Post]:
        _, reader = await self._signed_in()
        return await self._timeline.said_in_thread(author_id, thread_id, since, reader)

    async def reply_rights(self, target: Target) -> Sequence[ReplyRight]:
        us, reader = await self._signed_in()
        return await self._replies.rights(target, us, reader)

    def count(self, text: str) -> int:
        return words.count(text, self._server.link_length)

    def prepare(self, intent: ReplyIntent) -> Mapping[str, Any]:
        return self._replies.prepare(intent)

    async def send(self, intent: ReplyIntent, gate: SendGate) -> Outcome:
        _, reader = await self._signed_in()
        return await self._replies.send(intent, reader, self._server, gate)

    async def find_reply(self, intent: ReplyIntent) -> Sent | NotFound:
        us, reader = await self._signed_in()
        return await self._replies.find(intent, us, reader)

    async def own_posts(self, since: datetime) -> AsyncIterator[OwnPost]:
        us, reader = await self._signed_in()
        async for own in self._replies.since(since, us, reader):
            yield own

    async def retract(self, external_id: str) -> Refused | None:
        us, reader = await self._signed_in()
        return await self._replies.retract(external_id, us, reader)

    def allowance(self) -> Allowance | None:
        return self._api.allowance()

    def private_link(self) -> str | None:
        return self._page

    async def aclose(self) -> None:
        await self._api.aclose()
        await self._listener.aclose()

    async def _signed_in(self) -> tuple[str, Reader]:
        if self._us is None:
            await self.probe()
        assert self._us is not None
        return self._us
