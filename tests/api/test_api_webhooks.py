"""Webhook endpoints from their owner's side: change, rotate, try out, enable, redeliver, recover, and the ledger."""

from typing import Any

import pytest

from fakes.clock import START
from fakes.feed_world import BUSY, GONE, OK, open_feed
from fakes.feed_world import Post as FeedPost
from fakes.inside import INSIDE
from fakes.web_world import Site
from mentionbridge.feed.delivery import HttpCourier
from mentionbridge.net.guard import AddressGuard
from mentionbridge.ports.access import Scope

URL = "/v1/webhook-endpoints"
HOOK = "https://desk.example/hook"


async def made(site: Site, headers: dict[str, str], **asked: Any) -> dict[str, Any]:
    answer = await site.http.post(URL, headers, {"url": HOOK, **asked})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def patch(site: Site, headers: dict[str, str], id_: str, body: Any) -> Any:
    plain = {**headers, "Content-Type": "application/json"}
    return await site.http("PATCH", f"{URL}/{id_}", headers=plain, json=body)


async def test_what_is_asked_for_can_be_changed(site: Site) -> None:
    headers = await site.token(Scope.ADMIN)
    endpoint = await made(site, headers, types=["ticket.opened"], severities=["high"], topics=["parcel"])
    assert (endpoint["severities"], endpoint["topics"], endpoint["mode"]) == (["high"], ["parcel"], "plain")
    changed = await patch(site, headers, endpoint["id"], {"types": [], "mode": "cloudevents"})
    assert changed.status_code == 200
    read = (await site.http.get(f"{URL}/{endpoint['id']}", headers)).json()
    assert read == changed.json() and "secret" not in read
    assert (read["types"], read["severities"], read["mode"], read["url"]) == ([], ["high"], "cloudevents", HOOK)
    assert (await patch(site, headers, endpoint["id"], {})).json() == read
    assert (await patch(site, headers, "whk_none", {})).status_code == 404
    other = await site.token(Scope.ADMIN, brands=["borealis"])
    assert (await patch(site, other, endpoint["id"], {"types": []})).status_code == 404


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"severities": ["dire"]}, "`severities.0` should be 'normal' or 'high'"),
        ({"mode": "xml"}, "`mode` should be 'plain' or 'cloudevents'"),
        ({"types": ["ticket.exploded"]}, "`types.0` is not an event type"),
        ({"topics": [""]}, "`topics.0`"),
        ({"brand": "borealis"}, "`brand` is not a field we know"),
        ({"url": "http://private.example/"}, "This address is not told anything."),
    ],
)
async def test_a_wrong_change_says_why(site: Site, body: dict[str, Any], says: str) -> None:
    headers = await site.token(Scope.ADMIN)
    endpoint = await made(site, headers)
    answer = await patch(site, headers, endpoint["id"], body)
    assert (answer.status_code, says in answer.json()["detail"]) == (422, True), answer.text
    assert answer.json()["code"] == ("address_refused" if "url" in body else "invalid")
    fresh = await site.http.post(URL, headers, {"url": HOOK, **body})
    assert fresh.status_code == 422


@pytest.mark.parametrize("url", INSIDE.values(), ids=INSIDE)
async def test_no_spelling_of_an_address_inside_can_be_registered(site: Site, url: str) -> None:
    headers = await site.token(Scope.ADMIN)
    site.courier.judge = HttpCourier(AddressGuard(), site.world.clock).refuses
    answer = await site.http.post(URL, headers, {"url": url.format(port=8080)})
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] in ("address_refused", "invalid")
    assert (await site.http.get(URL, headers)).json()["items"] == []


async def test_during_a_rotation_both_secrets_sign(site: Site) -> None:
    headers = await site.token(Scope.ADMIN)
    endpoint = await made(site, headers)
    rotated = (await site.http.post(f"{URL}/{endpoint['id']}/rotate", headers)).json()
    assert rotated["previous_until"] == "2026-11-23T09:00:00Z"
    assert await signing(site, endpoint["id"]) == (rotated["secret"], endpoint["secret"])
    site.world.clock.forward(86401)
    assert await signing(site, endpoint["id"]) == (rotated["secret"],)
    at_once = await site.http.post(f"{URL}/{endpoint['id']}/rotate", headers, {"overlap_hours": 0})
    assert await signing(site, endpoint["id"]) == (at_once.json()["secret"],)
    too_long = await site.http.post(f"{URL}/{endpoint['id']}/rotate", headers, {"overlap_hours": 169})
    assert too_long.status_code == 422


async def signing(site: Site, endpoint_id: str) -> tuple[str, ...]:
    async with site.world.store.reading() as uow:
        endpoint = await uow.deliveries.endpoint("acme", endpoint_id)
    assert endpoint is not None
    return endpoint.secrets


async def test_a_test_event_says_what_came_back_and_leaves_no_trace(site: Site) -> None:
    headers = await site.token(Scope.ADMIN)
    endpoint = await made(site, headers)
    post: FeedPost = site.courier
    post.says[endpoint["id"]] = BUSY
    tried = await site.http.post(f"{URL}/{endpoint['id']}/test", headers, {"type": "reply.sent"})
    assert tried.json() == {"ok": False, "status": 503, "detail": "answered 503"}
    del post.says[endpoint["id"]]
    assert (await site.http.post(f"{URL}/{endpoint['id']}/test", headers)).json()["ok"] is True
    (first, second) = post.heard
    assert (first[3]["test"], first[3]["brand_id"], "reply" in first[3]) == (True, "acme", True)
    assert first[1] != second[1] and first[1].startswith("evt_")
    assert (await site.http.get("/v1/events", await site.token(Scope.READ))).json()["items"] == []
    assert (await site.http.get(f"{URL}/{endpoint['id']}/deliveries", headers)).json()["items"] == []
    assert (await site.http.post(f"{URL}/whk_none/test", headers)).status_code == 404


