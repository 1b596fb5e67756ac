"""Our public replies: said once each, under a record key of our own."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from mentionbridge.domain.errors import LoginNeeded, NoAnswer, PlatformDown
from mentionbridge.domain.mention import Surface
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
from mentionbridge.net.client import Answer
from mentionbridge.net.outcome import gone_or_refused, refusal_or_unknown
from mentionbridge.platforms.bluesky import errors, richtext, tid, wire
from mentionbridge.platforms.bluesky.timeline import Memory, Posts
from mentionbridge.platforms.bluesky.wire import Reader
from mentionbridge.platforms.bluesky.xrpc import Xrpc, read_list, read_object
from mentionbridge.ports.platform import Gone, SendGate
from mentionbridge.text import graphemes

MAX_LENGTH = 300
MAX_BYTES = 3000
OLDEST_ANSWERED = timedelta(days=30)
"""Our keys carry the time of the post they answer, so replies said since a moment may be listed further down."""

BLOCKED = "blocked"
_OPEN_LIVE = timedelta(seconds=10)
"""Who asked for our right this long ago need not ask again before the send, which must begin at once."""

_GONE = "the post is no longer there"
_PAGES = 200


class PublicReplies:
    """What our account says under other people's posts."""

    def __init__(self, xrpc: Xrpc, posts: Posts, clock: Clock) -> None:
        self._xrpc = xrpc
        self._posts = posts
        self._clock = clock
        self._open = Memory(clock, _OPEN_LIVE, most=256)

    def prepare(self, intent: ReplyIntent) -> Mapping[str, Any]:
        """Return the key and the whole record."""
        key = tid.for_reply(intent.key, intent.target.occurred_at)
        return {"rkey": key, "record": wire.write_reply(intent)}

    async def right(self, target: Target) -> ReplyRight:
        """Say whether the author, and the network, would see our reply."""
        no = await self._closed(target.external_id)
        if no is None:
            self._open.put(target.external_id, True)
            return ReplyRight(Surface.PUBLIC, allowed=True)
        return ReplyRight(Surface.PUBLIC, allowed=False, reason=no.detail, refusal=no.kind)

    async def send(self, intent: ReplyIntent, reader: Reader, gate: SendGate) -> Outcome:
        """Say it, after a look whether it would be seen: the network takes also replies that it then hides."""
        prepared = intent.prepared or self.prepare(intent)
        if no := _refused_here(intent, prepared):
            return no
        just_seen_open, _ = self._open.get(intent.target.external_id)
        if not just_seen_open and (no := await self._closed(intent.target.external_id)):
            said = await self._said(intent, prepared, reader)
            return said if isinstance(said, AlreadySent) else no
        return await self._put(intent, prepared, reader, gate)

    async def find(self, intent: ReplyIntent, reader: Reader) -> Sent | NotFound:
        """Look under our key; the thread itself shows our replies only after a while."""
        said = await self._said(intent, intent.prepared or self.prepare(intent), reader)
        if isinstance(said, AlreadySent):
            return Sent(said.external_id, said.permalink, evidence="key")
        return NotFound("nothing of ours lies under this reply's key")

    async def retract(self, uri: str, reader: Reader) -> Refused | None:
        """Delete a reply of ours; the network says yes also when nothing lies under its key any more."""
        if not uri.startswith(f"at://{reader.us}/{wire.POSTS}/"):
            return Refused(Refusal.PERMISSION, "this is not a post of ours")
        body = {"repo": reader.us, "collection": wire.POSTS, "rkey": wire.rkey(uri)}
        try:
            answer = await self._xrpc.write("com.atproto.repo.deleteRecord", body)
        except NoAnswer as error:
            raise PlatformDown(str(error)) from None
        return gone_or_refused(answer, self._clock.now(), overlay=errors.MEANINGS, code=errors.name(answer))

    async def since(self, moment: datetime, reader: Reader) -> AsyncIterator[OwnPost]:
        """Yield what we said since then, newest first."""
        found: list[OwnPost] = []
        async for own, listed in self._records(reader):
            if listed < moment - OLDEST_ANSWERED:
                break
            if own.created_at >= moment:
                found.append(own)
        for own in sorted(found, key=lambda own: own.created_at, reverse=True):
            yield own

    async def _closed(self, uri: str) -> Refused | None:
        """Say why a reply to this post would not be seen; None when it would."""
        if not wire.is_post_uri(uri):
            return Refused(Refusal.INVALID, "this is not a post on Bluesky")
        view = (await self._posts.views([uri])).get(uri)
        if view is None:
            gone = await self.absence(uri)
            kind = Refusal.BLOCKED if gone.reason == BLOCKED else Refusal.TARGET_GONE
            return Refused(kind, "there is a block between this person and us" if kind is Refusal.BLOCKED else _GONE)
        author = _dict(_dict(view.get("author")).get("viewer"))
        if author.get("blockedBy") or author.get("blocking"):
            return Refused(Refusal.BLOCKED, "there is a block between this person and us")
        if _dict(view.get("viewer")).get("replyDisabled"):
            return Refused(Refusal.TARGET_CLOSED, "the author lets only some people reply here, and not us")
        return None

    async def absence(self, uri: str) -> Gone:
        """Say why the network does not show a post, by asking once more in another way."""
        answer = await self._xrpc.ask("app.bsky.feed.getPostThread", uri=uri, depth=0, parentHeight=0, fine=(400, 404))
        if answer.status == 200:
            if _dict(read_object(answer).get("thread")).get("blocked"):
                return Gone(BLOCKED)
            raise PlatformDown("Bluesky shows this post in one place and not in another; it is asked again later")
        if errors.name(answer) != "NotFound":
            raise PlatformDown(f"Bluesky did not say what became of a post ({errors.name(answer)})")
        known = await self._xrpc.read("app.bsky.actor.getProfiles", actors=[wire.did(uri)])
        return Gone("deleted" if read_list(known, "profiles") else "author gone")

    async def _put(self, intent: ReplyIntent, prepared: Mapping[str, Any], reader: Reader, gate: SendGate) -> Outcome:
        body = {
            "repo": reader.us,
            "collection": wire.POSTS,
            "rkey": prepared["rkey"],
            "record": prepared["record"],
            # Only create: a record that is there already and differs is an error, never an edit.
            "swapRecord": None,
        }
        try:
            answer = await self._xrpc.write("com.atproto.repo.putRecord", body, gate=gate)
        except NoAnswer as error:
            return Unknown(str(error))
        if errors.name(answer) == "InvalidSwap":
            return await self._taken(intent, prepared, reader)
        return self._outcome(answer, _uri(reader, prepared), reader)

    def _outcome(self, answer: Answer, uri: str, reader: Reader) -> Outcome:
        try:
            no = refusal_or_unknown(answer, self._clock.now(), overlay=errors.MEANINGS, code=errors.name(answer))
        except LoginNeeded:
            raise LoginNeeded(errors.login_sentence(answer)) from None
        return no or _took(answer, uri, reader.permalink(uri))

    async def _taken(self, intent: ReplyIntent, prepared: Mapping[str, Any], reader: Reader) -> Outcome:
        """Something else lies under our key: our own reply in other words or of another time, or a stranger's."""
        try:
            said = await self._said(intent, prepared, reader)
        except PlatformDown as error:
            return Unknown(str(error))
        if said is None:
            return Unknown("the network said our key is taken, and shows nothing under it")
        return said

    async def _said(
        self, intent: ReplyIntent, prepared: Mapping[str, Any], reader: Reader
    ) -> AlreadySent | Refused | None:
        """Read what lies under our key."""
        answer = await self._xrpc.ask(
            "com.atproto.repo.getRecord",
            repo=reader.us,
            collection=wire.POSTS,
            rkey=prepared["rkey"],
            fine=(400, 404),
        )
        if answer.status != 200:
            if errors.name(answer) == "RecordNotFound":
                return None
            raise PlatformDown(f"Bluesky did not say what lies under our key ({errors.name(answer)})")
        own = reader.own({"uri": _uri(reader, prepared), **read_object(answer)})
        if own is None or own.parent_id != intent.target.external_id:
            return Refused(Refusal.INVALID, "another record of ours lies under this reply's key")
        return AlreadySent(own.external_id, own.permalink)

    async def _records(self, reader: Reader) -> AsyncIterator[tuple[OwnPost, datetime]]:
        """Yield our posts by key, newest key first, with the time the key carries."""
        cursor: str | None = None
        for _ in range(_PAGES):
            page = await self._xrpc.read(
                "com.atproto.repo.listRecords", repo=reader.us, collection=wire.POSTS, limit=100, cursor=cursor
            )
            records = read_list(page, "records")
            for own in filter(None, map(reader.own, records)):
                yield own, tid.moment(wire.rkey(own.external_id)) or own.created_at
            given = page.get("cursor")
            if not records or not isinstance(given, str) or given == cursor:
                return
            cursor = given


def _refused_here(intent: ReplyIntent, prepared: Mapping[str, Any]) -> Refused | None:
    """Say no before the network would."""
    if wire.convo_of(intent.target):
        return Refused(Refusal.POLICY, "a private message is not answered in public")
    if not prepared.get("record"):
        return Refused(Refusal.INVALID, "the post to answer was never read from the network")
    if graphemes.count(intent.text) > MAX_LENGTH or richtext.size(intent.text) > MAX_BYTES:
        return Refused(Refusal.TOO_LONG, f"over {MAX_LENGTH} characters or {MAX_BYTES} bytes")
    return None


def _took(answer: Answer, uri: str, permalink: str) -> Outcome:
    """Read the network's yes: it names a commit only when something new was written."""
    try:
        body = answer.json()
    except NoAnswer as error:
        return Unknown(str(error))
    if not isinstance(body, dict) or body.get("uri") != uri:
        return Unknown("the network took it and did not say under which address")
    return Sent(uri, permalink) if "commit" in body else AlreadySent(uri, permalink)


def _uri(reader: Reader, prepared: Mapping[str, Any]) -> str:
    return f"at://{reader.us}/{wire.POSTS}/{prepared['rkey']}"


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
