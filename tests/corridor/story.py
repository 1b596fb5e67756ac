"""What both walks of the card share: the photo, the subscriber, and what a subscriber must have heard."""

import io
import json
from collections.abc import Sequence
from typing import Any

from PIL import Image
from standardwebhooks.webhooks import Webhook

from fakes.running import Running, Subscriber, eventually


def photo() -> bytes:
    picture = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 60, 40)).save(picture, "PNG")
    return picture.getvalue()


async def subscribe(bridge: Running, team: Subscriber, types: Sequence[str] = ("ticket.opened", "reply.sent")) -> Any:
    made = await bridge.http.post(
        "/v1/webhook-endpoints", json={"brand": "acme", "url": team.url, "types": list(types)}
    )
    assert made.status_code == 201, made.text
    return made.json()


async def check_webhooks(team: Subscriber, secret: str, ticket_id: str, complaint: str) -> None:
    async def both() -> bool | None:
        return len(team.heard) >= 2 or None

    await eventually(both, what="two webhooks")
    told = [Webhook(secret).verify(body, headers) for headers, body in team.heard]
    assert [each["type"] for each in told] == ["ticket.opened", "reply.sent"]
    assert {each["data"]["ticket_id"] for each in told} == {ticket_id}
    assert told[0]["data"]["sequence"] < told[1]["data"]["sequence"]
    assert json.loads(team.heard[0][1])["data"]["mention"]["text"] == complaint
