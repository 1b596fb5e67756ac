"""Look up: keep the posts above a mention that opened a ticket and answers something we do not know."""

from collections.abc import Sequence
from datetime import datetime

from mentionbridge.domain.errors import MentionbridgeError
from mentionbridge.domain.mention import Above, Mention, Post, Surface
from mentionbridge.pipeline.bridge import Bridge, Connected
from mentionbridge.ports.platform import Gone
from mentionbridge.ports.store import UnitOfWork
from mentionbridge.rules.intake import tidy
from mentionbridge.rules.patience import CONTEXT_FOR

MOST_ABOVE = 20
"""Posts that are kept above one mention: the nearest."""


def may_have_context(mention: Mention) -> bool:
    """True for a public answer to somebody that has a ticket and that the network itself told us of."""
    told = mention.origin.fetched and mention.deleted_at is None and mention.ticket_id is not None
    return told and mention.parent_id is not None and mention.surface is Surface.PUBLIC


async def look_up(bridge: Bridge, connected: Connected, mention: Mention) -> bool:
    """Ask for the posts above a mention where they are wanted; False when they are not.

    What fails is asked again with a later recheck, and delays nothing.
    """
    now = bridge.clock.now()
    if not may_have_context(mention) or now - mention.received_at > CONTEXT_FOR:
        return False
    async with bridge.store.reading() as uow:
        if not await uow.contexts.lacks(mention):
            return False
    try:
        above = await connected.platform.context(_as_post(mention))
    except MentionbridgeError as error:
        bridge.observer.saw("context.failed", id=mention.id, why=str(error))
        return True
    async with bridge.store.writing() as uow:
        await _keep(uow, mention, above, now)
    return True


async def _keep(uow: UnitOfWork, mention: Mention, above: Sequence[Post | Gone], now: datetime) -> None:
    """Keep what is public; what the mention's author has taken back meanwhile is not kept around nothing."""
    held = await uow.mentions.hold(mention.brand_id, mention.id)
    if held is None or not may_have_context(held):
        return
    shown = [kept for post in above if (kept := _as_above(post, now)) is not None]
    await uow.contexts.keep(held, shown[-MOST_ABOVE:])


def _as_above(post: Post | Gone, now: datetime) -> Above | None:
    if isinstance(post, Gone):
        return Above()
    tidied = tidy(post, now)
    if not isinstance(tidied, Post) or tidied.visibility.surface is not Surface.PUBLIC:
        return None
    return Above(tidied.external_id, tidied.author, tidied.text, tidied.permalink, tidied.created_at)


def _as_post(mention: Mention) -> Post:
    return Post(
        external_id=mention.external_id,
        author=mention.author,
        text=mention.text,
        created_at=mention.occurred_at,
        thread_id=mention.thread_id,
        parent_id=mention.parent_id,
        permalink=mention.permalink,
        lang=mention.lang,
        visibility=mention.visibility,
        quoted_id=mention.quoted_id,
        is_quote=mention.is_quote,
        ref=mention.ref,
    )
