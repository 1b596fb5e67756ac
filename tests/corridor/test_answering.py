"""Two accounts see one post: one mention, one ticket, one answer, by the right account, whoever saw it first."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.chaos_driver import Life, begun, live
from fakes.chaos_outside import COMPLAINT
from fakes.demo_town import ACME, NoVault
from fakes.people import post as a_post
from mentionbridge.domain.account import Account, Brand, Mode
from mentionbridge.domain.mention import Origin
from mentionbridge.pipeline.bridge import Connected
from mentionbridge.pipeline.collect import poll
from mentionbridge.pipeline.take_in import Arrival, take_in
from mentionbridge.platforms.demo.plug import AccountOptions
from mentionbridge.ports.store import Lease, Queue

CARE = Account("acme", "acme-care", "demo", Mode.AUTO, 1.0)
PRAISE = "@acme what a lovely day"
OTHER = Account("borealis", "borealis", "demo", Mode.AUTO, 1.0)


@pytest.fixture
async def pair(database_url: str, tmp_path: Path) -> AsyncIterator[tuple[Life, Life]]:
    """Two processes on one database and one network."""
    async with begun(database_url, tmp_path) as first:
        second = live(first.outside, database_url, tmp_path)
        first.line.append(second)
        yield first, second


async def configure(pair: tuple[Life, Life], *accounts: Account) -> None:
    """Restart both processes with these accounts, in this order."""
    for life in pair:
        network = life.outside.town.network
        connected = {
            (account.brand_id, account.id): Connected(
                account,
                network.connect(account, AccountOptions(), NoVault()),
                network.hook(account, AccountOptions()),
            )
            for account in accounts
        }
        brands = {**life.bridge.brands, "borealis": Brand("borealis", "Borealis")}
        life.bridge = replace(life.bridge, connected=connected, brands=brands)
        await life.begin()
    await pair[0].until_quiet()
    pair[0].outside.clock.forward(1)


async def polls(life: Life) -> dict[str, Lease]:
    """Claim every account's next poll."""
    life.outside.clock.forward(2)
    async with life.bridge.store.writing() as uow:
        leases = await uow.claims.take(Queue.POLL, 10, 30)
    return {lease.id: lease for lease in leases}


async def seen_in_order(pair: tuple[Life, Life], *order: str) -> None:
    """Let the accounts poll one after the other, each judged before the next one looks."""
    leases = await polls(pair[0])
    for life, account_id in zip(pair, order, strict=True):
        await poll(life.bridge, leases[account_id])
        await life.serve(Queue.JUDGE)


async def seen_at_once(pair: tuple[Life, Life], *order: str) -> None:
    leases = await polls(pair[0])
    await asyncio.gather(
        *(poll(life.bridge, leases[account_id]) for life, account_id in zip(pair, order, strict=True)),
    )
    await asyncio.gather(*(life.serve(Queue.JUDGE) for life in pair))


async def check_one_answer(life: Life, by: str) -> None:
    await life.until_quiet()
    told = f"SELECT account_id FROM mentions WHERE ticket_id IS NOT NULL AND text <> '{PRAISE}'"
    assert await life.rows(told) == [(by,)]
    assert await life.rows("SELECT account_id FROM tickets") == [(by,)]
    assert await life.rows("SELECT account_id, state FROM replies") == [(by, "sent")]
    assert await life.rows("SELECT account_id FROM events WHERE type = 'ticket.opened'") == [(by,)]
    state = life.outside.network
    ours = [state.person(handle) for handle in ("acme", "acme-care")]
    said = [person.handle for person in ours if person for _ in state.by_author[person.id]]
    assert said == [by]


async def complain_to_care(life: Life) -> None:
    """In a thread that @acme hears of too, call on the other account alone."""
    thread = await life.outside.says("sam", PRAISE)
    await life.outside.says("sam", f"@acme-care {COMPLAINT.removeprefix('@acme ')}", parent=thread)


@pytest.mark.parametrize("order", [("acme", "acme-care"), ("acme-care", "acme")], ids="-first-".join)
async def test_the_addressed_account_answers_whoever_saw_it_first(
    pair: tuple[Life, Life], order: tuple[str, str]
) -> None:
    await configure(pair, ACME, CARE)
    await complain_to_care(pair[0])
    await seen_in_order(pair, *order)
    await check_one_answer(pair[0], by="acme-care")


