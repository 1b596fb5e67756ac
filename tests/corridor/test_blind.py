"""An account that cannot be read is blind, and blindness is recorded, whatever caused it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from fakes.chaos_driver import begun
from fakes.databases import fresh_database
from mentionbridge.bootstrap.examine import look_for_gap
from mentionbridge.domain.errors import Paced, PlatformDown
from mentionbridge.domain.reply import Target
from mentionbridge.kit.background import is_background
from mentionbridge.pipeline.collect import BLIND_AFTER
from mentionbridge.ports.platform import Page, Platform
from mentionbridge.ports.store import Queue
from mentionbridge.worker.loop import Worker


class Seen:
    """What a plug finds itself in when it is asked for mentions, and when it is asked for its rights."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.background: dict[str, bool] = {}

    def __getattr__(self, name: str) -> object:
        return getattr(self._platform, name)

    async def collect(self, cursor: str | None) -> AsyncIterator[Page]:
        self.background["collect"] = is_background()
        async for page in self._platform.collect(cursor):
            yield page

    async def reply_rights(self, target: Target) -> object:
        self.background["reply_rights"] = is_background()
        return await self._platform.reply_rights(target)


class Stumbling:
    """A plug whose `collect` fails; all else is as before."""

    def __init__(self, platform: Platform, error: Exception) -> None:
        self._platform = platform
        self._error = error

    def __getattr__(self, name: str) -> object:
        return getattr(self._platform, name)

    async def collect(self, cursor: str | None) -> AsyncIterator[Page]:
        raise self._error
        yield Page(())


@pytest.mark.parametrize("error", [KeyError("post"), RecursionError("deep"), PlatformDown("no route")], ids=type)
async def test_three_failures_in_a_row_open_a_gap_and_the_next_success_closes_it(
    tmp_path: Path, error: Exception
) -> None:
    async with begun(fresh_database("sqlite", tmp_path), tmp_path) as life:
        await life.until_quiet()
        whole = life.bridge
        here = whole.connected["acme", "acme"]
        broken = replace(here, platform=Stumbling(here.platform, error))  # type: ignore[arg-type]
        life.bridge = replace(whole, connected={("acme", "acme"): broken})
        for _ in range(BLIND_AFTER):
            life.outside.clock.forward(120)
            assert await life.serve(Queue.POLL) == 1
        assert await life.one("SELECT count(*) FROM gaps WHERE closed_at IS NULL") == 1
        (told,) = [finding async for finding in look_for_gap(whole, here.account)]
        assert told.state == "warning" and told.sentence.startswith("Blind since ")
        assert await life.one("SELECT failures FROM accounts") == BLIND_AFTER
        life.bridge = whole
        life.outside.clock.forward(600)
        assert await life.serve(Queue.POLL) == 1
        assert await life.one("SELECT count(*) FROM gaps WHERE closed_at IS NULL") == 0
        assert "walked to its end" in str(await life.one("SELECT repaired FROM gaps"))
        assert "walked to its end" in str(await life.one("SELECT facts FROM events WHERE type = 'ingest.gap_closed'"))
        assert [finding async for finding in look_for_gap(whole, here.account)] == []
        assert await life.one("SELECT failures FROM accounts") == 0


async def test_a_poll_that_yields_to_replies_comes_back_in_time_and_is_no_failure(tmp_path: Path) -> None:
    async with begun(fresh_database("sqlite", tmp_path), tmp_path) as life:
        here = life.bridge.connected["acme", "acme"]
        for pause, failures in ((30, 0), (60, 0), (90, 0), (3000, 1)):
            life.outside.clock.forward(120)
            until = life.now + timedelta(seconds=pause)
            held = replace(here, platform=Stumbling(here.platform, Paced(until)))  # type: ignore[arg-type]
            life.bridge = replace(life.bridge, connected={("acme", "acme"): held})
            assert await life.serve(Queue.POLL) == 1
            assert (await life.agenda())[Queue.POLL] == until
            assert await life.one("SELECT failures FROM accounts") == failures
        assert await life.one("SELECT count(*) FROM gaps") == 0
        assert await life.one("SELECT state FROM accounts") == "active"


async def test_a_worker_polls_in_the_background_and_answers_in_the_foreground(tmp_path: Path) -> None:
    async with begun(fresh_database("sqlite", tmp_path), tmp_path) as life:
        here = life.bridge.connected["acme", "acme"]
        seen = Seen(here.platform)
        watched = replace(here, platform=seen)  # type: ignore[arg-type]
        bridge = replace(life.bridge, connected={("acme", "acme"): watched})
        await life.outside.complains()
        life.outside.clock.forward(30)
        worker = Worker(bridge, lease_seconds=30, tick_seconds=0.1, grace_seconds=5)
        await worker.start()
        for _ in range(200):
            if len(seen.background) == 2:
                break
            await asyncio.sleep(0.05)
            life.outside.clock.forward(1)
        await worker.stop()
        assert seen.background == {"collect": True, "reply_rights": False}
