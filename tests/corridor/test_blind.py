"""An account that cannot be read is blind, and blindness is recorded, whatever caused it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.chaos_driver import begun
from fakes.databases import fresh_database
from mentionbridge.domain.errors import PlatformDown
from mentionbridge.pipeline.collect import BLIND_AFTER
from mentionbridge.ports.platform import Page, Platform
from mentionbridge.ports.store import Queue


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
        assert await life.one("SELECT failures FROM accounts") == BLIND_AFTER
        life.bridge = whole
        life.outside.clock.forward(600)
        assert await life.serve(Queue.POLL) == 1
        assert await life.one("SELECT count(*) FROM gaps WHERE closed_at IS NULL") == 0
        assert await life.one("SELECT failures FROM accounts") == 0
