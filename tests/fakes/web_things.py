"""One of everything the API can name, in one brand, and requests made from the OpenAPI document's own examples."""

import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from fakes.people import photo, story
from fakes.web_world import Site
from mentionbridge.domain.account import Account
from mentionbridge.domain.call import Call, CallState
from mentionbridge.domain.events import EventType
from mentionbridge.domain.handoff import Proof
from mentionbridge.domain.incident import Incident, IncidentState
from mentionbridge.domain.reply import ReplyState
from mentionbridge.ports.media import Picture
from mentionbridge.ports.subscriptions import Wish

HEADERS = {"idempotency-key": "k-1"}
"""Header parameters a route may require, and what the tests send there."""


async def things_of(site: Site, account: Account) -> dict[str, str]:
    """Keep one of everything for this account; returns path parameters by name."""
    now = site.world.clock.now()
    async with site.world.store.writing() as uow:
        reply = await story(uow, "p-1001", account, state=ReplyState.AWAITING_APPROVAL, due=None)
        by_hand = {"state": ReplyState.MANUAL, "task_opened_at": now, "due": None}
        task = await story(uow, "p-1000", account, **by_hand)
        await uow.mentions.add_media(account.brand_id, {reply.mention_id: [photo()]}, now)
        await uow.events.add(EventType.TICKET_OPENED, account.brand_id, now, ticket_id=reply.ticket_id)
    view = await site.door.desk.mention([account.brand_id], reply.mention_id)
    assert view is not None
    _, made = await site.door.subscriptions.create(account.brand_id, Wish("https://desk.example/in"), now)
    async with site.world.store.writing() as uow:
        await uow.mentions.keep_picture(account.brand_id, view.media[0].id, Picture("image/png", b"p", 1, 1))
        endpoint = await uow.deliveries.endpoint(account.brand_id, made.id)
        assert endpoint is not None
        placed = await uow.events.place(100)
        await uow.deliveries.plan([(endpoint, event) for event in placed], now)
        (parcel, *_) = (await uow.deliveries.waiting([endpoint], now, 9, holds=1))[endpoint.id]
    mention = view.mention
    async with site.world.store.writing() as uow:
        await uow.customers.ensure(mention, now)
    known = await site.door.desk.customer_of([account.brand_id], account.platform, mention.author.external_id)
    assert known is not None
    promised = await site.door.promise(
        account.brand_id, reply.ticket_id, "a new parcel is with you", now + timedelta(days=1), "Kim"
    )
    async with site.world.store.writing() as uow:
        call = await uow.calls.book(_call(account, reply.ticket_id, promised.id, now), at_once=9)
        assert call is not None
    news, told = {"en": "Parcels are late today."}, (IncidentState.OPEN, 1, False, "Kim", now, now)
    covers = (("parcel", "delivery"), ())
    incident = Incident(account.brand_id, f"inc_{account.id}", "parcels", news, "en", *covers, now, None, *told)
    async with site.world.store.writing() as uow:
        await uow.incidents.add(incident)
    return {
        "incident_id": incident.id,
        "account_id": account.id,
        "delivery_id": parcel.id,
        "call_id": call.id,
        "commitment_id": promised.id,
        "customer_id": known.customer.id,
        "endpoint_id": made.id,
        "external_id": "p-1001",
        "media_id": view.media[0].id,
        "mention_id": reply.mention_id,
        "platform": account.platform,
        "reply_id": reply.id,
        "task_id": task.task_id,
        "thread_id": "p-1001",
        "ticket_id": reply.ticket_id,
    }


def _call(account: Account, ticket_id: str, commitment_id: str, now: datetime) -> Call:
    slot = (now + timedelta(hours=2), now + timedelta(hours=3))
    told = (ticket_id, "frm_1", commitment_id, "+44 20 7946 0000", *slot, CallState.OPEN, Proof.NONE, now)
    return Call(account.brand_id, f"cal_{account.id}", *told)


@dataclass(frozen=True)
class Asking:
    """One request as the OpenAPI document shows it."""

    method: str
    path: str
    body: Any
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def at(self, things: dict[str, str]) -> str:
        """Return the address with the names of these things."""
        return re.sub(r"\{(\w+)\}", lambda found: things[found[1]], self.path)

    async def send(self, site: Site, things: dict[str, str], token: dict[str, str]) -> Any:
        """Send it about these things under this token."""
        content = {} if self.body is None else {"Content-Type": "application/json"}
        return await site.http(
            self.method,
            self.at(things),
            params=self.query or None,
            headers={**content, **self.headers, **token},
            content=self.content(things),
        )

    def content(self, things: dict[str, str]) -> bytes:
        """Return the body about these things as it is sent."""
        return b"" if self.body is None else json.dumps(_about(self.body, things)).encode()


def _about(body: Any, things: dict[str, str]) -> Any:
    """Let a body's ids name these things; examples tell of accounts and tickets that no test has."""
    if isinstance(body, list):
        return [_about(each, things) for each in body]
    if not isinstance(body, dict):
        return body
    named = {**things, "account": things["account_id"]}
    del named["external_id"]
    return {key: named.get(key) or _about(value, things) for key, value in body.items()}


def asking(schema: dict[str, Any], method: str, path: str) -> Asking:
    """Return the request an operation's own examples make."""
    operation = schema["paths"][path][method]
    told = operation.get("parameters", [])
    query = {each["name"]: _example(each) for each in told if each["in"] == "query" and each.get("required")}
    headers = {each["name"]: HEADERS[each["name"].lower()] for each in told if each["in"] == "header" and wanted(each)}
    return Asking(method.upper(), path, body_of(schema, operation), query, headers)


def wanted(parameter: dict[str, Any]) -> bool:
    return parameter["name"].lower() in HEADERS


def _example(parameter: dict[str, Any]) -> str:
    return str(parameter.get("example", parameter["schema"].get("examples", [None])[0]))


def body_of(schema: dict[str, Any], operation: dict[str, Any]) -> Any:
    """Return the example of an operation's JSON body, None when it takes none."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    return None if content is None else _body(schema, content)


def _body(schema: dict[str, Any], content: dict[str, Any]) -> Any:
    if "example" in content:
        return content["example"]
    shapes = content["schema"].get("anyOf", [content["schema"]])
    name = next(shape["$ref"] for shape in shapes if "$ref" in shape).rpartition("/")[2]
    return schema["components"]["schemas"][name]["example"]
