"""Unite: a visitor of a brand's own form who has proved a handle is that handle's author, and tells the same story."""

from collections.abc import Awaitable

from mentionbridge.domain.errors import NotAllowed
from mentionbridge.domain.handoff import FormSession, Proof
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.form import VISITOR
from mentionbridge.pipeline.know import join_customers
from mentionbridge.pipeline.merge import merge
from mentionbridge.pipeline.visit import Where, proven_story, session_at, story_of
from mentionbridge.ports.store import UnitOfWork

BY = "proof of handle"
WHY = "strong proof: whoever wrote this in the form holds the handle"


async def unite(bridge: Bridge, where: Where, secret: str) -> None:
    """Let a visitor be who they proved to be, and their words join that person's open story; each with an undo."""
    async with bridge.store.writing() as uow:
        session = await session_at(uow, where, secret, bridge.clock.now())
        if session is None or session.handoff_id is not None or session.proves(bridge.clock.now()) is not Proof.STRONG:
            return
        own, theirs = await story_of(uow, where, session), await proven_story(uow, where, session)
        visitor, author = await _people(uow, session)
    if visitor is not None and author is not None and visitor != author:
        await _unless_done(join_customers(bridge, session.brand_id, author, visitor, BY, WHY))
    if own is not None and theirs is not None and own.account_id == VISITOR:
        await _unless_done(merge(bridge, session.brand_id, own.id, theirs.id, BY, WHY))


async def _people(uow: UnitOfWork, session: FormSession) -> tuple[str | None, str | None]:
    """Return the customers a visitor and the author they proved to be are known as."""
    visitor, author = session.author_id, session.proven_author
    if visitor is None or author is None:
        return None, None
    first = await uow.authors.hold(session.brand_id, visitor)
    return first.customer_id, (await uow.authors.hold(session.brand_id, author)).customer_id


async def _unless_done(act: Awaitable[object]) -> None:
    try:
        await act
    except NotAllowed:
        # A person, or another browser of theirs, was quicker.
        return
