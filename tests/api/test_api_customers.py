"""Customers over HTTP: looked up, joined by a person with a reason, separated, exported and erased."""

from fakes.people import OTHER, post, store_post
from fakes.web_things import things_of
from fakes.web_world import ACCOUNTS, Site
from mentionbridge.domain.mention import Author
from mentionbridge.ports.access import Scope

ACME = next(account for account in ACCOUNTS if account.brand_id == "acme")


async def another(site: Site) -> str:
    async with site.world.store.writing() as uow:
        mention = await store_post(uow, post("p-77", "me again", author=Author("u-77", "sam", "Sam")), ACME)
        await uow.customers.ensure(mention, site.world.clock.now())
    found = await site.door.desk.customer_of([ACME.brand_id], ACME.platform, "u-77")
    assert found is not None
    return found.customer.id


async def test_joined_by_a_person_with_a_reason_and_separated_again(site: Site) -> None:
    team = await site.token(Scope.READ, Scope.REPLY)
    things, other = await things_of(site, ACME), await another(site)
    path = f"/v1/customers/{things['customer_id']}"
    said = {"customer_id": other, "reason": "told us by telephone", "actor": {"name": "Kim"}}
    joined = await site.http.post(f"{path}/join", team, said)
    assert [each["external_id"] for each in joined.json()["identities"]][-1] == "u-77"
    merged = await site.http.get(f"/v1/customers/{other}", team)
    assert (merged.json()["merged_into"], merged.json()["identities"]) == (things["customer_id"], [])
    twice = await site.http.post(f"{path}/join", team, said)
    assert (twice.status_code, twice.json()["code"]) == (409, "joined_already")
    apart = await site.http.post(f"{path}/separate", team)
    assert len(apart.json()["identities"]) == 1
    nothing = await site.http.post(f"{path}/separate", team)
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_to_undo")
    itself = await site.http.post(f"{path}/join", team, {**said, "customer_id": things["customer_id"]})
    assert itself.json()["code"] == "same_customer"


async def test_a_handle_looks_up_everybody_who_has_it(site: Site) -> None:
    reader = await site.token(Scope.READ)
    things, other = await things_of(site, ACME), await another(site)
    found = (await site.http.get("/v1/customers", reader, handle="sam")).json()["items"]
    assert {other} <= {each["id"] for each in found}
    assert (await site.http.get("/v1/customers", reader, handle="nobody")).json()["items"] == []
    assert (await site.http.get("/v1/customers", reader, handle="@sam")).json()["items"] == found
    whole = (await site.http.get("/v1/customers", reader, limit=1)).json()
    rest = (await site.http.get(whole["next"], reader)).json()
    assert {each["id"] for each in [*whole["items"], *rest["items"]]} == {things["customer_id"], other}


async def test_everything_kept_is_exported_and_then_erased(site: Site) -> None:
    admin = await site.token(Scope.ADMIN)
    things = await things_of(site, ACME)
    path = f"/v1/customers/{things['customer_id']}"
    export = (await site.http.get(f"{path}/export", admin)).json()
    theirs = [story["ticket"]["id"] for story in export["stories"]]
    assert things["ticket_id"] in theirs
    erased = await site.http("DELETE", path, headers=admin)
    assert (erased.status_code, erased.json()["tickets"], erased.json()["left"]) == (200, theirs, 0)
    mention = (await site.http.get(f"/v1/mentions/{things['mention_id']}", admin)).json()
    assert (mention["redacted"], mention["text"], mention["author"]["handle"]) == (True, None, "")
    changed = await site.http(
        "PATCH", path, headers={**admin, "Content-Type": "application/json"}, content=b'{"vip": true}'
    )
    assert (changed.status_code, changed.json()["code"]) == (409, "erased")


async def test_an_erased_story_is_another_version_and_is_told_once(site: Site) -> None:
    admin = await site.token(Scope.ADMIN)
    things = await things_of(site, ACME)
    path, ticket = f"/v1/customers/{things['customer_id']}", f"/v1/tickets/{things['ticket_id']}"
    before = (await site.http.get(ticket, admin)).headers["ETag"]
    for _ in range(2):
        await site.http("DELETE", path, headers=admin)
    after = await site.http("GET", ticket, headers={**admin, "If-None-Match": before})
    assert (after.status_code, after.json()["state"]) == (200, "closed")
    async with site.world.engine.reading() as connection:
        told = (await connection.exec_driver_sql("SELECT type FROM events ORDER BY id")).scalars().all()
    assert list(told)[-2:] == ["ticket.closed", "customer.erased"]


async def test_only_an_admin_erases_and_another_brand_sees_nobody(site: Site) -> None:
    things = await things_of(site, ACME)
    path = f"/v1/customers/{things['customer_id']}"
    team = await site.token(Scope.READ, Scope.REPLY)
    assert (await site.http("DELETE", path, headers=team)).status_code == 403
    stranger = await site.token(Scope.ADMIN, brands=[OTHER.brand_id])
    assert (await site.http("DELETE", path, headers=stranger)).status_code == 404
