"""What was let out once is looked at again at the last moment, and nobody is made to believe that we have spoken."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.chaos_driver import Life, begun
from fakes.databases import fresh_database
from fakes.demo_town import ACME
from fakes.people import post as a_post
from mentionbridge.domain.account import Account, Identity, Mode
from mentionbridge.domain.mention import Author, Origin
from mentionbridge.pipeline.steer import approve
from mentionbridge.pipeline.take_in import Arrival, Result, take_in
from mentionbridge.ports.store import Queue

SISTER = Account("acme", "acme-care", "demo", Mode.AUTO, 1.0)


@pytest.fixture
async def life(tmp_path: Path) -> AsyncIterator[Life]:
    async with begun(fresh_database("sqlite", tmp_path), tmp_path) as alive:
        yield alive


def switch(life: Life, mode: Mode) -> None:
    """Restart with another mode in the config, as far as the corridor can tell."""
    here = life.bridge.connected["acme", "acme"]
    changed = replace(here, account=replace(here.account, mode=mode))
    life.bridge = replace(life.bridge, connected={("acme", "acme"): changed})


async def judged(life: Life) -> None:
    await life.hear()
    await life.serve(Queue.HOOK)
    await life.serve(Queue.JUDGE)


@pytest.mark.parametrize("mode", [Mode.APPROVE, Mode.OFF])
async def test_what_was_queued_before_the_mode_changed_waits_for_a_person(life: Life, mode: Mode) -> None:
    await life.outside.complains()
    await judged(life)
    assert await life.one("SELECT state FROM replies") == "queued"
    switch(life, mode)
    await life.until_quiet()
    assert life.outside.ours() == []
    ((reply_id, state, reason),) = await life.rows("SELECT id, state, reason FROM replies")
    assert (state, reason) == ("awaiting_approval", f"the account was switched to mode {mode} while it waited")
    await approve(life.bridge, "acme", reply_id, "Kim")
    await life.until_quiet()
    assert len(life.outside.ours()) == 1


async def test_another_account_of_ours_is_not_answered(life: Life) -> None:
    await life.outside.complains()
    await life.hear()
    await life.serve(Queue.HOOK)
    async with life.bridge.store.writing() as uow:
        await uow.accounts.ensure(SISTER, life.now)
        author = await life.one("SELECT external_id FROM authors")
        await uow.accounts.identified(SISTER, Identity(author, "acme_care"))
    assert await life.serve(Queue.JUDGE) == 1
    await life.serve(Queue.SEND)
    assert life.outside.ours() == []
    assert await life.one("SELECT count(*) FROM tickets") == 0
    assert await life.one("SELECT decided FROM verdicts") == "our own post"


async def test_a_push_cannot_make_us_believe_that_we_have_answered(life: Life) -> None:
    complaint = await life.outside.complains()
    async with life.bridge.store.writing() as uow:
        known = await uow.accounts.health("acme", "acme")
        us = Author(str(known.network_id), "acme")
        forged = a_post("p-forged", "done", author=us, parent_id=complaint, thread_id=complaint, created_at=life.now)
        (taken,) = await take_in(uow, [Arrival(ACME, known, forged)], origin=Origin.PUSH, now=life.now)
    assert taken.result is Result.OWN
    await life.until_quiet()
    assert len(life.outside.answers_to(complaint)) == 1
