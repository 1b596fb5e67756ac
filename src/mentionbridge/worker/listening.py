"""Listens to networks that tell at once what is said, one process an account; polls go on beside it."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress
from datetime import timedelta
from typing import cast

from mentionbridge.domain.account import Account
from mentionbridge.domain.errors import PlatformDown, PlatformError, RateLimited, StoreDown
from mentionbridge.domain.mention import Item
from mentionbridge.pipeline.bridge import Bridge, Connected
from mentionbridge.pipeline.listen import take_heard
from mentionbridge.pipeline.spend import READING, check_spend
from mentionbridge.ports.platform import Streamer, streamer_of
from mentionbridge.rules.streams import HELD, loss_of, pause

HOLD = timedelta(seconds=30)
KEEP_SECONDS = 10.0
"""How often the hold on a stream is made longer, and what was heard is noted."""

LONGEST_KEPT = 300.0
"""For at most so many seconds a pause keeps others from listening, should we end in it."""

LOOK_SECONDS = 15.0
"""How often an account that cannot be listened to, or that another process listens to, is looked at again."""


class Listening:
    """One task an account; `ring` wakes the polls."""

    def __init__(self, bridge: Bridge, ring: Callable[[], None]) -> None:
        self._bridge = bridge
        self._ring = ring
        self._me = bridge.ids.new("lst")
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin with every account whose platform can listen at all."""
        able = [each for each in self._bridge.connected.values() if hasattr(each.platform, "listen")]
        self._tasks = [asyncio.create_task(self._serve(each), name=f"listen-{each.account.id}") for each in able]

    async def stop(self) -> None:
        """Hang up, and let others listen."""
        self._stopping.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, connected: Connected) -> None:
        lost = 0
        while not self._stopping.is_set():
            wait = LOOK_SECONDS
            try:
                streamer = streamer_of(connected.platform)
                if streamer is not None and await self._hold(connected.account):
                    lost, wait = await self._stay(connected, streamer, lost)
            except Exception as error:
                # A plug that stumbles, or a database that is away, must not end listening for good.
                self._bridge.observer.saw("stream.failed", account=connected.account.id, why=str(error))
            await self._rest(wait)
        with suppress(Exception):
            await self._release(connected.account)

    async def _stay(self, connected: Connected, streamer: Streamer, lost: int) -> tuple[int, float]:
        """Listen until the connection ends; returns how often in a row it was lost by then, and how long to wait."""
        account, clock = connected.account, self._bridge.clock
        began = clock.monotonic()
        ended = await self._listen(connected, streamer)
        if ended is None:
            await self._note_loss(account, None)
            return 0, 0.0 if self._stopping.is_set() else LOOK_SECONDS
        await self._note_loss(account, str(ended))
        lost = 1 if clock.monotonic() - began >= HELD else lost + 1
        wait = pause(streamer.pauses(loss_of(ended)), lost, random.random())
        if isinstance(ended, RateLimited):
            wait = max(wait, (ended.until - clock.now()).total_seconds())
        # Another process would not know that the network wants to be left alone.
        await self._hold(account, min(wait, LONGEST_KEPT))
        self._bridge.observer.saw(
            "stream.lost", platform=account.platform, account=account.id, why=str(ended), again=round(wait, 1)
        )
        return lost, wait

    async def _listen(self, connected: Connected, streamer: Streamer) -> PlatformError | None:
        """Read until something ends it; None when we let go ourselves."""
        reading = asyncio.create_task(self._read(connected, streamer))
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            while not reading.done():
                await asyncio.wait({reading, stopping}, timeout=KEEP_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                if reading.done() or stopping.done():
                    break
                await check_spend(self._bridge, connected, READING)
                if not await self._hold(connected.account):
                    return None
            return await reading if reading.done() else None
        except PlatformError as error:
            return error
        finally:
            for task in (reading, stopping):
                task.cancel()
            await asyncio.gather(reading, stopping, return_exceptions=True)

    async def _read(self, connected: Connected, streamer: Streamer) -> PlatformError:
        account, noted = connected.account, None
        await check_spend(self._bridge, connected, READING)
        async with aclosing(cast("AsyncGenerator[Sequence[Item] | None, None]", streamer.listen())) as heard:
            async for items in heard:
                now = self._bridge.clock.monotonic()
                if noted is None:
                    await self._note_connection(account)
                elif now - noted >= KEEP_SECONDS:
                    await self._note_heard(account)
                noted = now if noted is None or now - noted >= KEEP_SECONDS else noted
                if items is not None:
                    await take_heard(self._bridge, connected, items)
                    self._ring()
        return PlatformDown("the network ended the stream")

    async def _hold(self, account: Account, seconds: float = 0.0) -> bool:
        now = self._bridge.clock.now()
        until = now + HOLD + timedelta(seconds=seconds)
        async with self._bridge.store.writing() as uow:
            return await uow.streams.hold(account, self._me, until, now)

    async def _note_connection(self, account: Account) -> None:
        async with self._bridge.store.writing() as uow:
            await uow.streams.connected(account, self._me, self._bridge.clock.now())
        self._bridge.observer.saw("stream.connected", platform=account.platform, account=account.id)

    async def _note_heard(self, account: Account) -> None:
        async with self._bridge.store.writing() as uow:
            await uow.streams.heard(account, self._me, self._bridge.clock.now())

    async def _note_loss(self, account: Account, sentence: str | None) -> None:
        with suppress(StoreDown):
            async with self._bridge.store.writing() as uow:
                await uow.streams.lost(account, self._me, sentence)

    async def _release(self, account: Account) -> None:
        async with self._bridge.store.writing() as uow:
            await uow.streams.release(account, self._me)

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
