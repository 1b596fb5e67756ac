"""X's filtered stream: posts that name the account, or match its search, as they are made. Each is paid for.

An app has one connection, so one of its accounts can listen.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from mentionbridge.domain.errors import LoginNeeded, PlatformDown, RateLimited, StreamRefused
from mentionbridge.domain.mention import Item, Post
from mentionbridge.domain.stream import Loss, Pauses
from mentionbridge.kit.clock import Clock
from mentionbridge.net.client import Http
from mentionbridge.net.outcome import check_read, reading, retry_at
from mentionbridge.platforms.x import errors, fields
from mentionbridge.platforms.x.prices import Bill
from mentionbridge.platforms.x.shapes import an_object, objects
from mentionbridge.platforms.x.wire import Reader

STREAM = "/2/tweets/search/stream"
RULES = f"{STREAM}/rules"
SILENCE = 21.0
"""A heartbeat comes every twenty seconds."""

LONGEST_RULE = 1024
PAUSES: Mapping[Loss, Pauses] = {
    Loss.BROKEN: Pauses(first=0.25, step=0.25, most=16.0),
    Loss.REFUSED: Pauses(first=5.0, most=320.0),
    Loss.LIMITED: Pauses(first=60.0, most=900.0),
}
"""As the network prescribes."""


class Listener:
    """Listens with the app's own token; `prefix` is how the API names a post, `search` what the account searches."""

    def __init__(self, http: Http, bearer: str, clock: Clock, bill: Bill, *, prefix: str, search: str | None) -> None:
        self._http = http
        self._headers = {"authorization": f"Bearer {bearer}"}
        self._clock = clock
        self._bill = bill
        self._whole = fields.of_posts(prefix)
        self._search = search

    async def listen(self, handle: str, reader: Reader) -> AsyncIterator[Sequence[Item] | None]:
        """Ask for what concerns us, connect, and yield each post; what was said before, a poll reads."""
        tag = f"mentionbridge:{reader.us}"
        await self._set_rule(tag, rule(handle, self._search))
        async with self._http.stream(STREAM, params=self._whole, headers=self._headers, silence=SILENCE) as stream:
            if stream.status == 429:
                raise RateLimited(retry_at(stream.headers, self._clock.now()), "the app's one stream is taken")
            if stream.status in (401, 403):
                raise LoginNeeded(f"the stream refused the app's bearer_token ({stream.status})")
            if stream.status != 200:
                raise StreamRefused(f"the stream answered {stream.status}")
            yield ()
            async for line in stream.lines():
                yield self._read(line, tag, reader) if line.strip() else None

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._http.aclose()

    def _read(self, line: str, tag: str, reader: Reader) -> Sequence[Item] | None:
        try:
            told = an_object(json.loads(line))
        except (ValueError, RecursionError):
            told = {}
        if objects(told.get("errors")) and "data" not in told:
            raise PlatformDown(f"the stream ended: {errors.sentence(told) or 'no reason given'}")
        self._bill.read(STREAM, told)
        if tag not in [each.get("tag") for each in objects(told.get("matching_rules"))]:
            # Another program's rule; nobody's tag at all may be a shape we do not know, which a poll reads.
            return None if "matching_rules" in told else ()
        return [item for item in reader.page(told) if not (isinstance(item, Post) and _is_ours(item, reader))]

    async def _set_rule(self, tag: str, value: str) -> None:
        """Leave one rule of ours, and everybody else's as they are."""
        known = [each for each in objects((await self._ask("GET")).get("data")) if each.get("tag") == tag]
        stale = [each["id"] for each in known if each.get("value") != value and isinstance(each.get("id"), str)]
        if stale:
            await self._ask("POST", {"delete": {"ids": stale}})
        if not any(each.get("value") == value for each in known):
            await self._ask("POST", {"add": [{"value": value, "tag": tag}]})

    async def _ask(self, verb: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        with reading():
            answer = await self._http.request(verb, RULES, headers=self._headers, json=body)
        try:
            check_read(answer, self._clock.now(), overlay=errors.MEANINGS, code=errors.name(answer))
        except LoginNeeded:
            raise LoginNeeded("X refused the app's bearer_token, which the stream needs") from None
        with reading():
            told = an_object(answer.json())
        if body is not None and objects(told.get("errors")):
            raise StreamRefused(f"X did not take our rule: {errors.sentence(told) or 'no reason given'}")
        return told


def rule(handle: str, search: str | None) -> str:
    """Return what we ask to hear: who names us, and the account's search while both have room."""
    named = f"@{handle} -is:retweet -from:{handle}"
    both = f"(@{handle} OR ({search})) -is:retweet -from:{handle}"
    return both if search and len(both) <= LONGEST_RULE else named


def _is_ours(post: Post, reader: Reader) -> bool:
    return post.author.external_id == reader.us
