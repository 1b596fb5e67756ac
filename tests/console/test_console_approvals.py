"""The queue of approvals as a person meets it: signed in by token, by plain forms, and nobody else's."""

import html
import re
from dataclasses import replace
from typing import Any

import httpx
import pytest

from fakes import personal
from fakes.people import OTHER, photo, post, store_post, story
from fakes.web_world import EVERY_SCOPE, Site
from mentionbridge.domain.reply import Reply, ReplyState
from mentionbridge.ports.access import Scope
from mentionbridge.web.console.session import COOKIE, LIFE

WAITING = ReplyState.AWAITING_APPROVAL
BASE = "http://bridge.example"


class Visitor:
    """A browser without scripts."""

    def __init__(self, site: Site) -> None:
        self.site = site
        transport = httpx.ASGITransport(site.app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url=BASE, follow_redirects=True)

    async def signs_in(self, *scopes: Scope, person: str = "Kim", **token: Any) -> httpx.Response:
        headers = await self.site.token(*(scopes or (Scope.APPROVE,)), **token)
        secret = headers["Authorization"].removeprefix("Bearer ")
        return await self.http.post("/console/sign-in", data={"token": secret, "person": person})

    async def reads(self) -> str:
        answer = await self.http.get("/console/approvals")
        assert answer.status_code == 200
        return answer.text

    async def decides(self, reply: Reply, act: str, **told: str) -> httpx.Response:
        key = re.search(r'name="form_key" value="([^"]+)"', await self.reads())
        assert key is not None
        form = {"form_key": key[1], "act": act, "text": reply.text, **told}
        return await self.http.post(f"/console/approvals/{reply.id}", data=form)


@pytest.fixture
def visitor(site: Site) -> Visitor:
    return Visitor(site)


async def drafted(site: Site, external_id: str = "p-1", **facts: Any) -> Reply:
    async with site.world.store.writing() as uow:
        return await story(uow, external_id, state=WAITING, due=None, **facts)


async def stored(site: Site, reply: Reply) -> Reply:
    async with site.world.store.reading() as uow:
        found = await uow.replies.get(reply.brand_id, reply.id)
    assert found is not None
    return found


async def test_what_a_post_shows_of_a_person_is_masked_in_the_list(site: Site, visitor: Visitor) -> None:
    alt = "my card 4111 1111 1111 1111"
    async with site.world.store.writing() as uow:
        await store_post(uow, post(text=personal.SHOWN, media=(replace(photo(), alt=alt),)))
    await drafted(site)
    await visitor.signs_in()
    page = html.unescape(await visitor.reads())
    assert personal.MASKED in page and "my card [card]" in page
    assert not [secret for secret in personal.SECRETS.values() if secret in page]


async def test_a_draft_is_read_beside_its_post_and_let_out(site: Site, visitor: Visitor) -> None:
    reply = await drafted(site)
    signed_in = await visitor.signs_in()
    assert str(signed_in.url) == f"{BASE}/console/approvals"
    page = await visitor.reads()
    assert "@sam" in page and "my parcel is three days late" in page and html.escape(reply.text) in page
    done = await visitor.decides(reply, "approve")
    assert "Approved. It is on its way." in done.text and "Nothing waits" in done.text
    now = await stored(site, reply)
    assert (now.state, now.approved_by) == (ReplyState.QUEUED, "Kim via desk")
    assert site.woken


async def test_changed_words_return_to_review_and_are_not_let_out_unread(site: Site, visitor: Visitor) -> None:
    reply = await drafted(site)
    await visitor.signs_in()
    done = await visitor.decides(reply, "approve", text="We have found your parcel.")
    assert "Your words are kept" in done.text
    kept = await stored(site, reply)
    assert "This puts the blame" not in done.text
    assert (kept.state, kept.text, kept.author_of_words) == (WAITING, "We have found your parcel.", "Kim via desk")
    await visitor.decides(kept, "approve")
    assert (await stored(site, reply)).state is ReplyState.QUEUED


