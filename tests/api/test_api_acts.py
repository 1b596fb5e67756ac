"""What a team does to tickets over HTTP: change, note, solve, merge, split, undo, and many at once."""

import json
from typing import Any

from fakes.people import story
from fakes.web_world import Site
from mentionbridge.domain.mention import Surface
from mentionbridge.domain.reply import ReplyState
from mentionbridge.domain.ticket import Entry
from mentionbridge.ports.access import Scope

KIM = {"actor": {"name": "Kim"}}


async def ticket(site: Site, external_id: str) -> str:
    now = site.world.clock.now()
    async with site.world.store.writing() as uow:
        reply = await story(uow, external_id, state=ReplyState.SENT)
        number = await uow.tickets.next_sequence("acme", reply.ticket_id)
        facts: Any = {"mention_id": reply.mention_id}
        entry = Entry(
            "acme", f"ent_{external_id}", reply.ticket_id, number, "mention", Surface.PUBLIC, now, now, **facts
        )
        await uow.tickets.add_entry(entry)
    return reply.ticket_id


async def patch(site: Site, token: dict[str, str], ticket_id: str, body: dict[str, Any], **headers: str) -> Any:
    content = {"Content-Type": "application/json", **headers}
    body = {**KIM, **body}
    return await site.http(
        "PATCH", f"/v1/tickets/{ticket_id}", headers={**token, **content}, content=json.dumps(body).encode()
    )


async def test_a_change_is_told_and_what_is_left_out_stays(site: Site) -> None:
    team, ticket_id = await site.token(Scope.READ, Scope.REPLY), await ticket(site, "p-1")
    changed = await patch(site, team, ticket_id, {"state": "open", "priority": "urgent", "assignee": {"name": "Lee"}})
    assert changed.status_code == 200
    assert (changed.json()["state"], changed.json()["priority_by"]) == ("open", "Kim via desk")
    tagged = await patch(site, team, ticket_id, {"tags": ["van", "blue"]})
    assert (tagged.json()["priority"], tagged.json()["tags"]) == ("urgent", ["van", "blue"])
    freed = await patch(site, team, ticket_id, {"assignee": None})
    assert (freed.json()["assignee_id"], freed.json()["assignee_name"]) == (None, None)


async def test_a_stale_reader_changes_nothing(site: Site) -> None:
    team, ticket_id = await site.token(Scope.READ, Scope.REPLY), await ticket(site, "p-1")
    etag = (await site.http.get(f"/v1/tickets/{ticket_id}", team)).headers["etag"]
    assert (await patch(site, team, ticket_id, {"state": "open"}, **{"If-Match": etag})).status_code == 200
    stale = await patch(site, team, ticket_id, {"state": "solved"}, **{"If-Match": etag})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert (await patch(site, team, ticket_id, {"state": "solved"}, **{"If-Match": "yesterday"})).status_code == 412


async def test_what_cannot_be_is_said_in_a_sentence(site: Site) -> None:
    team, ticket_id = await site.token(Scope.READ, Scope.REPLY), await ticket(site, "p-1")
    for body, status, code in (
        ({"team": "nobody"}, 422, "invalid"),
        ({"state": "asleep"}, 422, "invalid"),
        ({"state": None}, 422, "invalid"),
        ({"colour": "blue"}, 422, "invalid"),
        ({"state": "closed"}, 409, "ticket_move"),
    ):
        answer = await patch(site, team, ticket_id, body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), body


async def test_a_note_stays_internal_and_a_solved_ticket_says_so(site: Site) -> None:
    team, ticket_id = await site.token(Scope.READ, Scope.REPLY), await ticket(site, "p-1")
    noted = await site.http.post(f"/v1/tickets/{ticket_id}/notes", team, {**KIM, "text": "ask the driver"})
    assert noted.status_code == 201
    lines = (await site.http.get(f"/v1/tickets/{ticket_id}/timeline", team)).json()["items"]
    assert [(line["surface"], line["text"]) for line in lines if line["kind"] == "note"] == [
        ("internal", "ask the driver")
    ]
    solved = await site.http.post(f"/v1/tickets/{ticket_id}/solve", team)
    assert (solved.json()["state"], solved.json()["solved_at"] is not None) == ("solved", True)


