"""A real Bluesky network on this machine: the reference directory, data server and app view, and people on it.

`network` (session fixture in `live/conftest.py`) is a `BlueskyNetwork`:

* `network.pds` and `network.app_view`: addresses (http://localhost:…); `network.chat` is the stand-in chat service.
* `network.person("sam")` makes an account and returns a `Person`; `network.brand("acme")` makes one with a privileged
  app password in `.app_password`, that takes messages from everybody.
* `person.did`, `.handle`, `.password`, and what a person does: `.post(text, mentions=[…], reply_to=…, pictures=[…])`,
  `.delete(post)`, `.edit(post, text)`, `.gate(post)`, `.block(other)`, `.follow(other)`, `.thread(post)`,
  `.replies_under(post)`, `.write_to(other, text)`, `.messages_with(other)`.
* `options(brand)` are the account options the bridge needs; `eventually(look)` waits for the app view to catch up.

The packages are installed once (`live.node_packages`), which takes one to two minutes and needs gcc and make besides.
Only processes started here are stopped.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
import socket
import string
import subprocess
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from fakes.bluesky_chat import ChatServer, ChatService
from fakes.databases import postgres_server
from live.node_packages import installed

HERE = Path(__file__).parent / "bluesky"
POSTS = "app.bsky.feed.post"
CHAT = {"atproto-proxy": "did:web:api.bsky.chat#bsky_chat"}
_JWT_SECRET = b"jwt-secret"
_START_WITHIN = 90.0
T = TypeVar("T")


@dataclass(frozen=True)
class Written:
    """A record on the network."""

    uri: str
    cid: str
    root: tuple[str, str] | None = None

    @property
    def rkey(self) -> str:
        return self.uri.rpartition("/")[2]


@dataclass
class Person:
    """Somebody with an account, acting through the real API."""

    network: "BlueskyNetwork"
    did: str
    handle: str
    password: str
    access: str = field(repr=False)
    app_password: str = field(default="", repr=False)

    def call(self, verb: str, method: str, *, headers: dict[str, str] | None = None, **what: Any) -> Any:
        """Make one call as this person; fails the test on an error."""
        given = {"authorization": f"Bearer {self.access}", **(headers or {})}
        answer = self.network.http.request(verb, f"{self.network.pds}/xrpc/{method}", headers=given, **what)
        assert answer.status_code == 200, f"{method}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else {}

    def post(
        self,
        text: str,
        *,
        mentions: Sequence["Person"] = (),
        reply_to: Written | None = None,
        pictures: Sequence[bytes] = (),
        created_at: str | None = None,
    ) -> Written:
        """Say something; every `@handle` of `mentions` in the text becomes a real mention."""
        record = self._record(text, mentions, created_at)
        root = None
        if reply_to:
            root = reply_to.root or (reply_to.uri, reply_to.cid)
            parent = {"uri": reply_to.uri, "cid": reply_to.cid}
            record["reply"] = {"root": {"uri": root[0], "cid": root[1]}, "parent": parent}
        if pictures:
            images = [{"alt": f"picture {n}", "image": self._upload(body)} for n, body in enumerate(pictures, 1)]
            record["embed"] = {"$type": "app.bsky.embed.images", "images": images}
        made = self.create(POSTS, record)
        return Written(made.uri, made.cid, root)

    def quote(self, text: str, what: Written) -> Written:
        """Quote a post."""
        record = self._record(text, (), None)
        quoted = {"uri": what.uri, "cid": what.cid}
        return self.create(POSTS, {**record, "embed": {"$type": "app.bsky.embed.record", "record": quoted}})

    def edit(self, post: Written, text: str, mentions: Sequence["Person"] = ()) -> Written:
        """Put other words under the same key."""
        body = {"repo": self.did, "collection": POSTS, "rkey": post.rkey, "record": self._record(text, mentions, None)}
        made = self.call("POST", "com.atproto.repo.putRecord", json=body)
        return Written(made["uri"], made["cid"], post.root)

    def delete(self, record: Written) -> None:
        """Take a record back."""
        collection = record.uri.split("/")[3]
        body = {"repo": self.did, "collection": collection, "rkey": record.rkey}
        self.call("POST", "com.atproto.repo.deleteRecord", json=body)

    def gate(self, post: Written) -> Written:
        """Let nobody reply to an own post."""
        gate = {"$type": "app.bsky.feed.threadgate", "post": post.uri, "allow": [], "createdAt": now()}
        body = {"repo": self.did, "collection": "app.bsky.feed.threadgate", "rkey": post.rkey, "record": gate}
        made = self.call("POST", "com.atproto.repo.createRecord", json=body)
        return Written(made["uri"], made["cid"])

    def block(self, other: "Person") -> Written:
        """Block somebody."""
        return self._toward(other, "app.bsky.graph.block")

    def follow(self, other: "Person") -> Written:
        """Follow somebody."""
        self.network.chat.follows.add((self.did, other.did))
        return self._toward(other, "app.bsky.graph.follow")

    def take_messages_from(self, who: str) -> None:
        """Declare who may write to us: all, following or none."""
        record = {"$type": "chat.bsky.actor.declaration", "allowIncoming": who}
        body = {"repo": self.did, "collection": "chat.bsky.actor.declaration", "rkey": "self", "record": record}
        self.call("POST", "com.atproto.repo.putRecord", json=body)
        self.network.chat.incoming[self.did] = who

    def thread(self, post: Written, depth: int = 6) -> dict[str, Any]:
        """Read a thread as this person sees it; {} while, or because, there is none."""
        answer = self.network.http.get(
            f"{self.network.pds}/xrpc/app.bsky.feed.getPostThread",
            params={"uri": post.uri, "depth": depth},
            headers={"authorization": f"Bearer {self.access}"},
        )
        return answer.json().get("thread", {}) if answer.status_code == 200 else {}

    def replies_under(self, post: Written) -> list[dict[str, Any]]:
        """Return the replies right under a post, as this person sees them."""
        return [node["post"] for node in self.thread(post).get("replies", []) if "post" in node]

    def write_to(self, other: "Person", text: str) -> str:
        """Send a private message; returns the conversation's id."""
        found = self.call("GET", "chat.bsky.convo.getConvoForMembers", params={"members": other.did}, headers=CHAT)
        convo: str = found["convo"]["id"]
        body = {"convoId": convo, "message": {"text": text}}
        self.call("POST", "chat.bsky.convo.sendMessage", json=body, headers=CHAT)
        return convo

    def messages_with(self, other: "Person") -> list[dict[str, Any]]:
        """Return the private messages exchanged with somebody, oldest first."""
        convos = self.network.chat.convos.values()
        return [
            message for convo in convos if set(convo.members) == {self.did, other.did} for message in convo.messages
        ]

    def create(self, collection: str, record: dict[str, Any]) -> Written:
        """Write a record."""
        body = {"repo": self.did, "collection": collection, "record": record}
        made = self.call("POST", "com.atproto.repo.createRecord", json=body)
        return Written(made["uri"], made["cid"])

    def _record(self, text: str, mentions: Sequence["Person"], created_at: str | None) -> dict[str, Any]:
        data, facets = text.encode(), []
        for person in mentions:
            start = data.index(f"@{person.handle}".encode())
            index = {"byteStart": start, "byteEnd": start + len(person.handle) + 1}
            feature = {"$type": "app.bsky.richtext.facet#mention", "did": person.did}
            facets.append({"index": index, "features": [feature]})
        return {"$type": POSTS, "text": text, "createdAt": created_at or now(), "langs": ["en"], "facets": facets}

    def _upload(self, body: bytes) -> Any:
        headers = {"content-type": "image/png"}
        return self.call("POST", "com.atproto.repo.uploadBlob", content=body, headers=headers)["blob"]

    def _toward(self, other: "Person", collection: str) -> Written:
        return self.create(collection, {"$type": collection, "subject": other.did, "createdAt": now()})


