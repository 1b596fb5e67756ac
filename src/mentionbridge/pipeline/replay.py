"""Replay: history through the real pipeline, leaving drafts; it speaks only where nobody real reads."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from typing import Any

from mentionbridge.domain.errors import LeaseLost, PlatformDown, PlatformError
from mentionbridge.domain.mention import Item, Origin
from mentionbridge.pipeline.bridge import Bridge, Connected
from mentionbridge.pipeline.collect import introduce
from mentionbridge.pipeline.judge import judge
from mentionbridge.pipeline.post import post
from mentionbridge.pipeline.settle import settle
from mentionbridge.pipeline.take_in import Arrival, take_in, tell
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
        if moment == "reply.looked_for" and facts["found"]:
            self.moments["reply.sent"] += 1


async def replay(
    bridge: Bridge,
    history: Iterable[tuple[Connected, Item]],
    *,
    origin: Origin = Origin.REPLAY,
    send: bool = False,
    progress: Callable[[str, int], None] = lambda what, done: None,
) -> Summary:
    """Store and judge `history` in order; with `send`, say what is due on networks where nobody real reads.

    Under the origin `import` every item is a matter for a ticket, and nobody is answered.
    """
    began, tally = bridge.clock.monotonic(), Tally()
    bridge = replace(bridge, observer=tally, replies_to_history=send)
    await _connect(bridge, introduced=send)
    await _store(bridge, history, origin, progress)
    await _drain(bridge, Queue.JUDGE, judge, progress)
    if send:
        await _say(bridge, progress)
    return _summary(tally.moments, bridge.clock.monotonic() - began)


async def _connect(bridge: Bridge, *, introduced: bool) -> None:
    """Make every account's row; whoever is to speak first reads back what it has said, as at every start."""
    async with bridge.store.writing() as uow:
        for connected in bridge.connected.values():
            await uow.accounts.ensure(connected.account, bridge.clock.now())
    for connected in bridge.connected.values() if introduced else ():
        try:
            await introduce(bridge, connected)
        except PlatformError as error:
            raise PlatformDown(
                f"Nothing was replayed: the network of {connected.account.id} does not let us in ({error}); "
                "a network that runs inside `serve` is reached only there, so stop that first."
            ) from error


async def _store(
    bridge: Bridge,
    history: Iterable[tuple[Connected, Item]],
    origin: Origin,
    progress: Callable[[str, int], None],
) -> None:
    stored = 0
    waiting = iter(history)
    while batch := list(islice(waiting, BATCH)):
        await _store_batch(bridge, batch, origin)
        stored += len(batch)
        progress("stored", stored)


async def _store_batch(bridge: Bridge, batch: Sequence[tuple[Connected, Item]], origin: Origin) -> None:
    now = bridge.clock.now()
    async with bridge.store.writing() as uow:
        known = {(health.brand_id, health.id): health for health in await uow.accounts.all()}
        arrivals = [
            Arrival(connected.account, known[connected.account.brand_id, connected.account.id], item)
            for connected, item in batch
        ]
        taken = await take_in(uow, arrivals, origin=origin, now=now)
    for arrival, each in zip(arrivals, taken, strict=True):
        tell(bridge.observer, arrival.account, [each], origin)


async def _say(bridge: Bridge, progress: Callable[[str, int], None]) -> None:
    """Say what is due, learn the fate of what stayed open, and say again what a key makes safe to repeat."""
    while await _drain(bridge, Queue.SEND, post, progress) + await _drain(bridge, Queue.SETTLE, settle, progress):
        pass


async def _drain(
    bridge: Bridge,
    queue: Queue,
    handle: Callable[[Bridge, Lease], Any],
    progress: Callable[[str, int], None],
) -> int:
    done = 0
    while True:
        async with bridge.store.writing() as uow:
            leases = await uow.claims.take(queue, BATCH, LEASE_SECONDS)
        if not leases:
            return done
        for lease in leases:
            # What somebody else has taken over meanwhile is theirs.
            with suppress(LeaseLost):
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
