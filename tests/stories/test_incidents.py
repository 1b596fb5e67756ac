"""A person declares what is wrong; everybody who complains of it hears it once, and every update once."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fakes.chaos_counts import share
from fakes.tale import BILLED, LATE, Tale
from mentionbridge.domain.account import Mode
from mentionbridge.domain.errors import NotAllowed, NotFound, WrongValue
from mentionbridge.domain.incident import Incident, IncidentState
from mentionbridge.domain.mention import Post
from mentionbridge.domain.wording import Kind
from mentionbridge.pipeline.change import change as change_ticket
from mentionbridge.pipeline.incident import Declared, broadcast, change, declare, end_overdue, tell_members
from mentionbridge.pipeline.know import join_customers
from mentionbridge.pipeline.steer import reject
from stories.test_by_itself import account

KIM = "Kim via desk"
NEWS = "A depot has lost its power; parcels move again tomorrow."
BETTER = "The power is back; your parcel leaves tonight."
FIXED = "All parcels have left the depot."
both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])


def plan(told: Tale, **facts: Any) -> Declared:
    since = told.clock.now() - timedelta(days=1)
    return replace(Declared("the depot", {"en": NEWS}, "en", ("parcel",), (), since, None), **facts)


async def declared(told: Tale, **facts: Any) -> Incident:
    incident = await declare(told.bridge, "acme", plan(told, **facts), KIM)
    await tells(told)
    return incident


async def tells(told: Tale) -> None:
    while await tell_members(told.bridge):
        pass
    await told.works()
    told.clock.forward(60)


async def update(told: Tale, incident: Incident, news: str, *, fixed: bool = False) -> None:
    await broadcast(told.bridge, "acme", incident.id, {"en": news}, KIM, fixed=fixed)
    await tells(told)


def heard(told: Tale, who: str, news: str) -> int:
    said = [intent for intent in told.paper.printed.values() if intent.target.author_handle == who]
    return sum(news in intent.text for intent in said)


async def events(told: Tale) -> list[str]:
    types = [type_ for (type_,) in await told.rows("SELECT type FROM events ORDER BY id")]
    return [type_ for type_ in types if type_.startswith("incident.")]


@both
async def test_those_who_complained_and_those_who_still_do_hear_the_news_once(told: Tale) -> None:
    await told.says("sam", LATE)
    await told.says("kim", BILLED)
    incident = await declared(told)
    await told.says("ann", LATE)
    await told.works()
    assert [heard(told, who, NEWS) for who in ("sam", "ann", "kim")] == [1, 1, 0]
    acknowledgements = await told.rows("SELECT kind FROM replies WHERE purpose = 'acknowledge' ORDER BY id")
    assert [kind for (kind,) in acknowledgements] == ["acknowledge", "acknowledge", "incident"]
    await tells(told)
    assert [heard(told, who, NEWS) for who in ("sam", "ann")] == [1, 1]
    ((members,),) = await told.rows(f"SELECT count(*) FROM tickets WHERE incident_id = '{incident.id}'")
    assert members == 2


@both
async def test_every_update_goes_once_to_everyone_who_was_told_and_the_last_closes(told: Tale) -> None:
    await told.says("sam", LATE)
    incident = await declared(told)
    await told.says("ann", LATE)
    await update(told, incident, BETTER)
    await told.says("bob", LATE)
    await update(told, incident, FIXED, fixed=True)
    assert [heard(told, "sam", news) for news in (NEWS, BETTER, FIXED)] == [1, 1, 1]
    assert [heard(told, "ann", news) for news in (NEWS, BETTER, FIXED)] == [1, 1, 1]
    assert [heard(told, "bob", news) for news in (NEWS, BETTER, FIXED)] == [0, 1, 1], "who came late hears the newest"
    await told.says("eve", LATE)
    assert [heard(told, "eve", news) for news in (NEWS, BETTER, FIXED)] == [0, 0, 0], "it is over"
    assert await events(told) == ["incident.opened", "incident.updated", "incident.closed"]


@both
async def test_who_complains_twice_hears_it_once(told: Tale) -> None:
    await told.says("sam", LATE)
    incident = await declared(told)
    told.clock.forward(100 * 3600)
    again = await told.says("sam", "@acme another parcel of mine is lost, terrible, nobody answers")
    await tells(told)
    assert await told.id_of(again)
    assert heard(told, "sam", NEWS) == 1
    held = [reason for (reason,) in await told.rows("SELECT reason FROM entries WHERE kind = 'held'")]
    assert [reason for reason in held if "another story" in reason]
    await update(told, incident, BETTER)
    assert heard(told, "sam", BETTER) == 1


@both
async def test_one_person_under_two_names_hears_it_once(told: Tale) -> None:
    first, second = await told.says("sam", LATE), await told.says("sam_at_work", LATE)
    await _same(told, first, second)
    incident = await declared(told)
    assert heard(told, "sam", NEWS) + heard(told, "sam_at_work", NEWS) == 1
    await update(told, incident, BETTER)
    assert heard(told, "sam", BETTER) + heard(told, "sam_at_work", BETTER) == 1


async def _same(told: Tale, *posts: Post) -> None:
    query = "SELECT a.customer_id FROM authors a JOIN mentions m ON m.author_id = a.id WHERE m.external_id = '{}'"
    ids = [(await told.rows(query.format(post.external_id)))[0][0] for post in posts]
    await join_customers(told.bridge, "acme", ids[0], ids[1], KIM, "they said so")


async def test_news_that_have_not_left_give_way_to_newer_ones(told: Tale) -> None:
    await told.says("sam", LATE)
    incident = await declare(told.bridge, "acme", plan(told), KIM)
    while await tell_members(told.bridge):
        pass
    await update(told, incident, BETTER)
    assert [heard(told, "sam", news) for news in (NEWS, BETTER)] == [0, 1]


async def test_who_was_left_out_by_a_person_hears_no_update(told: Tale) -> None:
    account(told, mode=Mode.APPROVE)
    incident = await declared(told)
    await told.says("sam", LATE)
    ((reply_id,),) = await told.rows("SELECT id FROM replies")
    await reject(told.bridge, "acme", reply_id, KIM, "not about the depot")
    await update(told, incident, BETTER)
    assert told.printed == []
    ((reason,),) = await told.rows("SELECT reason FROM entries WHERE kind = 'held'")
    assert "told nothing of it yet" in reason


async def test_who_shows_personal_details_is_asked_to_remove_them_and_hears_the_news_besides(told: Tale) -> None:
    await declared(told)
    await told.says("sam", f"{LATE}, my mail is sam.tester@post.example")
    await tells(told)
    kinds = [kind for (kind,) in await told.rows("SELECT kind FROM replies ORDER BY id")]
    assert (kinds, heard(told, "sam", NEWS)) == (["personal_data", "incident"], 1)


async def test_who_asked_us_to_stop_hears_nothing(told: Tale) -> None:
    sam = await told.says("sam", LATE)
    async with told.engine.writing() as connection:
        await connection.exec_driver_sql("UPDATE authors SET stop_at = updated_at")
    await declared(told)
    assert heard(told, "sam", NEWS) == 0
    assert await told.id_of(sam)


async def test_an_account_that_is_off_for_incidents_tells_none(told: Tale) -> None:
    account(told, modes={Kind.INCIDENT: Mode.OFF})
    await told.says("sam", LATE)
    await declared(told)
    assert heard(told, "sam", NEWS) == 0


async def test_where_no_sentence_fits_a_person_is_left_out_and_the_others_hear_it(told: Tale) -> None:
    await told.says("sam", LATE)
    incident = await declare(told.bridge, "acme", plan(told), KIM)
    able = told.paper.capabilities
    told.paper.capabilities = replace(able, max_length=10)  # type: ignore[misc]
    assert (await tell_members(told.bridge), await tell_members(told.bridge)) == (1, 0)
    told.paper.capabilities = able  # type: ignore[misc]
    await told.says("ann", LATE)
    assert [heard(told, who, NEWS) for who in ("sam", "ann")] == [0, 1]
    assert incident.number == 1


async def test_places_narrow_it_and_what_names_none_is_not_in_it(told: Tale) -> None:
    await told.says("sam", LATE)
    await told.says("ann", f"{LATE}, near the Harbour")
    await declared(told, places=("harbour",))
    assert [heard(told, who, NEWS) for who in ("sam", "ann")] == [0, 1]


async def test_what_was_told_before_its_time_is_not_in_it(told: Tale) -> None:
    await told.says("sam", LATE)
    told.clock.forward(48 * 3600)
    await declared(told)
    assert heard(told, "sam", NEWS) == 0


async def test_everybody_hears_it_in_a_language_it_was_written_in(told: Tale) -> None:
    german = "Im Depot ist der Strom ausgefallen."
    await told.says("sam", LATE, lang="de")
    await told.says("ann", LATE, lang="fr")
    await declared(told, news={"en": NEWS, "de": german})
    assert heard(told, "ann", NEWS) == 1
    assert heard(told, "sam", german) == 1


async def test_without_a_language_named_it_is_the_brands_own_whatever_country_that_names(told: Tale) -> None:
    british = replace(told.bridge.brand("acme"), lang="en-GB")
    told.bridge = replace(told.bridge, brands={"acme": british})
    await told.says("sam", LATE)
    assert (await declared(told, lang=None)).lang == "en"
    assert heard(told, "sam", NEWS) == 1


async def test_what_joins_without_being_told_of_is_not_hidden_by_the_end_of_the_telling(told: Tale) -> None:
    """A topic given by a person later makes no member; only declaring, changing and complaining do."""
    kim = await told.says("kim", BILLED)
    incident = await declare(told.bridge, "acme", plan(told), KIM)
    await change_ticket(told.bridge, "acme", await told.id_of(kim), {"topic": "parcel"}, KIM)
    await tells(told)
    assert ((await told.ticket(await told.id_of(kim))).incident_id, heard(told, "kim", NEWS)) == (None, 0)
    await change(told.bridge, "acme", incident.id, {"title": "the depot and its vans"}, KIM)
    await tells(told)
    assert heard(told, "kim", NEWS) == 1


async def test_its_time_ends_it(told: Tale) -> None:
    incident = await declared(told, until=told.clock.now() + timedelta(hours=2))
    told.clock.forward(2 * 3600)
    await told.says("sam", LATE)
    assert heard(told, "sam", NEWS) == 0, "nobody need have closed it"
    assert (await end_overdue(told.bridge), await end_overdue(told.bridge)) == (1, 0)
    assert await events(told) == ["incident.opened", "incident.closed"]
    with pytest.raises(NotAllowed, match="closed"):
        await broadcast(told.bridge, "acme", incident.id, {"en": BETTER}, KIM, fixed=False)


async def test_it_may_be_changed_to_cover_more_and_closed_without_a_word(told: Tale) -> None:
    await told.says("kim", BILLED)
    incident = await declared(told)
    await change(told.bridge, "acme", incident.id, {"topics": ("parcel", "billing")}, KIM)
    await tells(told)
    assert heard(told, "kim", NEWS) == 1
    await change(told.bridge, "acme", incident.id, {"state": IncidentState.CLOSED}, KIM)
    await told.says("sam", LATE)
    assert heard(told, "sam", NEWS) == 0


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"topics": ("weather",)}, "names weather"),
        ({"topics": (), "places": ()}, "both empty"),
        ({"news": {"en": "see https://acme.example"}}, "a link"),
        ({"news": {"en": ""}}, "nothing or more"),
        ({"news": {"de": NEWS}}, "lacks the language"),
        ({"news": {"en": "x " * 150}}, "more than 200"),
    ],
)
async def test_what_cannot_be_said_or_means_everything_is_refused(told: Tale, facts: dict[str, Any], why: str) -> None:
    with pytest.raises(WrongValue, match=why):
        await declare(told.bridge, "acme", plan(told, **facts), KIM)


async def test_a_time_that_has_passed_is_refused(told: Tale) -> None:
    with pytest.raises(WrongValue, match="passed already"):
        await declare(told.bridge, "acme", plan(told, until=told.clock.now()), KIM)
    with pytest.raises(NotFound):
        await change(told.bridge, "acme", "inc_nobody", {"title": "x"}, KIM)


@pytest.mark.deep
async def test_a_wave_is_answered_once_each_and_none_is_lost(told: Tale) -> None:
    many, limit = share(500), share(400)
    account(told, most_an_hour=limit)
    await declared(told)
    posts = [told.post(f"w{number}", f"{LATE} ({number % 7})") for number in range(many)]
    await told.hears(*posts)
    await told.works()
    await tells(told)
    ((tickets,),) = await told.rows("SELECT count(*) FROM tickets WHERE incident_id IS NOT NULL")
    said = {intent.target.author_handle for intent in told.paper.printed.values()}
    assert (tickets, len(told.paper.printed), len(said)) == (many, limit, limit)
    waiting = await told.rows("SELECT id FROM replies WHERE state = 'awaiting_approval'")
    assert len(waiting) == many - limit, "what is above the hourly limit waits for a person"


@both
async def test_an_acknowledgement_that_still_waits_gives_way_to_the_news(told: Tale) -> None:
    account(told, modes={Kind.ACKNOWLEDGE: Mode.APPROVE})
    await told.says("sam", LATE)
    await declared(told)
    states = await told.rows("SELECT purpose, state, reason FROM replies ORDER BY id")
    assert [tuple(row) for row in states] == [
        ("acknowledge", "cancelled", "the news of the incident are said instead"),
        ("broadcast", "sent", None),
    ]
    assert heard(told, "sam", NEWS) == len(told.paper.printed) == 1


async def test_a_warning_of_personal_details_that_still_waits_stays(told: Tale) -> None:
    account(told, modes={Kind.PERSONAL_DATA: Mode.APPROVE})
    await told.says("sam", f"{LATE}, my mail is sam.tester@post.example")
    await declared(told)
    states = await told.rows("SELECT kind, state FROM replies ORDER BY id")
    assert [tuple(row) for row in states] == [("personal_data", "awaiting_approval"), ("incident", "sent")]


@both
async def test_the_same_is_not_declared_twice(told: Tale) -> None:
    incident = await declared(told)
    with pytest.raises(NotAllowed, match=f"The same is open as {incident.id}") as refused:
        await declared(told, title="the depot again")
    assert refused.value.code == "incident_open"
    await update(told, incident, FIXED, fixed=True)
    assert (await declared(told)).id != incident.id