@dataclass
class BlueskyNetwork:
    """The running network."""

    pds: str
    app_view: str
    chat: ChatService
    http: httpx.Client

    def person(self, name: str) -> Person:
        """Make an account; the handle gets a random end, so that names can be used again."""
        handle = f"{name}-{_letters(5)}.test"
        password = secrets.token_hex(8)
        body = {"handle": handle, "email": f"{handle}@example.com", "password": password}
        answer = self.http.post(f"{self.pds}/xrpc/com.atproto.server.createAccount", json=body)
        assert answer.status_code == 200, answer.text
        made = answer.json()
        self.chat.handles[made["did"]] = handle
        return Person(self, made["did"], handle, password, made["accessJwt"])

    def brand(self, name: str, *, privileged: bool = True) -> Person:
        """Make an account with an app password, that takes messages from everybody."""
        brand = self.person(name)
        body = {"name": "bridge", "privileged": privileged}
        brand.app_password = brand.call("POST", "com.atproto.server.createAppPassword", json=body)["password"]
        profile = {"$type": "app.bsky.actor.profile", "displayName": name.title()}
        body = {"repo": brand.did, "collection": "app.bsky.actor.profile", "rkey": "self", "record": profile}
        brand.call("POST", "com.atproto.repo.putRecord", json=body)
        brand.take_messages_from("all")
        return brand

    def take_down(self, person: Person, on: bool = True) -> None:
        """Take an account down as the server's admin."""
        subject = {"$type": "com.atproto.admin.defs#repoRef", "did": person.did}
        answer = self.http.post(
            f"{self.pds}/xrpc/com.atproto.admin.updateSubjectStatus",
            json={"subject": subject, "takedown": {"applied": on}},
            auth=("admin", "admin-pass"),
        )
        assert answer.status_code == 200, answer.text