async def test_seen_by_both_at_the_same_moment_it_is_answered_once_by_the_addressed_one(
    pair: tuple[Life, Life],
) -> None:
    await configure(pair, ACME, CARE)
    await complain_to_care(pair[0])
    await seen_at_once(pair, "acme", "acme-care")
    await check_one_answer(pair[0], by="acme-care")


@pytest.mark.parametrize("config", [(ACME, CARE), (CARE, ACME)], ids=lambda accounts: accounts[0].id)
async def test_of_two_addressed_accounts_the_first_in_the_config_answers(
    pair: tuple[Life, Life], config: tuple[Account, Account]
) -> None:
    await configure(pair, *config)
    await pair[0].outside.says("sam", f"@acme-care {COMPLAINT}")
    await seen_in_order(pair, config[1].id, config[0].id)
    await check_one_answer(pair[0], by=config[0].id)
    sightings = await pair[0].rows("SELECT DISTINCT account_id FROM sightings ORDER BY account_id")
    assert sightings == [("acme",), ("acme-care",)]


async def test_a_private_message_belongs_to_the_account_that_received_it(pair: tuple[Life, Life]) -> None:
    await configure(pair, ACME, CARE)
    message = {"to": "acme-care", "text": "My broadband has been down since Tuesday."}
    await pair[0].outside.town.plays("POST", "people/sam/messages", **message)
    await seen_in_order(pair, "acme", "acme-care")
    assert await pair[0].rows("SELECT account_id, surface FROM tickets") == [("acme-care", "private")]


@pytest.mark.parametrize("before", [True, False], ids=["before it is judged", "after the answer was queued"])
async def test_what_a_sister_account_answered_by_hand_is_not_answered_again(
    pair: tuple[Life, Life], before: bool
) -> None:
    life = pair[0]
    await configure(pair, ACME, CARE)
    complaint = await life.outside.says("sam", COMPLAINT)
    if not before:
        await seen_in_order(pair, "acme", "acme-care")
        assert await life.one("SELECT state FROM replies") == "queued"
    network = life.outside.town.network._live
    network.reply(network.adopt("acme-care", ""), complaint, "We look into it, Sam.")
    leases = await polls(life)
    for account_id in ("acme-care", "acme"):
        await poll(life.bridge, leases[account_id])
    await life.until_quiet()
    assert life.outside.ours() == []
    acknowledged = await life.rows("SELECT state FROM replies WHERE purpose = 'acknowledge'")
    assert {state for (state,) in acknowledged} <= {"refused"}
    by_hand = await life.rows("SELECT state, text FROM replies WHERE purpose = 'message'")
    assert by_hand == [("sent", "We look into it, Sam.")], "and it stands in the story, once"


async def test_two_brands_that_see_one_post_answer_each_for_themselves(pair: tuple[Life, Life]) -> None:
    await configure(pair, ACME, OTHER)
    await pair[0].outside.says("sam", f"@borealis {COMPLAINT}")
    await seen_at_once(pair, "acme", "borealis")
    await pair[0].until_quiet()
    each = [("acme", "acme"), ("borealis", "borealis")]
    for table in ("mentions", "tickets", "replies"):
        # The answer of the one brand is seen by the other, and is nobody's complaint.
        theirs = "WHERE ticket_id IS NOT NULL" if table == "mentions" else ""
        assert await pair[0].rows(f"SELECT brand_id, account_id FROM {table} {theirs} ORDER BY brand_id") == each, table
    assert await pair[0].one("SELECT count(DISTINCT external_id) FROM mentions WHERE ticket_id IS NOT NULL") == 1
    assert {state for (state,) in await pair[0].rows("SELECT state FROM replies")} == {"sent"}


async def test_a_push_stays_with_the_account_it_names(pair: tuple[Life, Life]) -> None:
    await configure(pair, ACME, CARE)
    life = pair[0]
    async with life.bridge.store.writing() as uow:
        known = await uow.accounts.health("acme", "acme-care")
        pushed = a_post("h-1", COMPLAINT, created_at=life.now)
        await take_in(uow, [Arrival(CARE, known, pushed)], origin=Origin.PUSH, now=life.now)
    await check_one_answer(life, by="acme-care")