async def test_a_persons_words_are_looked_at_and_left_as_they_are(site: Site, visitor: Visitor) -> None:
    reply = await drafted(site)
    await visitor.signs_in()
    text = "You should have called us, Sam. We will call you tomorrow."
    done = await visitor.decides(reply, "keep", text=text)
    assert "This puts the blame on the customer. “<bdi>You should have</bdi>”" in done.text
    assert "record it as a commitment" in done.text
    assert (await stored(site, reply)).text == text


async def test_a_rejection_keeps_its_reason(site: Site, visitor: Visitor) -> None:
    reply = await drafted(site)
    await visitor.signs_in()
    done = await visitor.decides(reply, "reject", reason="We have called them.")
    assert "Rejected. Nothing was said." in done.text
    now = await stored(site, reply)
    assert (now.state, now.reason, now.approved_by) == (ReplyState.REJECTED, "We have called them.", "Kim via desk")


async def test_what_cannot_be_done_is_said_in_a_sentence(site: Site, visitor: Visitor) -> None:
    reply = await drafted(site)
    await visitor.signs_in()
    long = await visitor.decides(reply, "keep", text="x" * 301)
    assert long.status_code == 409 and "shorten the text" in long.text
    await visitor.decides(reply, "reject")
    again = await visitor.decides(await drafted(site, "p-2"), "approve")
    assert again.status_code == 200
    gone = await visitor.decides(reply, "approve")
    assert gone.status_code == 409 and "waits for nobody" in gone.text


async def test_another_brands_draft_is_neither_shown_nor_touched(site: Site, visitor: Visitor) -> None:
    ours, theirs = await drafted(site), await drafted(site, "p-9", account=OTHER)
    await visitor.signs_in()
    page = await visitor.reads()
    assert ours.id in page and theirs.id not in page
    refused = await visitor.decides(theirs, "approve")
    assert refused.status_code == 404
    assert (await stored(site, theirs)).state is WAITING


async def test_only_a_token_that_approves_signs_in(site: Site, visitor: Visitor) -> None:
    for scope in set(EVERY_SCOPE) - {Scope.APPROVE, Scope.ADMIN}:
        refused = await visitor.signs_in(scope)
        assert refused.status_code == 403 and "may not approve" in refused.text
    wrong = await visitor.http.post("/console/sign-in", data={"token": "mb_" + "x" * 32, "person": "Kim"})
    assert wrong.status_code == 401 and COOKIE not in visitor.http.cookies
    nameless = await visitor.signs_in(person=" ")
    assert nameless.status_code == 422 and "Tell us your name" in nameless.text


async def test_without_a_session_everything_leads_to_the_sign_in(site: Site, visitor: Visitor) -> None:
    reply = await drafted(site)
    for path in ("/console", "/console/", "/console/approvals"):
        answer = await visitor.http.get(path)
        assert str(answer.url) == f"{BASE}/console/sign-in" and "sam" not in answer.text
    await visitor.http.post(f"/console/approvals/{reply.id}", data={"act": "approve"})
    visitor.http.cookies.set(COOKIE, "gAAAA-forged")
    await visitor.http.post(f"/console/approvals/{reply.id}", data={"act": "approve"})
    assert (await stored(site, reply)).state is WAITING


async def test_a_session_ends_with_its_token_with_time_and_when_told(site: Site, visitor: Visitor) -> None:
    await visitor.signs_in()
    site.world.clock.forward(LIFE.total_seconds())
    assert "Sign in" in (await visitor.http.get("/console/approvals")).text
    await visitor.signs_in()
    key = re.search(r'name="form_key" value="([^"]+)"', await visitor.reads())
    assert key is not None
    out = await visitor.http.post("/console/sign-out", data={"form_key": key[1]})
    assert "You are signed out." in out.text and COOKIE not in visitor.http.cookies
    await visitor.signs_in(name="leaving")
    (leaving,) = [token for token in await site.door.tokens.list() if token.name == "leaving"]
    await site.door.tokens.revoke(leaving.id, site.world.clock.now())
    site.world.clock.forward(5)
    assert "Sign in" in (await visitor.http.get("/console/approvals")).text