async def test_what_is_solved_in_public_answers_the_next_who_asks(site: Site) -> None:
    team = await site.token(Scope.READ, Scope.REPLY, Scope.APPROVE)
    one, two = await ticket(site, "p-1"), await ticket(site, "p-2")
    assert (await site.http.get("/v1/answers", team)).json() == {"items": [], "next": None}
    await site.http.post(f"/v1/tickets/{one}/solve", team, {**KIM})
    waiting = (await site.http.get("/v1/replies", team, ticket_id=one)).json()["items"]
    (closing,) = [each for each in waiting if each["purpose"] == "resolve"]
    approved = await site.http.post(f"/v1/replies/{closing['id']}/approve", {**team, "Idempotency-Key": "k-1"})
    assert approved.status_code == 200, approved.text
    now = site.world.clock.now()
    async with site.world.store.writing() as uow:
        reply = await uow.replies.get("acme", closing["id"])
        assert reply is not None
        sending = await uow.replies.move(reply, ReplyState.SENDING, now)
        await uow.replies.move(sending, ReplyState.SENT, now, sent_at=now)
    (answer,) = (await site.http.get("/v1/answers", team, q="parcel")).json()["items"]
    assert (answer["id"], answer["ticket_id"], answer["helped"]) == (closing["id"], one, 0)
    alike = (await site.http.get(f"/v1/tickets/{two}/answers", team)).json()["items"]
    assert [each["id"] for each in alike] == [closing["id"]]
    solved = await site.http.post(f"/v1/tickets/{two}/solve", team, {**KIM, "answer_id": closing["id"]})
    assert (solved.status_code, solved.json()["solved_with"]) == (200, closing["id"])
    assert (await site.http.get("/v1/answers", team)).json()["items"][0]["helped"] == 1
    wrong = await site.http.post(f"/v1/tickets/{one}/solve", team, {**KIM, "answer_id": "rpl_nobody"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid")
    assert (await site.http.get("/v1/tickets/tkt_nobody/answers", team)).status_code == 404


async def test_two_tickets_are_merged_and_are_two_again(site: Site) -> None:
    team = await site.token(Scope.READ, Scope.REPLY)
    one, two = await ticket(site, "p-1"), await ticket(site, "p-2")
    ask = {**KIM, "into": two, "reason": "the same parcel"}
    merged = await site.http.post(f"/v1/tickets/{one}/merge", team, ask)
    assert (merged.status_code, merged.json()["kind"]) == (200, "merge")
    source = (await site.http.get(f"/v1/tickets/{one}", team)).json()
    assert (source["state"], source["merged_into"]) == ("closed", two)
    cycle = await site.http.post(f"/v1/tickets/{two}/merge", team, {**ask, "into": one})
    assert cycle.status_code == 409
    assert (await site.http.post(f"/v1/tickets/{two}/undo", team)).status_code == 200
    assert (await site.http.get(f"/v1/tickets/{one}", team)).json()["merged_into"] is None
    nothing = await site.http.post(f"/v1/tickets/{two}/undo", team)
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_to_undo")


async def test_a_line_that_was_another_story_gets_a_ticket_of_its_own(site: Site) -> None:
    team = await site.token(Scope.READ, Scope.REPLY)
    one, two = await ticket(site, "p-1"), await ticket(site, "p-2")
    await site.http.post(f"/v1/tickets/{one}/merge", team, {**KIM, "into": two, "reason": "the same parcel"})
    apart = await site.http.post(
        f"/v1/tickets/{two}/split", team, {**KIM, "entries": ["ent_p-1"], "reason": "another parcel"}
    )
    assert apart.status_code == 200, apart.text
    new = (await site.http.get(f"/v1/tickets/{apart.json()['target_id']}/timeline", team)).json()["items"]
    assert "ent_p-1" in [line["id"] for line in new]
    everything = await site.http.post(f"/v1/tickets/{two}/split", team, {**KIM, "entries": ["ent_p-2"], "reason": "?"})
    assert everything.json()["code"] == "split_of_everything"


async def test_many_are_changed_each_by_itself(site: Site) -> None:
    team = await site.token(Scope.READ, Scope.REPLY)
    one, two = await ticket(site, "p-1"), await ticket(site, "p-2")
    ask = {**KIM, "tickets": [one, "tkt_nowhere", two], "change": {"priority": "low"}}
    results = (await site.http.post("/v1/tickets/bulk", team, ask)).json()["results"]
    assert [(each["id"], each["status"], each["code"]) for each in results] == [
        (one, "changed", None),
        ("tkt_nowhere", "refused", "not_found"),
        (two, "changed", None),
    ]
