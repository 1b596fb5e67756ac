"""Replay: history through the real pipeline, leaving drafts; it speaks only where nobody real reads."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from typing import Any

from mentionbridge.domain.mention import Item, Origin
from mentionbridge.pipeline.bridge import Bridge, Connected
from mentionbridge.pipeline.collect import take_in, tell
from mentionbridge.pipeline.judge import judge
from mentionbridge.pipeline.post import post
from mentionbridge.ports.store import Lease, Queue

BATCH = 200
LEASE_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Summary:
    """What a replay came to."""

    mentions: int
    duplicates: int
    complaints: int
    tickets: int
    replies: int
    sent: int
    incidents: int
    refused: int
    seconds: float

    def with_refused(self, more: int) -> "Summary":
        """Count lines that could not even be offered."""
        return replace(self, refused=self.refused + more)

    def as_dict(self) -> dict[str, Any]:
        """Return it for printing."""
        return asdict(self)


@dataclass(slots=True)
class Tally:
    """Counts moments and passes them on."""

    moments: Counter[str] = field(default_factory=Counter)

    def saw(self, moment: str, **facts: Any) -> None:
        self.moments[moment] += 1


async def replay(
    bridge: Bridge,
    history: Iterable[tuple[Connected, Item]],
    *,
    send: bool = False,
    progress: Callable[[str, int], None] = lambda what, done: None,
) -> Summary:
    """Store and judge `history` in order; with `send`, say what is due on networks where nobody real reads."""
    began, tally = bridge.clock.monotonic(), Tally()
    bridge = replace(bridge, observer=tally, replies_to_history=send)
    await _store(bridge, history, progress)
    await _drain(bridge, Queue.JUDGE, judge, progress)
    if send:
        await _drain(bridge, Queue.SEND, post, progress)
    return _summary(tally.moments, bridge.clock.monotonic() - began)


async def _store(
    bridge: Bridge, history: Iterable[tuple[Connected, Item]], progress: Callable[[str, int], None]
) -> None:
    async with bridge.store.writing() as uow:
        for connected in bridge.connected.values():
            await uow.accounts.ensure(connected.account, bridge.clock.now())
    stored = 0
    waiting = iter(history)
    while batch := list(islice(waiting, BATCH)):
        await _store_batch(bridge, batch)
        stored += len(batch)
        progress("stored", stored)


async def _store_batch(bridge: Bridge, batch: Sequence[tuple[Connected, Item]]) -> None:
    now = bridge.clock.now()
    async with bridge.store.writing() as uow:
        known = {(health.brand_id, health.id): health for health in await uow.accounts.all()}
        for connected, item in batch:
            account = connected.account
            health = known[account.brand_id, account.id]
            taken = await take_in(uow, account, item, origin=Origin.REPLAY, known=health, now=now)
            tell(bridge.observer, account, [taken], Origin.REPLAY)


async def _drain(
    bridge: Bridge,
    queue: Queue,
    handle: Callable[[Bridge, Lease], Any],
    progress: Callable[[str, int], None],
) -> None:
    done = 0
    while True:
        async with bridge.store.writing() as uow:
            leases = await uow.claims.take(queue, BATCH, LEASE_SECONDS)
        if not leases:
            return
        for lease in leases:
            await handle(bridge, lease)
        done += len(leases)
        progress(queue, done)


def _summary(moments: Counter[str], seconds: float) -> Summary:
    drafted = ("draft", "queued", "awaiting_approval")
    return Summary(
        mentions=moments["mention.created"],
        duplicates=moments["mention.duplicate"],
        complaints=moments["verdict.complaint"],
        tickets=moments["ticket.open"],
        replies=sum(moments[f"acknowledgement.{state}"] for state in drafted),
        sent=moments["reply.sent"],
        incidents=0,
        refused=moments["mention.unreadable"],
        seconds=round(seconds, 2),
    )
