"""Tells each account's webhook what concerns it: in order, signed, again and again until it answers 2xx."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from mentionbridge.domain.errors import MentionbridgeError
from mentionbridge.kit import backoff
from mentionbridge.kit.clock import Clock
from mentionbridge.net.client import Http
from mentionbridge.platforms.demo import credentials, render
from mentionbridge.platforms.demo.acts import LiveNetwork
from mentionbridge.platforms.demo.network import News

FIRST_WAIT = 0.25
LONGEST_WAIT = 10.0


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where one handle's news go: the account's name at the bridge, and the secret that signs."""

    account_id: str
    secret: str


class Pusher:
    """One task a webhook; where each stands is kept in the network's journal."""

    def __init__(
        self, live: LiveNetwork, http: Http, clock: Clock, pages: str, webhook: Callable[[str], Webhook | None]
    ) -> None:
        self._live = live
        self._http = http
        self._clock = clock
        self._pages = pages
        self._webhook = webhook
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def wake(self) -> None:
        """Start telling every webhook that has something to hear and is not being told already."""
        for person in self._live.state.people.values():
            hook = self._webhook(person.handle) if person.business else None
            if hook and not self._running(person.handle) and self._next(person.handle):
                self._tasks[person.handle] = asyncio.create_task(self._tell_all(person.handle, hook))

    async def aclose(self) -> None:
        """Stop; what was not told yet is told after the next start."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await self._http.aclose()

    def _running(self, handle: str) -> bool:
        task = self._tasks.get(handle)
        return task is not None and not task.done()

    def _next(self, handle: str) -> News | None:
        return next(self._live.state.concerns(handle, self._live.state.pushed.get(handle, 0)), None)

    async def _tell_all(self, handle: str, hook: Webhook) -> None:
        failures = 0
        while news := self._next(handle):
            if await self._tell(handle, hook, news) and self._noted(handle, news):
                failures = 0
            else:
                await asyncio.sleep(_wait(failures).total_seconds())
                failures += 1

    def _noted(self, handle: str, news: News) -> bool:
        try:
            self._live.note_pushed(handle, news.seq)
        except OSError:
            return False
        return True

    async def _tell(self, handle: str, hook: Webhook, news: News) -> bool:
        event = render.event(self._live.state, news, self._pages, reader=handle)
        body = json.dumps(event).encode()
        headers = {
            "content-type": "application/json",
            "demo-event-id": event["id"],
            "demo-signature": credentials.sign(hook.secret, int(self._clock.now().timestamp()), body),
        }
        try:
            answer = await self._http.request("POST", f"hooks/demo/{hook.account_id}", headers=headers, content=body)
        except MentionbridgeError:
            return False
        return 200 <= answer.status < 300


def _wait(failures: int) -> timedelta:
    return backoff.delay(failures, first=FIRST_WAIT, cap=LONGEST_WAIT)
