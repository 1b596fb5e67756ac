"""What a mention is, said by a person: it sticks, and everything follows from it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from fakes.clock import START
from fakes.people import ACME, OTHER, post, store_post, verdict
from fakes.web_world import EVERY_SCOPE, Site
from mentionbridge.domain.errors import PlatformDown
from mentionbridge.domain.mention import Mention, Origin
from mentionbridge.domain.reply import ReplyState
from mentionbridge.domain.verdict import Label
from mentionbridge.ports.access import Scope
from mentionbridge.store import tables as t

both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
KIM = {"actor": {"name": "Kim"}}


async def a_mention(site: Site, label: Label | None = Label.OTHER, **facts: Any) -> Mention:
    async with site.world.store.writing() as uow:
        mention = await store_post(uow, post(**facts), origin=Origin.POLL)
        if label is not None:
            await uow.mentions.judged(mention, verdict(label=label, complaint=0.2), "no complaint", "vdt_0", START)
    return mention


async def relabel(site: Site, mention: Mention, **body: Any) -> Any:
    headers = {**await site.token(Scope.APPROVE, Scope.READ), "Content-Type": "application/json"}
    return await site.http("PATCH", f"/v1/mentions/{mention.id}/verdict", headers=headers, json={**KIM, **body})


async def rows(site: Site, table: sa.Table) -> list[Any]:
    async with site.world.engine.reading() as connection:
        return list(await connection.execute(sa.select(table).order_by(table.c.id)))


@both
async def test_a_complaint_gets_its_ticket_and_its_answer(site: Site) -> None:
    mention = await a_mention(site)
    answer = await relabel(site, mention, label="complaint", topics=["parcel"], reason="they wait for three days")
    assert answer.status_code == 200
    told = answer.json()["verdict"]
    assert (told["label"], told["complaint"], told["actor"]) == ("complaint", 1.0, "Kim via desk")
    assert told["reasons"] == ["they wait for three days"]
    (ticket,), (reply,) = await rows(site, t.tickets), await rows(site, t.replies)
    assert (ticket.id, ticket.topic) == (answer.json()["ticket_id"], "parcel")
    assert (reply.state, reply.purpose) == ("queued", "acknowledge")
    facts = {row.type: row for row in await rows(site, t.events)}
    assert facts["mention.relabelled"].facts == {
        "label": "complaint",
        "was": "other",
        "decided": "a complaint, says Kim via desk",
        "actor": "Kim via desk",
    }
    assert facts["mention.relabelled"].ticket_id == ticket.id and "ticket.opened" in facts
    assert site.woken


@both
async def test_a_person_who_finds_it_severe_makes_it_urgent_for_the_desk(site: Site) -> None:
    mention = await a_mention(site)
    await relabel(site, mention, label="complaint")
    (ticket,) = await rows(site, t.tickets)
    await relabel(site, mention, label="complaint", severity="high")
    (raised,) = await rows(site, t.tickets)
    assert (ticket.priority, raised.priority) == ("normal", "high")
    assert "the complaint is severe" in raised.priority_reasons


async def test_what_is_no_complaint_any_more_is_not_answered(site: Site) -> None:
    mention = await a_mention(site)
    ticket_id = (await relabel(site, mention, label="complaint")).json()["ticket_id"]
    answer = await relabel(site, mention, label="praise")
    assert (answer.json()["verdict"]["label"], answer.json()["ticket_id"]) == ("praise", ticket_id)
    (reply,), entries = await rows(site, t.replies), await rows(site, t.entries)
    assert (reply.state, reply.due) == ("cancelled", None)
    assert (entries[-1].kind, entries[-1].surface, entries[-1].actor) == ("relabelled", "internal", "Kim via desk")
    types = [row.type for row in await rows(site, t.events)]
    assert types[-2:] == ["reply.cancelled", "mention.relabelled"]
    again = await relabel(site, mention, label="complaint")
    assert again.json()["ticket_id"] == ticket_id
    states = [row.state for row in await rows(site, t.replies)]
    assert states == ["cancelled", "queued"], "what was never said may be said now, once"


async def test_what_may_be_out_is_left_alone(site: Site) -> None:
    mention = await a_mention(site)
    await relabel(site, mention, label="complaint")
    await _maybe_out(site)
    await relabel(site, mention, label="spam")
    assert [row.state for row in await rows(site, t.replies)] == ["queued"]


async def _maybe_out(site: Site) -> None:
    async with site.world.engine.writing() as connection:
        await connection.execute(sa.update(t.replies).values(first_sent_at=START))


async def test_saying_it_twice_changes_nothing(site: Site) -> None:
    mention = await a_mention(site)
    first = await relabel(site, mention, label="question")
    before = len(await rows(site, t.events)), len(await rows(site, t.verdicts))
    assert (await relabel(site, mention, label="question")).json() == first.json()
    assert (len(await rows(site, t.events)), len(await rows(site, t.verdicts))) == before


async def test_an_old_post_goes_to_review(site: Site) -> None:
    site.world.clock.forward(timedelta(hours=7).total_seconds())
    mention = await a_mention(site)
    await relabel(site, mention, label="complaint")
    (reply,) = await rows(site, t.replies)
    assert reply.state == ReplyState.AWAITING_APPROVAL


async def test_what_was_not_judged_yet_is_judged_by_the_person(site: Site) -> None:
    mention = await a_mention(site, label=None)
    answer = (await relabel(site, mention, label="complaint", severity="high")).json()
    assert (answer["state"], answer["verdict"]["severity"]) == ("judged", "high")
    assert [row.priority for row in await rows(site, t.tickets)] == ["high"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid"),
        ({"label": "angry"}, "invalid"),
        ({"label": "complaint", "severity": "huge"}, "invalid"),
        ({"label": "complaint", "topics": ["weather"]}, "unknown_topic"),
        ({"label": "complaint", "mood": "bad"}, "invalid"),
        ({"label": "complaint", "reason": ""}, "invalid"),
    ],
)
async def test_what_is_no_label_is_refused(site: Site, body: dict[str, Any], code: str) -> None:
    answer = await relabel(site, await a_mention(site), **body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_words_that_are_gone_are_not_judged(site: Site) -> None:
    mention = await a_mention(site)
    async with site.world.store.writing() as uow:
        await uow.mentions.delete(mention, START)
    answer = await relabel(site, mention, label="complaint")
    assert (answer.status_code, answer.json()["code"]) == (409, "mention_gone")


async def test_brands_tell_their_topics_and_accounts(site: Site) -> None:
    told = (await site.http.get("/v1/brands", await site.token(Scope.READ))).json()["items"]
    assert [each["id"] for each in told] == ["acme"]
    assert told[0]["topics"][0] == {"key": "parcel", "name": "your parcel"}
    assert ACME.id in told[0]["accounts"] and OTHER.id not in told[0]["accounts"]


@both
async def test_a_thread_tells_what_may_be_said(site: Site) -> None:
    headers = await site.token(*EVERY_SCOPE)
    await a_mention(site, external_id="at://x/1", thread_id="at://x/1")
    newest = await a_mention(
        site, label=None, external_id="at://x/2", thread_id="at://x/1", created_at=START + timedelta(1)
    )
    told = (await site.http.get("/v1/threads/at://x/1/reply-rights", headers)).json()
    assert (told["mention_id"], told["account_id"], told["max_length"]) == (newest.id, ACME.id, 300)
    assert [(each["surface"], each["allowed"], each["refusal"]) for each in told["rights"]] == [
        ("public", True, None),
        ("private", False, "permission"),
    ]
    missing = await site.http.get("/v1/threads/at://x/1/reply-rights", headers, platform="bluesky")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    others = await site.token(*EVERY_SCOPE, brands=["borealis"])
    assert (await site.http.get("/v1/threads/at://x/1/reply-rights", others)).status_code == 404


async def test_a_deleted_post_is_not_answered(site: Site) -> None:
    mention = await a_mention(site)
    async with site.world.store.writing() as uow:
        await uow.mentions.delete(mention, START)
    told = (await site.http.get("/v1/threads/p-1/reply-rights", await site.token(Scope.READ))).json()
    assert {each["refusal"] for each in told["rights"]} == {"target_gone"}


async def test_a_network_that_cannot_tell_is_said_to_be_down(site: Site) -> None:
    async def down(brand: str, mention: str) -> Any:
        raise PlatformDown("no route to host 10.0.0.1")

    await a_mention(site)
    http = site.changed(rights=down)
    answer = await http.get("/v1/threads/p-1/reply-rights", await site.token(Scope.READ))
    assert (answer.status_code, answer.json()["code"], answer.json()["retryable"]) == (503, "network_down", True)
    assert "10.0.0.1" not in answer.text


@both
async def test_gaps_are_walked_newest_first(site: Site) -> None:
    async with site.world.store.writing() as uow:
        for number in range(5):
            await uow.accounts.open_gap(ACME, f"cause {number}", START + timedelta(hours=number))
            await uow.accounts.close_gap(ACME, "walked", START + timedelta(hours=number, minutes=5))
    headers = await site.token(Scope.READ)
    page = (await site.http.get(f"/v1/accounts/{ACME.id}/gaps", headers, limit=3)).json()
    rest = (await site.http.get(page["next"], headers)).json()
    causes = [each["cause"] for each in [*page["items"], *rest["items"]]]
    assert (causes, rest["next"]) == ([f"cause {number}" for number in (4, 3, 2, 1, 0)], None)


@both
async def test_two_people_and_the_machine_at_once_open_one_ticket(site: Site) -> None:
    mention = await a_mention(site, label=None)
    answers = await asyncio.gather(*(relabel(site, mention, label="complaint", severity=s) for s in ("high", "normal")))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert len(await rows(site, t.tickets)) == 1
    assert len(await rows(site, t.replies)) == 1