async def test_forms_of_others_do_nothing(site: Site, visitor: Visitor) -> None:
    reply = await drafted(site)
    await visitor.signs_in()
    url = f"/console/approvals/{reply.id}"
    for key in ("", "wrong", "é"):
        refused = await visitor.http.post(url, data={"act": "approve", "form_key": key, "text": reply.text})
        assert refused.status_code == 403 and "was not made for you" in refused.text
    good = re.search(r'name="form_key" value="([^"]+)"', await visitor.reads())
    assert good is not None
    form = {"act": "approve", "form_key": good[1], "text": reply.text}
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        assert (await visitor.http.post(url, data=form, headers=headers)).status_code == 403
    assert (await stored(site, reply)).state is WAITING


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(site: Site, visitor: Visitor) -> None:
    headers = await site.token(Scope.APPROVE)
    secret = headers["Authorization"].removeprefix("Bearer ")
    visitor.http.follow_redirects = False
    answer = await visitor.http.post("/console/sign-in", data={"token": secret, "person": "Kim"})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and "path=/console" in cookie
    assert secret not in answer.headers["set-cookie"]
    secure = site.changed(secure=True)
    over_https = await secure.client.post("/console/sign-in", data={"token": secret, "person": "Kim"})
    assert "; secure" in over_https.headers["set-cookie"].lower()


async def test_nothing_a_customer_writes_is_more_than_text(site: Site, visitor: Visitor) -> None:
    hostile = '@acme <script>alert(1)</script> "><img src=x onerror=alert(2)> {{ 7*7 }} \u202egnp.exe'
    async with site.world.store.writing() as uow:
        await store_post(uow, post("p-1", hostile))
        await story(uow, "p-1", state=WAITING, due=None)
    await visitor.signs_in()
    answer = await visitor.http.get("/console/approvals")
    assert "<script>alert" not in answer.text and "<img" not in answer.text and "49" not in answer.text
    assert html.escape("<script>alert(1)</script>") in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == ("no-store", "no-referrer")


async def test_pages_are_light_and_their_parts_are_ours(site: Site, visitor: Visitor) -> None:
    for number in range(25):
        await drafted(site, f"p-{number}")
    await visitor.signs_in()
    page = await visitor.reads()
    assert page.count("<article") == 20 and "Older ones" in page
    weight = len(page.encode())
    for path in re.findall(r'(?:href|src)="(/console/static/[^"]+)"', page):
        part = await visitor.http.get(path)
        assert part.status_code == 200
        weight += len(part.content)
    assert weight <= 60_000
    older = re.search(r'href="(/console/approvals\?cursor=[^"]+)"', page)
    assert older is not None
    assert (await visitor.http.get(html.unescape(older[1]))).text.count("<article") == 5
    assert (await visitor.http.get("/console/approvals?cursor=x")).status_code == 400


async def test_a_form_that_is_too_large_or_none_is_refused(site: Site, visitor: Visitor) -> None:
    large = await visitor.http.post("/console/sign-in", data={"token": "x" * 70_000, "person": "Kim"})
    assert large.status_code == 413 and "send less" in large.text
    odd = await visitor.http.post("/console/sign-in", content=b"\xff\xfe")
    assert odd.status_code == 422
    many = await visitor.http.post("/console/sign-in", content=b"&".join(b"a=1" for _ in range(50)))
    assert many.status_code == 422


async def test_an_edited_or_deleted_post_is_said_before_anybody_approves(site: Site, visitor: Visitor) -> None:
    reply = await drafted(site)
    async with site.world.store.writing() as uow:
        mention = await uow.mentions.get("acme", reply.mention_id)
        assert mention is not None
        await uow.mentions.delete(mention, site.world.clock.now())
    await visitor.signs_in()
    assert "The post was deleted. Reject this answer." in await visitor.reads()
    assert (await visitor.decides(reply, "approve")).status_code == 409
