"""Walks mentions and searches, newest first, so that none is lost between two polls or two pages."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from mentionbridge.domain.mention import Item, Post
from mentionbridge.platforms.x import fields
from mentionbridge.platforms.x.api import Api
from mentionbridge.platforms.x.errors import problem
from mentionbridge.platforms.x.mark import Mark, newer
from mentionbridge.platforms.x.shapes import an_object, objects
from mentionbridge.platforms.x.wire import Reader
from mentionbridge.ports.platform import Gone, PostRef

BATCH = 100
NEWEST = 10
REACH = 800
"""So many of the newest mentions the network shows at all."""

PAGES = 200
"""The network itself shows no more than the 800 newest mentions and a week of a search."""

THREAD_PAGES = 5
_GONE = {"resource-not-found": "deleted", "not-authorized-for-resource": "hidden from us"}


class Timeline:
    """Reads posts of others; `prefix` is how the API names a post at the moment."""

    def __init__(self, api: Api, prefix: str, search: str | None) -> None:
        self._api = api
        self._whole = fields.of_posts(prefix)
        self._search = search

    async def walk(self, mark: Mark, reader: Reader) -> AsyncIterator[tuple[list[Item], Mark | None]]:
        """Yield pages with the mark that may be committed with each: only the last of a walk has one."""
        async for items, newest in self._pages(
            f"/2/users/{reader.us}/mentions", "pagination_token", mark.mentions, reader
        ):
            mark = replace(mark, mentions=newer(newest, mark.mentions)) if newest is not None else mark
            yield items, mark if newest is not None else None
        if self._search is None:
            return
        async for items, newest in self._pages(
            "/2/tweets/search/recent", "next_token", mark.search, reader, query=self._search
        ):
            mark = replace(mark, search=newer(newest, mark.search)) if newest is not None else mark
            yield items, mark if newest is not None else None

    async def _pages(
        self, path: str, token_name: str, since: str | None, reader: Reader, **more: str
    ) -> AsyncIterator[tuple[list[Item], str | None]]:
        """Yield pages; with the last one the newest id of the first, "" when there was none."""
        newest, token = "", None
        for _ in range(PAGES):
            asked = {**self._whole, **more, "max_results": BATCH, "since_id": since, token_name: token}
            body = await self._api.read(path, asked)
            meta = an_object(body.get("meta"))
            newest = newest or _text(meta.get("newest_id"))
            items = [item for item in reader.page(body) if not _is_ours(item, reader.us)]
            given = meta.get("next_token")
            if not isinstance(given, str) or given == token:
                yield items, newest
                return
            yield items, None
            token = given

    async def newest(self, reader: Reader) -> list[Item]:
        """Read a few of the newest mentions: each one shown is paid for."""
        body = await self._api.read(f"/2/users/{reader.us}/mentions", {**self._whole, "max_results": NEWEST})
        return [item for item in reader.page(body) if not _is_ours(item, reader.us)]

    async def fetch(self, refs: Sequence[PostRef], reader: Reader) -> dict[str, Post | Gone]:
        """Read posts again, in their latest version."""
        wanted = {str(ref.ref.get("id") or ref.external_id): ref.external_id for ref in refs}
        found = await self._lookup(list(wanted), reader)
        later = {_latest(item): key for key, item in found.items() if isinstance(item, Post) and _latest(item) != key}
        edited = await self._lookup(list(later), reader) if later else {}
        found |= {later[key]: item for key, item in edited.items()}
        return {wanted[key]: item for key, item in found.items() if key in wanted}

    async def _lookup(self, ids: Sequence[str], reader: Reader) -> dict[str, Post | Gone]:
        found: dict[str, Post | Gone] = {}
        numbers = [each for each in ids if each.isdecimal()]
        for start in range(0, len(numbers), BATCH):
            body = await self._api.read("/2/tweets", {**self._whole, "ids": ",".join(numbers[start : start + BATCH])})
            posts = (item for item in reader.page(body) if isinstance(item, Post))
            found |= {str(post.ref["id"]): post for post in posts}
            for error in objects(body.get("errors")):
                about, why = error.get("resource_id") or error.get("value"), _GONE.get(problem(error))
                if isinstance(about, str) and why is not None and about in numbers:
                    found[about] = Gone(why)
        return found

    async def above(self, post: Post, reader: Reader, most: int = 10) -> list[Post | Gone]:
        """Return the posts above, root first; each is asked for by itself, so no more than some."""
        above: list[Post | Gone] = []
        parent = post.parent_id
        while parent is not None and len(above) < most:
            item = (await self._lookup([parent], reader)).get(parent)
            if item is None:
                break
            above.insert(0, item)
            parent = item.parent_id if isinstance(item, Post) else None
        return above

    async def said_in_thread(self, author_id: str, thread_id: str, since: datetime, reader: Reader) -> list[Post]:
        """Return what a person said in a thread within the week that a search reaches back."""
        if not (author_id.isdecimal() and thread_id.isdecimal()):
            return []
        query = f"conversation_id:{thread_id} from:{author_id}"
        found: dict[str, Post] = {}
        pages = 0
        async for items, _ in self._pages("/2/tweets/search/recent", "next_token", None, reader, query=query):
            posts = [item for item in items if isinstance(item, Post)]
            found |= {
                post.external_id: post
                for post in posts
                if post.created_at >= since and post.author.external_id == author_id and post.thread_id == thread_id
            }
            pages += 1
            if pages == THREAD_PAGES or any(post.created_at < since for post in posts):
                break
        return sorted(found.values(), key=lambda post: post.created_at)


def _latest(post: Post) -> str:
    """Return the id of a post's last version."""
    raw: Mapping[str, Any] = post.raw
    history = raw.get("edit_history_tweet_ids") or raw.get("edit_history_post_ids")
    last = history[-1] if isinstance(history, list) and history else None
    return last if isinstance(last, str) else str(post.ref["id"])


def _is_ours(item: Item, us: str) -> bool:
    return isinstance(item, Post) and item.author.external_id == us


def _text(value: Any) -> str:
    return value if isinstance(value, str) and value.isdecimal() else ""
