"""Every clause of the product, in order, on the demo network: in, judged, ticket, said, told, joined."""

import base64
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

from PIL import Image

from corridor.story import check_webhooks, photo, subscribe
from fakes.catalogue import check_told
from fakes.running import Running, demo_settings, eventually, running, subscriber

COMPLAINT = "@acme my broadband has been down since Tuesday and nobody answers"


async def test_one_complaint_travels_the_whole_way(database_url: str, tmp_path: Path) -> None:
    async with running(demo_settings(database_url, tmp_path)) as bridge, subscriber() as team:
        endpoint = await subscribe(bridge, team)
        posted = await bridge.plays(
            "POST",
            "people/sam/posts",
            text=COMPLAINT,
            picture={"data": base64.b64encode(photo()).decode(), "alt": "a router with a red light"},
        )
        answer = await eventually(lambda: our_answer(bridge, posted["id"]), what="the acknowledgement in the thread")
        check_words(answer["text"])

        ticket = (await bridge.reads("tickets"))["items"][0]
        await check_mention_came_by_both_doors(bridge, posted)
        await check_verdict_and_photo(bridge, posted)
        await check_webhooks(team, endpoint["secret"], ticket["id"], COMPLAINT)

        await bridge.plays("POST", "people/sam/posts", text="Still nothing, third evening now.", parent=posted["id"])
        await bridge.plays("POST", "people/sam/messages", to="acme", text="My customer number is 4711-2288.")
        lines = await eventually(lambda: three_from_sam(bridge, ticket["id"]), what="reply and message in one ticket")
        check_timeline(lines)
        assert len((await bridge.reads("tickets"))["items"]) == 1
        assert len([post for post in await thread(bridge, posted["id"]) if post["author"]["handle"] == "acme"]) == 1
        told = check_told((await bridge.reads("events", limit=200))["items"])
        assert {"mention.received", "mention.classified", "ticket.opened", "reply.sent", "ticket.updated"} <= told
        await check_metrics(bridge)


async def test_a_pushed_complaint_is_answered_below_itself(database_url: str, tmp_path: Path) -> None:
    async with running(demo_settings(database_url, tmp_path)) as bridge:
        pushed = {
            "platform": "demo",
            "account": "acme",
            "external_id": "p-1001",
            "author": {"external_id": "u-7", "handle": "sam"},
            "text": COMPLAINT,
            "created_at": bridge.app.bridge.clock.now().isoformat(),
        }
        answer = await bridge.http.post("/v1/mentions", json={"mentions": [pushed]})
        assert [each["status"] for each in answer.json()["results"]] == ["created"]

        async def sent() -> Any:
            replies = (await bridge.reads("replies"))["items"]
            return [reply for reply in replies if reply["state"] == "sent"]

        await eventually(sent, what="the acknowledgement")
        first, *_ = await thread(bridge, "p-1001")
        assert first["text"] == COMPLAINT
        said = await our_answer(bridge, "p-1001")
        check_words(said["text"] if said else "")
        again = await bridge.http.post("/v1/mentions", json={"mentions": [pushed]})
        assert [each["status"] for each in again.json()["results"]] == ["duplicate"]


async def test_a_person_answers_a_pushed_post_that_nobody_acknowledged(database_url: str, tmp_path: Path) -> None:
    async with running(demo_settings(database_url, tmp_path)) as bridge:
        pushed = {
            "platform": "demo",
            "account": "acme",
            "external_id": "p-1002",
            "author": {"external_id": "u-70", "handle": "noor"},
            "text": "@acme do you deliver on Saturdays?",
            "created_at": (bridge.app.bridge.clock.now() - timedelta(days=30)).isoformat(),
        }
        made = await bridge.http.post("/v1/import", json={"mentions": [pushed]})
        mention_id = made.json()["results"][0]["id"]

        async def opened() -> Any:
            return (await bridge.reads(f"mentions/{mention_id}"))["ticket_id"]

        ticket_id = await eventually(opened, what="the ticket")
        seen = (await bridge.reads(f"tickets/{ticket_id}"))["sequence"]
        answer = {"surface": "public", "text": "Yes, until noon.", "seen": seen, "actor": {"name": "Kim"}}
        said = await bridge.http.post(
            f"/v1/tickets/{ticket_id}/messages", json=answer, headers={"Idempotency-Key": "first"}
        )
        assert said.status_code == 201, said.text

        async def out() -> Any:
            return await our_answer(bridge, "p-1002") if await is_there(bridge, "p-1002") else None

        assert (await eventually(out, what="the answer"))["text"].endswith("Yes, until noon.")