def options(brand: Person) -> dict[str, Any]:
    """Return the account options the bridge needs to be this brand."""
    return {"identifier": brand.handle, "app_password": brand.app_password, "service": brand.network.pds}


def expired(token: str) -> str:
    """Return the same token, signed with the test server's own secret, and out of date."""
    header, payload, _ = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    claims |= {"iat": int(time.time()) - 7200, "exp": int(time.time()) - 60}
    signed = f"{header}.{_b64(json.dumps(claims).encode())}"
    return f"{signed}.{_b64(hmac.new(_JWT_SECRET, signed.encode(), hashlib.sha256).digest())}"


def eventually(look: Callable[[], T], what: str = "it", within: float = 20.0) -> T:
    """Return what `look` sees once it is truthy; the app view indexes a moment after the server has written."""
    until = time.monotonic() + within
    while True:
        if found := look():
            return found
        assert time.monotonic() < until, f"{what} did not happen within {within} s"
        time.sleep(0.1)


def now() -> str:
    """Return the time as records carry it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def png(red: int = 200, side: int = 8) -> bytes:
    """Draw a small picture."""
    rows = b"".join(b"\x00" + bytes((red, 40, 40)) * side for _ in range(side))
    header = side.to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00"
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


@contextmanager
def running(*, rate_limits: bool = False) -> Iterator[BlueskyNetwork]:
    """Install if need be, start, and stop what was started."""
    folder = installed(HERE, rebuild=["better-sqlite3"])
    with ExitStack() as stack:
        service = ChatService()
        chat = ChatServer(service)
        stack.callback(chat.stop)
        ready = stack.enter_context(_launched(folder, chat.url, rate_limits))
        http = stack.enter_context(httpx.Client(timeout=30, trust_env=False))
        yield BlueskyNetwork(ready["pds"], ready["bsky"], service, http)


@contextmanager
def _launched(folder: Path, chat_url: str, rate_limits: bool) -> Iterator[dict[str, Any]]:
    names = ("PLC_PORT", "PDS_PORT", "BSKY_PORT", "OZONE_PORT", "INTROSPECT_PORT")
    env = {
        **os.environ,
        **dict(zip(names, map(str, _free_ports(len(names))), strict=True)),
        "DB_POSTGRES_URL": postgres_server(),
        "DB_POSTGRES_SCHEMA": f"live_{_letters(8)}",
        "LOG_ENABLED": "false",
        "RATE_LIMITS": "1" if rate_limits else "0",
        "CHAT_URL": chat_url,
    }
    process = subprocess.Popen(
        ["node", "launch.mjs"],
        cwd=folder,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said: list[str] = []
    reader = threading.Thread(target=_read_lines, args=(process, said), daemon=True)
    reader.start()
    try:
        yield _wait_ready(process, said)
    finally:
        _stop(process)
        reader.join()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()


def _read_lines(process: "subprocess.Popen[str]", said: list[str]) -> None:
    while line := process.stdout.readline() if process.stdout else "":
        said.append(line)


def _wait_ready(process: "subprocess.Popen[str]", said: list[str]) -> dict[str, Any]:
    until = time.monotonic() + _START_WITHIN
    while time.monotonic() < until and process.poll() is None:
        for line in list(said):
            if line.startswith('{"ready"'):
                found: dict[str, Any] = json.loads(line)
                return found
        time.sleep(0.1)
    pytest.fail(f"the Bluesky network did not start within {_START_WITHIN:.0f} s:\n{''.join(said)[-4000:]}")


def _stop(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _letters(count: int) -> str:
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(count))


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
