"""One business account on the demo network, over the network's HTTP API."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from mentionbridge.domain.account import Identity
from mentionbridge.domain.capabilities import Capabilities
from mentionbridge.domain.errors import NoAnswer, PlatformDown, RunsElsewhere
from mentionbridge.domain.mention import Mention, Post, Surface, Visibility
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
from mentionbridge.net.outcome import check_read, refusal_or_unknown
from mentionbridge.platforms.demo import wire
from mentionbridge.ports.platform import Gone, Page, PostRef, SendGate
from mentionbridge.text import graphemes

# The network stamps a post when it takes it, by its own clock.
_CLOCKS_APART = timedelta(minutes=5)


class DemoPlatform:
    """The account behind `handle`; `pages` is where people read the network."""

    def __init__(self, http: Http, token: str, handle: str, pages: str, clock: Clock, able: Capabilities) -> None:
        self._http = http
        self._headers = {"authorization": f"Bearer {token}"}
        self._handle = handle
        self._pages = pages
        self._clock = clock
        self._able = able

    @property
    def capabilities(self) -> Capabilities:
        return self._able

    async def probe(self) -> Identity:
        me = await self._read("api/me")
        identity = wire.read_identity(me, self._pages)
        if identity is None:
            raise PlatformDown("the network's answer about our account makes no sense")
        self._able = replace(self._able, key_life=timedelta.max if me.get("keys") is True else None)
        return identity

    async def collect(self, cursor: str | None) -> AsyncIterator[Page]:
        more = True
        while more:
            page = await self._read("api/mentions", after=cursor)
            upto = _text(page.get("next"))
            yield Page([wire.read(item) for item in _list(page)], upto)
            more = page.get("more") is True and upto not in (None, cursor)
            cursor = upto

    async def fetch(self, refs: Sequence[PostRef]) -> Mapping[str, Post | Gone]:
        page = await self._read("api/posts", ids=",".join(ref.external_id for ref in refs))
        found = (wire.read_gone_or_post(item) for item in _list(page))
        return {one[0]: one[1] for one in found if one}

    async def context(self, post: Post) -> Sequence[Post | Gone]:
        page = await self._read(f"{_at(post.external_id)}/context")
        found = (wire.read_gone_or_post(item) for item in _list(page))
        return [one[1] for one in found if one]

    async def said_in_thread(self, author_id: str, thread_id: str, since: datetime) -> Sequence[Post]:
        path = f"{_at(thread_id)}/thread"
        found: list[Post] = []
        after: Any = None
        while True:
            page = await self._read(path, author=author_id, since=since.isoformat(), after=after)
            found += [item for item in map(wire.read, _list(page)) if isinstance(item, Post)]
            after = page.get("next")
            if not isinstance(after, int):
                return found

    async def reply_rights(self, target: Target) -> Sequence[ReplyRight]:
        told = await self._read(f"{_at(target.external_id)}/rights")
        return wire.read_rights(told, target.visibility)

    def count(self, text: str) -> int:
        return graphemes.count(text)

    def prepare(self, intent: ReplyIntent) -> Mapping[str, Any]:
        return {"body": wire.write(intent)}

    async def send(self, intent: ReplyIntent, gate: SendGate) -> Outcome:
        if no := self._refused_here(intent):
            return no
        private = wire.is_message(intent)
        path = "api/messages" if private else f"{_at(intent.target.external_id)}/replies"
        try:
            answer = await self._http.request(
                "POST",
                path,
                headers={**self._headers, "idempotency-key": intent.key},
                json=(intent.prepared or self.prepare(intent))["body"],
                gate=gate,
            )
        except NoAnswer as error:
            return Unknown(str(error))
        return self._outcome(answer)

    async def find_reply(self, intent: ReplyIntent) -> Sent | NotFound:
        async for own, key in self._own(intent.created_at - _CLOCKS_APART):
            if key == intent.key:
                return Sent(own.external_id, own.permalink, evidence="key")
            if key is None and _same(own, intent):
                return Sent(own.external_id, own.permalink, evidence="read-back")
        return NotFound("not among our own posts")

    async def own_posts(self, since: datetime) -> AsyncIterator[OwnPost]:
        async for own, _ in self._own(since):
            yield own

    async def host(self, mention: Mention) -> Refused | None:
        try:
            answer = await self._http.request(
                "PUT", _at(mention.external_id), headers=self._headers, json=wire.write_hosted(mention)
            )
        except NoAnswer as error:
            raise PlatformDown(str(error)) from None
        if answer.status in (200, 201):
            return None
        denied = refusal_or_unknown(answer, self._clock.now(), overlay=wire.REFUSALS, code=_code(answer))
        if not isinstance(denied, Refused):
            raise PlatformDown("the network did not say whether it took the post")
        # For our answer, a post the network cannot hold is one that is not there.
        return Refused(Refusal.TARGET_GONE, denied.detail)

    async def retract(self, external_id: str) -> Refused | None:
        try:
            answer = await self._http.request("DELETE", _at(external_id), headers=self._headers)
        except NoAnswer as error:
            raise PlatformDown(str(error)) from None
        if answer.status == 200:
            return None
        denied = refusal_or_unknown(answer, self._clock.now(), overlay=wire.REFUSALS, code=_code(answer))
        if not isinstance(denied, Refused):
            raise PlatformDown("the network did not say whether it took the reply back")
        return denied

    def private_link(self) -> str | None:
        return f"{self._pages}/messages/{self._handle}"

    async def aclose(self) -> None:
        await self._http.aclose()

    def _refused_here(self, intent: ReplyIntent) -> Refused | None:
        """Say no before the network would, or where it could not know."""
        if self.count(intent.text) > self._able.max_length:
            return Refused(Refusal.TOO_LONG, f"over {self._able.max_length} characters")
        if intent.target.visibility is Visibility.DIRECT and not wire.is_message(intent):
            return Refused(Refusal.POLICY, "a private message is not answered in public")
        return None

    def _outcome(self, answer: Answer) -> Outcome:
        no = refusal_or_unknown(answer, self._clock.now(), overlay=wire.REFUSALS, code=_code(answer))
        if no:
            return no
        said = _json(answer)
        external_id, url = _text(said.get("id")), _text(said.get("url"))
        if external_id is None:
            return Unknown("the network took it and did not say under which id")
        return AlreadySent(external_id, url) if answer.status == 200 else Sent(external_id, url)

    async def _own(self, since: datetime) -> AsyncIterator[tuple[OwnPost, str | None]]:
        before: Any = None
        while True:
            page = await self._read("api/own", since=since.isoformat(), before=before)
            for one in filter(None, (wire.read_own(item) for item in _list(page))):
                yield one
            before = page.get("next")
            if not isinstance(before, int):
                return

    async def _read(self, path: str, **params: Any) -> dict[str, Any]:
        try:
            answer = await self._http.request("GET", path, params=params, headers=self._headers)
        except NoAnswer as error:
            raise PlatformDown(str(error)) from None
        if _code(answer) == "in_use":
            raise RunsElsewhere(_text(_json(answer).get("message")) or "another process runs this network")
        check_read(answer, self._clock.now(), code=_code(answer))
        return _json(answer, PlatformDown("the network's answer is not what it should be"))


def _at(post_id: str) -> str:
    return f"api/posts/{quote(post_id, safe='')}"


def _same(own: OwnPost, intent: ReplyIntent) -> bool:
    """True when a post of ours is this reply, told by place and words."""
    private = own.surface is Surface.PRIVATE and own.parent_id is None
    if private != wire.is_message(intent):
        return False
    talk = intent.target.thread_id if intent.target.visibility is Visibility.DIRECT else own.thread_id
    place = own.thread_id == talk if private else own.parent_id == intent.target.external_id
    return place and own.text == intent.text.strip()


def _json(answer: Answer, otherwise: Exception | None = None) -> dict[str, Any]:
    try:
        body = answer.json()
    except NoAnswer:
        body = None
    if isinstance(body, dict):
        return body
    if otherwise:
        raise otherwise
    return {}


def _code(answer: Answer) -> str | None:
    return None if answer.status < 400 else _text(_json(answer).get("error"))


def _list(page: Mapping[str, Any]) -> list[Any]:
    posts = page.get("posts")
    if not isinstance(posts, list):
        raise PlatformDown("the network's answer holds no list of posts")
    return posts


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
