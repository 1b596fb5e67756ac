"""An account leaves the config: its rows come to rest where they are seen, and go on when it is back."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from corridor.test_answering import CARE
from fakes.chaos_driver import Life, begun
from fakes.chaos_outside import COMPLAINT
from fakes.demo_town import ACME, NoVault
from mentionbridge.pipeline.bridge import Connected
from mentionbridge.pipeline.part import NOT_CONFIGURED
from mentionbridge.platforms.demo.plug import AccountOptions
from mentionbridge.ports.store import Queue


@pytest.fixture
async def life(database_url: str, tmp_path: Path) -> AsyncIterator[Life]:
    async with begun(database_url, tmp_path) as alive:
        yield alive


async def leave(life: Life) -> dict[tuple[str, str], Connected]:
    """Restart without any account; returns what was configured."""
    had = dict(life.bridge.connected)
    life.bridge = replace(life.bridge, connected={})
    await life.begin()
    return had


async def come_back(life: Life, connected: dict[tuple[str, str], Connected]) -> None:
    life.bridge = replace(life.bridge, connected=connected)
    await life.begin()


async def queued(life: Life) -> str:
    complaint = await life.outside.complains()
    await life.hear()
    await life.serve(Queue.HOOK)
    await life.serve(Queue.JUDGE)
    assert await life.one("SELECT state FROM replies") == "queued"
    return complaint


async def test_a_queued_answer_is_cancelled_with_its_reason(life: Life) -> None:
    await queued(life)
    had = await leave(life)
    await life.until_quiet()
    assert await life.rows("SELECT state, reason FROM replies") == [("cancelled", NOT_CONFIGURED)]
    assert await life.one("SELECT count(*) FROM events WHERE type = 'reply.cancelled'") == 1
    assert str(await life.one("SELECT last_error FROM accounts")).startswith(NOT_CONFIGURED)
    assert await life.one("SELECT due IS NULL FROM accounts"), "nobody polls it any more"
    await come_back(life, had)
    await life.outside.says("kim", "@acme my internet is down since Monday and nobody helps")
    await life.until_quiet()
    assert len(life.outside.ours()) == 1, "kim is answered, and sam's cancelled answer stays unsaid"
    assert await life.one("SELECT last_error IS NULL FROM accounts")


async def test_an_answer_that_was_claimed_while_its_account_left_is_cancelled_too(life: Life) -> None:
    await queued(life)
    life.bridge = replace(life.bridge, connected={})
    assert await life.serve(Queue.SEND) == 1
    assert await life.rows("SELECT state, reason FROM replies") == [("cancelled", NOT_CONFIGURED)]
    assert life.outside.ours() == []


@pytest.mark.parametrize("brand_too", [False, True], ids=["the account", "the whole brand"])
async def test_a_mention_not_yet_judged_gets_its_ticket_and_a_line_that_says_why_nothing_more(
    life: Life, brand_too: bool
) -> None:
    await life.outside.complains()
    await life.hear()
    await life.serve(Queue.HOOK)
    await leave(life)
    if brand_too:
        life.bridge = replace(life.bridge, brands={})
    await life.until_quiet()
    assert await life.rows("SELECT state FROM mentions") == [("judged",)]
    assert await life.one("SELECT count(*) FROM tickets") == 1
    held = "SELECT surface, reason FROM entries WHERE kind = 'held'"
    assert await life.rows(held) == [
        ("internal", "not acknowledged in public: The account it reached is no longer in the config.")
    ]
    assert await life.one("SELECT count(*) FROM replies") == 0


async def test_a_webhook_body_waits_for_its_account(life: Life) -> None:
    await life.outside.complains()
    await life.hear()
    had = await leave(life)
    await life.until_quiet()
    assert await life.rows("SELECT state, reason FROM inbox WHERE state = 'waiting'") == [("waiting", NOT_CONFIGURED)]
    await come_back(life, had)
    await life.serve(Queue.HOOK)
    assert await life.one("SELECT count(*) FROM mentions") == 1
    await life.until_quiet()
    assert len(life.outside.ours()) == 1


async def test_a_reply_of_unknown_fate_is_parked_and_looked_for_when_its_account_is_back(life: Life) -> None:
    complaint = await queued(life)
    await life.until_quiet()
    assert len(life.outside.answers_to(complaint)) == 1
    async with life.engine.writing() as connection:
        forget = "UPDATE replies SET state = 'unknown', external_id = NULL, sent_at = NULL, due = first_sent_at"
        await connection.exec_driver_sql(forget)
    had = await leave(life)
    await life.until_quiet()
    ((state, reason, parked),) = await life.rows("SELECT state, reason, parked_at IS NOT NULL FROM replies")
    assert (state, reason, bool(parked)) == ("unknown", NOT_CONFIGURED, True)
    await come_back(life, had)
    await life.until_quiet()
    assert await life.rows("SELECT state, evidence FROM replies") == [("sent", "key")]
    assert len(life.outside.answers_to(complaint)) == 1


async def test_a_deletion_is_followed_by_the_account_that_is_left(life: Life) -> None:
    network = life.outside.town.network
    care = Connected(CARE, network.connect(CARE, AccountOptions(), NoVault()), network.hook(CARE, AccountOptions()))
    await come_back(life, {**life.bridge.connected, ("acme", "acme-care"): care})
    await life.until_quiet()
    post_id = await life.outside.says("sam", f"@acme-care {COMPLAINT.removeprefix('@acme ')}")
    life.outside.clock.forward(2)
    await life.serve(Queue.POLL)
    await life.until_quiet()
    assert await life.one("SELECT account_id FROM mentions") == "acme-care"
    alone = {key: each for key, each in life.bridge.connected.items() if each.account == ACME}
    await come_back(life, alone)
    await life.outside.town.plays("DELETE", f"people/sam/posts/{post_id}")
    life.outside.clock.forward(200)
    assert await life.serve(Queue.RECHECK) == 1
    assert await life.one("SELECT deleted_at IS NOT NULL FROM mentions")


async def test_where_no_account_is_left_nobody_looks_before_tomorrow(life: Life) -> None:
    await queued(life)
    await leave(life)
    await life.until_quiet()
    life.outside.clock.forward(200)
    assert await life.serve(Queue.RECHECK) == 1
    life.outside.clock.forward(23 * 3600)
    assert await life.serve(Queue.RECHECK) == 0
