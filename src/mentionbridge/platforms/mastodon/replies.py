"""What our account says: in public under a post, and in private to its author. Both are statuses."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from mentionbridge.domain.errors import LoginNeeded, NoAnswer, PlatformDown
from mentionbridge.domain.mention import Surface, Visibility
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
    Unknown,
)
from mentionbridge.kit.clock import Clock
from mentionbridge.net.client import Answer
from mentionbridge.net.outcome import gone_or_refused, refusal_or_unknown
from mentionbridge.platforms.mastodon import errors, words
from mentionbridge.platforms.mastodon.api import Api
from mentionbridge.platforms.mastodon.server import Server
from mentionbridge.platforms.mastodon.shapes import an_object, objects, parse_moment, text
from mentionbridge.platforms.mastodon.timeline import Timeline
from mentionbridge.platforms.mastodon.wire import READ, WRITTEN, Reader, is_private, write_status
from mentionbridge.ports.platform import SendGate

_PAGES = 200
_CLOCKS_APART = timedelta(minutes=2)
_GONE = "the post is no longer there, or its author has blocked us"


class Replies:
    """The account's own statuses; none is shown more widely than `widest`."""

    def __init__(self, api: Api, timeline: Timeline, clock: Clock, widest: Visibility) -> None:
        self._api = api
        self._timeline = timeline
        self._clock = clock
        self._widest = widest

    def prepare(self, intent: ReplyIntent) -> dict[str, Any]:
        """Return the whole status, and the key under which the server knows a repeat."""
        surface = "private" if is_private(intent) else "public"
        key = hashlib.sha256(f"{intent.key} {surface}".encode()).hexdigest()[:32]
        return {"key": key, "status": write_status(intent, self._widest)}

    async def rights(self, target: Target, us: str, reader: Reader) -> list[ReplyRight]:
        """Say what we may tell the author of this post, and where."""
        no = await self._closed(target, us, reader)
        return [_right(Surface.PRIVATE, no), _right(Surface.PUBLIC, no or _private_only(target) or _unwanted(target))]

    async def send(self, intent: ReplyIntent, reader: Reader, server: Server, gate: SendGate) -> Outcome:
        """Say it, once."""
        prepared = intent.prepared or self.prepare(intent)
        if no := _refused_here(intent, prepared, server):
            return no
        body = dict(prepared["status"])
        target = intent.target
        if target.ref.get("server") != reader.host:
            there = await self._timeline.local_id(target.external_id, target.ref, reader)
            if there is None:
                return Refused(Refusal.TARGET_GONE, "our server does not know the post to answer")
            body["in_reply_to_id"] = there
        try:
            answer = await self._api.write("/api/v1/statuses", body, prepared["key"], gate)
            return self._outcome(answer)
        except NoAnswer as error:
            return Unknown(str(error))

    async def find(self, intent: ReplyIntent, us: str, reader: Reader) -> Sent | NotFound:
        """Look among our statuses since then for these words under this very post."""
        status = an_object((intent.prepared or self.prepare(intent)).get("status"))
        surface = READ[status["visibility"]].surface
        async for own in self.since(intent.created_at - _CLOCKS_APART, us, reader):
            is_there = own.parent_id == intent.target.external_id and own.surface is surface
            if is_there and words.same(own.text, status["status"]):
                return Sent(own.external_id, own.permalink, evidence="read-back")
        return NotFound("not among our own statuses")

    async def retract(self, uri: str, us: str, reader: Reader) -> Refused | None:
        """Delete a reply of ours; what the server does not know any more is gone."""
        there = await self._timeline.local_id(uri, {}, reader)
        shown = (await self._timeline.statuses([there])).get(there) if there else None
        if shown is None:
            return None
        if text(an_object(shown.get("account")).get("id")) != us:
            return Refused(Refusal.PERMISSION, "this is not a status of ours")
        try:
            answer = await self._api.delete(f"/api/v1/statuses/{there}")
        except NoAnswer as error:
            raise PlatformDown(str(error)) from None
        return gone_or_refused(answer, self._clock.now(), overlay=errors.MEANINGS, code=errors.name(answer))

    async def since(self, moment: datetime, us: str, reader: Reader) -> AsyncIterator[OwnPost]:
        """Yield what we said since then, newest first."""
        below: str | None = None
        for _ in range(_PAGES):
            asked = {"limit": 40, "exclude_reblogs": "true", "max_id": below}
            told = list(objects(await self._api.a_list(f"/api/v1/accounts/{us}/statuses", asked)))
            parents = await self._parents(told)
            for each in told:
                own = reader.own(each, parents.get(str(each.get("in_reply_to_id"))))
                if own is not None and own.created_at >= moment:
                    yield own
            last = text(told[-1].get("id")) if told else None
            old = parse_moment(told[-1].get("created_at")) if told else None
            if last is None or last == below or (old is not None and old < moment):
                return
            below = last

    async def _parents(self, told: list[Mapping[str, Any]]) -> dict[str, str]:
        """Return the addresses of what these statuses answer, by our server's ids."""
        known = {str(each.get("id")): each for each in told}
        ids = {found for each in told if (found := text(each.get("in_reply_to_id")))}
        known |= await self._timeline.statuses(sorted(ids - known.keys()))
        return {each: uri for each in ids if each in known and (uri := text(known[each].get("uri")))}

    async def _closed(self, target: Target, us: str, reader: Reader) -> Refused | None:
        there = await self._timeline.local_id(target.external_id, target.ref, reader)
        shown = (await self._timeline.statuses([there])).get(there) if there else None
        if shown is None:
            return Refused(Refusal.TARGET_GONE, _GONE)
        person = text(an_object(shown.get("account")).get("id"))
        told = await self._api.a_list("/api/v1/accounts/relationships", {"id[]": [person]}) if person != us else []
        between = next((each for each in objects(told) if each.get("id") == person), {})
        if between.get("blocked_by") or between.get("blocking") or between.get("domain_blocking"):
            return Refused(Refusal.BLOCKED, "there is a block between this person and us")
        return None

    def _outcome(self, answer: Answer) -> Outcome:
        code = errors.name(answer)
        try:
            no = refusal_or_unknown(answer, self._clock.now(), overlay=errors.MEANINGS, code=code)
        except LoginNeeded:
            raise LoginNeeded(errors.login_sentence(answer)) from None
        return no or _took(an_object(answer.json()))


