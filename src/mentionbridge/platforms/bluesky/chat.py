"""Direct messages, through our own server, which passes the calls on to the network's chat service."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mentionbridge.domain.errors import LoginNeeded, NoAnswer, PlatformDown, RateLimited
from mentionbridge.domain.mention import Author, Item, Post, Surface
from mentionbridge.domain.reply import (
    AlreadySent,
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
from mentionbridge.net.client import Answer
from mentionbridge.net.outcome import meaning, reading, refusal_or_unknown
from mentionbridge.platforms.bluesky import errors, richtext, wire
from mentionbridge.platforms.bluesky.mark import Mark
from mentionbridge.platforms.bluesky.timeline import Memory
from mentionbridge.platforms.bluesky.wire import Reader
from mentionbridge.platforms.bluesky.xrpc import Xrpc, read_list, read_object
from mentionbridge.ports.platform import PostRef, SendGate
from mentionbridge.text import graphemes

SERVICE = "did:web:api.bsky.chat#bsky_chat"
MAX_LENGTH = 1000
MAX_BYTES = 10_000
LOOK_BACK = timedelta(days=7)
"""How old a conversation's last message may be to be read when we begin; unread ones are read whatever their age."""

ASK_AGAIN = timedelta(minutes=10)
_CLOCKS_APART = timedelta(minutes=2)
_PAGES = 50
_NOT_PERMITTED = "the app password was made without access to direct messages"


@dataclass(frozen=True, slots=True)
class _Convo:
    """A conversation between us and one other person."""

    id: str
    rev: str
    other: Author
    is_request: bool
    is_group: bool
    unread: bool
    last: datetime | None


