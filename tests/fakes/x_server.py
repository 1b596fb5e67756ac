"""A small X, as far as its documentation tells: mentions, our own posts, messages, and tokens that rotate."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import httpx

US = "1000000001"
FIRST = "invented-refresh-0"
Fault = Callable[[httpx.Request], httpx.Response]


def user(number: str, handle: str) -> dict[str, Any]:
    return {"id": number, "username": handle, "name": handle.title(), "public_metrics": {"followers_count": 5}}


@dataclass
class XServer:
    """Answers like X; `faults` are played first, by method and path."""

    mentions: list[dict[str, Any]] = field(default_factory=list)
    own: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    gone: dict[str, str] = field(default_factory=dict)
    calls: list[httpx.Request] = field(default_factory=list)
    faults: dict[tuple[str, str], list[Fault]] = field(default_factory=dict)
    page_size: int = 100
    refresh: str = FIRST
    access: str = ""
    trades: int = 0
    seconds: int = 7200

    def mention(self, number: int, text: str, **more: Any) -> dict[str, Any]:
        """Somebody says something to us."""
        post = {
            "id": str(number),
            "text": text,
            "author_id": "2000000007",
            "created_at": "2026-11-22T09:14:03.000Z",
            "conversation_id": str(number),
            "edit_history_tweet_ids": [str(number)],
            "entities": {"mentions": [{"start": 0, "end": 5, "username": "acme", "id": US}]},
            **more,
        }
        self.mentions.insert(0, post)
        return post

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request)
        where = (request.method, request.url.path)
        if self.faults.get(where):
            return self.faults[where].pop(0)(request)
        if where == ("POST", "/2/oauth2/token"):
            return self._trade(request)
        if request.headers.get("authorization") != f"Bearer {self.access}":
            return httpx.Response(401, json={"title": "Unauthorized", "type": "about:blank", "status": 401})
        return self._answer(request)

    def _trade(self, request: httpx.Request) -> httpx.Response:
        given = parse_qs(request.content.decode())["refresh_token"][0]
        if given != self.refresh:
            return httpx.Response(
                400, json={"error": "invalid_request", "error_description": "Value passed is invalid."}
            )
        self.trades += 1
        self.access, self.refresh = f"access-{self.trades}", f"refresh-{self.trades}"
        granted = {"access_token": self.access, "refresh_token": self.refresh, "expires_in": self.seconds}
        return httpx.Response(200, json=granted)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path, asked = request.url.path, dict(request.url.params)
        if request.method == "POST" and path == "/2/tweets":
            return self._said(json.loads(request.content))
        if request.method == "DELETE":
            gone = [post for post in self.own if post["id"] == path.rpartition("/")[2]]
            self.own = [post for post in self.own if post not in gone]
            body = {"title": "Not Found Error", "type": "https://api.twitter.com/2/problems/resource-not-found"}
            return httpx.Response(200, json={"data": {"deleted": True}}) if gone else httpx.Response(404, json=body)
        if request.method == "POST" and path.endswith("/messages"):
            return httpx.Response(201, json={"data": {"dm_conversation_id": "c", "dm_event_id": "77"}})
        found = {
            "/2/users/me": {"data": user(US, "acme")},
            "/2/tweets": self._lookup(asked.get("ids", "")),
        }
        if path in found:
            return httpx.Response(200, json=found[path])
        lists = {"mentions": self.mentions, "tweets": self.own, "dm_events": self.messages, "recent": self.mentions}
        return httpx.Response(200, json=self._page(lists[path.rpartition("/")[2]], asked))

    def _said(self, body: dict[str, Any]) -> httpx.Response:
        target = body["reply"]["in_reply_to_tweet_id"]
        if any(post["text"] == body["text"] for post in self.own):
            detail = "You are not allowed to create a Tweet with duplicate content."
            return httpx.Response(403, json={"title": "Forbidden", "type": "about:blank", "detail": detail})
        number = str(9000 + len(self.own))
        self.own.insert(0, {
            "id": number, "text": body["text"], "author_id": US, "created_at": "2026-11-22T09:21:00.000Z",
            "conversation_id": target, "referenced_tweets": [{"type": "replied_to", "id": target}],
        })  # fmt: skip
        return httpx.Response(201, json={"data": {"id": number, "text": body["text"]}})

    def _lookup(self, ids: str) -> dict[str, Any]:
        known = {post["id"]: post for post in self.mentions}
        wanted = [each for each in ids.split(",") if each]
        errors = [
            {"resource_id": each, "type": f"https://api.twitter.com/2/problems/{self.gone[each]}"}
            for each in wanted
            if each in self.gone
        ]
        data = [known[each] for each in wanted if each in known and each not in self.gone]
        return {"data": data, "includes": {"users": [user("2000000007", "sam_wells")]}, "errors": errors}

    def _page(self, posts: list[dict[str, Any]], asked: dict[str, str]) -> dict[str, Any]:
        since, start = int(asked.get("since_id", 0)), int(asked.get("pagination_token") or asked.get("next_token") or 0)
        fresh = [post for post in posts if int(post["id"]) > since]
        size = min(self.page_size, int(asked.get("max_results", 100)))
        page = fresh[start : start + size]
        meta: dict[str, Any] = {"result_count": len(page)}
        if page:
            meta |= {"newest_id": page[0]["id"], "oldest_id": page[-1]["id"]}
        if start + size < len(fresh):
            meta["next_token"] = str(start + size)
        return {"data": page, "includes": {"users": [user("2000000007", "sam_wells")]}, "meta": meta}
