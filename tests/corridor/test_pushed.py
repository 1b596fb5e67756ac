"""Networks of the operator's own: the toy forum of `examples/`, and places where a person posts by hand."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from fakes.databases import fresh_database
from fakes.running import Running, eventually, free_port, running
from mentionbridge.net.signing import new_secret
from mentionbridge.ports.access import ALL_BRANDS, Scope
from mentionbridge.settings import Settings, load

FORUM = Path(__file__).parents[2] / "examples" / "forum.py"
COMPLAINT = "my broadband has been down since Tuesday and nobody answers"


def settings_for(folder: Path, account: dict[str, Any]) -> Settings:
    port, topic = free_port(), {"name": "your broadband", "words": ["broadband"]}
    return load(
        None,
        server={"port": port, "public_url": f"http://127.0.0.1:{port}"},
        database={"url": fresh_database("sqlite", folder), "files": folder},
        brands={"acme": {"name": "Acme", "topics": {"broadband": topic}, "accounts": {"acme-forum": account}}},
    )


@asynccontextmanager
async def forum(bridge: Running, secret: str, port: int) -> AsyncIterator[httpx.AsyncClient]:
    """Run the example as its own process."""
    now = bridge.app.bridge.clock.now()
    token, _ = await bridge.app.tokens.create("forum", [Scope.INGEST], [ALL_BRANDS], ["acme-forum"], now)
    told = (str(FORUM), bridge.url, token, "acme-forum", secret, str(port))
    process = await asyncio.create_subprocess_exec(sys.executable, *told, stderr=asyncio.subprocess.DEVNULL)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:

            async def is_up() -> bool:
                try:
                    return (await http.get("/")).status_code == 200
                except httpx.TransportError:
                    return False

            await eventually(is_up, what="the forum")
            yield http
    finally:
        process.terminate()
        await process.wait()


def test_the_toy_forum_is_small() -> None:
    assert len(FORUM.read_text().splitlines()) < 60


async def test_the_toy_forum_is_answered_once_and_believes_no_stranger(tmp_path: Path) -> None:
    port, secret = free_port(), new_secret()
    options = {"handle": "acme", "reply_url": f"http://127.0.0.1:{port}/replies", "secret": secret, "honours_key": True}
    settings = settings_for(tmp_path, {"platform": "push", "mode": "auto", "poll_seconds": 0.5, "options": options})
    async with running(settings) as bridge, forum(bridge, secret, port) as http:
        await eventually(lambda: is_active(bridge), what="signing in")
        await http.post("/", data={"who": "sam", "text": COMPLAINT})

        async def answered() -> str | None:
            page = (await http.get("/")).text
            return page if "<b>acme-forum</b>" in page else None

        page = await eventually(answered, what="our answer on the forum")
        assert page.count("<b>acme-forum</b>") == 1
        reply = await eventually(lambda: the_reply(bridge, "sent"), what="the reply noted as sent")
        assert reply["external_id"].startswith("rpl_")
        assert len((await bridge.reads("tickets"))["items"]) == 1
        forged = {"webhook-id": "x", "webhook-timestamp": "1", "webhook-signature": "v1,bad"}
        assert (await http.post("/replies", content=b"{}", headers=forged)).status_code == 401


async def test_a_pasted_post_becomes_a_ticket_and_words_to_copy(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, {"platform": "manual", "mode": "approve", "options": {"handle": "acme"}})
    async with running(settings) as bridge:
        await eventually(lambda: is_active(bridge), what="signing in")
        link = "https://board.example/t/5#p9"
        pasted = {"platform": "manual", "account": "acme-forum", "external_id": link, "permalink": link}
        pasted |= {"author": {"external_id": "rita", "handle": "rita"}, "text": COMPLAINT, "created_at": now()}
        for expected in ("created", "duplicate"):
            answer = await bridge.http.post("/v1/mentions", json={"mentions": [pasted]})
            assert answer.json()["results"][0]["status"] == expected, answer.text
        reply = await eventually(lambda: the_reply(bridge, "awaiting_approval"), what="a draft")
        assert len((await bridge.reads("tickets"))["items"]) == 1
        await acts(bridge, f"replies/{reply['id']}/approve", "a")
        task = await eventually(lambda: the_reply(bridge, "manual"), what="a task")
        assert "your broadband" in task["text"]
        await acts(bridge, f"replies/{reply['id']}/settle", "s", sent=True, external_id="p10")
        done = await the_reply(bridge, "sent")
        assert done is not None
        assert done["external_id"] == "p10"


async def is_active(bridge: Running) -> bool | None:
    (account,) = (await bridge.reads("accounts"))["items"]
    return account["state"] == "active" or None


async def the_reply(bridge: Running, state: str) -> dict[str, Any] | None:
    found = (await bridge.reads("replies"))["items"]
    return next((each for each in found if each["state"] == state), None)


async def acts(bridge: Running, path: str, key: str, **body: Any) -> None:
    told = {"actor": {"id": "kim", "name": "Kim"}, **body}
    answer = await bridge.http.post(f"/v1/{path}", json=told, headers={"idempotency-key": f"key-{key}"})
    assert answer.status_code == 200, answer.text


def now() -> str:
    return datetime.now(UTC).isoformat()
