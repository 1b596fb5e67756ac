"""Calls to X as the signed-in account; a token that is refused is renewed once on the way."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from mentionbridge.domain.account import Allowance
from mentionbridge.domain.errors import LoginNeeded, NoAnswer, PlatformDown
from mentionbridge.kit.clock import Clock
from mentionbridge.net.client import Answer, Http
from mentionbridge.net.grants import Trade
from mentionbridge.net.oauth import Rotating
from mentionbridge.net.outcome import check_read, reading
from mentionbridge.platforms.x import errors
from mentionbridge.platforms.x.prices import Bill
from mentionbridge.ports.platform import SendGate
from mentionbridge.ports.vault import Vault

_NO_SPARE = (
    "No spare sign-in is kept: an answer that is lost while this one is renewed signs the account out."
    " Sign in a second time: `mentionbridge connect x --spare`, or spare_refresh_token."
)


class Api:
    """Reads and writes."""

    def __init__(
        self, http: Http, trade: Trade, refresh_token: str, vault: Vault, clock: Clock, bill: Bill, spare: str = ""
    ) -> None:
        self._http = http
        self._clock = clock
        self.bill = bill
        self._tokens = Rotating(refresh_token, trade, vault, clock, spare=spare)

    @property
    def hints(self) -> Sequence[str]:
        """What the operator should know of the sign-in, before it is too late."""
        if deadline := self._tokens.deadline:
            again = "Sign in again now: `mentionbridge connect x`."
            return (f"X no longer renews this sign-in: it ends at {deadline:%Y-%m-%d %H:%M} UTC. {again}",)
        return () if self._tokens.has_spare else (_NO_SPARE,)

    async def read(
        self, path: str, params: Mapping[str, Any] | None = None, *, fine: Collection[int] = ()
    ) -> dict[str, Any]:
        """Return the JSON object of a good answer; an empty one for a status of `fine`."""
        answer = await self._ask(path, fine, params or {})
        if answer.status in fine:
            return {}
        with reading():
            body = answer.json()
        if not isinstance(body, dict):
            raise PlatformDown("X's answer is not what it should be")
        self.bill.read(path, body)
        return body

    async def write(self, path: str, body: Mapping[str, Any], *, gate: SendGate | None = None) -> Answer:
        """Return whatever is answered; raises NoAnswer when it may have been acted on."""
        try:
            answer = await self._call("POST", path, json=body, gate=gate)
        except NoAnswer:
            self.bill.written(path, body)
            raise
        if answer.status < 300:
            self.bill.written(path, body)
        return answer

    async def delete(self, path: str) -> Answer:
        """Return whatever is answered; raises NoAnswer when it may have been acted on."""
        return await self._call("DELETE", path)

    def allowance(self) -> Allowance | None:
        """Return what the server said it still lets us ask."""
        return self._http.allowance()

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._http.aclose()

    async def _ask(self, path: str, fine: Collection[int], params: Mapping[str, Any]) -> Answer:
        with reading():
            answer = await self._call("GET", path, params=params)
        code = errors.name(answer)
        try:
            check_read(answer, self._clock.now(), fine=fine, overlay=errors.MEANINGS, code=code)
        except LoginNeeded:
            raise LoginNeeded(errors.login_sentence(answer)) from None
        return answer

    async def _call(self, verb: str, path: str, **what: Any) -> Answer:
        token = await self._tokens.current()
        answer = await self._once(token, verb, path, what)
        if answer.status == 401:
            token = await self._tokens.renew(token)
            answer = await self._once(token, verb, path, what)
        return answer

    async def _once(self, token: str, verb: str, path: str, what: Mapping[str, Any]) -> Answer:
        return await self._http.request(verb, path, headers={"authorization": f"Bearer {token}"}, **what)
