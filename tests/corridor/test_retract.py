"""A public word can be taken back: gone at the network, kept in the ledger, and never said again."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fakes.chaos_driver import Life, begun
from fakes.databases import fresh_database
from mentionbridge.domain.errors import NotAllowed, NotFound
from mentionbridge.pipeline.bridge import Connected
from mentionbridge.pipeline.retract import Said, retract, to_retract

WHY = "the fault was elsewhere"


@pytest.fixture
async def life(tmp_path: Path) -> AsyncIterator[Life]:
    async with begun(fresh_database("sqlite", tmp_path), tmp_path) as alive:
        yield alive


async def answered(life: Life, *who: str) -> list[tuple[Any, ...]]:
    """Let people complain and hear from us."""
    for each in who:
        await life.outside.complains(each)
    await life.until_quiet()
    return await life.rows("SELECT id, state, external_id, template FROM replies ORDER BY id")


async def test_a_reply_is_gone_at_the_network_and_stays_in_the_ledger(life: Life) -> None:
    ((reply_id, state, external_id, _),) = await answered(life, "sam")
    assert (state, [post.deleted for post in life.outside.ours()]) == ("sent", [False])
    taken = await retract(life.bridge, "acme", reply_id, "Kim", WHY)
    assert (taken.state, taken.reason, taken.external_id) == ("retracted", WHY, external_id)
    assert [post.deleted for post in life.outside.ours()] == [True]
    again = await retract(life.bridge, "acme", reply_id, "Lee", "twice")
    assert again.reason == WHY
    told = await life.rows("SELECT facts FROM events WHERE type = 'reply.retracted'")
    assert len(told) == 1 and "Kim" in str(told)
    assert (await life.rows("SELECT outcome, detail FROM reply_attempts WHERE what = 'retract'")) == [
        ("retracted", f"{WHY} (Kim)")
    ]
    await life.outside.says("sam", "@acme and still my broadband is dead, nobody answers")
    await life.until_quiet()
    assert len([post for post in life.outside.ours() if not post.deleted]) <= 1
    assert await life.one("SELECT count(*) FROM replies WHERE state = 'retracted'") == 1


async def test_killed_after_the_network_deleted_it_the_ledger_learns_it_later(life: Life) -> None:
    ((reply_id, _, external_id, _),) = await answered(life, "sam")
    platform: Any = life.bridge.at("acme", "acme").platform
    assert await platform.retract(external_id) is None
    assert await life.one("SELECT state FROM replies") == "sent"
    assert (await retract(life.bridge, "acme", reply_id, "Kim", WHY)).state == "retracted"


async def test_everything_a_template_said_since_a_moment_is_found_and_nothing_else(life: Life) -> None:
    rows = await answered(life, "sam", "ann", "lee", "mia", "tom", "zoe")
    template = rows[0][3]
    its = [row[0] for row in rows if row[3] == template]
    begun_at = life.now - timedelta(hours=1)
    found = await to_retract(life.bridge, Said("acme", begun_at, template))
    assert sorted(each.id for each in found) == sorted(its)
    assert len(await to_retract(life.bridge, Said("acme", begun_at, account_id="acme"))) == 6
    assert await to_retract(life.bridge, Said("acme", life.now + timedelta(hours=1), account_id="acme")) == []
    assert await to_retract(life.bridge, Said("other", begun_at, account_id="acme")) == []
    for each in found:
        await retract(life.bridge, "acme", each.id, "Kim", WHY)
    assert await to_retract(life.bridge, Said("acme", begun_at, template)) == []
    assert len([post for post in life.outside.ours() if post.deleted]) == len(its)


class Keeps:
    """A network that takes nothing back."""

    def __init__(self, platform: Any) -> None:
        self.capabilities = replace(platform.capabilities, retracts=False)


async def test_what_cannot_be_taken_back_says_why(life: Life) -> None:
    ((reply_id, *_),) = await answered(life, "sam")
    with pytest.raises(NotFound):
        await retract(life.bridge, "acme", "rpl_none", "Kim", WHY)
    here = life.bridge.at("acme", "acme")
    keeping: Any = Connected(here.account, Keeps(here.platform))  # type: ignore[arg-type]
    stubborn = replace(life.bridge, connected={("acme", "acme"): keeping})
    with pytest.raises(NotAllowed) as no:
        await retract(stubborn, "acme", reply_id, "Kim", WHY)
    assert no.value.code == "cannot_retract"
    await life.outside.complains("ann")
    await life.hear()
    for state in ("queued", "unknown", "refused"):
        async with life.engine.writing() as connection:
            await connection.exec_driver_sql(f"UPDATE replies SET state = '{state}'")
        with pytest.raises(NotAllowed) as no:
            await retract(life.bridge, "acme", reply_id, "Kim", WHY)
        assert no.value.code == "not_sent"
    assert not any(post.deleted for post in life.outside.ours())
