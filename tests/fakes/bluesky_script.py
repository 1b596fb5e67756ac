"""Bluesky by script: answers a test lays out, and a platform connected to them."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx

from contract.scripted import MemoryVault, OpenGate
from fakes.bluesky_chat import ChatService, Refused
from fakes.clock import START, HandClock
from mentionbridge.domain.account import Account, Mode
from mentionbridge.domain.mention import Surface, Visibility
from mentionbridge.domain.reply import ReplyIntent, Target
from mentionbridge.net.client import Http
from mentionbridge.platforms.bluesky import plug
from mentionbridge.platforms.bluesky.platform import BlueskyPlatform
from mentionbridge.platforms.bluesky.session import Login, Sessions
from mentionbridge.platforms.plug import Tools

US = "did:plc:acmebroadbandsupport"
SAM = "did:plc:samriverainvented"
PDS = "http://pds.test"
SERVICE = "http://entry.test"
GATE = OpenGate()
Handler = Callable[["Asked"], Any]


@dataclass(frozen=True)
class Asked:
    """One request as the network saw it."""

    method: str
    host: str
    query: Mapping[str, list[str]]
    body: Mapping[str, Any]
    headers: Mapping[str, str]


class Network:
    """Answers by method name: a JSON value, a `Fault`, a list to be used up, or a function of what was asked."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.chat = ChatService()
        self.tokens = 0
        self.answers: dict[str, Any] = {
            "createSession": lambda asked: self.session(),
            "refreshSession": lambda asked: self.session(),
            "getSession": {"did": US, "handle": "acme.example", "active": True},
            "getProfile": {"did": US, "handle": "acme.example", "displayName": "Acme Broadband"},
            "getProfiles": lambda asked: {"profiles": [profile(did) for did in asked.query["actors"]]},
            "listNotifications": {"notifications": []},
            "getPosts": {"posts": []},
            "getPostThread": Fault(400, "NotFound"),
            "getRecord": Fault(400, "RecordNotFound"),
            "listRecords": {"records": []},
            "putRecord": lambda asked: {"uri": uri(US, asked.body["rkey"]), "cid": "bafyours", "commit": {}},
        }
        self.chat.handles |= {US: "acme.example", SAM: "sam.example"}

    def session(self) -> dict[str, Any]:
        """Make the next session."""
        self.tokens += 1
        service = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": PDS}
        return {
            "did": US,
            "handle": "acme.example",
            "accessJwt": f"access-{self.tokens}",
            "refreshJwt": f"refresh-{self.tokens}",
            "didDoc": {"id": US, "service": [service]},
            "active": True,
        }

    def count(self, method: str) -> int:
        """How often a method was asked."""
        return len(self.of(method))

    def of(self, method: str) -> list[Asked]:
        """What was asked of one method."""
        return [asked for asked in self.asked if asked.method == method]

    async def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        # A real network lets others run meanwhile.
        await asyncio.sleep(0)
        nsid = request.url.path.rpartition("/")[2]
        body = json.loads(request.content) if request.content else {}
        query = parse_qs(request.url.query.decode(), keep_blank_values=True)
        asked = Asked(nsid.rpartition(".")[2], str(request.url.host), query, body, request.headers)
        self.asked.append(asked)
        if nsid.startswith("chat.") and asked.method not in self.answers:
            return self._chat(nsid, asked)
        answer = self.answers[asked.method]
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        return _response(answer(asked) if callable(answer) else answer)

    def _chat(self, nsid: str, asked: Asked) -> httpx.Response:
        try:
            return _response(self.chat.call(US, nsid, asked.query, asked.body))
        except Refused as no:
            return _response(Fault(no.status, str(no)))
        except ConnectionAbortedError:
            raise httpx.ReadError("the answer was lost") from None


@dataclass(frozen=True)
class Fault:
    """An error answer; without a name, a status with a body that is no JSON."""

    status: int
    name: str | None = None
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def _response(answer: Any) -> httpx.Response:
    if isinstance(answer, Exception):
        raise answer
    if not isinstance(answer, Fault):
        return httpx.Response(200, json=answer)
    if answer.name is None:
        return httpx.Response(answer.status, headers=dict(answer.headers), text="<html>")
    body = {"error": answer.name, "message": answer.message}
    return httpx.Response(answer.status, headers=dict(answer.headers), json=body)


