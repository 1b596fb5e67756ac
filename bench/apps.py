"""What mentionbridge's ingest is measured against: the same body, checked and answered, but kept nowhere."""

import json
from datetime import datetime
from typing import Any

from fastapi import FastAPI, Header, HTTPException
from pydantic import BaseModel


class Author(BaseModel):
    external_id: str
    handle: str
    name: str = ""
    followers: int | None = None


class Mention(BaseModel):
    platform: str
    account: str
    external_id: str
    author: Author
    text: str
    created_at: datetime
    thread_id: str


class Batch(BaseModel):
    mentions: list[Mention]


route = FastAPI()


@route.get("/healthz")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@route.post("/v1/mentions")
async def take(batch: Batch, authorization: str = Header()) -> dict[str, Any]:
    if not authorization.startswith("Bearer "):
        raise HTTPException(401)
    return {"results": [{"external_id": mention.external_id, "result": "created"} for mention in batch.mentions]}


async def bare(scope: Any, receive: Any, send: Any) -> None:
    """Read, parse, answer; nothing between."""
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    mentions = json.loads(body)["mentions"] if body else []
    answer = json.dumps({"results": [{"external_id": each["external_id"], "result": "created"} for each in mentions]})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer.encode()})
