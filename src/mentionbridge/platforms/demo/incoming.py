"""How the API reads what it is sent; what it cannot read is Denied."""

import json
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request

from mentionbridge.platforms.demo.acts import Denied
from mentionbridge.platforms.demo.network import Audience


async def body_of(request: Request) -> dict[str, Any]:
    """Return the JSON object a request carries."""
    # A foreign page cannot send this type without asking first.
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise Denied(415, "not_json", "Send application/json.")
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise Denied(400, "not_json", "The body is not JSON.") from None
    if not isinstance(body, dict):
        raise Denied(422, "not_an_object", "The body is not a JSON object.")
    return body


def text_of(body: dict[str, Any]) -> str:
    """Return the words of a body."""
    text = body.get("text", "")
    if not isinstance(text, str):
        raise Denied(422, "bad_text", "text is a string.")
    return text


def audience_of(body: dict[str, Any]) -> Audience:
    """Return who is to see it: everybody unless told."""
    try:
        return Audience(body.get("audience", "everyone"))
    except ValueError:
        raise Denied(422, "bad_audience", "audience is everyone, unlisted or followers.") from None


def links_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the spans of the text that lead somewhere."""
    links = body.get("links", [])
    shape = {"start": int, "end": int, "url": str}
    if not isinstance(links, list) or any(
        not isinstance(link, dict) or any(type(link.get(name)) is not kind for name, kind in shape.items())
        for link in links
    ):
        raise Denied(422, "bad_links", "links is a list of objects with start, end and url.")
    return links


def number_of(request: Request, name: str, default: int) -> int:
    """Return a number from the query."""
    given = request.query_params.get(name, "")
    if not given:
        return default
    if not given.isascii() or not given.isdigit() or len(given) > 12:
        raise Denied(422, "bad_number", f"{name} is a number.")
    return int(given)


def moment_of(given: str | None) -> datetime:
    """Return a time from the query; the beginning of all when there is none."""
    try:
        moment = datetime.fromisoformat(given) if given else datetime.min.replace(tzinfo=UTC)
    except ValueError:
        raise Denied(422, "bad_time", "since is an RFC 3339 time.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
