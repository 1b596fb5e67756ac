"""What a desk reads over `/v1`: lists, single things, timelines, the feed, pictures."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fakes.clock import START
from fakes.people import ACME, post, store_post, story, verdict
from fakes.web_world import Site
from mentionbridge.domain.account import Allowance
from mentionbridge.domain.events import EventType
from mentionbridge.domain.mention import MediaLink, Origin, Surface
from mentionbridge.domain.reply import ReplyState
from mentionbridge.domain.ticket import Entry
from mentionbridge.ports.access import Scope
from mentionbridge.ports.media import Picture
from mentionbridge.ports.store import Queue

both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])


async def walk(site: Site, url: str, headers: dict[str, str]) -> list[Any]:
    items: list[Any] = []
    way_on: str | None = url
    while way_on is not None:
        page = (await site.http.get(way_on, headers)).json()
        items += page["items"]
        way_on = page["next"]
    return items


@both
async def test_a_list_is_walked_by_next_to_its_end(site: Site) -> None:
    async with site.world.store.writing() as uow:
        for number in range(23):
            await store_post(uow, post(f"p-{number}"))
    headers = await site.token(Scope.READ)
    for limit in (1, 5, 22, 23, 24):
        found = await walk(site, f"/v1/mentions?limit={limit}", headers)
        assert [each["external_id"] for each in found] == [f"p-{number}" for number in range(22, -1, -1)]


async def test_filters_travel_with_the_cursor(site: Site) -> None:
    async with site.world.store.writing() as uow:
        for number in range(6):
            await story(uow, f"p-{number}", state=ReplyState.QUEUED if number % 2 else ReplyState.MANUAL)
    headers = await site.token(Scope.READ)
    manual = await walk(site, "/v1/replies?state=manual&limit=2", headers)
    assert [each["id"] for each in manual] == [f"rpl_acme_p-{number}" for number in (4, 2, 0)]
    assert len(await walk(site, f"/v1/tickets?state=new&account_id={ACME.id}&limit=4", headers)) == 6
    assert await walk(site, "/v1/tickets?account_id=acme-second", headers) == []


@both
async def test_tickets_are_searched_page_by_page(site: Site) -> None:
    async with site.world.store.writing() as uow:
        for number in range(3):
            reply = await story(uow, f"p-{number}")
            entry = Entry("acme", f"ent_{number}", reply.ticket_id, 1, "mention", Surface.PUBLIC, START, START)
            await uow.tickets.add_entry(replace(entry, mention_id=reply.mention_id))
    headers = await site.token(Scope.READ)
    found = await walk(site, '/v1/tickets?q=late+"three+days"&state=new&limit=2', headers)
    assert [each["id"] for each in found] == [f"tkt_acme_p-{number}" for number in (2, 1, 0)]
    assert found[0]["found"]["text"] == "@acme my parcel is three days late"
    assert await walk(site, "/v1/tickets?q=swing", headers) == await walk(site, "/v1/tickets?q=", headers) == []
    assert (await site.http.get("/v1/tickets", headers)).json()["items"][0]["found"] is None
    too_long = await site.http.get("/v1/tickets", headers, q="x" * 201)
    assert (too_long.status_code, too_long.json()["code"]) == (422, "invalid")


async def test_a_mention_read_alone_shows_what_it_names(site: Site) -> None:
    words = "third e-mail about order 4711-229, a kettle bought at the Old Quay, 55 minutes on hold"
    async with site.world.store.writing() as uow:
        mention = await store_post(uow, post(text=words))
    headers = await site.token(Scope.READ)
    told = (await site.http.get(f"/v1/mentions/{mention.id}", headers)).json()
    assert {(each["kind"], each["said"]) for each in told["named"]} == {
        ("order_number", "4711-229"),
        ("earlier_attempt", "third e-mail"),
        ("earlier_attempt", "55 minutes on hold"),
        ("place", "Quay branch"),
        ("product", "Kettle 2"),
    }
    assert {each["key"] for each in told["named"]} == {None, "quay", "kettle"}
    (listed,) = (await site.http.get("/v1/mentions", headers)).json()["items"]
    assert listed["named"] == []


@both
async def test_a_mention_shows_its_verdict(site: Site) -> None:
    async with site.world.store.writing() as uow:
        mention = await store_post(uow, post())
        await uow.mentions.judged(mention, verdict(), "opens a ticket", "vrd_1", START)
        await uow.mentions.sighted("acme", [mention.id], ACME.id, Origin.HOOK, START)
    told = (await site.http.get(f"/v1/mentions/{mention.id}", await site.token(Scope.READ))).json()
    assert (told["verdict"]["label"], told["verdict"]["complaint"]) == ("complaint", 0.91)
    assert (told["verdict"]["reasons"], told["verdict"]["decided"]) == (["says it is late"], "opens a ticket")
    assert told["named"] == []
    assert told["author"] == {
        "external_id": "u-7",
        "handle": "sam",
        "name": "Sam Rivera",
        "followers": 412,
        "is_bot": False,
    }
    assert (told["surface"], told["redacted"], told["sightings"][0]["origin"]) == ("public", False, "hook")


async def tell_story(site: Site) -> str:
    async with site.world.store.writing() as uow:
        reply = await story(uow)
        for number, what in enumerate(({"mention_id": reply.mention_id}, {"reply_id": reply.id}), 1):
            line = Entry("acme", f"ent_{number}", reply.ticket_id, number, "line", Surface.PUBLIC, START, START, **what)
            await uow.tickets.add_entry(line)
    return reply.ticket_id


@both
async def test_a_ticket_and_its_timeline(site: Site) -> None:
    ticket_id = await tell_story(site)
    headers = await site.token(Scope.READ)
    ticket = (await site.http.get(f"/v1/tickets/{ticket_id}", headers)).json()
    assert (ticket["state"], ticket["author"]["handle"], ticket["opened_because"]) == (
        "new",
        "sam",
        "a complaint (0.91)",
    )
    said, answered = await walk(site, f"/v1/tickets/{ticket_id}/timeline?limit=1", headers)
    assert (said["mention"]["text"], said["reply"], said["surface"]) == (post().text, None, "public")
    assert answered["reply"]["text"].startswith("Sorry about your parcel")


async def test_deleted_words_are_told_as_redacted(site: Site) -> None:
    ticket_id = await tell_story(site)
    async with site.world.store.writing() as uow:
        mention = await uow.mentions.by_external_id("acme", "demo", "p-1")
        assert mention is not None
        await uow.mentions.delete(mention, START)
    headers = await site.token(Scope.READ)
    told = (await site.http.get(f"/v1/mentions/{mention.id}", headers)).json()
    assert (told["text"], told["redacted"], told["deleted_at"]) == (None, True, "2026-11-22T09:00:00Z")
    (said, _) = await walk(site, f"/v1/tickets/{ticket_id}/timeline", headers)
    assert (said["mention"]["text"], said["mention"]["redacted"]) == (None, True)


async def test_a_tickets_version_is_its_etag(site: Site) -> None:
    ticket_id = await tell_story(site)
    url, headers = f"/v1/tickets/{ticket_id}", await site.token(Scope.READ)
    first = await site.http.get(url, headers)
    etag = first.headers["etag"]
    assert etag == f'"{first.json()["sequence"]}"'
    for named in (etag, f'W/{etag}, "99"'):
        unchanged = await site.http.get(url, {**headers, "If-None-Match": named})
        assert (unchanged.status_code, unchanged.content, unchanged.headers["etag"]) == (304, b"", etag)
    async with site.world.store.writing() as uow:
        await uow.events.add(EventType.TICKET_UPDATED, "acme", START, ticket_id=ticket_id)
    changed = await site.http.get(url, {**headers, "If-None-Match": etag})
    assert changed.status_code == 200 and changed.headers["etag"] != etag


async def test_a_reply_shows_its_ledger(site: Site) -> None:
    async with site.world.store.writing() as uow:
        reply = await story(uow, approved_by="Kim via desk", template="ack-2", evidence="accepted")
        await uow.replies.note("acme", reply.id, "send", "sent", "accepted: 3k2", START)
    told = (await site.http.get(f"/v1/replies/{reply.id}", await site.token(Scope.READ))).json()
    assert (told["approved_by"], told["template"], told["state"]) == ("Kim via desk", "ack-2", "queued")
    assert told["attempts"] == [
        {"at": "2026-11-22T09:00:00Z", "what": "send", "outcome": "sent", "detail": "accepted: 3k2"}
    ]


async def test_the_feed_is_pulled_behind_a_position(site: Site) -> None:
    headers = await site.token(Scope.READ)
    empty = (await site.http.get("/v1/events?after=0", headers)).json()
    assert empty == {"items": [], "after": 0, "head": 0, "next": None}
    ticket_id = await tell_story(site)
    async with site.world.store.writing() as uow:
        mention = await uow.mentions.by_external_id("acme", "demo", "p-1")
        assert mention is not None
        for _ in range(5):
            await uow.events.add(EventType.TICKET_UPDATED, "acme", START, ticket_id=ticket_id, mention_id=mention.id)
        await uow.events.place(9)
    found: list[Any] = []
    url = "/v1/events?limit=2"
    while url:
        page = (await site.http.get(url, headers)).json()
        found += page["items"]
        url = page["next"]
    assert [each["position"] for each in found] == [1, 2, 3, 4, 5]
    assert (found[0]["type"], found[0]["timestamp"]) == ("ticket.updated", "2026-11-22T09:00:00Z")
    assert (found[0]["data"]["sequence"], found[0]["data"]["mention"]["text"]) == (1, post().text)
    async with site.world.store.writing() as uow:
        await uow.mentions.delete(mention, START)
    later = (await site.http.get("/v1/events", headers)).json()
    assert later["items"][0]["data"]["mention"]["redacted"] is True and later["after"] == 5
    assert post().text not in str(later)


async def keep_picture(site: Site, mime: str, body: bytes) -> str:
    async with site.world.store.writing() as uow:
        mention = await store_post(uow, post(mime))
        await uow.mentions.add_media("acme", {mention.id: [MediaLink("https://cdn.example/a")]}, START)
        (lease,) = await uow.claims.take(Queue.MEDIA, 1, 30)
        await uow.mentions.keep_picture("acme", lease.id, Picture(mime, body, 1, 1))
    return lease.id


@both
async def test_a_kept_picture_is_shown_and_nothing_in_it_can_run(site: Site) -> None:
    headers = await site.token(Scope.READ)
    picture = await site.http.get(f"/v1/media/{await keep_picture(site, 'image/png', b'PNG')}", headers)
    assert (picture.content, picture.headers["content-type"]) == (b"PNG", "image/png")
    assert (picture.headers["content-disposition"], picture.headers["x-content-type-options"]) == ("inline", "nosniff")
    assert "sandbox" in picture.headers["content-security-policy"]
    odd = await site.http.get(f"/v1/media/{await keep_picture(site, 'image/svg+xml', b'<svg/>')}", headers)
    assert (odd.headers["content-type"], odd.headers["content-disposition"]) == (
        "application/octet-stream",
        "attachment",
    )
    assert (await site.http.get("/v1/media/med_none", headers)).status_code == 404


async def test_accounts_tell_what_they_heard_and_what_they_may_still_ask(site: Site) -> None:
    async with site.world.store.writing() as uow:
        await store_post(uow, post("p-77"))
        await uow.accounts.well(ACME, START - timedelta(seconds=40))
        await uow.accounts.allowed(ACME, Allowance(300, 12, START + timedelta(minutes=5)))
    told = (await site.http.get("/v1/accounts", await site.token(Scope.READ))).json()
    acme = next(each for each in told["items"] if each["id"] == ACME.id)
    assert (acme["last_seen_id"], acme["lag_seconds"]) == ("p-77", 40.0)
    assert acme["allowance"] == {"limit": 300, "left": 12, "resets_at": "2026-11-22T09:05:00Z"}
    assert acme["last_heard_at"] is not None and acme["spend_per_day"] is None


async def test_accounts_tell_how_they_are(site: Site) -> None:
    async with site.world.store.writing() as uow:
        await uow.accounts.failed(ACME, "the network asks us to wait", START)
        await uow.accounts.open_gap(ACME, "the token is dead", START)
        await uow.inbox.keep_unreadable(ACME, Origin.HOOK, b"\xff{not json", "not UTF-8", START)
    headers = await site.token(Scope.READ)
    told = (await site.http.get("/v1/accounts", headers)).json()
    acme = next(each for each in told["items"] if each["id"] == ACME.id)
    assert (acme["state"], acme["failures"], acme["open_gap"], acme["unreadable"]) == (
        "active",
        1,
        "the token is dead",
        1,
    )
    assert [(gap["cause"], gap["kind"]) for gap in acme["gaps"]] == [("the token is dead", "blind")]
    assert (acme["last_seen_id"], acme["read_to"], acme["lag_seconds"], acme["allowance"]) == (None, None, None, None)
    assert told["paused_everywhere"] is False
    (item,) = await walk(site, f"/v1/accounts/{ACME.id}/unreadable", headers)
    assert (item["excerpt"], item["size"], item["reason"]) == ("\ufffd{not json", 10, "not UTF-8")
