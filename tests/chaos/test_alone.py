"""A start on the same SQLite file knows whether anybody else lives, and takes at once what only the dead held."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from fakes.running import demo_settings
from mentionbridge.bootstrap import App, opened
from mentionbridge.ports.store import Lease, Queue
from mentionbridge.settings import Settings

HOLDER = """
import asyncio, sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from fakes.running import demo_settings
from test_alone import taken
from mentionbridge.bootstrap import opened

async def hold():
    folder = Path(sys.argv[1])
    async with opened(demo_settings(f"sqlite:///{folder}/bridge.sqlite", folder)) as app:
        print(len(await taken(app)), flush=True)
        await asyncio.sleep(60)

asyncio.run(hold())
"""


async def taken(app: App) -> Sequence[Lease]:
    """Make the accounts' rows, and lease those that are due."""
    async with app.store.writing() as uow:
        for connected in app.bridge.connected.values():
            await uow.accounts.ensure(connected.account, app.bridge.clock.now())
        return await uow.claims.take(Queue.POLL, 10, 30)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return demo_settings(f"sqlite:///{tmp_path}/bridge.sqlite", tmp_path)


def holder(folder: Path) -> subprocess.Popen[str]:
    """Start a process that leases what is due and sits on it; returns once it does."""
    here = Path(__file__).parent
    command = [sys.executable, "-c", HOLDER, str(folder), str(here.parent), str(here)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().strip() not in ("", "0")
    process.stdout.close()
    return process


async def seen_by_a_start(settings: Settings) -> int:
    async with opened(settings) as app:
        return len(await taken(app))


async def test_a_start_takes_at_once_what_only_the_dead_held(settings: Settings, tmp_path: Path) -> None:
    process = await asyncio.to_thread(holder, tmp_path)
    process.kill()
    process.wait(10)
    assert await seen_by_a_start(settings) >= 1


@pytest.mark.parametrize("stopped", [False, True])
async def test_what_the_living_hold_stays_theirs(settings: Settings, tmp_path: Path, stopped: bool) -> None:
    process = await asyncio.to_thread(holder, tmp_path)
    try:
        if stopped:
            process.send_signal(signal.SIGSTOP)
        assert await seen_by_a_start(settings) == 0
    finally:
        process.kill()
        process.wait(10)


async def test_starts_at_the_same_moment_wait_for_each_other(settings: Settings) -> None:
    async with opened(settings) as first:
        assert len(await taken(first)) >= 1
        counts = await asyncio.gather(*(seen_by_a_start(settings) for _ in range(2)))
    assert counts == [0, 0]
    # Whoever left in peace without giving its rows back is as good as dead.
    assert await seen_by_a_start(settings) >= 1
