"""Calls to our own server as the account whose token we hold."""

from collections.abc import Collection, Mapping
from typing import Any

from mentionbridge.domain.account import Allowance
from mentionbridge.domain.errors import LoginNeeded, PlatformDown
from mentionbridge.kit.clock import Clock
from mentionbridge.net.client import Answer, Http
from mentionbridge.net.outcome import check_read, reading
from mentionbridge.platforms.mastodon import errors
from mentionbridge.platforms.mastodon.token import Token
from mentionbridge.ports.platform import SendGate


class Api:
    """Reads and writes."""

    def __init__(self, http: Http, token: Token, clock: Clock) -> None:
        self._http = http
        self._clock = clock
        self._token = token

    async def read(self, path: str, params: Mapping[str, Any] | None = None, *, fine: Collection[int] = ()) -> Any:
        """Return the JSON of a good answer; None for a status of `fine`."""
        with reading():
            # A server counts everything a token reads as one.
            answer = await self._ask("GET", path, params=params, lane="reads")
        code = errors.name(answer)
        fine = () if code in errors.MEANINGS else fine
        try:
            check_read(answer, self._clock.now(), fine=fine, overlay=errors.MEANINGS, code=code)
        except LoginNeeded:
            raise LoginNeeded(errors.login_sentence(answer)) from None
        if answer.status in fine:
            return None
        with reading():
            return answer.json()

    async def an_object(
        self, path: str, params: Mapping[str, Any] | None = None, *, fine: Collection[int] = ()
    ) -> dict[str, Any]:
        """Return the object that is answered; an empty one for a status of `fine`."""
        body = await self.read(path, params, fine=fine)
        if body is not None and not isinstance(body, dict):
            raise PlatformDown("the server's answer is not what it should be")
        return body or {}

    async def a_list(
        self, path: str, params: Mapping[str, Any] | None = None, *, fine: Collection[int] = ()
    ) -> list[Any]:
        """Return the list that is answered; an empty one for a status of `fine`."""
        body = await self.read(path, params, fine=fine)
        if body is not None and not isinstance(body, list):
            raise PlatformDown("the server's answer is not what it should be")
        return body or []

    async def write(self, path: str, body: Mapping[str, Any], key: str, gate: SendGate) -> Answer:
        """Return whatever is answered; raises NoAnswer when it may have been acted on."""
        return await self._ask("POST", path, {"idempotency-key": key}, json=body, gate=gate)

    async def delete(self, path: str) -> Answer:
        """Return whatever is answered; raises NoAnswer when it may have been acted on."""
        return await self._ask("DELETE", path)

    def allowance(self) -> Allowance | None:
        """Return what the server said it still lets us ask."""
        return self._http.allowance()

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._http.aclose()

    async def _ask(self, verb: str, path: str, more: Mapping[str, str] | None = None, **what: Any) -> Answer:
        headers = {"authorization": f"Bearer {await self._token.current()}", **(more or {})}
        answer = await self._http.request(verb, path, headers=headers, **what)
        if answer.status == 401:
            self._token.refused()
        return answer