async def is_there(bridge: Running, post_id: str) -> bool:
    return (await bridge.http.get(f"/p/demo/api/threads/{post_id}")).status_code == 200


async def thread(bridge: Running, post_id: str) -> list[dict[str, Any]]:
    return list((await bridge.plays("GET", f"threads/{post_id}"))["posts"])


async def our_answer(bridge: Running, post_id: str) -> dict[str, Any] | None:
    said = [post for post in await thread(bridge, post_id) if post["author"]["handle"] == "acme"]
    return said[0] if said else None


def check_words(text: str) -> None:
    assert "your broadband" in text.casefold(), "it names the thing, in the operator's words"
    assert "private message" in text
    assert "Tuesday" not in text, "nothing the customer wrote is repeated"


async def check_mention_came_by_both_doors(bridge: Running, posted: dict[str, Any]) -> None:
    async def sightings() -> set[str] | None:
        mention = await find_mention(bridge, posted)
        doors = {sighting["origin"] for sighting in mention["sightings"]}
        return doors if doors >= {"poll", "hook"} else None

    assert await eventually(sightings, what="the same post by poll and by hook")
    assert len((await bridge.reads("mentions"))["items"]) == 1


async def find_mention(bridge: Running, posted: dict[str, Any]) -> Any:
    listed = (await bridge.reads("mentions"))["items"]
    (mine,) = [mention for mention in listed if mention["external_id"] == posted["id"]]
    return await bridge.reads(f"mentions/{mine['id']}")


async def check_verdict_and_photo(bridge: Running, posted: dict[str, Any]) -> None:
    mention = await find_mention(bridge, posted)
    assert mention["permalink"] == posted["url"]
    assert mention["verdict"]["label"] == "complaint"
    assert mention["verdict"]["reasons"]

    async def picture() -> bytes | None:
        media = (await find_mention(bridge, posted))["media"][0]
        return (await bridge.http.get(f"/v1/media/{media['id']}")).content if media["state"] == "kept" else None

    kept = Image.open(io.BytesIO(await eventually(picture, what="the photo")))
    assert kept.size == (64, 48)


async def three_from_sam(bridge: Running, ticket_id: str) -> list[dict[str, Any]] | None:
    lines = (await bridge.reads(f"tickets/{ticket_id}/timeline"))["items"]
    return lines if sum(line["kind"] == "mention" for line in lines) == 3 else None


def check_timeline(lines: list[dict[str, Any]]) -> None:
    kinds = [(line["kind"], line["surface"]) for line in lines]
    assert kinds.count(("reply", "public")) == 1
    assert kinds.count(("mention", "public")) == 2
    assert kinds.count(("mention", "private")) == 1


async def check_metrics(bridge: Running) -> None:
    text = (await bridge.http.get("/metrics")).text
    assert 'mentionbridge_replies_total{outcome="sent",platform="demo"} 1.0' in text
    who = 'account="acme",brand="acme",platform="demo"'
    assert f"mentionbridge_account_active{{{who}}} 1.0" in text
    assert 'mentionbridge_account_open_gaps{account="acme",brand="acme",kind="silence",platform="demo"} 0.0' in text
    assert float(text.split(f"mentionbridge_account_lag_seconds{{{who}}} ")[1].split()[0]) < 60