class Chat:
    """Our side of the network's direct messages."""

    def __init__(self, xrpc: Xrpc, clock: Clock) -> None:
        self._xrpc = xrpc
        self._clock = clock
        self._convos = Memory(clock, timedelta(hours=1), most=512)
        self._allowed: bool | None = None
        self._asked_at = float("-inf")

    @property
    def is_known_allowed(self) -> bool:
        """True when the network let us read messages."""
        return self._allowed is True

    async def is_allowed(self, *, again: bool = False) -> bool:
        """Ask whether we may read and write messages; remembered for a while.

        A chat service that was never there for us counts as not allowed; one that was and fails raises PlatformDown.
        """
        now = self._clock.monotonic()
        if again or now - self._asked_at >= ASK_AGAIN.total_seconds():
            self._allowed = await self._ask_allowed()
            self._asked_at = now
        return self._allowed is True

    async def collect(self, mark: Mark, reader: Reader) -> AsyncIterator[tuple[list[Item], Mark]]:
        """Yield pages of messages written to us, with the mark that may be committed with each."""
        if mark.log is None:
            async for page in self._begin(mark, reader):
                yield page
            return
        async for items, reached in self._log(mark, reader):
            mark = reached
            yield items, mark
        async for page in self._requests(mark, reader):
            yield page

    async def fetch(self, refs: Sequence[PostRef], reader: Reader) -> dict[str, Post]:
        """Read messages again. The network never tells us that somebody else deleted one, so none comes back gone."""
        found: dict[str, Post] = {}
        wanted = {ref.external_id for ref in refs}
        for convo in dict.fromkeys(str(ref.ref["convo"]) for ref in refs):
            if known := await self._convo(convo):
                since = datetime.max.replace(tzinfo=UTC)
                items = [reader.message(one, convo, known.other) async for one in self._messages(convo, since)]
                posts = (item for item in items if isinstance(item, Post))
                found |= {post.external_id: post for post in posts if post.external_id in wanted}
        return found

    async def right(self, target: Target) -> ReplyRight:
        """Say whether we may write to this person; a chat that fails now says no for now."""
        try:
            return await self._right(target)
        except PlatformDown as error:
            return ReplyRight(Surface.PRIVATE, allowed=False, reason=str(error))

    async def _right(self, target: Target) -> ReplyRight:
        if not await self.is_allowed():
            return ReplyRight(Surface.PRIVATE, allowed=False, reason=_NOT_PERMITTED, refusal=Refusal.PERMISSION)
        if wire.convo_of(target) or await self._availability(target) is not None:
            return ReplyRight(Surface.PRIVATE, allowed=True)
        reason = "this person takes messages only from accounts they follow"
        return ReplyRight(Surface.PRIVATE, allowed=False, reason=reason, refusal=Refusal.PERMISSION)

    async def send(self, intent: ReplyIntent, gate: SendGate) -> Outcome:
        """Write one message. The service knows no key, so a repeat looks for the words in the conversation first."""
        if graphemes.count(intent.text) > MAX_LENGTH or richtext.size(intent.text) > MAX_BYTES:
            return Refused(Refusal.TOO_LONG, f"over {MAX_LENGTH} characters or {MAX_BYTES} bytes")
        if not await self.is_allowed():
            return Refused(Refusal.PERMISSION, _NOT_PERMITTED)
        if isinstance(said := await self.find(intent), Sent):
            return AlreadySent(said.external_id, evidence=said.evidence)
        convo = await self._open(intent.target)
        if not isinstance(convo, _Convo):
            return convo
        if convo.is_request:
            await self._accept(convo)
        return await self._write(convo.id, intent, gate)

    async def find(self, intent: ReplyIntent) -> Sent | NotFound:
        """Look for our words in the conversation, since shortly before we meant to say them."""
        convo = wire.convo_of(intent.target) or await self._availability(intent.target)
        if not convo:
            return NotFound("there is no conversation with this person")
        us = (await self._xrpc.us()).did
        since = intent.created_at - _CLOCKS_APART
        async for one in self._messages(convo, since):
            sender = one.get("sender")
            is_ours = isinstance(sender, dict) and sender.get("did") == us
            sent = wire.parse_moment(one.get("sentAt"))
            is_it = is_ours and one.get("text") == intent.text and sent is not None and sent >= since
            if is_it and isinstance(one.get("id"), str):
                return Sent(wire.message_id(convo, one["id"]), evidence="read-back")
        return NotFound("not among our messages in this conversation")

    async def _ask_allowed(self) -> bool:
        try:
            answer = await self._xrpc.ask(
                _method("listConvos"), via=SERVICE, overlay=errors.CHAT_MEANINGS, fine=(400, 403), limit=1
            )
        except (RateLimited, LoginNeeded):
            raise
        except PlatformDown:
            if self._allowed:
                raise
            return False
        if answer.status == 200:
            return True
        if errors.is_unprivileged(answer):
            return False
        raise PlatformDown(f"Bluesky's chat answered {answer.status}")

    async def _begin(self, mark: Mark, reader: Reader) -> AsyncIterator[tuple[list[Item], Mark]]:
        """Read the conversations that are going on, then follow the log from where it stood before."""
        convos = [convo async for convo in self._list() if not convo.is_group]
        since = self._clock.now() - LOOK_BACK
        lively = [convo for convo in convos if convo.unread or (convo.last and convo.last >= since)]
        items = [item for convo in lively async for item in self._said(convo, since, reader)]
        revs = [convo.rev for convo in convos]
        requests = [convo.rev for convo in convos if convo.is_request]
        yield items, replace(mark, log=max(revs, default=None), requests=max(requests, default=None))

    async def _log(self, mark: Mark, reader: Reader) -> AsyncIterator[tuple[list[Item], Mark]]:
        for _ in range(_PAGES):
            answer = await self._ask("getLog", cursor=mark.log)
            if answer.status != 200:
                # The log no longer knows our place: begin again, which loses nothing of the last days.
                yield [], replace(mark, log=None)
                return
            page = read_object(answer)
            logs, upto = read_list(page, "logs"), page.get("cursor")
            items = [item for one in logs if (item := await self._logged(one, reader))]
            if not logs or not isinstance(upto, str) or upto == mark.log:
                yield items, mark
                return
            mark = replace(mark, log=upto)
            yield items, mark

    async def _logged(self, entry: Any, reader: Reader) -> Item | None:
        """Read one line of the log; None for what is not a message to us."""
        if not isinstance(entry, dict) or not isinstance(entry.get("convoId"), str):
            return wire.unreadable(entry, "a line of the message log without a conversation")
        message = entry.get("message")
        if not str(entry.get("$type", "")).endswith("#logCreateMessage") or _is_ours_or_gone(message, reader.us):
            return None
        convo = await self._convo(entry["convoId"])
        if convo is None:
            return wire.unreadable(entry, "a message of a conversation the network no longer shows")
        if convo.is_group:
            return wire.unreadable(entry, "a message in a group; only conversations of two are read")
        return reader.message(message, convo.id, convo.other)

    async def _requests(self, mark: Mark, reader: Reader) -> AsyncIterator[tuple[list[Item], Mark]]:
        """Read what strangers who ask to write to us have written: the log may leave it out until they are accepted."""
        convos = [convo async for convo in self._list(status="request") if not convo.is_group]
        new = [convo for convo in convos if mark.requests is None or convo.rev > mark.requests]
        if not new:
            return
        since = self._clock.now() - LOOK_BACK
        items = [item for convo in new async for item in self._said(convo, since, reader)]
        yield items, replace(mark, requests=max(convo.rev for convo in new))

    async def _said(self, convo: _Convo, since: datetime, reader: Reader) -> AsyncIterator[Item]:
        """Yield what the other person wrote, oldest first."""
        found = [one async for one in self._messages(convo.id, since) if not _is_ours_or_gone(one, reader.us)]
        for one in reversed(found):
            yield reader.message(one, convo.id, convo.other)

    async def _messages(self, convo: str, since: datetime) -> AsyncIterator[dict[str, Any]]:
        """Yield messages, newest first, until they are older; of old unread ones a page is enough."""
        cursor: str | None = None
        for _ in range(_PAGES):
            answer = await self._ask("getMessages", convoId=convo, limit=100, cursor=cursor)
            if answer.status != 200:
                return
            page = read_object(answer)
            messages = [one for one in read_list(page, "messages") if isinstance(one, dict)]
            for one in messages:
                yield one
            times = [time for one in messages if (time := wire.parse_moment(one.get("sentAt")))]
            given = page.get("cursor")
            if not messages or not isinstance(given, str) or given == cursor or (times and times[-1] < since):
                return
            cursor = given

    async def _list(self, **filters: str) -> AsyncIterator[_Convo]:
        cursor: str | None = None
        for _ in range(_PAGES):
            page = await self._read("listConvos", limit=100, cursor=cursor, **filters)
            us = (await self._xrpc.us()).did
            for one in read_list(page, "convos"):
                if convo := _read_convo(one, us):
                    self._convos.put(convo.id, convo)
                    yield convo
            given = page.get("cursor")
            if not isinstance(given, str) or given == cursor or not page["convos"]:
                return
            cursor = given

    async def _convo(self, convo_id: str) -> _Convo | None:
        known, convo = self._convos.get(convo_id)
        if not known:
            answer = await self._ask("getConvo", convoId=convo_id)
            page = read_object(answer) if answer.status == 200 else {}
            convo = _read_convo(page.get("convo"), (await self._xrpc.us()).did)
            self._convos.put(convo_id, convo)
        return convo if isinstance(convo, _Convo) else None

    async def _availability(self, target: Target) -> str | None:
        """Return the conversation with this person, "" when one may be opened, None when we may not write."""
        answer = await self._ask("getConvoAvailability", members=[target.author_external_id])
        page = read_object(answer) if answer.status == 200 else {}
        if page.get("canChat") is not True:
            return None
        convo = page.get("convo")
        return str(convo.get("id") or "") if isinstance(convo, dict) else ""

    async def _open(self, target: Target) -> "_Convo | Refused":
        us = (await self._xrpc.us()).did
        if known := wire.convo_of(target):
            answer = await self._ask("getConvo", convoId=known)
        else:
            answer = await self._ask("getConvoForMembers", members=[target.author_external_id])
        if answer.status != 200:
            code = errors.name(answer)
            no = meaning(answer.status, overlay=errors.CHAT_MEANINGS, code=code)
            return Refused(no if isinstance(no, Refusal) else Refusal.PERMISSION, f"chat answered {code}")
        convo = _read_convo(read_object(answer).get("convo"), us)
        if convo is None:
            raise PlatformDown("Bluesky's chat answered without a conversation")
        if convo.is_group:
            return Refused(Refusal.POLICY, "a group is no private place")
        return convo

    async def _accept(self, convo: _Convo) -> None:
        # Accepting twice changes nothing, so a lost answer is as harmless as one to a read.
        with reading():
            answer = await self._xrpc.write(_method("acceptConvo"), {"convoId": convo.id}, via=SERVICE)
        if answer.status != 200:
            raise PlatformDown(f"Bluesky's chat did not let us accept a conversation ({answer.status})")
        self._convos.put(convo.id, replace(convo, is_request=False))

    async def _write(self, convo: str, intent: ReplyIntent, gate: SendGate) -> Outcome:
        message = (intent.prepared or {}).get("message") or wire.write_message(intent)
        try:
            answer = await self._xrpc.write(
                _method("sendMessage"), {"convoId": convo, "message": message}, via=SERVICE, gate=gate
            )
        except NoAnswer as error:
            return Unknown(str(error))
        no = refusal_or_unknown(answer, self._clock.now(), overlay=errors.CHAT_MEANINGS, code=errors.name(answer))
        return no or _sent(answer, convo)

    async def _read(self, call: str, **params: Any) -> dict[str, Any]:
        return await self._xrpc.read(_method(call), via=SERVICE, overlay=errors.CHAT_MEANINGS, **params)

    async def _ask(self, call: str, **params: Any) -> Answer:
        return await self._xrpc.ask(
            _method(call), via=SERVICE, overlay=errors.CHAT_MEANINGS, fine=(400, 403, 404), **params
        )


