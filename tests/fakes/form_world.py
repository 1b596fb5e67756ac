"""The form of one invitation on a real store: browsers that open it, and a network that shows posts."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from html import unescape
from typing import Any

import httpx
import sqlalchemy as sa

from fakes.people import ACME, SAM, post, reply_for, store_post, ticket_for
from fakes.web_world import Site, open_site
from fakes.world import World
from mentionbridge.bootstrap.doors import use_cases
from mentionbridge.classify.judge import RulesJudge
from mentionbridge.domain.handoff import FormTerms, Handoff, HandoffState
from mentionbridge.domain.mention import Author, Origin, Post
from mentionbridge.domain.reply import Reply
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.hand_off import advance, invite, keep
from mentionbridge.pipeline.take_in import Arrival, Taken, take_in
from mentionbridge.store import tables as t

TERMS = FormTerms(questions=(("", ("phone",)), ("parcel", ("order_number", "phone"))))
ENGLISH = {"accept-language": "en"}


@dataclass
class Browser:
    """One browser at one address of the form; it keeps its cookie and fills in what it was shown."""

    http: httpx.AsyncClient
    path: str
    page: str = ""
    status: int = 0

    async def opens(self, **headers: str) -> str:
        answer = await self.http.get(self.path, headers=ENGLISH | headers)
        self.status, self.page = answer.status_code, answer.text
        return self.page

    async def sends(self, do: str = "write", files: Any = None, **fields: str) -> str:
        csrf = re.search(r'name="csrf" value="(\w+)"', self.page)
        data = {"csrf": csrf[1] if csrf else "", "do": do, **fields}
        answer = await self.http.post(
            self.path, data=data, files=files or {"photos": ("", b"")}, headers=ENGLISH, follow_redirects=True
        )
        self.status, self.page = answer.status_code, answer.text
        return self.page

    @property
    def sentence(self) -> str:
        found = re.search(r"<code>(.+?)</code>", self.page)
        assert found, "no sentence is shown"
        return unescape(found[1])


@dataclass
class FormWorld:
    """A story with an invitation that was offered, and whoever opens it."""

    world: World
    site: Site
    bridge: Bridge
    token: str
    handoff: Handoff
    reply: Reply
    browsers: list[Browser] = field(default_factory=list)

    def browser(self, path: str = "") -> Browser:
        transport = httpx.ASGITransport(self.site.app, raise_app_exceptions=False)
        http = httpx.AsyncClient(transport=transport, base_url="http://bridge.example")
        self.browsers.append(Browser(http, path or f"/h/{self.token}"))
        return self.browsers[-1]

    async def shows(self, text: str, by: Author = SAM, origin: Origin = Origin.POLL, **facts: Any) -> Taken:
        """Let the network show a post."""
        account = facts.pop("account", ACME)
        told = {
            "external_id": f"p-{len(text)}-{by.external_id}-{origin}",
            "created_at": self.world.clock.now(),
            **facts,
        }
        said: Post = replace(post(text=text, author=by), thread_id=told["external_id"], **told)
        async with self.world.store.writing() as uow:
            await uow.accounts.ensure(account, self.world.clock.now())
            known = await uow.accounts.health(account.brand_id, account.id)
            (taken,) = await take_in(uow, [Arrival(account, known, said)], origin=origin, now=self.world.clock.now())
        return taken

    async def rows(self, table: sa.Table) -> list[Any]:
        async with self.world.engine.reading() as connection:
            return list(await connection.execute(sa.select(table).order_by(table.c.id)))

    async def funnel(self) -> Handoff:
        async with self.world.store.reading() as uow:
            (found, *_) = await uow.handoffs.of_ticket("acme", self.handoff.ticket_id)
        return found


@asynccontextmanager
async def form_world(world: World, terms: FormTerms = TERMS) -> AsyncIterator[FormWorld]:
    site = open_site(world, form_requests_per_minute=1000)
    bridge: Bridge = site.door.forms.find.args[0]  # type: ignore[attr-defined]
    acme = replace(bridge.brands["acme"], form=terms)
    bridge = replace(
        bridge, brands={**bridge.brands, "acme": acme}, public_url="http://bridge.example", judge=RulesJudge()
    )
    site.app.state.door = replace(site.door, **use_cases(bridge))
    async with world.store.writing() as uow:
        mention = await store_post(uow, post())
        ticket = ticket_for(mention)
        await uow.tickets.open(ticket)
        await uow.tickets.bind(ticket, mention.thread_id, "the first word")
        await uow.mentions.join("acme", mention.id, ticket.id)
        await uow.customers.ensure(mention, world.clock.now())
        invitation = invite(bridge, uow, bridge.at("acme", ACME.id), mention, ticket)
        reply = reply_for(ticket, mention)
        await uow.replies.add(reply, reply.purpose)
        await keep(uow, invitation, reply)
        handoff = await advance(uow, invitation.handoff, HandoffState.OFFERED, world.clock.now())
    assert invitation.url is not None
    made = FormWorld(world, site, bridge, invitation.url.rpartition("/")[2], handoff, reply)
    yield made
    for browser in made.browsers:
        await browser.http.aclose()


__all__ = ["Browser", "FormWorld", "form_world", "t"]