def _right(surface: Surface, no: Refused | None) -> ReplyRight:
    if no is None:
        return ReplyRight(surface, allowed=True)
    return ReplyRight(surface, allowed=False, reason=no.detail, refusal=no.kind)


def _private_only(target: Target) -> Refused | None:
    if target.visibility.surface is Surface.PUBLIC:
        return None
    return Refused(Refusal.POLICY, "what was said to some only is not answered in public")


def _unwanted(target: Target) -> Refused | None:
    wish = bool(target.ref.get("nobot"))
    return Refused(Refusal.POLICY, "their profile asks machines to keep away (#nobot)") if wish else None


def _refused_here(intent: ReplyIntent, prepared: Mapping[str, Any], server: Server) -> Refused | None:
    """Say no before the server would."""
    status = an_object(prepared.get("status"))
    if "in_reply_to_id" not in status or not isinstance(intent.target.ref.get("id"), str):
        return Refused(Refusal.INVALID, "the post to answer was never read from the network")
    if words.count(str(status["status"]), server.link_length) > server.max_length or _too_long(intent, server):
        return Refused(Refusal.TOO_LONG, f"over {server.max_length} characters with the name of who is answered")
    if status["visibility"] == WRITTEN[Visibility.DIRECT] and _third_parties(intent):
        return Refused(Refusal.POLICY, "whoever is named in a private message here could read it; leave the @ out")
    return None


def _too_long(intent: ReplyIntent, server: Server) -> bool:
    return words.count(intent.text, server.link_length) > server.room


def _third_parties(intent: ReplyIntent) -> list[str]:
    theirs = {intent.target.author_handle, str(intent.target.ref.get("acct", "")).lower()}
    return [each for each in words.called(intent.text) if each not in theirs]


def _took(told: Mapping[str, Any]) -> Outcome:
    uri, url = told.get("uri"), text(told.get("url"))
    if not isinstance(told.get("id"), str) or not isinstance(uri, str) or not uri:
        return Unknown("the server took it and did not say under which address")
    return Sent(uri, url or uri)