class Repository:
    """Our records as the server keeps them: the same bytes twice change nothing, others under one key are refused."""

    def __init__(self, network: Network) -> None:
        self.records: dict[str, Any] = {}
        network.answers |= {"putRecord": self.put, "getRecord": self.get, "listRecords": self.list}

    def put(self, asked: Asked) -> Any:
        key, record = asked.body["rkey"], asked.body["record"]
        assert asked.body["swapRecord"] is None
        if key in self.records and self.records[key] != record:
            return Fault(400, "InvalidSwap", "Record was at bafyother")
        new = key not in self.records
        self.records[key] = record
        return {"uri": uri(US, key), "cid": "bafyours", **({"commit": {"rev": "r"}} if new else {})}

    def get(self, asked: Asked) -> Any:
        key = asked.query["rkey"][0]
        if key not in self.records:
            return Fault(400, "RecordNotFound")
        return {"uri": uri(US, key), "cid": "bafyours", "value": self.records[key]}

    def list(self, asked: Asked) -> Any:
        before = asked.query.get("cursor", ["~"])[0]
        keys = [key for key in sorted(self.records, reverse=True) if key < before][:2]
        records = [{"uri": uri(US, key), "cid": "c", "value": self.records[key]} for key in keys]
        return {"records": records, **({"cursor": keys[-1]} if keys else {})}


@dataclass
class Stage:
    """A scripted network, its clock, a vault, and as many workers as a test wants."""

    network: Network = field(default_factory=Network)
    clock: HandClock = field(default_factory=HandClock)
    vault: Any = field(default_factory=lambda: MemoryVault(None))

    def http(self, base: str) -> Http:
        """Make a client that leads here."""
        return Http(base, clock=self.clock, transport=httpx.MockTransport(self.network.handle))

    def platform(self, **options: Any) -> BlueskyPlatform:
        """Connect a worker."""
        tools = Tools(clock=self.clock, http=self.http, public_url="http://bridge.test")
        given = {"identifier": "acme.example", "app_password": "invented", "service": SERVICE, **options}
        account = Account("acme", "acme-bluesky", "bluesky", Mode.AUTO, 15.0, options=given)
        network = plug.start(plug.platform_options(), tools)
        return network.connect(account, plug.account_options(**given), self.vault)

    def sessions(self, password: str = "invented") -> Sessions:
        """Make only what signs in."""

        async def sleep(seconds: float) -> None:
            self.clock.forward(seconds)
            await asyncio.sleep(0)

        return Sessions(Login("acme.example", password, SERVICE), self.http, self.vault, self.clock, sleep)


def uri(did: str, rkey: str) -> str:
    """Return the address of a post."""
    return f"at://{did}/app.bsky.feed.post/{rkey}"


def stamp(moment: datetime) -> str:
    """Write a time as the network does."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def profile(did: str, handle: str = "sam.example", **more: Any) -> dict[str, Any]:
    """Return somebody's profile."""
    return {"did": did, "handle": handle, "displayName": "Sam Rivera", "followersCount": 412, **more}


def note(number: int, at: datetime = START, *, text: str = "@acme.example down", **more: Any) -> dict[str, Any]:
    """Return a notification of a mention."""
    feature = {"$type": "app.bsky.richtext.facet#mention", "did": US}
    facet = {"index": {"byteStart": 0, "byteEnd": 13}, "features": [feature]}
    record = {"$type": "app.bsky.feed.post", "text": text, "createdAt": stamp(at), "langs": ["en"], "facets": [facet]}
    return {
        "uri": uri(SAM, f"3m6f{number:09d}".replace("0", "a").replace("1", "b").replace("8", "c").replace("9", "d")),
        "cid": f"bafy{number}",
        "author": profile(SAM),
        "reason": "mention",
        "record": record,
        "indexedAt": stamp(at),
        **more,
    }


def shown(noted: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Return the same post hydrated."""
    author = {**noted["author"], "viewer": {"blockedBy": False}}
    base = {key: noted[key] for key in ("uri", "cid", "record", "indexedAt")}
    return {**base, "author": author, "viewer": {}, "likeCount": 3, **more}


def target(noted: Mapping[str, Any]) -> Target:
    """Return the post to answer."""
    own = {"uri": noted["uri"], "cid": noted["cid"]}
    ref = {**own, "root": own}
    at = datetime.fromisoformat(noted["indexedAt"])
    return Target(noted["uri"], noted["uri"], SAM, "sam.example", Visibility.PUBLIC, at, ref)


def intent(noted: Mapping[str, Any], text: str = "Sorry to hear that.", **more: Any) -> ReplyIntent:
    """Return a public answer to it."""
    plain = ReplyIntent("rpl_1", "k-1", Surface.PUBLIC, Visibility.PUBLIC, text, "en", target(noted), START)
    return replace(plain, **more)


def later(seconds: float) -> datetime:
    """Return a moment so long after the start."""
    return START + timedelta(seconds=seconds)
