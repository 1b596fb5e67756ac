"""What is said to us, and around it."""

from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from mentionbridge.domain.mention import Item, Post
from mentionbridge.kit.clock import Clock
from mentionbridge.platforms.mastodon import mark as marks
from mentionbridge.platforms.mastodon import wire
from mentionbridge.platforms.mastodon.api import Api
from mentionbridge.platforms.mastodon.mark import Mark
from mentionbridge.platforms.mastodon.server import Server
from mentionbridge.platforms.mastodon.shapes import an_object, objects, parse_moment, text
from mentionbridge.platforms.mastodon.wire import Above, Reader
from mentionbridge.ports.platform import Gone, PostRef

BATCH = 20
PAGE = 80
_PAGES = 10_000
_BEGINNING = "0"
_REMEMBERED = 2048


class Timeline:
    """The account's notifications, and the threads they are part of."""

    def __init__(self, api: Api, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._above: OrderedDict[str, Above] = OrderedDict()
        self._ids: OrderedDict[str, str] = OrderedDict()
        self._batches = True

    async def walk(self, mark: Mark, reader: Reader, server: Server) -> AsyncIterator[tuple[list[Item], Mark]]:
        """Yield pages upwards from `mark` to the newest notification, each with how far it brings us."""
        position = mark.settled or _BEGINNING
        for _ in range(_PAGES):
            told = await self._page(position, server)
            seen = list(filter(None, map(_place, told)))
            if not any(marks.is_newer(each, position) for each, _ in seen) and (seen or position != _BEGINNING):
                return
            mark = mark.past(seen, self._clock.now())
            yield [await self._item(each, reader) for each in reversed(told) if _is_post(each)], mark
            reached = marks.newest([each for each, _ in seen])
            if reached is None:
                return
            position = reached

    async def newest(self, reader: Reader, server: Server) -> list[Item]:
        """Read one page of the newest notifications."""
        told = await self._page(None, server)
        return [await self._item(each, reader) for each in reversed(told) if _is_post(each)]

    async def fetch(self, refs: Sequence[PostRef], reader: Reader) -> dict[str, Post | Gone]:
        """Read statuses again; one that is not shown to us any more is gone."""
        theirs = [(ref.external_id, await self.local_id(ref.external_id, ref.ref, reader)) for ref in refs]
        ids = {external_id: local for external_id, local in theirs if local is not None}
        shown = await self.statuses(list(ids.values()))
        found: dict[str, Post | Gone] = {}
        for external_id, local in ids.items():
            if local not in shown:
                found[external_id] = Gone()
            elif isinstance(post := reader.read(shown[local]), Post):
                found[external_id] = post
        return found

    async def statuses(self, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """Return the statuses we are shown, by id: many at once where the server can, and one by one to be sure."""
        found: dict[str, Mapping[str, Any]] = {}
        for start in range(0, len(ids) if self._batches and len(ids) > 1 else 0, BATCH):
            asked = ids[start : start + BATCH]
            told = await self._api.read("/api/v1/statuses", {"id[]": list(asked)}, fine=(400, 404, 405, 422))
            self._batches = isinstance(told, list)
            found |= {each["id"]: each for each in objects(told) if each.get("id") in asked}
            if not self._batches:
                break
        for missing in [each for each in ids if each not in found]:
            if one := await self._api.an_object(f"/api/v1/statuses/{missing}", fine=(404, 410)):
                found[missing] = one
        return found

    async def above(self, post: Post, reader: Reader) -> list[Post | Gone]:
        """Return what stands above a post, root first."""
        there = await self.local_id(post.external_id, post.ref, reader)
        around = await self._around(there) if there else {}
        return _posts(around.get("ancestors"), reader)

    async def said_in_thread(self, who: str, root: str, since: datetime, reader: Reader) -> list[Post]:
        """Return what this person said below a post since then, oldest first."""
        there = await self.local_id(root, {}, reader)
        if there is None:
            return []
        first = (await self.statuses([there])).get(there)
        below = (await self._around(there)).get("descendants")
        said = [post for post in _posts([first, *objects(below)], reader, root) if isinstance(post, Post)]
        theirs = [post for post in said if post.author.external_id == who and post.created_at >= since]
        return sorted(theirs, key=lambda post: post.created_at)

    async def local_id(self, external_id: str, ref: Mapping[str, Any], reader: Reader) -> str | None:
        """Return our server's own id of a post; None when the server does not know it."""
        if ref.get("server") == reader.host and isinstance(found := ref.get("id"), str):
            return found
        if external_id in self._ids:
            return self._ids[external_id]
        if not external_id.startswith(("https://", "http://")):
            return None
        asked = {"q": external_id, "type": "statuses", "resolve": "true", "limit": 1}
        told = await self._api.an_object("/api/v2/search", asked, fine=(400, 403, 404, 422))
        for each in objects(told.get("statuses")):
            if external_id in (each.get("uri"), each.get("url")) and isinstance(each.get("id"), str):
                self._know(external_id, each["id"])
        return self._ids.get(external_id)

    async def _page(self, position: str | None, server: Server) -> list[Any]:
        asked = {"types[]": ["mention", *(["quote"] if server.has_quotes else [])], "limit": PAGE, "min_id": position}
        if server.has_policy:
            asked["include_filtered"] = "true"
        return await self._api.a_list("/api/v1/notifications", asked)

    async def _item(self, told: Any, reader: Reader) -> Item:
        item = reader.read(told)
        if not isinstance(item, Post):
            return item
        self._know(item.external_id, item.ref["id"])
        if item.ref["parent"] is None:
            return item
        return reader.read(told, await self._place_of(item, reader))

    async def _place_of(self, post: Post, reader: Reader) -> Above | None:
        """Return where in its thread a reply stands; what was deleted above it leaves it the first."""
        there = post.ref["id"]
        if there not in self._above:
            above = list(objects((await self._around(there)).get("ancestors")))
            roots = [uri for each in above if (uri := text(each.get("uri")))]
            parent = next((text(each.get("uri")) for each in above if each.get("id") == post.ref["parent"]), None)
            if not roots:
                return None
            self._above[there] = Above(roots[0], parent)
            self._know(roots[0], str(above[0].get("id")))
            while len(self._above) > _REMEMBERED:
                self._above.popitem(last=False)
        return self._above[there]

    async def _around(self, status_id: str) -> dict[str, Any]:
        return await self._api.an_object(f"/api/v1/statuses/{status_id}/context", fine=(404, 410))

    def _know(self, uri: str, local: str) -> None:
        self._ids[uri] = local
        while len(self._ids) > _REMEMBERED:
            self._ids.popitem(last=False)


def _place(told: Any) -> tuple[str, datetime] | None:
    """Return id and time of a notification; None for one that has none."""
    found, moment = text(an_object(told).get("id")), parse_moment(an_object(told).get("created_at"))
    return (found, moment) if found and moment else None


def _is_post(told: Any) -> bool:
    kind = an_object(told).get("type")
    return not (isinstance(kind, str) and kind in wire.NO_POST)


def _posts(told: Any, reader: Reader, root: str | None = None) -> list[Post | Gone]:
    """Read the statuses of one thread, each with its place in it."""
    listed = list(objects(told))
    uris = {
        each.get("id"): uri for each in listed if (uri := text(each.get("uri"))) and isinstance(each.get("id"), str)
    }
    first = root or next(iter(uris.values()), None)
    read = [
        reader.read(each, Above(first, uris.get(text(each.get("in_reply_to_id")))) if first else None)
        for each in listed
    ]
    return [item for item in read if isinstance(item, Post)]
