"""Calls to X as the signed-in account; a token that is refused is renewed once on the way."""

from base64 import b64encode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from mentionbridge.domain.errors import LoginNeeded, NoAnswer, PlatformDown
from mentionbridge.kit.clock import Clock
from mentionbridge.net.client import Answer, Http
from mentionbridge.net.grants import Grant
from mentionbridge.net.oauth import Rotating
from mentionbridge.net.outcome import check_read, reading
from mentionbridge.platforms.x import errors
from mentionbridge.platforms.x.prices import Bill
from mentionbridge.ports.platform import SendGate
from mentionbridge.ports.vault import Vault

_FORM = "application/x-www-form-urlencoded"
_SPENT = "X no longer takes this account's refresh token; sign the account in again and give us the new one."
_NO_SPARE = (
    "No spare sign-in is kept: an answer that is lost while this one is renewed signs the account out."
    " Sign in a second time and give us that as spare_refresh_token."
)
_USUAL_LIFE = 7200


@dataclass(frozen=True, slots=True)
class Client:
    """The developer app that signs us in; without a secret it is a public one."""

    id: str
    secret: str | None = field(default=None, repr=False)


class Api:
    """Reads and writes."""

    def __init__(
        self, http: Http, client: Client, refresh_token: str, vault: Vault, clock: Clock, bill: Bill, spare: str = ""
    ) -> None:
        self._http = http
        self._client = client
        self._clock = clock
        self.bill = bill
        self._tokens = Rotating(refresh_token, self._trade, vault, clock, spare=spare)

    @property
    def hints(self) -> Sequence[str]:
        """What the operator should know of the sign-in, before it is too late."""
        if deadline := self._tokens.deadline:
            return (f"X no longer renews this sign-in: it ends at {deadline:%Y-%m-%d %H:%M} UTC. Sign in again now.",)
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

    async def _trade(self, refresh: str) -> Grant:
        form = {"grant_type": "refresh_token", "refresh_token": refresh}
        headers = {"content-type": _FORM}
        if self._client.secret is None:
            form["client_id"] = self._client.id
        else:
            both = f"{self._client.id}:{self._client.secret}".encode()
            headers["authorization"] = f"Basic {b64encode(both).decode()}"
        with reading():
            answer = await self._http.request(
                "POST", "/2/oauth2/token", headers=headers, content=urlencode(form).encode()
            )
        if answer.status in (400, 401):
            raise LoginNeeded(_SPENT)
        check_read(answer, self._clock.now())
        return self._read_grant(answer)

    def _read_grant(self, answer: Answer) -> Grant:
        try:
            told = answer.json()
            access, refresh, life = told["access_token"], told["refresh_token"], told.get("expires_in", _USUAL_LIFE)
            if not (isinstance(access, str) and isinstance(refresh, str) and isinstance(life, int)):
                raise TypeError
            return Grant(access, refresh, self._clock.now() + timedelta(seconds=life))
        except (NoAnswer, KeyError, TypeError, AttributeError, OverflowError):
            raise PlatformDown("X's answer to a sign-in makes no sense; does the app have offline.access?") from None
