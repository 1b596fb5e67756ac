"""A key protects only as long as the network remembers it, and only where there is one."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fakes.chaos_driver import Life, begun, reborn
from fakes.chaos_kills import Killed
from fakes.databases import fresh_database
from fakes.demo_town import ACME
from mentionbridge.domain.account import Identity
from mentionbridge.domain.capabilities import Capabilities
from mentionbridge.pipeline.steer import pause, resume
from mentionbridge.ports.store import Queue

KIM = "Kim via desk"


@pytest.fixture
async def life(quick_folder: Path) -> AsyncIterator[Life]:
    """On a network that forgets at once, whatever is claimed of it."""
    async with begun(fresh_database("sqlite", quick_folder), quick_folder, keys=False) as alive:
        yield alive


class Claims:
    """A platform said to have keys of some life; its probe may tell otherwise."""

    def __init__(self, real: Any, key_life: timedelta, *, probe_tells: bool) -> None:
        self._real = real
        self.capabilities: Capabilities = replace(real.capabilities, key_life=key_life)
        self._probe_tells = probe_tells

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def probe(self) -> Identity:
        identity: Identity = await self._real.probe()
        if self._probe_tells:
            self.capabilities = replace(self.capabilities, key_life=None)
        return identity


def claim(life: Life, key_life: timedelta, *, probe_tells: bool) -> None:
    here = life.bridge.connected["acme", "acme"]
    claims = Claims(here.platform, key_life, probe_tells=probe_tells)
    life.bridge = replace(life.bridge, connected={("acme", "acme"): replace(here, platform=claims)})  # type: ignore[arg-type]


async def dies_before_the_network_hears(life: Life) -> None:
    await life.outside.complains()
    await life.hear()
    await life.serve(Queue.HOOK)
    await life.serve(Queue.JUDGE)

    def dies() -> None:
        raise Killed

    life.fuse.meanwhile["before send"] = dies
    with pytest.raises(Killed):
        await life.serve(Queue.SEND)


async def test_a_repeat_that_waited_out_its_keys_life_is_not_made(life: Life, quick_folder: Path) -> None:
    await dies_before_the_network_hears(life)
    life = await reborn(life, quick_folder)
    claim(life, timedelta(hours=1), probe_tells=False)
    await life.serve(Queue.SETTLE)
    assert await life.rows("SELECT state FROM replies") == [("queued",)], "the key still holds: it may be repeated"
    await pause(life.bridge, ACME, KIM)
    life.outside.clock.forward(2 * 3600)
    await resume(life.bridge, ACME, KIM)
    await life.until_quiet()
    assert "before send" not in life.fuse.passed
    assert await life.rows("SELECT state, parked_at IS NOT NULL FROM replies") == [("unknown", 1)]


async def test_a_repeat_within_its_keys_life_is_made(life: Life, quick_folder: Path) -> None:
    await dies_before_the_network_hears(life)
    life = await reborn(life, quick_folder)
    claim(life, timedelta(hours=1), probe_tells=False)
    await life.until_quiet()
    assert (len(life.outside.ours()), await life.one("SELECT state FROM replies")) == (1, "sent")


async def test_shortly_before_its_end_a_key_is_not_relied_on(life: Life, quick_folder: Path) -> None:
    await dies_before_the_network_hears(life)
    life = await reborn(life, quick_folder, after=timedelta(minutes=57).total_seconds())
    claim(life, timedelta(hours=1), probe_tells=False)
    await life.until_quiet()
    assert "before send" not in life.fuse.passed


async def test_a_process_that_never_asked_the_network_does_not_trust_a_key(life: Life, quick_folder: Path) -> None:
    await dies_before_the_network_hears(life)
    life = await reborn(life, quick_folder)
    claim(life, timedelta.max, probe_tells=True)
    await life.serve(Queue.SETTLE)
    assert await life.rows("SELECT state, looks FROM replies") == [("unknown", 1)]
    await life.until_quiet()
    assert "before send" not in life.fuse.passed


async def test_without_a_key_it_is_looked_for_three_times_and_parked(life: Life, quick_folder: Path) -> None:
    await dies_before_the_network_hears(life)
    life = await reborn(life, quick_folder, after=31)
    began = life.now
    await life.until_quiet()
    looks = await life.rows("SELECT at FROM reply_attempts WHERE what = 'settle' AND outcome = 'not found' ORDER BY id")
    assert len(looks) == 3
    assert await life.rows("SELECT state, looks, parked_at IS NOT NULL FROM replies") == [("unknown", 3, 1)]
    assert timedelta(minutes=14) < life.now - began < timedelta(hours=1)
    before = len(life.fuse.passed)
    life.outside.clock.forward(3600)
    await life.until_quiet()
    assert not [place for place in life.fuse.passed[before:] if place in ("before send", "before find_reply")]