async def test_a_disabled_endpoint_is_enabled_with_what_it_was_owed(site: Site) -> None:
    headers = await site.token(Scope.ADMIN)
    endpoint = await made(site, headers)
    feed = open_feed(site.world)
    feed.post.says[endpoint["id"]] = GONE
    await feed.tell(3)
    await feed.work()
    read = (await site.http.get(f"{URL}/{endpoint['id']}", headers)).json()
    assert read["disabled_because"] == "the subscriber answered 410 Gone"
    (newest, *_) = (await site.http.get(f"{URL}/{endpoint['id']}/deliveries", headers)).json()["items"]
    refused = await site.http.post(f"{URL}/{endpoint['id']}/deliveries/{newest['id']}/redeliver", headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "endpoint_disabled")
    since = {"since": "2026-11-22T08:00:00Z"}
    assert (await site.http.post(f"{URL}/{endpoint['id']}/recover", headers, since)).status_code == 409
    del feed.post.says[endpoint["id"]]
    enabled = (await site.http.post(f"{URL}/{endpoint['id']}/enable", headers)).json()
    assert (enabled["disabled_at"], enabled["failing_since"]) == (None, None)
    await feed.work()
    assert feed.post.taken(endpoint["id"]) == [1, 2, 3, 4], "the fourth says that it was disabled"
    assert site.woken


async def test_enabling_brings_at_once_what_waits_for_its_hour(site: Site) -> None:
    headers = await site.token(Scope.ADMIN)
    endpoint = await made(site, headers)
    feed = open_feed(site.world)
    feed.post.says[endpoint["id"]] = BUSY
    await feed.tell(2)
    await feed.pass_time(8, step=1)
    del feed.post.says[endpoint["id"]]
    assert (await site.http.post(f"{URL}/{endpoint['id']}/enable", headers)).status_code == 200
    await feed.work()
    assert feed.post.taken(endpoint["id"]) == [1, 2]


async def test_dead_letters_are_listed_and_one_is_brought_again(site: Site) -> None:
    headers = await site.token(Scope.ADMIN)
    endpoint = await made(site, headers)
    feed = open_feed(site.world)
    first: list[str] = []
    feed.post.says[endpoint["id"]] = lambda event, tries: BUSY if event == (first or [event])[0] else OK
    await feed.tell(1)
    feed.post.takes = lambda: first.append(feed.post.heard[0][1]) if feed.post.heard and not first else None
    await feed.work()
    for _ in range(12):
        await feed.tell(1, "p-2")
        await feed.pass_time(30 * 3600, step=15 * 3600)
    url = f"{URL}/{endpoint['id']}/deliveries"
    (dead,) = (await site.http.get(f"{url}?state=dead", headers)).json()["items"]
    assert (dead["attempts"], dead["event_type"], dead["last_status"]) == (10, "ticket.updated", 503)
    lines = (await site.http.get(f"{url}/{dead['id']}/attempts", headers)).json()["items"]
    assert len(lines) >= 10 and lines[0]["at"] > lines[-1]["at"]
    assert {line["detail"] for line in lines} == {"answered 503"}
    feed.post.says = {}
    again = await site.http.post(f"{url}/{dead['id']}/redeliver", headers)
    assert (again.json()["state"], again.json()["attempts"]) == ("pending", 0)
    await feed.work()
    assert feed.post.heard[-1][:3] == (endpoint["id"], first[0], 204)
    assert (await site.http.get(f"{url}?state=dead", headers)).json()["items"] == []
    assert (await site.http.get(f"{url}/dlv_none/attempts", headers)).status_code == 404
    assert (await site.http.post(f"{url}/dlv_none/redeliver", headers)).status_code == 404
    assert (await site.http.get(f"{url}?state=lost", headers)).status_code == 422


async def test_recovering_brings_everything_it_never_got_once_and_in_order(site: Site) -> None:
    headers = await site.token(Scope.ADMIN)
    feed = open_feed(site.world)
    await feed.tell(4)
    site.world.clock.forward(3600)
    await feed.tell(700)
    endpoint = await made(site, headers)
    await feed.work()
    assert feed.post.taken(endpoint["id"]) == list(range(1, 705)), "what was not placed yet was told"
    late = await made(site, headers)
    site.world.clock.forward(60)
    since = {"since": "2026-11-22T09:30:00Z"}
    for _ in range(2):
        found = (await site.http.post(f"{URL}/{late['id']}/recover", headers, since)).json()
        assert (found["recovered_to"], found["recover_until"]) == (4, 704)
    await feed.tell(1)
    await feed.work()
    assert feed.post.taken(late["id"]) == list(range(5, 706)), "the new one waited, so that the order holds"
    done = (await site.http.get(f"{URL}/{late['id']}", headers)).json()
    assert (done["recovered_to"], done["recover_until"]) == (None, None)
    await site.http.post(f"{URL}/{late['id']}/recover", headers, {"since": START.isoformat()})
    await feed.work()
    assert sorted(feed.post.taken(late["id"])) == list(range(1, 706)), "once each, whatever is recovered"
