"""The posts above a mention in its thread."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.mention import Above, Author, Mention
from mentionbridge.kit.ids import Ids
from mentionbridge.store import erasing
from mentionbridge.store import tables as t
from mentionbridge.store.rows import once
from mentionbridge.store.sealed import Sealer


def _knows(table: sa.Table, **same: str) -> sa.ColumnElement[bool]:
    return sa.exists().where(*(table.c[name] == sa.bindparam(value) for name, value in same.items()))


_LACKS = sa.select(
    ~sa.or_(
        _knows(t.contexts, brand_id="brand", mention_id="mention"),
        _knows(t.mentions, brand_id="brand", platform="platform", external_id="parent"),
        _knows(t.replies, brand_id="brand", platform="platform", external_id="parent"),
        _knows(t.own_posts, brand_id="brand", external_id="parent"),
    )
)


@dataclass(frozen=True, slots=True)
class StoredContexts:
    """The `contexts` table within one transaction."""

    connection: AsyncConnection
    ids: Ids
    sealer: Sealer

    async def lacks(self, mention: Mention) -> bool:
        if mention.parent_id is None:
            return False
        about = {"brand": mention.brand_id, "platform": mention.platform}
        asked = {**about, "mention": mention.id, "parent": mention.parent_id}
        return bool((await self.connection.execute(_LACKS, asked)).scalar_one())

    async def keep(self, mention: Mention, above: Sequence[Above]) -> None:
        ids = [post.external_id for post in above if post.external_id is not None]
        gone = await erasing.buried(self.connection, self.sealer, mention.brand_id, mention.platform, ids)
        kept = [Above() if post.external_id in gone else post for post in above]
        rows = [self._row(mention, position, post) for position, post in enumerate(kept)]
        if rows:
            await self.connection.execute(once(self.connection, t.contexts), rows)

    def _row(self, mention: Mention, position: int, post: Above) -> dict[str, Any]:
        author = post.author or Author("", "")
        return {
            "brand_id": mention.brand_id,
            "id": self.ids.new("ctx"),
            "mention_id": mention.id,
            "position": position,
            "platform": mention.platform,
            "external_id": post.external_id,
            "author_id": author.external_id or None,
            "handle": author.handle,
            "name": author.name,
            "text": post.text,
            "permalink": post.permalink,
            "occurred_at": post.occurred_at,
            "deleted": post.deleted,
        }


def as_above(row: Any) -> Above:
    """Turn a row of `contexts` into a post."""
    author = None if row.deleted else Author(row.author_id or "", row.handle, row.name)
    return Above(row.external_id, author, row.text, row.permalink, row.occurred_at)
