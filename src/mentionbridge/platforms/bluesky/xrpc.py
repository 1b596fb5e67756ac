"""Calls to our own server as the signed-in account; a session that has run out is renewed once on the way."""

from collections.abc import Collection, Mapping
from typing import Any

from mentionbridge.domain.errors import LoginNeeded, PlatformDown
from mentionbridge.kit.clock import Clock
from mentionbridge.net.client import Answer
from mentionbridge.net.outcome import Meaning, Table, check_read, meaning, reading
from mentionbridge.platforms.bluesky import errors
from mentionbridge.platforms.bluesky.session import Session, Sessions
from mentionbridge.ports.platform import SendGate


class Xrpc:
    """Reads and writes; `via` names a service our server passes the call on to."""

    def __init__(self, sessions: Sessions, clock: Clock) -> None:
        self.sessions = sessions
        self._clock = clock

    async def read(
        self, method: str, *, via: str | None = None, overlay: Table = errors.MEANINGS, **params: Any
    ) -> dict[str, Any]:
        """Return the JSON object of a query; raises RateLimited, LoginNeeded or PlatformDown."""
        return read_object(await self.ask(method, via=via, overlay=overlay, **params))

    async def ask(
        self,
        method: str,
        *,
        via: str | None = None,
        overlay: Table = errors.MEANINGS,
        fine: Collection[int] = (),
        **params: Any,
    ) -> Answer:
        """Return the answer to a query when it is good, or its status is one of `fine` and not about our sign-in."""
        with reading():
            answer = await self._call("GET", method, via, params=params)
        code = errors.name(answer)
        if meaning(answer.status, overlay=overlay, code=code) is Meaning.LOGIN_NEEDED:
            fine = ()
        try:
            check_read(answer, self._clock.now(), fine=fine, overlay=overlay, code=code)
        except LoginNeeded:
            raise LoginNeeded(errors.login_sentence(answer)) from None
        return answer

    async def write(
        self, method: str, body: Mapping[str, Any], *, via: str | None = None, gate: SendGate | None = None
    ) -> Answer:
        """Return whatever is answered to a procedure; raises NoAnswer when it may have been acted on."""
        return await self._call("POST", method, via, json=body, gate=gate)

    async def us(self) -> Session:
        """Return who we are."""
        return await self.sessions.current()

    async def _call(self, verb: str, method: str, via: str | None, **what: Any) -> Answer:
        session = await self.sessions.current()
        answer = await self._once(session, verb, method, via, what)
        if errors.is_stale(answer):
            session = await self.sessions.renew(session)
            answer = await self._once(session, verb, method, via, what)
        return answer

    async def _once(self, session: Session, verb: str, method: str, via: str | None, what: Mapping[str, Any]) -> Answer:
        headers = {**session.bearer, **({"atproto-proxy": via} if via else {})}
        # Our server counts reads of every kind as one, and each kind of writing for itself.
        lane = "reads" if verb == "GET" else None
        return await self.sessions.http(session.pds).request(
            verb, f"/xrpc/{method}", headers=headers, lane=lane, **what
        )


def read_object(answer: Answer) -> dict[str, Any]:
    """Return the JSON object of an answer; raises PlatformDown for anything else."""
    with reading():
        body = answer.json()
    if not isinstance(body, dict):
        raise PlatformDown("Bluesky's answer is not what it should be")
    return body


def read_list(body: Mapping[str, Any], name: str) -> list[Any]:
    """Return a list out of an answer; raises PlatformDown when there is none."""
    found = body.get(name)
    if not isinstance(found, list):
        raise PlatformDown(f"Bluesky's answer holds no {name}")
    return found
