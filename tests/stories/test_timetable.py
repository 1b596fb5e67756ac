"""A stop waits for what the clock has begun, and leaves no error behind."""

import asyncio
from typing import Any

import pytest

from fakes.tale import Tale
from mentionbridge.worker import timetable
from mentionbridge.worker.timetable import Timetable


class Slow:
    """What the clock does, made to wait for a word from us."""

    def __init__(self) -> None:
        self.begun, self.may_end, self.ended = asyncio.Event(), asyncio.Event(), False

    async def __call__(self, _: Any) -> int:
        self.begun.set()
        await self.may_end.wait()
        self.ended = True
        return 0


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    slow = Slow()
    monkeypatch.setattr(timetable, "CLOSE_SECONDS", 0.01)
    monkeypatch.setattr(timetable, "close_solved", slow)
    return slow


async def begun(told: Tale, slow: Slow, grace_seconds: float) -> Timetable:
    clock = Timetable(told.bridge, tick=lambda: None, tick_seconds=60, grace_seconds=grace_seconds)
    await clock.start()
    await asyncio.wait_for(slow.begun.wait(), 10)
    return clock


async def test_what_was_begun_ends(told: Tale, slow: Slow, caplog: pytest.LogCaptureFixture) -> None:
    clock = await begun(told, slow, 10)
    stopping = asyncio.create_task(clock.stop())
    await asyncio.sleep(0.02)
    assert not stopping.done()
    slow.may_end.set()
    await stopping
    assert slow.ended
    assert [told for told in caplog.records if told.levelname == "ERROR"] == []


async def test_what_does_not_end_is_left(told: Tale, slow: Slow, caplog: pytest.LogCaptureFixture) -> None:
    clock = await begun(told, slow, 0.05)
    await clock.stop()
    await asyncio.sleep(0)
    assert not slow.ended
    assert [told for told in caplog.records if told.levelname == "ERROR"] == []
