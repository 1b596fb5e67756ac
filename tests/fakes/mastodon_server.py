"""A small Mastodon: notifications by `min_id`, threads, our own statuses, and a key that holds for an hour."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

BEGIN = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
HOST = "social.example"
TOKEN = "invented-token-1"
Fault = Callable[[httpx.Request], httpx.Response]
ACCEPT = dict.fromkeys(("for_not_following", "for_new_accounts", "for_private_mentions"), "accept")


def person(name: str, number: str, **more: Any) -> dict[str, Any]:
    host = HOST if "@" not in name else name.partition("@")[2]
    short = name.partition("@")[0]
    return {"id": number, "acct": name, "display_name": short.title(), "url": f"https://{host}/@{short}", **more}


US = person("acme", "1001", bot=True)
SAM = person("sam@town.example", "2107", followers_count=412)


@dataclass
class MastodonServer:
    """Answers like Mastodon; `faults` are played first, by method and path, and `after` once a send was taken."""

    now: Callable[[], datetime] = lambda: BEGIN
    version: str = "4.6.4"
    policy: dict[str, Any] | None = field(default_factory=lambda: dict(ACCEPT))
    description: int = 2
    page_size: int = 80
    batches: bool = True
    searches: bool = True
    statuses: dict[str, dict[str, Any]] = field(default_factory=dict)
    notifications: list[dict[str, Any]] = field(default_factory=list)
    between: dict[str, Any] = field(default_factory=dict)
    keys: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    calls: list[httpx.Request] = field(default_factory=list)
    faults: dict[tuple[str, str], list[Fault]] = field(default_factory=dict)
    after: list[Fault] = field(default_factory=list)

    def say(self, who: dict[str, Any], text: str, **more: Any) -> dict[str, Any]:
        """Somebody writes a status."""
        number = str(5001 + len(self.statuses))
        short, host = who["acct"].partition("@")[0], who["url"].split("/")[2]
        status = {
            "id": number,
            "uri": f"https://{host}/users/{short}/statuses/{number}",
            "url": f"https://{host}/@{short}/{number}",
            "created_at": self.now().isoformat(),
            "content": f"<p>{text}</p>",
            "visibility": "public",
            "in_reply_to_id": None,
            "account": who,
            "mentions": [],
            "spoiler_text": "",
            **more,
        }
        self.statuses[number] = status
        return status

    def mention(self, text: str, who: dict[str, Any] = SAM, at: datetime | None = None, **more: Any) -> dict[str, Any]:
        """Somebody calls on us, and we are notified."""
        status = self.say(who, f"@acme {text}", mentions=[{"id": "1001", "acct": "acme", "url": US["url"]}], **more)
        moment = (at or self.now()).isoformat()
        number = str(900 + len(self.notifications))
        self.notifications.append(
            {"id": number, "type": "mention", "created_at": moment, "account": who, "status": status}
        )
        return status

    @property
    def ours(self) -> list[dict[str, Any]]:
        """What we have said, oldest first."""
        return [status for status in self.statuses.values() if status["account"] is US]

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request)
        where = (request.method, request.url.path)
        if self.faults.get(where):
            return self.faults[where].pop(0)(request)
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return httpx.Response(401, json={"error": "The access token is invalid"})
        if request.method == "DELETE":
            gone = self.statuses.pop(request.url.path.rpartition("/")[2], None)
            return httpx.Response(200, json=gone) if gone else httpx.Response(404, json={"error": "Record not found"})
        return self._send(request) if request.method == "POST" else self._read(request)

    def _read(self, request: httpx.Request) -> httpx.Response:
        path, asked = request.url.path.removeprefix("/api/"), request.url.params
        match path.split("/"):
            case ["v1", "accounts", "verify_credentials"]:
                return httpx.Response(200, json=US)
            case [version, "instance"]:
                return self._instance(version)
            case ["v2", "notifications", "policy"] if self.policy is not None:
                return httpx.Response(200, json=self.policy)
            case ["v1", "notifications"]:
                return httpx.Response(200, json=self._page(asked.get("min_id")))
            case ["v1", "timelines", "tag", tag]:
                return httpx.Response(200, json=self._found(f"#{tag}", asked))
            case ["v2", "search"] if not asked["q"].startswith("http"):
                if not self.searches:
                    return httpx.Response(422, json={"error": "search is not available"})
                return httpx.Response(200, json={"statuses": self._found(asked["q"], asked)})
            case ["v2", "search"]:
                found = [each for each in self.statuses.values() if asked["q"] in (each["uri"], each["url"])]
                return httpx.Response(200, json={"statuses": found, "accounts": [], "hashtags": []})
            case ["v1", "statuses"] if self.batches:
                found = [self.statuses[each] for each in asked.get_list("id[]") if each in self.statuses]
                return httpx.Response(200, json=found)
            case ["v1", "statuses", number] if number in self.statuses:
                return httpx.Response(200, json=self.statuses[number])
            case ["v1", "statuses", number, "context"] if number in self.statuses:
                return httpx.Response(200, json=self._context(number))
            case ["v1", "accounts", "relationships"]:
                return httpx.Response(200, json=[{"id": each, **self.between} for each in asked.get_list("id[]")])
            case ["v1", "accounts", "1001", "statuses"]:
                below = asked.get("max_id")
                found = [each for each in reversed(self.ours) if below is None or int(each["id"]) < int(below)]
                return httpx.Response(200, json=found[: int(asked["limit"])])
        return httpx.Response(404, json={"error": "Record not found"})

    def _instance(self, version: str) -> httpx.Response:
        if version == "v2" and self.description < 2:
            return httpx.Response(404, json={"error": "Not Found"})
        place = {"domain": HOST} if version == "v2" else {"uri": f"https://{HOST}"}
        limits = {"statuses": {"max_characters": 500, "characters_reserved_per_url": 23}}
        return httpx.Response(200, json={**place, "version": self.version, "configuration": limits})

    def _page(self, above: str | None) -> list[dict[str, Any]]:
        if above is None:
            return sorted(self.notifications, key=lambda each: int(each["id"]), reverse=True)[: self.page_size]
        found = [each for each in self.notifications if int(each["id"]) > int(above)]
        return sorted(found, key=lambda each: int(each["id"]))[: self.page_size][::-1]

    def _found(self, term: str, asked: httpx.QueryParams) -> list[dict[str, Any]]:
        found = [each for each in self.statuses.values() if term.lower() in each["content"].lower()]
        found = sorted(found, key=lambda each: int(each["id"]))
        if "min_id" in asked:
            found = [each for each in found if int(each["id"]) > int(asked["min_id"])][: self.page_size]
        return found[-self.page_size :][::-1]

    def _context(self, number: str) -> dict[str, Any]:
        above, at = [], self.statuses[number]["in_reply_to_id"]
        while at in self.statuses:
            above.insert(0, self.statuses[at])
            at = self.statuses[at]["in_reply_to_id"]
        below, roots = [], {number}
        for each in self.statuses.values():
            if each["in_reply_to_id"] in roots:
                roots.add(each["id"])
                below.append(each)
        return {"ancestors": above, "descendants": below}

    def _send(self, request: httpx.Request) -> httpx.Response:
        told, key = json.loads(request.content), request.headers["idempotency-key"]
        then, number = self.keys.get(key, (BEGIN, ""))
        if not number or self.now() - then >= timedelta(hours=1):
            if told["in_reply_to_id"] not in self.statuses:
                return httpx.Response(404, json={"error": "Record not found"})
            number = self.say(US, told["status"], **{each: told[each] for each in ("visibility", "in_reply_to_id")})[
                "id"
            ]
            self.keys[key] = self.now(), number
        if self.after:
            return self.after.pop(0)(request)
        return httpx.Response(200, json=self.statuses[number])
