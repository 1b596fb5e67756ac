"""An account that is quiet beyond belief is noticed, looked after and told, and closed with what was found."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fakes.tale import ACME, Paper, Tale
from mentionbridge.bootstrap.examine import look_for_gap
from mentionbridge.domain.account import GapKind
from mentionbridge.domain.errors import PlatformDown
from mentionbridge.domain.mention import Item, Origin
from mentionbridge.pipeline.bridge import Connected
from mentionbridge.pipeline.collect import go_blind
from mentionbridge.pipeline.watch_silence import LEARN_AGAIN, LOOK_AGAIN, SilenceWatch
from mentionbridge.store.reading import StoredDesk

both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
HOUR = timedelta(hours=1)


class Hiding(Paper):
    """A network that tells nothing more from where we are, and shows its newest to whoever asks for them."""

    capabilities = replace(Paper.capabilities, shows_newest=True)

    def __init__(self) -> None:
        super().__init__()
        self.hidden: Sequence[Item] = ()
        self.asked = 0
        self.down = False

    async def newest(self) -> Sequence[Item]:
        self.asked += 1
        if self.down:
            raise PlatformDown("no answer")
        return self.hidden


async def a_lively_week(told: Tale) -> tuple[SilenceWatch, Hiding]:
    """Something is heard every half hour for eight days."""
    network = Hiding()
    told.bridge = replace(told.bridge, connected={("acme", "acme"): Connected(ACME, network)})  # type: ignore[arg-type]
    for _ in range(8 * 48):
        await told.hears(told.post("sam", "@acme hello"))
        told.clock.forward(1800)
    async with told.store.writing() as uow:
        await uow.accounts.polled(ACME, "far", told.clock.now(), told.clock.now())
        await uow.accounts.well(ACME, told.clock.now())
    return SilenceWatch(told.bridge), network


async def gaps(told: Tale) -> list[Mapping[str, Any]]:
    async with told.store.reading() as uow:
        return [dict(gap) for gap in await uow.accounts.gaps("acme", "acme")]


async def events(told: Tale) -> list[str]:
    rows = await told.rows("SELECT type FROM events WHERE mention_id IS NULL ORDER BY position")
    return [kind for (kind,) in rows]


@both
async def test_a_silence_is_told_once_and_ends_with_the_next_post(told: Tale) -> None:
    watch, _ = await a_lively_week(told)
    await watch.watch()
    assert await gaps(told) == [], "half an hour is nothing"
    told.clock.forward(8 * 3600)
    for _ in range(3):
        await SilenceWatch(told.bridge).watch()
    (gap,) = await gaps(told)
    assert (gap["kind"], gap["closed_at"]) == ("silence", None)
    assert gap["cause"].startswith("nothing was heard since ") and "hardly ever quiet so long" in gap["cause"]
    found = [each async for each in look_for_gap(told.bridge, ACME)]
    assert [each.sentence.startswith("Silence since ") for each in found] == [True]
    (view,) = await StoredDesk(told.store).accounts(["acme"])
    assert view.health.open_gap == gap["cause"]
    told.clock.forward(60)
    await told.hears(told.post("sam", "@acme still there"))
    await watch.watch()
    await watch.watch()
    (gap,) = await gaps(told)
    assert gap["closed_at"] == told.clock.now() and gap["repaired"].startswith("heard again at ")
    assert await events(told) == ["ingest.gap_opened", "ingest.gap_closed"]


@both
async def test_what_the_network_held_back_is_taken_in_and_all_is_read_anew(told: Tale) -> None:
    watch, network = await a_lively_week(told)
    network.hidden = [told.post("kim", f"@acme passed {number}", id=f"passed-{number}") for number in range(3)]
    told.clock.forward(8 * 3600)
    async with told.store.writing() as uow:
        await uow.accounts.well(ACME, told.clock.now())
    fresh = told.post("kim", "@acme this one comes by itself", id="fresh", created_at=told.clock.now() + HOUR)
    network.hidden = [*network.hidden, fresh]
    await watch.watch()
    (gap,) = await gaps(told)
    assert gap["repaired"] == "our place in the network's list had passed 3 posts; all it still shows is read anew"
    async with told.store.reading() as uow:
        health = await uow.accounts.health("acme", "acme")
    assert health.cursor is None
    passed = ", ".join(f"'passed-{number}'" for number in range(3))
    ((many,),) = await told.rows(f"SELECT count(*) FROM mentions WHERE external_id IN ({passed})")
    ((due,),) = await told.rows("SELECT due FROM accounts")
    assert (many, due is not None) == (3, True)
    assert await told.rows("SELECT 1 FROM mentions WHERE external_id = 'fresh'") == []


async def test_one_look_a_day_is_paid_for_and_a_network_that_is_down_does_no_harm(told: Tale) -> None:
    watch, network = await a_lively_week(told)
    network.down = True
    told.clock.forward(8 * 3600)
    for _ in range(5):
        await watch.watch()
        told.clock.forward(300)
    assert network.asked == 1
    network.down = False
    told.clock.forward(LOOK_AGAIN.total_seconds())
    await watch.watch()
    assert network.asked == 2
    assert [gap["closed_at"] for gap in await gaps(told)] == [None]


async def test_an_account_that_is_blind_is_not_called_silent_and_both_gaps_end_apart(told: Tale) -> None:
    watch, _ = await a_lively_week(told)
    async with told.store.writing() as uow:
        await go_blind(uow, ACME, "no answer", told.clock.now())
    told.clock.forward(8 * 3600)
    await watch.watch()
    assert [gap["kind"] for gap in await gaps(told)] == ["blind"]
    async with told.store.writing() as uow:
        assert await uow.accounts.open_gap(ACME, "quiet", told.clock.now(), GapKind.SILENCE) is not None
        assert await uow.accounts.close_gap(ACME, "walked", told.clock.now()) is not None
        assert await uow.accounts.gap_since(ACME) is None
        assert await uow.accounts.gap_since(ACME, GapKind.SILENCE) == told.clock.now()


async def test_history_brought_by_hand_is_no_sign_of_life(told: Tale) -> None:
    watch, _ = await a_lively_week(told)
    told.clock.forward(8 * 3600)
    await told.hears(told.post("old", "@acme from the archive"), origin=Origin.IMPORT)
    await watch.watch()
    assert [gap["closed_at"] for gap in await gaps(told)] == [None]


async def test_a_rhythm_is_kept_for_some_hours(told: Tale) -> None:
    watch, _ = await a_lively_week(told)
    await watch.watch()
    ((_, rhythm),) = watch._rhythms.values()
    told.clock.forward(LEARN_AGAIN.total_seconds() - 60)
    await watch.watch()
    assert next(iter(watch._rhythms.values()))[1] is rhythm
