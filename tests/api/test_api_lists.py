"""Lists go straight from rows to JSON, and say what the documented shape of each thing would have said."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from starlette.routing import Match, Route

from fakes.clock import START
from fakes.people import ACME, OTHER, post, store_post, story, verdict
from fakes.web_things import things_of
from fakes.web_world import Site
from mentionbridge.domain.mention import Surface
from mentionbridge.domain.reply import ReplyState
from mentionbridge.domain.ticket import Entry
from mentionbridge.ports.access import Scope
from mentionbridge.web import shapes
from mentionbridge.web.app import LISTS

both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
SHAPES = {"tickets": shapes.TicketShape, "mentions": shapes.MentionShape, "replies": shapes.ReplyShape}
READ_ALONE = {"waits": [], "sightings": [], "attempts": [], "named": []}
"""What only the thing itself shows, and what a list has there."""


@pytest.fixture
async def full(site: Site) -> Site:
    """One of everything, and what has every optional part or has lost its words."""
    await things_of(site, ACME)
    await things_of(site, OTHER)
    async with site.world.store.writing() as uow:
        sent = await story(uow, "p-sent", state=ReplyState.MANUAL, due=START + timedelta(minutes=5), lang="en")
        ticket = await uow.tickets.hold("acme", sent.ticket_id)
        await uow.tickets.change(ticket, START, tags=("van", "late"), team="post", assignee_id="7", assignee_name="Kim")
        entry = Entry("acme", "ent_sent", sent.ticket_id, 1, "mention", Surface.PUBLIC, START, START)
        await uow.tickets.add_entry(replace(entry, mention_id=sent.mention_id))
        for number, actor in enumerate((None, "Kim via desk"), 1):
            mention = await uow.mentions.get("acme", sent.mention_id)
            assert mention is not None
            judged = verdict(actor=actor, complaint=number / 3)
            await uow.mentions.judged(mention, judged, "opens a ticket", f"vrd_{number}", START)
        gone = await story(uow, "p-gone")
        lost = await uow.mentions.get("acme", gone.mention_id)
        assert lost is not None
        await uow.mentions.delete(lost, START)
        await store_post(uow, replace(post("p-plain"), lang=None, metrics={"likes": 3}))
    return site


async def listed(site: Site, url: str, brands: tuple[str, ...]) -> list[dict[str, Any]]:
    answer = await site.http.get(url, await site.token(Scope.READ, brands=brands))
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


@both
@pytest.mark.parametrize("brands", [("acme",), ("*",)], ids=["one brand", "every brand"])
@pytest.mark.parametrize("name", SHAPES)
async def test_an_item_is_what_its_shape_says(full: Site, name: str, brands: tuple[str, ...]) -> None:
    items = await listed(full, f"/v1/{name}?limit=200", brands)
    assert len(items) >= 3
    for item in items:
        shaped = SHAPES[name].model_validate_json(json.dumps(item))
        assert item == json.loads(shaped.model_dump_json())


@both
@pytest.mark.parametrize("name", SHAPES)
async def test_an_item_is_the_thing_itself(full: Site, name: str) -> None:
    token = await full.token(Scope.READ)
    for item in await listed(full, f"/v1/{name}?limit=200", ("acme",)):
        alone = (await full.http.get(f"/v1/{name}/{item['id']}", token)).json()
        less = {part: nothing for part, nothing in READ_ALONE.items() if part in alone}
        assert item == {**alone, **less}


@both
async def test_what_is_searched_for_is_listed_alike(full: Site) -> None:
    (hit,) = await listed(full, '/v1/tickets?q="three+days"', ("acme",))
    (item,) = [each for each in await listed(full, "/v1/tickets", ("acme",)) if each["id"] == hit["id"]]
    assert hit["found"]["entry_id"] == "ent_sent" and item["found"] is None
    assert {**hit, "found": None} == item


async def test_words_that_are_gone_are_in_no_list(full: Site) -> None:
    (gone,) = [each for each in await listed(full, "/v1/mentions?limit=200", ("acme",)) if each["redacted"]]
    assert (gone["external_id"], gone["text"]) == ("p-gone", None)


AS_TOLD = ("", "?limit=1", "?state=new&limit=2", "?cursor=xyz", "?team=a%20b&topic=&q=parcel")
NOT_AS_TOLD = ("?limit=0", "?limit=x", "?state=odd", "?unheard=of", "?limit=1&limit=2", f"?cursor={'x' * 1001}")


def way(site: Site, method: str, url: str) -> str:
    """Say which way a request goes: the short one or the framework's."""
    path, _, query = url.partition("?")
    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": []}
    first = next(route for route in site.app.router.routes if route.matches(dict(scope))[0] is Match.FULL)
    return "short" if type(first) is Route or Route in type(first).__bases__ else "long"


@pytest.mark.parametrize("query", AS_TOLD)
async def test_a_list_asked_as_told_goes_the_short_way_and_says_what_the_long_one_says(full: Site, query: str) -> None:
    headers = await full.token(Scope.READ)
    assert way(full, "GET", f"/v1/tickets{query}") == "short"
    short = await full.http.get(f"/v1/tickets{query}", headers)
    own = full.app.router.routes
    taken = [own.pop(0) for _ in range(1 + len(LISTS))]
    assert way(full, "GET", f"/v1/tickets{query}") == "long"
    long = await full.http.get(f"/v1/tickets{query}", headers)
    own[:0] = taken
    assert (short.status_code, short.content) == (long.status_code, long.content)
    assert {**short.headers, "ratelimit-remaining": ""} == {**long.headers, "ratelimit-remaining": ""}


@pytest.mark.parametrize("query", NOT_AS_TOLD)
async def test_what_is_not_as_told_goes_the_way_that_says_so(full: Site, query: str) -> None:
    assert way(full, "GET", f"/v1/tickets{query}") == "long"


async def test_the_short_way_lets_in_nobody_else(full: Site) -> None:
    assert (await full.http.get("/v1/replies", await full.token(Scope.INGEST))).status_code == 403
    assert (await full.http.get("/v1/replies", {})).status_code == 401
    scope = {"type": "http", "method": "HEAD", "path": "/v1/replies", "query_string": b"", "headers": []}
    short = full.app.router.routes[1 : 1 + len(LISTS)]
    assert [route.matches(dict(scope))[0] for route in short] == [Match.NONE] * len(LISTS)
