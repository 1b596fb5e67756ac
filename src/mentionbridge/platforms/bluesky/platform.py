"""One account on Bluesky."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from mentionbridge.domain.account import Allowance, Identity
from mentionbridge.domain.capabilities import Capabilities
from mentionbridge.domain.errors import LoginNeeded
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
from mentionbridge.kit.clock import Clock
from mentionbridge.platforms.bluesky import errors, profile, wire
from mentionbridge.platforms.bluesky.chat import Chat
from mentionbridge.platforms.bluesky.mark import Mark
from mentionbridge.platforms.bluesky.replies import BLOCKED, PublicReplies
from mentionbridge.platforms.bluesky.session import Sessions
from mentionbridge.platforms.bluesky.timeline import Posts, Timeline
from mentionbridge.platforms.bluesky.wire import Reader
from mentionbridge.platforms.bluesky.xrpc import Xrpc, read_object
from mentionbridge.ports.platform import Gone, Page, PostRef, SendGate
from mentionbridge.text import graphemes

_PARENTS = 80


class BlueskyPlatform:
    """The account that `sessions` signs in; `app` is where people read the network."""

    def __init__(self, sessions: Sessions, identifier: str, app: str, clock: Clock, able: Capabilities) -> None:
        self._sessions = sessions
        self._identifier = identifier
        self._app = app
        self._able = able
        self._xrpc = Xrpc(sessions, clock)
        self._posts = Posts(self._xrpc, clock)
        self._timeline = Timeline(self._xrpc, self._posts, clock)
        self._replies = PublicReplies(self._xrpc, self._posts, clock)
        self._chat = Chat(self._xrpc, clock)
        self._profile: profile.Profile | None = None

    @property
    def capabilities(self) -> Capabilities:
        return replace(self._able, private_messages=self._chat.is_known_allowed)

    @property
    def hints(self) -> Sequence[str]:
        """What the operator could set better at the network, after `probe`."""
        return profile.hints(self._profile, chat=self._chat.is_known_allowed) if self._profile else ()

    async def probe(self) -> Identity:
        answer = await self._xrpc.ask("com.atproto.server.getSession", fine=(400,))
        if answer.status != 200:
            # This is how the server speaks of an account that was taken down.
            raise LoginNeeded(errors.SENTENCES["AccountTakedown"])
        session = profile.read_session(read_object(answer), await self._xrpc.us())
        self._profile = await profile.ask(self._xrpc, session)
        await self._chat.is_allowed(again=True)
        handle = self._profile.handle
        return Identity(session.did, handle, self._profile.name, f"{self._app}/profile/{handle}", tuple(self.hints))

    async def collect(self, cursor: str | None) -> AsyncIterator[Page]:
        reader, mark = await self._reader(), Mark.load(cursor)
        async for items, reached in self._timeline.walk(mark, reader):
            mark = reached or mark
            yield Page(items, reached.dump() if reached else None)
        if await self._chat.is_allowed():
            async for page in self._messages(mark, reader):
                yield page

    async def newest(self) -> Sequence[Item]:
        walk = self._timeline.walk(Mark.load(None), await self._reader())
        async with aclosing(cast("AsyncGenerator[tuple[list[Item], Any]]", walk)) as pages:
            async for items, _ in pages:
                return items
        return ()

    async def fetch(self, refs: Sequence[PostRef]) -> Mapping[str, Post | Gone]:
        reader = await self._reader()
        uris = [ref.external_id for ref in refs if "convo" not in ref.ref]
        found = await self._fetch_posts(uris, reader)
        messages = [ref for ref in refs if "convo" in ref.ref]
        if messages and await self._chat.is_allowed():
            found |= await self._chat.fetch(messages, reader)
        return found

    async def context(self, post: Post) -> Sequence[Post | Gone]:
        if post.visibility is Visibility.DIRECT:
            return []
        answer = await self._xrpc.ask(
            "app.bsky.feed.getPostThread", uri=post.external_id, depth=0, parentHeight=_PARENTS, fine=(400, 404)
        )
        thread = read_object(answer).get("thread") if answer.status == 200 else None
        return _parents(thread, await self._reader())

    async def said_in_thread(self, author_id: str, thread_id: str, since: datetime) -> Sequence[Post]:
        return await self._posts.said_in_thread(author_id, thread_id, since, await self._reader())

    async def reply_rights(self, target: Target) -> Sequence[ReplyRight]:
        private = await self._chat.right(target)
        if target.visibility is Visibility.DIRECT:
            reason = "a private message is not answered in public"
            public = ReplyRight(Surface.PUBLIC, allowed=False, reason=reason, refusal=Refusal.POLICY)
            return [public, private]
        return [await self._replies.right(target), private]

    def count(self, text: str) -> int:
        return graphemes.count(text)

    def prepare(self, intent: ReplyIntent) -> Mapping[str, Any]:
        return {"message": wire.write_message(intent)} if wire.is_private(intent) else self._replies.prepare(intent)

    async def send(self, intent: ReplyIntent, gate: SendGate) -> Outcome:
        if wire.is_private(intent):
            return await self._chat.send(intent, gate)
        return await self._replies.send(intent, await self._reader(), gate)

    async def find_reply(self, intent: ReplyIntent) -> Sent | NotFound:
        if wire.is_private(intent):
            return await self._chat.find(intent)
        return await self._replies.find(intent, await self._reader())

    async def own_posts(self, since: datetime) -> AsyncIterator[OwnPost]:
        async for own in self._replies.since(since, await self._reader()):
            yield own

    async def retract(self, external_id: str) -> Refused | None:
        return await self._replies.retract(external_id, await self._reader())

    def allowance(self) -> Allowance | None:
        return self._sessions.allowance()

    def private_link(self) -> str | None:
        if self._profile and not self._profile.takes_messages:
            return None
        session = self._sessions.last
        who = profile.shown(session) if session else self._identifier
        return None if "@" in who else f"{self._app}/profile/{who}"

    async def aclose(self) -> None:
        await self._sessions.aclose()

    async def _reader(self) -> Reader:
        session = await self._xrpc.us()
        return Reader(session.did, self._app, session.pds)

    async def _messages(self, mark: Mark, reader: Reader) -> AsyncIterator[Page]:
        async for items, reached in self._chat.collect(mark, reader):
            if items or reached != mark:
                mark = reached
                yield Page(items, mark.dump())

    async def _fetch_posts(self, uris: Sequence[str], reader: Reader) -> dict[str, Post | Gone]:
        uris = [uri for uri in uris if wire.is_post_uri(uri)]
        shown = await self._posts.views(uris)
        found: dict[str, Post | Gone] = {}
        for uri in uris:
            if uri not in shown:
                gone = await self._replies.absence(uri)
                # Behind a block the post may well stand for everybody else: that is not ours to delete.
                if gone.reason != BLOCKED:
                    found[uri] = gone
            elif isinstance(post := reader.read(shown[uri]), Post):
                found[uri] = post
        return found


def _parents(thread: Any, reader: Reader) -> list[Post | Gone]:
    """Read the posts above, root first; blocked and deleted ones end the chain as Gone."""
    above: list[Post | Gone] = []
    node = thread.get("parent") if isinstance(thread, dict) else None
    while isinstance(node, dict):
        item: Item | Gone = reader.read(node.get("post")) if "post" in node else Gone(_why(node))
        if isinstance(item, Post | Gone):
            above.insert(0, item)
        node = node.get("parent")
    return above


def _why(node: Mapping[str, Any]) -> str:
    return BLOCKED if node.get("blocked") else "deleted"
