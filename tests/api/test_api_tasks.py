"""What only a person may post: a list with the words and the link, done by a word or by our post's appearing."""

from fakes.people import post, story
from fakes.web_world import Site
from mentionbridge.domain.reply import Reply, ReplyState
from mentionbridge.ports.access import Scope

WHY = "window_closed: the seven days for a private answer are over"


async def task(site: Site, external_id: str = "p-1") -> Reply:
    now = site.world.clock.now()
    facts = {"state": ReplyState.MANUAL, "task_opened_at": now, "due": None, "reason": WHY}
    async with site.world.store.writing() as uow:
        return await story(uow, external_id, **facts)


async def test_a_task_is_listed_with_its_words_and_its_link(site: Site) -> None:
    desk, waiting = await site.token(Scope.READ), await task(site)
    (listed,) = (await site.http.get("/v1/tasks", desk, state="open")).json()["items"]
    assert (listed["id"], listed["reply_id"], listed["state"]) == (waiting.task_id, waiting.id, "open")
    assert (listed["text"], listed["link"], listed["reason"]) == (waiting.text, post("p-1").permalink, WHY)
    assert (await site.http.get(f"/v1/tasks/{waiting.task_id}", desk)).json() == listed
    assert (await site.http.get("/v1/tasks", desk, state="done")).json()["items"] == []
    assert (await site.http.get("/v1/tasks", desk, ticket_id="tkt_other")).json()["items"] == []
    assert (await site.http.get(f"/v1/tasks/{waiting.id}", desk)).status_code == 404, "a task is no reply"
    other = await site.token(Scope.READ, brands=("borealis",))
    assert (await site.http.get(f"/v1/tasks/{waiting.task_id}", other)).status_code == 404


async def test_a_reply_that_was_never_a_task_is_none(site: Site) -> None:
    async with site.world.store.writing() as uow:
        queued = await story(uow, "p-1")
    desk = await site.token(Scope.READ, Scope.REPLY)
    assert (await site.http.get("/v1/tasks", desk)).json()["items"] == []
    assert (await site.http.post(f"/v1/tasks/{queued.task_id}/done", desk, {})).status_code == 404


async def test_posted_by_hand_it_is_said_and_done_once(site: Site) -> None:
    desk, waiting = await site.token(Scope.READ, Scope.REPLY), await task(site)
    address = f"/v1/tasks/{waiting.task_id}/done"
    done = await site.http.post(address, desk, {"permalink": "https://demo.example/p-9", "actor": {"name": "Kim"}})
    assert (done.status_code, done.json()["reply_state"], done.json()["done_by"]) == (200, "sent", "Kim via desk")
    (listed,) = (await site.http.get("/v1/tasks", desk, state="done")).json()["items"]
    assert (listed["state"], listed["permalink"]) == ("done", "https://demo.example/p-9")
    again = await site.http.post(address, desk, {})
    assert (again.status_code, again.json()["code"]) == (409, "task_done")
    line = (await site.http.get(f"/v1/tickets/{waiting.ticket_id}/timeline", desk)).json()["items"][-1]
    assert (line["kind"], line["reply"]["id"], line["actor"]) == ("reply", waiting.id, "Kim via desk")


async def test_what_nobody_will_post_is_dropped(site: Site) -> None:
    desk, waiting = await site.token(Scope.READ, Scope.REPLY), await task(site)
    done = await site.http.post(f"/v1/tasks/{waiting.task_id}/done", desk, {"posted": False})
    assert done.json()["reply_state"] == "cancelled"
    async with site.world.store.writing() as uow:
        placed = await uow.events.place(100)
    assert [event.facts["outcome"] for event in placed if event.type == "task.done"] == ["dropped"]
