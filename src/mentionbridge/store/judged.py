"""Every post that was judged, with what was made of it."""

from collections.abc import AsyncIterator

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.ports.judge import Past
from mentionbridge.store import tables as t
from mentionbridge.store.mentions import SELECT, as_verdict, mention_of
from mentionbridge.store.plain import VERDICTS

_PAGE = 500
_HAS_MEDIA = sa.exists().where(t.media.c.brand_id == t.mentions.c.brand_id, t.media.c.mention_id == t.mentions.c.id)
_POSTS = (
    SELECT.add_columns(_HAS_MEDIA.label("has_media"))
    .where(
        t.mentions.c.brand_id == sa.bindparam("brand"),
        t.mentions.c.id > sa.bindparam("after"),
        t.mentions.c.redacted.is_(False),
    )
    .order_by(t.mentions.c.id)
    .limit(_PAGE)
)


async def judged(connection: AsyncConnection, brand_id: str) -> AsyncIterator[Past]:
    """Yield the brand's posts whose words are still there and that have a verdict, the oldest first."""
    after = ""
    while posts := (await connection.execute(_POSTS, {"brand": brand_id, "after": after})).all():
        after = posts[-1].id
        those = {"brands": [brand_id], "mentions": [row.id for row in posts]}
        newest = {row.mention_id: row for row in await connection.execute(VERDICTS, those)}
        for row in posts:
            facts = dict(row._mapping)
            has_media = bool(facts.pop("has_media"))
            if (found := newest.get(row.id)) is not None:
                yield Past(mention_of(facts), as_verdict(found), found.decided, has_media)
