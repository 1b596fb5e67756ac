"""What the bridge says by itself, and when it keeps quiet, asks a person, or lets go."""

from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest

from fakes.tale import ACME, BILLED, LATE, Tale
from mentionbridge.domain.account import Mode
from mentionbridge.domain.mention import Post, Visibility
from mentionbridge.domain.wording import Kind
from mentionbridge.pipeline.bridge import Connected
from mentionbridge.pipeline.expire import expire_drafts
from mentionbridge.pipeline.message import message
from mentionbridge.pipeline.say import Saying
from mentionbridge.pipeline.steer import approve, edit, reject
from mentionbridge.rules.hours import Hours
from mentionbridge.rules.waits import Timing

KIM = "Kim via desk"
both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])


def account(told: Tale, **facts: Any) -> None:
    """Change what the config says of the account."""
    connected = Connected(replace(ACME, **facts), told.paper)  # type: ignore[arg-type]
    told.bridge = replace(told.bridge, connected={("acme", "acme"): connected})


def hours(told: Tale, **facts: Any) -> None:
    """Change what the config says of the brand's hours."""
    told.bridge = replace(told.bridge, timing={"acme": Timing(**facts)})


def quiet_for(told: Tale, span: timedelta) -> None:
    """Let quiet hours begin a minute ago and last so long."""
    now = told.clock.now()
    spans = (((now - timedelta(minutes=1)).time(), (now + span).time()),)
    hours(told, quiet=Hours(now.tzinfo, dict.fromkeys(range(7), spans)))


async def states(told: Tale) -> list[Any]:
    return [row[0] for row in await told.rows("SELECT state FROM replies ORDER BY id")]


async def only_reply(told: Tale) -> str:
    ((reply_id,),) = await told.rows("SELECT id FROM replies")
    return str(reply_id)


async def test_in_quiet_hours_an_answer_waits_until_they_end(told: Tale) -> None:
    quiet_for(told, timedelta(hours=2))
    await told.says("sam", LATE)
    assert (await states(told), told.printed) == (["queued"], [])
    told.clock.forward(2 * 3600)
    await told.works()
    assert told.printed == [("sam", "public")]


async def test_what_has_grown_too_old_by_the_end_of_the_quiet_hours_goes_to_a_person(told: Tale) -> None:
    quiet_for(told, timedelta(hours=9))
    await told.says("sam", LATE)
    told.clock.forward(9 * 3600)
    await told.works()
    assert (await states(told), told.printed) == (["awaiting_approval"], [])


async def test_what_a_person_says_or_approves_goes_out_in_quiet_hours(told: Tale) -> None:
    account(told, mode=Mode.APPROVE)
    quiet_for(told, timedelta(hours=2))
    sam = await told.says("sam", LATE)
    await approve(told.bridge, "acme", await only_reply(told), KIM)
    await message(told.bridge, Saying("acme", await told.id_of(sam), "It left this morning.", KIM, "k-1"))
    await told.works()
    assert told.printed == [("sam", "public"), ("sam", "public")]


@both
async def test_more_answers_than_an_hour_may_have_wait_for_a_person(told: Tale) -> None:
    account(told, most_an_hour=2)
    for who in ("sam", "ann", "bob"):
        await told.says(who, LATE)
    assert await states(told) == ["sent", "sent", "awaiting_approval"]
    ((why,),) = await told.rows("SELECT reason FROM replies WHERE state = 'awaiting_approval'")
    assert why == "the account has said 2 answers by itself within an hour; somebody should look why"
    told.clock.forward(3600)
    await told.says("eve", LATE)
    assert (await states(told))[-1] == "sent", "an hour later there is room again"


async def test_what_people_say_counts_for_no_cap(told: Tale) -> None:
    account(told, most_an_hour=1)
    sam = await told.says("sam", LATE)
    for number in range(3):
        await message(told.bridge, Saying("acme", await told.id_of(sam), f"News {number}.", KIM, f"k-{number}"))
    await told.works()
    assert await states(told) == ["sent"] * 4


