"""Message: a person answers over the API; the network is asked first whether it would let us."""

from mentionbridge.domain.errors import NotAllowed, NotFound, PlatformError
from mentionbridge.domain.mention import Surface
from mentionbridge.domain.reply import Refusal, Reply
from mentionbridge.domain.ticket import Hand, TicketState
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.rights import rights
from mentionbridge.pipeline.say import Saying, say, to_answer
from mentionbridge.ports.mirrors import External


async def message(bridge: Bridge, saying: Saying) -> Reply:
    """Queue a person's words once, or say why they cannot go out.

    A network that cannot tell now does not keep anybody waiting: it is asked again when the words are sent. Raises what
    `say` raises, and NotAllowed with the network's reason.
    """
    await _ask_the_network(bridge, saying)
    async with bridge.store.writing() as uow:
        reply = await say(bridge, uow, saying, bridge.clock.now())
        ticket = await uow.tickets.get(saying.brand_id, saying.ticket_id)
        if ticket is not None and ticket.state is TicketState.NEW:
            await uow.tickets.set_state(ticket, TicketState.OPEN, bridge.clock.now(), by=Hand.PERSON)
    return reply


async def _ask_the_network(bridge: Bridge, saying: Saying) -> None:
    async with bridge.store.reading() as uow:
        mention = await to_answer(uow, saying)
    surface = saying.surface or mention.surface
    if surface is Surface.PUBLIC and mention.surface is not Surface.PUBLIC:
        # Whatever the network would say, this is refused with a reason of our own.
        return
    try:
        told = await rights(bridge, saying.brand_id, mention.id)
    except (PlatformError, NotFound):
        return
    for right in told:
        if right.surface is surface and not right.allowed:
            why = right.reason or "the network does not allow it"
            raise NotAllowed(right.refusal or Refusal.POLICY, f"This may not be said there: {why}.")


async def claim_mirror(
    bridge: Bridge, brand_id: str, ticket_id: str, desk: str, external_id: str, url: str | None, actor: str
) -> External:
    """Note which ticket of a desk mirrors ours, once."""
    async with bridge.store.writing() as uow:
        return await uow.mirrors.claim(External(brand_id, ticket_id, desk, external_id, url, actor, bridge.clock.now()))


async def mirrors_of(bridge: Bridge, brand_id: str, ticket_id: str) -> list[External]:
    """Return a ticket's mirrors, by desk."""
    async with bridge.store.reading() as uow:
        return list(await uow.mirrors.externals(brand_id, ticket_id))
