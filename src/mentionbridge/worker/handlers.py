"""Which use case serves which queue, how many rows it takes at once, and for how long."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.collect import poll
from mentionbridge.pipeline.judge import judge
from mentionbridge.pipeline.keep_picture import keep_picture
from mentionbridge.pipeline.mirror import mirror
from mentionbridge.pipeline.post import post
from mentionbridge.pipeline.promise import watch_promise
from mentionbridge.pipeline.read_hook import read_hook
from mentionbridge.pipeline.recheck import recheck
from mentionbridge.pipeline.records import ask_records
from mentionbridge.pipeline.relay import relay
from mentionbridge.pipeline.settle import settle
from mentionbridge.pipeline.watch import watch
from mentionbridge.pipeline.watch_desk import watch_desk
from mentionbridge.ports.store import Lease, Queue

One = Callable[[Bridge, Lease], Awaitable[None]]
Many = Callable[[Bridge, Sequence[Lease]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Job:
    """Some leases and the work they are for."""

    leases: Sequence[Lease]
    work: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Handler:
    """How one queue is served: `one` row a job, or `many` rows in one job.

    `batch` bounds the rows in hand; `patience` is the lease in multiples of `worker.lease_seconds`; `leads_to`
    are the queues that may have work once a job is done. What works in the `background` leaves the last of a network's
    limits to the rest.
    """

    one: One | None = None
    many: Many | None = None
    batch: int = 20
    patience: float = 1.0
    leads_to: tuple[Queue, ...] = ()
    background: bool = False

    def jobs(self, bridge: Bridge, leases: Sequence[Lease]) -> list[Job]:
        """Cut claimed rows into jobs."""
        if self.many is not None:
            return [Job(leases, partial(self.many, bridge, leases))] if leases else []
        assert self.one is not None
        return [Job([lease], partial(self.one, bridge, lease)) for lease in leases]


HANDLERS: dict[Queue, Handler] = {
    Queue.POLL: Handler(one=poll, batch=10, background=True, leads_to=(Queue.JUDGE, Queue.MEDIA)),
    Queue.HOOK: Handler(one=read_hook, leads_to=(Queue.JUDGE, Queue.MEDIA)),
    Queue.JUDGE: Handler(one=judge, batch=32, leads_to=(Queue.SEND,)),
    Queue.SEND: Handler(one=post, batch=4),
    Queue.SETTLE: Handler(one=settle, batch=10, leads_to=(Queue.SEND,)),
    Queue.DELIVER: Handler(many=relay, batch=256, patience=2, leads_to=(Queue.DELIVER_SLOW,)),
    Queue.DELIVER_SLOW: Handler(many=relay, batch=256, patience=2, leads_to=(Queue.DELIVER,)),
    Queue.RECHECK: Handler(many=recheck, batch=100, patience=4, background=True, leads_to=(Queue.JUDGE, Queue.MEDIA)),
    Queue.MEDIA: Handler(one=keep_picture, batch=4, patience=4),
    Queue.WAIT: Handler(one=watch),
    Queue.COMMITMENT: Handler(one=watch_promise),
    Queue.MIRROR: Handler(one=mirror, batch=8, patience=4, leads_to=(Queue.SEND,)),
    Queue.DESK: Handler(one=watch_desk, batch=4, patience=4, leads_to=(Queue.MIRROR,)),
    Queue.RECORDS: Handler(one=ask_records, batch=4, patience=4),
}
