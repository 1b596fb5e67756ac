"""Our public replies. X knows no key: what stays open is looked for among our own posts, never said again blindly."""

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
from mentionbridge.platforms.x import errors, fields, weight, words
from mentionbridge.platforms.x.api import Api
from mentionbridge.platforms.x.shapes import an_object, objects
from mentionbridge.platforms.x.timeline import Timeline
from mentionbridge.platforms.x.wire import Reader
from mentionbridge.ports.platform import Gone, PostRef, SendGate

PAGES = 32
"""Our own 3,200 newest posts are all the network shows."""

_CLOCKS_APART = timedelta(minutes=2)
_LIMITED = {"following": "the author lets only people they follow reply", "subscribers": "only subscribers may reply"}


class PublicReplies:
    """What our account says under other people's posts."""

    def __init__(self, api: Api, timeline: Timeline, clock: Clock, prefix: str) -> None:
        self._api = api
        self._timeline = timeline
        self._clock = clock
        self._own = fields.of_own(prefix)

    async def right(self, target: Target, reader: Reader) -> ReplyRight:
        """Say whether X would let us answer, as the post stands now."""
        no = _never(target)
        if no is None:
            found = await self._timeline.fetch([PostRef(target.external_id, target.ref)], reader)
            now = found.get(target.external_id)
            no = Refused(Refusal.TARGET_GONE, "the post is no longer there") if isinstance(now, Gone) else None
        if no is None:
            return ReplyRight(Surface.PUBLIC, allowed=True)
        return ReplyRight(Surface.PUBLIC, allowed=False, reason=no.detail, refusal=no.kind)

    async def send(
        self, intent: ReplyIntent, body: Mapping[str, Any] | None, reader: Reader, gate: SendGate
    ) -> Outcome:
        """Say it once."""
        if body is None:
            return Refused(Refusal.INVALID, "the post to answer was never read from the network")
        if never := _never(intent.target) or _too_long(body):
            return never
        try:
            answer = await self._api.write("/2/tweets", body, gate=gate)
        except NoAnswer as error:
            return Unknown(str(error))
        if errors.name(answer) in ("duplicate", "187"):
            said = await self.find(intent, reader)
            if isinstance(said, Sent):
                return AlreadySent(said.external_id, said.permalink, evidence="read-back")
            return Unknown("X says we have said this already, and does not show it yet")
        try:
            no = refusal_or_unknown(answer, self._clock.now(), overlay=errors.MEANINGS, code=errors.name(answer))
        except LoginNeeded:
            raise LoginNeeded(errors.login_sentence(answer)) from None
        return no or _took(answer, reader)

    async def find(self, intent: ReplyIntent, reader: Reader) -> Sent | NotFound:
        """Look among our posts since then for these words under this very post."""
        parents = {intent.target.external_id, intent.target.ref.get("id")}
        async for own in self.since(intent.created_at - _CLOCKS_APART, reader):
            if own.parent_id in parents and _same(own.text, intent.text):
                return Sent(own.external_id, own.permalink, evidence="read-back")
        return NotFound("not among our own posts")

    async def retract(self, post_id: str) -> Refused | None:
        """Delete a reply of ours; X itself deletes nobody else's."""
        try:
            answer = await self._api.delete(f"/2/tweets/{post_id}")
        except NoAnswer as error:
            raise PlatformDown(str(error)) from None
        return gone_or_refused(answer, self._clock.now(), overlay=errors.MEANINGS, code=errors.name(answer))

    async def since(self, moment: datetime, reader: Reader) -> AsyncIterator[OwnPost]:
        """Yield what we said since then, newest first."""
        token: str | None = None
        begin = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        for _ in range(PAGES):
            asked = {**self._own, "max_results": 100, "start_time": begin, "pagination_token": token}
            body = await self._api.read(f"/2/users/{reader.us}/tweets", asked)
            for own in filter(None, map(reader.own, objects(body.get("data")))):
                yield own
            given = an_object(body.get("meta")).get("next_token")
            if not isinstance(given, str) or given == token:
                return
            token = given


def _never(target: Target) -> Refused | None:
    """Say no before X would."""
    if not isinstance(target.ref.get("id"), str):
        return Refused(Refusal.POLICY, "a private message is not answered in public")
    if not target.ref.get("summoned"):
        return Refused(Refusal.NOT_SUMMONED, "X lets us answer only who has named or quoted us; answer in the app")
    closed = _LIMITED.get(str(target.ref.get("who")))
    return Refused(Refusal.TARGET_CLOSED, closed) if closed else None


def _too_long(body: Mapping[str, Any]) -> Refused | None:
    if weight.count(body["text"]) > weight.MAX_WEIGHT:
        return Refused(Refusal.TOO_LONG, f"X counts more than {weight.MAX_WEIGHT}")
    return None


def _took(answer: Answer, reader: Reader) -> Outcome:
    try:
        told = an_object(an_object(answer.json()).get("data")).get("id")
    except NoAnswer as error:
        return Unknown(str(error))
    if not isinstance(told, str) or not told.isdecimal():
        return Unknown("X took it and did not say under which id")
    return Sent(told, reader.permalink(told))


def _same(theirs: str, ours: str) -> bool:
    """True for our words as X shows them: addresses may stand behind them, and spaces be other ones."""
    return " ".join(theirs.split()).startswith(" ".join(words.read(ours, None, None, is_reply=False).split()))
