"""What people said posts are, to learn from."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.mention import Mention, Surface, Visibility
from mentionbridge.domain.verdict import Label
from mentionbridge.store import tables as t
from mentionbridge.store.mentions import SELECT, as_mention

_BY_PERSON = sa.and_(t.verdicts.c.brand_id == sa.bindparam("brand"), t.verdicts.c.actor.isnot(None))
_LABELS = sa.select(t.verdicts.c.mention_id, t.verdicts.c.label).where(_BY_PERSON).order_by(t.verdicts.c.id)
_LABELLED = SELECT.where(
    t.mentions.c.brand_id == sa.bindparam("brand"),
    t.mentions.c.id.in_(sa.select(t.verdicts.c.mention_id).where(_BY_PERSON)),
    t.mentions.c.redacted.is_(False),
    t.mentions.c.visibility.in_([each for each in Visibility if each.surface is Surface.PUBLIC]),
).order_by(t.mentions.c.id)


async def labelled(connection: AsyncConnection, brand_id: str) -> list[tuple[Mention, Label]]:
    """Return the public posts a person labelled, whose words are still there, with the newest such label."""
    newest = {row.mention_id: Label(row.label) for row in await connection.execute(_LABELS, {"brand": brand_id})}
    posts = await connection.execute(_LABELLED, {"brand": brand_id})
    return [(mention, newest[mention.id]) for mention in map(as_mention, posts)]
