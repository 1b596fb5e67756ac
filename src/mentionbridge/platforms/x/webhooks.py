"""The app's webhook at X: registered, made valid and subscribed, and what stands in the way said in plain words."""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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

    async def replay(self, url: str, since: str, until: str) -> str:
        """Have X push again what it pushed to our webhook between two minutes; returns what came of it."""
        here = await self._known(url)
        if here is None:
            return "X knows no webhook of ours to push to again"
        told = {"webhook_id": here.get("id"), "from_date": since, "to_date": until}
        no = _refusal(await self._write("POST", "/2/webhooks/replay", self.bearer, told))
        return f"X does not push it again: {no.rstrip('.')}" if no else "X was asked to push it again"

    async def _subscribe(self, event: str, us: str, webhook: str, access: str) -> str | None:
        told = {"event_type": event, "filter": {"user_id": us}, "tag": "mentionbridge", "webhook_id": webhook}
        return _refusal(await self._write("POST", "/2/activity/subscriptions", access, told))

    async def _registered(self, url: str) -> tuple[str, str]:
        """Return the webhook's number and address; one account's serves all of the app, and X gives only one away."""
        here = await self._known(url)
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

    async def _known(self, url: str) -> dict[str, Any] | None:
        """Return the webhook at this address, or at that of another account of ours."""
        listed = objects((await self._read("/2/webhooks")).get("data"))
        ours = [each for each in listed if str(each.get("url")).rpartition("/")[0] == url.rpartition("/")[0]]
        return next((each for each in ours if each["url"] == url), next(iter(ours), None))

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


@dataclass(frozen=True, slots=True)
class Replays:
    """Asks for what was pushed in vain to the webhook at `url`."""

    webhooks: Webhooks
    url: str

    async def ask(self, since: datetime, until: datetime) -> str:
        """Ask for whole minutes; what X says no to is told, and polling has found what it can."""
        # The minute that has begun is asked for, too.
        last = until + timedelta(minutes=1)
        try:
            return await self.webhooks.replay(self.url, _minute(since), _minute(last))
        except PlatformError as error:
            return f"X could not be asked to push it again: {str(error).rstrip('.')}"


def _minute(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%d%H%M")


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
