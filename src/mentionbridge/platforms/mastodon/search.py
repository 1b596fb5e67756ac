"""Posts that do not call on us: by hashtag, and by words where the server lets its posts be searched."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from mentionbridge.domain.mention import Item, Post, Surface
from mentionbridge.kit.clock import Clock
from mentionbridge.platforms.mastodon import mark as marks
from mentionbridge.platforms.mastodon.api import Api
from mentionbridge.platforms.mastodon.mark import Mark
from mentionbridge.platforms.mastodon.shapes import an_object, objects, parse_moment, text
from mentionbridge.platforms.mastodon.wire import Reader

EVERY = timedelta(seconds=60)
PAGE = 40
_PAGES = 50
LATE = timedelta(minutes=30)
"""A post from another server has an id of the time it was made, and may come so much later."""

_NOT_HERE = (400, 403, 404, 405, 410, 422, 501)
Found = tuple[str, datetime]


class Search:
    """Walks each of the account's `terms`; one that begins with # is a hashtag."""

    def __init__(self, api: Api, clock: Clock, terms: Sequence[str]) -> None:
        self._api = api
        self._clock = clock
        self._terms = terms
        self._walked: datetime | None = None

    async def walk(self, mark: Mark, reader: Reader) -> AsyncIterator[tuple[list[Item], Mark]]:
        """Yield pages upwards from where each term was left, at most once a minute."""
        now = self._clock.now()
        if not self._terms or (self._walked is not None and now - self._walked < EVERY):
            return
        for term in self._terms:
            async for items, seen in self._upwards(term, mark.searches.get(term), reader):
                mark = mark.searched(term, seen, now - LATE)
                yield items, mark
        self._walked = now

    async def _upwards(
        self, term: str, begun: str | None, reader: Reader
    ) -> AsyncIterator[tuple[list[Item], list[Found]]]:
        """The first time only the newest page is read: nobody waits for an answer to last year's posts."""
        position = begun
        for _ in range(_PAGES):
            told = await self._page(term, position)
            seen = [place for place in map(_place, told) if place]
            yield [item for each in told if (item := _of_a_stranger(each, reader)) is not None], seen
            reached = marks.newest([each for each, _ in seen])
            if begun is None or reached is None or not marks.is_newer(reached, position):
                return
            position = reached

    async def _page(self, term: str, above: str | None) -> list[Mapping[str, Any]]:
        """Return a page, oldest first; of a server that does not search, an empty one."""
        asked: dict[str, Any] = {"limit": PAGE, "min_id": above}
        if term.startswith("#"):
            path = f"/api/v1/timelines/tag/{quote(term[1:], safe='')}"
            told = objects(await self._api.read(path, asked, fine=_NOT_HERE))
        else:
            asked |= {"q": term, "type": "statuses"}
            whole = an_object(await self._api.read("/api/v2/search", asked, fine=_NOT_HERE))
            told = objects(whole.get("statuses"))
        return sorted(told, key=lambda each: (len(str(each.get("id"))), str(each.get("id"))))


def _of_a_stranger(status: Mapping[str, Any], reader: Reader) -> Item | None:
    """Read a public post of somebody else; what is not for everybody is not searched for."""
    item = reader.read(status)
    if isinstance(item, Post) and (
        item.visibility.surface is not Surface.PUBLIC or item.author.external_id == reader.us or item.is_repost
    ):
        return None
    return item


def _place(status: Mapping[str, Any]) -> Found | None:
    found, moment = text(status.get("id")), parse_moment(status.get("created_at"))
    return (found, moment) if found and moment else None