async def test_an_author_who_had_enough_answers_today_waits_for_a_person(told: Tale) -> None:
    account(told, most_a_day_to_one=1)
    await told.says("sam", LATE)
    told.clock.forward(3 * 3600)
    await told.says("sam", BILLED)
    assert await states(told) == ["sent", "awaiting_approval"]


def at_night(told: Tale) -> None:
    hours(told, hours=Hours(week={0: ((time(9), time(9, 1)),)}))


async def test_an_occasion_may_have_a_mode_of_its_own(told: Tale) -> None:
    account(told, modes={Kind.OFF_HOURS: Mode.APPROVE})
    await told.says("sam", LATE)
    at_night(told)
    await told.says("ann", LATE)
    assert await states(told) == ["sent", "awaiting_approval"]
    assert await told.rows("SELECT kind FROM replies ORDER BY id") == [("acknowledge",), ("off_hours",)]


async def test_thanks_that_may_hide_a_complaint_are_drafted_as_thanks(told: Tale) -> None:
    await told.says("greta", "@acme Credit where due: the engineer came on time and fixed my parcel box. Thank you!")
    ((kind, state, text),) = await told.rows("SELECT kind, state, text FROM replies")
    assert (kind, state) == ("praise", "awaiting_approval")
    assert "trouble" not in text and "put this right" not in text
    assert await told.rows("SELECT id FROM handoffs") == []


async def test_an_occasion_that_is_off_is_held_with_its_reason(told: Tale) -> None:
    account(told, modes={Kind.OFF_HOURS: Mode.OFF})
    at_night(told)
    await told.says("ann", LATE)
    ((why,),) = await told.rows("SELECT reason FROM entries WHERE kind = 'held'")
    assert why == "not acknowledged in public: Answers on such an occasion are switched off for this account."


async def test_an_occasion_switched_to_approval_meanwhile_asks_a_person(told: Tale) -> None:
    at_night(told)
    await told.hears(told.post("ann", LATE))
    await told.judges()
    account(told, modes={Kind.OFF_HOURS: Mode.APPROVE})
    await told.speaks()
    assert await states(told) == ["awaiting_approval"]


async def expires(told: Tale, hours: float) -> list[Any]:
    told.clock.forward(hours * 3600)
    await expire_drafts(told.bridge)
    return await states(told)


@both
async def test_a_draft_that_nobody_decides_about_expires(told: Tale) -> None:
    account(told, mode=Mode.APPROVE)
    sam = await told.says("sam", LATE)
    assert await expires(told, 71) == ["awaiting_approval"]
    assert await expires(told, 1) == ["expired"]
    assert (await told.events(await told.id_of(sam)))[-1] == "reply.expired"
    assert await expire_drafts(told.bridge) == 0


async def test_a_draft_that_a_person_has_worked_on_begins_to_wait_anew(told: Tale) -> None:
    account(told, mode=Mode.APPROVE)
    await told.says("sam", LATE)
    told.clock.forward(48 * 3600)
    await edit(told.bridge, "acme", await only_reply(told), "We have your parcel here.", KIM)
    assert await expires(told, 48) == ["awaiting_approval"]
    assert await expires(told, 25) == ["expired"]


async def test_what_has_expired_leaves_room_for_an_answer_to_the_next_post(told: Tale) -> None:
    account(told, mode=Mode.APPROVE)
    sam = await told.says("sam", LATE)
    await expires(told, 73)
    account(told, mode=Mode.AUTO)
    await told.says("sam", LATE, parent_id=sam.external_id, thread_id=sam.thread_id)
    assert await states(told) == ["expired", "sent"]


async def test_what_is_decided_does_not_expire(told: Tale) -> None:
    account(told, mode=Mode.APPROVE)
    await told.says("sam", LATE)
    await reject(told.bridge, "acme", await only_reply(told), KIM, "no answer needed")
    assert await expires(told, 100) == ["rejected"]


async def test_quiet_hours_keep_no_private_word(told: Tale) -> None:
    quiet_for(told, timedelta(hours=2))
    said: Post = await told.says("sam", LATE, visibility=Visibility.DIRECT)
    await message(told.bridge, Saying("acme", await told.id_of(said), "It left this morning.", KIM, "k-1"))
    await told.works()
    assert told.printed == [("sam", "private")]
