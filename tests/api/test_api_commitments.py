"""Words we gave, over HTTP: made, kept, moved, missed, and never another brand's."""

from datetime import timedelta

from fakes.people import story
from fakes.web_world import Site
from mentionbridge.ports.access import Scope

DAY = timedelta(days=1)


async def ticket(site: Site, external_id: str = "p-1") -> str:
    async with site.world.store.writing() as uow:
        return (await story(uow, external_id)).ticket_id


def a_word(site: Site, ticket_id: str, **more: object) -> dict[str, object]:
    due = site.world.clock.now() + DAY
    return {"ticket_id": ticket_id, "what": "we call you tomorrow", "due_at": due.isoformat(), **more}


async def test_a_word_is_made_read_and_kept(site: Site) -> None:
    desk = await site.token(Scope.READ, Scope.REPLY)
    ticket_id = await ticket(site)
    made = await site.http.post("/v1/commitments", desk, a_word(site, ticket_id, actor={"name": "Kim"}, owner="Lee"))
    assert made.status_code == 201
    assert made.json() | {"id": "", "author_id": ""} == made.json() | {
        "id": "",
        "author_id": "",
        "state": "open",
        "made_by": "Kim via desk",
        "owner": "Lee",
        "earlier": [],
    }
    path = f"/v1/commitments/{made.json()['id']}"
    assert (await site.http.get(path, desk)).json() == made.json()
    kept = await site.http.post(f"{path}/keep", desk)
    assert (kept.status_code, kept.json()["state"]) == (200, "kept")
    again = await site.http.post(f"{path}/keep", desk)
    assert (again.status_code, again.json()["code"]) == (409, "commitment_move")
    listed = await site.http.get("/v1/commitments", desk, state="kept", ticket_id=ticket_id)
    assert [each["id"] for each in listed.json()["items"]] == [made.json()["id"]]
    assert (await site.http.get("/v1/commitments", desk, state="open")).json()["items"] == []


async def test_a_moved_word_keeps_every_earlier_time(site: Site) -> None:
    desk = await site.token(Scope.READ, Scope.REPLY)
    first = (await site.http.post("/v1/commitments", desk, a_word(site, await ticket(site)))).json()
    now = site.world.clock.now()
    path = f"/v1/commitments/{first['id']}/move"
    later = await site.http.post(path, desk, {"due_at": (now + 2 * DAY).isoformat(), "reason": "the van broke down"})
    site.world.clock.forward(3 * DAY.total_seconds())
    late = await site.http.post(path, desk, {"due_at": (now + 5 * DAY).isoformat(), "reason": "no spare van"})
    assert [each["missed"] for each in late.json()["earlier"]] == [False, True]
    assert [each["due_at"] for each in late.json()["earlier"]] == [first["due_at"], later.json()["due_at"]]
    assert late.json()["state"] == "open"


async def test_a_time_that_has_passed_cannot_be_promised(site: Site) -> None:
    desk = await site.token(Scope.REPLY)
    word = a_word(site, await ticket(site), due_at=site.world.clock.now().isoformat())
    answer = await site.http.post("/v1/commitments", desk, word)
    assert (answer.status_code, answer.json()["code"]) == (409, "due_in_past")


async def test_a_word_needs_a_ticket_of_ours_and_a_reply_of_its_ticket(site: Site) -> None:
    desk = await site.token(Scope.REPLY)
    nowhere = await site.http.post("/v1/commitments", desk, a_word(site, "tkt_nowhere"))
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "not_found")
    async with site.world.store.writing() as uow:
        elsewhere = await story(uow, "p-2")
    wrong = await site.http.post("/v1/commitments", desk, a_word(site, await ticket(site), reply_id=elsewhere.id))
    assert (wrong.status_code, wrong.json()["code"]) == (409, "not_its_reply")


async def test_reading_needs_read_and_promising_needs_reply(site: Site) -> None:
    reader = await site.token(Scope.READ)
    answer = await site.http.post("/v1/commitments", reader, a_word(site, await ticket(site)))
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
