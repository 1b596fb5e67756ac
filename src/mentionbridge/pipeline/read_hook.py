"""Reads what a network pushed: kept when it came, read here, by the account it says it is for."""

from collections.abc import Sequence

from mentionbridge.domain.account import Account, AccountHealth
from mentionbridge.domain.mention import Origin
from mentionbridge.pipeline.bridge import Bridge, Connected
from mentionbridge.pipeline.hear_ourselves import hear_arrivals
from mentionbridge.pipeline.part import NOT_CONFIGURED, park_body
from mentionbridge.pipeline.take_in import Arrival, Taken, take_in, tell
from mentionbridge.ports.platform import Hook, spender_of
from mentionbridge.ports.store import Lease, UnitOfWork

NO_HOOK = "the account takes no webhooks any more"
Receiver = tuple[Connected, AccountHealth]


async def read_hook(bridge: Bridge, lease: Lease) -> None:
    """Turn one stored webhook body into mentions; what cannot be read stays, marked so, and so does nobody's."""
    async with bridge.store.writing() as uow:
        await uow.claims.check(lease)
        found = await uow.inbox.body(lease.brand_id, lease.id)
        if found is None:
            return
        account_id, body = found
        connected = bridge.find(lease.brand_id, account_id)
        if connected is None or connected.hook is None:
            await park_body(uow, lease, NOT_CONFIGURED if connected is None else NO_HOOK)
            return
        named = connected.hook.addressee(body)
        receivers = await _receivers(bridge, uow, connected, named)
        if not receivers:
            await park_body(uow, lease, f"it is for the account with the id {named}, and no account here has it")
            return
        heard = await _take(bridge, uow, connected.hook, body, receivers)
        await uow.inbox.read(lease.brand_id, lease.id)
        await uow.claims.done(lease)
    for account, taken in heard:
        tell(bridge.observer, account, taken, Origin.HOOK)


async def _receivers(bridge: Bridge, uow: UnitOfWork, at: Connected, named: str | None) -> Sequence[Receiver]:
    """Return whom a body is for: networks that know one address an app send there what is for any of its accounts."""
    own = at, await uow.accounts.health(at.account.brand_id, at.account.id)
    if named is None or own[1].network_id == named:
        return [own]
    found = [
        (connected, await uow.accounts.health(brand_id, account_id))
        for brand_id, account_id in await uow.accounts.ours(at.account.platform, named)
        if (connected := bridge.find(brand_id, account_id)) is not None
    ]
    # Before its first sign-in nobody knows who an account is; until then what comes to its address is its own.
    return found or ([own] if own[1].network_id is None else [])


async def _take(
    bridge: Bridge, uow: UnitOfWork, hook: Hook, body: bytes, receivers: Sequence[Receiver]
) -> Sequence[tuple[Account, Sequence[Taken]]]:
    items, now = hook.parse(body), bridge.clock.now()
    heard: list[tuple[Account, Sequence[Taken]]] = []
    for connected, known in receivers:
        arrivals = [Arrival(connected.account, known, item) for item in items]
        taken = await take_in(uow, arrivals, origin=Origin.HOOK, now=now)
        await hear_arrivals(bridge, uow, arrivals, taken)
        heard.append((connected.account, taken))
        await uow.accounts.hook_heard(connected.account, now)
        if (spender := spender_of(connected.platform)) is not None:
            spender.pushed(items)
    return heard
