"""The app's webhook at X: registered, made valid and subscribed, and what stands in the way said in plain words."""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from mentionbridge.domain.errors import NoAnswer, PlatformDown, PlatformError
from mentionbridge.net.client import Answer, Http
from mentionbridge.net.outcome import reading
from mentionbridge.platforms.x import errors
from mentionbridge.platforms.x.shapes import an_object, objects

POSTS = ("post.mention.create", "post.reply.create", "post.quote.create")
MESSAGES = ("dm.received",)


def unfit(url: str) -> str | None:
    """Say why X would not push to an address; None when it would."""
    parts = urlsplit(url)
    if parts.scheme != "https":
        return f"X pushes only to https, and server.public_url makes {url}."
    return f"X pushes to no address with a port, and server.public_url makes {url}." if parts.port else None


@dataclass(frozen=True, slots=True)
class Webhooks:
    """What an app may do about its webhook: `bearer` is the app's own token."""

    http: Http
    bearer: str

    async def set_up(self, url: str, us: str, access: str, events: tuple[str, ...]) -> AsyncIterator[str]:
        """Have X push the account's events to `url` and tell each step; `access` is the account's own token."""
        try:
            webhook, there = await self._registered(url)
            yield f"X pushes to {there}: registered, and its challenge was answered."
            known = set(_subscribed(await self._read("/2/activity/subscriptions"), us, webhook))
            for event in events:
                if event not in known and (no := await self._subscribe(event, us, webhook, access)):
                    yield f"X does not push {event}: {no} Polling finds what it would have told."
        except PlatformError as error:
            yield f"The webhook is not as it should be: {error} Polling goes on without it."

    async def _subscribe(self, event: str, us: str, webhook: str, access: str) -> str | None:
        told = {"event_type": event, "filter": {"user_id": us}, "tag": "mentionbridge", "webhook_id": webhook}
        return _refusal(await self._write("POST", "/2/activity/subscriptions", access, told))

    async def _registered(self, url: str) -> tuple[str, str]:
        """Return the webhook's number and address; one account's serves all of the app, and X gives only one away."""
        listed = objects((await self._read("/2/webhooks")).get("data"))
        ours = [each for each in listed if str(each.get("url")).rpartition("/")[0] == url.rpartition("/")[0]]
        here = next((each for each in ours if each["url"] == url), next(iter(ours), None))
        if here is None:
            _taken(answer := await self._write("POST", "/2/webhooks", self.bearer, {"url": url}))
            with reading():
                told = an_object(answer.json())
            here = {**an_object(told.get("data", told)), "url": url}
        elif here.get("valid") is not True:
            _taken(await self._write("PUT", f"/2/webhooks/{here.get('id')}", self.bearer))
        if not isinstance(here.get("id"), str):
            raise PlatformDown("X did not say under which number it registered the webhook.")
        return here["id"], str(here.get("url", url))

    async def _read(self, path: str) -> Mapping[str, Any]:
        with reading():
            answer = await self.http.request("GET", path, headers=_bearer(self.bearer))
        if no := _refusal(answer):
            raise PlatformDown(f"{no} Is bearer_token this app's own?")
        with reading():
            return an_object(answer.json())

    async def _write(self, verb: str, path: str, token: str, body: Mapping[str, Any] | None = None) -> Answer:
        with reading():
            return await self.http.request(verb, path, headers=_bearer(token), json=body)


def _bearer(token: str) -> Mapping[str, str]:
    return {"authorization": f"Bearer {token}"}


def _taken(answer: Answer) -> None:
    if no := _refusal(answer):
        raise PlatformDown(
            f"{no} The service must be running and reached from outside at that address with this app's"
            " consumer_secret, and the plan must have room for one more webhook."
        )


def _refusal(answer: Answer) -> str | None:
    """Say what X said no to, in its own words where it has some."""
    if answer.status < 300:
        return None
    try:
        told = an_object(answer.json())
    except NoAnswer:
        told = {}
    return f"X answered {answer.status} ({errors.sentence(told) or errors.name(answer) or 'no reason given'})."


def _subscribed(told: Mapping[str, Any], us: str, webhook: str) -> Iterator[str]:
    for each in objects(told.get("data")):
        if an_object(each.get("filter")).get("user_id") == us and each.get("webhook_id") == webhook:
            yield str(each.get("event_type"))
