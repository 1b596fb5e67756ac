"""Listen: what a network tells at once is taken in, or makes the account's poll due."""

from collections.abc import Sequence

from mentionbridge.domain.mention import Item, Origin
from mentionbridge.pipeline.bridge import Bridge, Connected
from mentionbridge.pipeline.hear_ourselves import hear_arrivals
from mentionbridge.pipeline.take_in import Arrival, take_in, tell


async def take_heard(bridge: Bridge, connected: Connected, items: Sequence[Item]) -> None:
    """Store what a stream told; where it only said that there is something, let a poll read it now.

    Our place in the network's list does not move: the poll meets these posts again, and knows them.
    """
    account, now = connected.account, bridge.clock.now()
    async with bridge.store.writing() as uow:
        if not items:
            await uow.accounts.wake(account, now)
            return
        known = await uow.accounts.health(account.brand_id, account.id)
        arrivals = [Arrival(account, known, item) for item in items]
        taken = await take_in(uow, arrivals, origin=Origin.STREAM, now=now)
        await hear_arrivals(bridge, uow, arrivals, taken)
    tell(bridge.observer, account, taken, Origin.STREAM)
