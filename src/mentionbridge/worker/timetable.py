"""The clock: APScheduler only ticks, the database decides what is due."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from mentionbridge.domain.account import AccountState
from mentionbridge.domain.errors import StoreDown
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.close import AT_ONCE, close_solved
from mentionbridge.pipeline.expire import expire_drafts
from mentionbridge.pipeline.forget import let_go, retire
from mentionbridge.pipeline.hand_off import AT_ONCE as AT_ONCE_OVER
from mentionbridge.pipeline.hand_off import end_overdue
from mentionbridge.pipeline.incident import end_overdue as end_overdue_incidents
from mentionbridge.pipeline.incident import tell_members
from mentionbridge.pipeline.part import take_stock
from mentionbridge.pipeline.spend import keep_spend
from mentionbridge.pipeline.watch_silence import SilenceWatch

ALIVE_SECONDS = 10
CLOSE_SECONDS = 60
TELL_SECONDS = 2
RETIRE_SECONDS = 3600
SILENCE_SECONDS = 300
SETTLE_IN = timedelta(minutes=1)
"""What can wait an hour also waits until a start is over, or a stop that comes at once would meet it half done."""


class Timetable:
    """Rings the bell every tick, and notes that we are alive."""

    def __init__(self, bridge: Bridge, *, tick: Callable[[], None], tick_seconds: float, grace_seconds: float) -> None:
        self._bridge = bridge
        self._grace = grace_seconds
        self._stopping = False
        self._under_way: set[asyncio.Task[None]] = set()
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._tick = tick
        self._every(tick_seconds, self._ring)
        self._every(RETIRE_SECONDS, self._retire, next_run_time=datetime.now(UTC) + SETTLE_IN)
        self._every(ALIVE_SECONDS, self._alive)
        self._every(CLOSE_SECONDS, self._close)
        self._every(TELL_SECONDS, self._tell)
        self._silence = SilenceWatch(bridge)
        self._every(SILENCE_SECONDS, self._watch)

    def _every(self, seconds: float, doing: Callable[[], Coroutine[Any, Any, None]], **when: Any) -> None:
        async def run() -> None:
            task = cast(asyncio.Task[None], asyncio.current_task())
            self._under_way.add(task)
            try:
                await doing()
            except asyncio.CancelledError:
                # At a stop this is no error, though the scheduler would log it as one.
                if not self._stopping:
                    raise
            finally:
                self._under_way.discard(task)

        self._scheduler.add_job(run, "interval", seconds=seconds, coalesce=True, max_instances=1, **when)

    async def start(self) -> None:
        """Make every configured account's and desk's row, and send the active ones through `reconcile`.

        Nothing in a database tells a restart from a restore of a copy some seconds old, so every start reads back.
        """
        now = self._bridge.clock.now()
        async with self._bridge.store.writing() as uow:
            await uow.accounts.reconcile_after_failover()
            await uow.accounts.reconcile_active()
            for connected in self._bridge.connected.values():
                account = connected.account
                await uow.accounts.ensure(account, now)
                await uow.accounts.schedule(account, now)
            for desk in self._bridge.desks.values():
                await uow.helpdesks.ensure(desk.brand_id, desk.name, desk.kind, now)
                await uow.helpdesks.due(desk.brand_id, desk.name, now)
            await take_stock(self._bridge, uow, now)
        self._scheduler.start()

    async def stop(self) -> None:
        """Ring no more, and let what was begun end within the grace."""
        self._stopping = True
        self._scheduler.pause()
        # What was rung a moment ago has not told us yet that it is under way.
        await asyncio.sleep(0)
        late = set(self._under_way)
        if late:
            _, late = await asyncio.wait(late, timeout=self._grace)
        self._scheduler.shutdown(wait=False)
        with suppress(StoreDown):
            await keep_spend(self._bridge)
        await asyncio.gather(*late)

    async def _ring(self) -> None:
        """Tick in the event loop, where the bells are: a plain function would be called in a thread."""
        self._tick()

    async def _alive(self) -> None:
        try:
            await self._note_alive()
            await keep_spend(self._bridge)
        except StoreDown as error:
            self._bridge.observer.saw("alive.failed", why=str(error))

    async def _close(self) -> None:
        try:
            while await close_solved(self._bridge) == AT_ONCE:
                pass
            while await expire_drafts(self._bridge):
                pass
            await end_overdue_incidents(self._bridge)
        except StoreDown as error:
            self._bridge.observer.saw("close.failed", why=str(error))

    async def _tell(self) -> None:
        try:
            while await tell_members(self._bridge):
                self._tick()
        except StoreDown as error:
            self._bridge.observer.saw("incidents.failed", why=str(error))

    async def _watch(self) -> None:
        try:
            await self._silence.watch()
        except StoreDown as error:
            self._bridge.observer.saw("silence.failed", why=str(error))

    async def _retire(self) -> None:
        """Let go of what was kept for long enough; what fails today is tried again an hour later."""
        try:
            while await end_overdue(self._bridge) == AT_ONCE_OVER:
                pass
        except StoreDown as error:
            self._bridge.observer.saw("handoffs.failed", why=str(error))
        for brand_id in self._bridge.brands:
            try:
                if done := await retire(self._bridge, brand_id):
                    self._bridge.observer.saw("words.retired", brand=brand_id, mentions=done)
                await let_go(self._bridge, brand_id)
            except StoreDown as error:
                self._bridge.observer.saw("retire.failed", brand=brand_id, why=str(error))

    async def _note_alive(self) -> None:
        now = self._bridge.clock.now()
        async with self._bridge.store.writing() as uow:
            if await uow.accounts.reconcile_after_failover():
                self._bridge.observer.saw("failover.noticed")
            if await uow.accounts.paused_everywhere():
                return
            active = [
                (health.brand_id, health.id)
                for health in await uow.accounts.all()
                if health.state is AccountState.ACTIVE and (health.brand_id, health.id) in self._bridge.connected
            ]
            await uow.accounts.alive(active, now)