def _method(call: str) -> str:
    return f"chat.bsky.convo.{call}"


def _sent(answer: Answer, convo: str) -> Outcome:
    try:
        message = answer.json()
    except NoAnswer as error:
        return Unknown(str(error))
    message_id = message.get("id") if isinstance(message, dict) else None
    if not isinstance(message_id, str):
        return Unknown("the network took the message and did not say under which id")
    return Sent(wire.message_id(convo, message_id))


def _is_ours_or_gone(message: Any, us: str) -> bool:
    """True for our own messages and for those we deleted on our side; what makes no sense is not."""
    if not isinstance(message, dict):
        return False
    sender = message.get("sender")
    is_other_kind = not str(message.get("$type", "#messageView")).endswith("#messageView")
    return is_other_kind or (isinstance(sender, dict) and sender.get("did") == us)


def _read_convo(payload: Any, us: str) -> _Convo | None:
    """Read a conversation; None when it makes no sense, or nobody but us is in it."""
    if not isinstance(payload, dict) or not isinstance(payload.get("id"), str) or not payload["id"]:
        return None
    members = payload.get("members") if isinstance(payload.get("members"), list) else []
    people = [person for one in members or [] if (person := wire.read_person(one))]
    others = [person for person in people if person.external_id != us]
    if not others:
        return None
    kind, last = payload.get("kind"), payload.get("lastMessage")
    named_group = isinstance(kind, dict) and str(kind.get("$type", "")).endswith("#groupConvo")
    return _Convo(
        id=payload["id"],
        rev=str(payload.get("rev") or ""),
        other=others[0],
        is_request=payload.get("status") == "request",
        is_group=named_group or len(others) > 1,
        unread=bool(wire.count(payload.get("unreadCount"))),
        last=wire.parse_moment(last.get("sentAt")) if isinstance(last, dict) else None,
    )
