"""Who is at the console: a sealed cookie that holds the visitor's own token, so that revoking it ends the session."""

import hmac
import json
import secrets
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from mentionbridge.domain.errors import SetupError
from mentionbridge.ports.access import Scope
from mentionbridge.web.caller import Caller, recognise
from mentionbridge.web.door import Door, Sealing
from mentionbridge.web.problem import Problem

COOKIE = "mb-console"
LIFE = timedelta(hours=12)
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in: the visitor's token, what they call themselves, when it ends, and what their forms must carry."""

    token: str = field(repr=False)
    person: str
    ends: datetime
    form_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in."""

    session: Session
    caller: Caller

    @property
    def actor(self) -> str:
        """Name them as the ledger keeps it."""
        return self.caller.actor(self.session.person)

    def sent(self, form_key: str) -> bool:
        """True when a form is one of ours, made for this session."""
        return hmac.compare_digest(form_key.encode(), self.session.form_key.encode())


class Sessions:
    """Lets visitors in and knows them again."""

    def __init__(self, door: Door, sealing: Sealing, *, secure: bool) -> None:
        self._door = door
        self._sealing = sealing
        self._secure = secure

    async def begin(self, token: str, person: str) -> Session:
        """Sign somebody in; raises a 401 or 403 problem when their token is not one that approves."""
        await self._caller(token)
        ends = self._door.clock.now() + LIFE
        return Session(token, person[:LONGEST_NAME], ends, secrets.token_urlsafe(24))

    async def visitor(self, request: Request) -> Visitor | None:
        """Return who sends this request, if they are signed in and may still be."""
        session = self._read(request.cookies.get(COOKIE, ""))
        if session is None or session.ends <= self._door.clock.now():
            return None
        try:
            return Visitor(session, await self._caller(session.token))
        except Problem:
            return None

    def keep(self, response: Response, session: Session) -> None:
        """Give the visitor the cookie; scripts and other sites never see it."""
        told = json.dumps({**asdict(session), "ends": session.ends.isoformat()})
        response.set_cookie(
            COOKIE,
            self._sealing.seal(told).decode(),
            max_age=int(LIFE.total_seconds()),
            path="/console",
            secure=self._secure,
            httponly=True,
            samesite="strict",
        )

    def end(self, response: Response) -> None:
        """Take the cookie back."""
        response.delete_cookie(COOKIE, path="/console", secure=self._secure, httponly=True, samesite="strict")

    async def _caller(self, token: str) -> Caller:
        caller = await recognise(self._door, f"Bearer {token}")
        if not caller.token.may(Scope.APPROVE):
            raise Problem("scope_missing", "This token may not approve; make one with the scope `approve`.")
        return caller

    def _read(self, cookie: str) -> Session | None:
        try:
            told = json.loads(self._sealing.open(cookie.encode()))
            return Session(told["token"], told["person"], datetime.fromisoformat(told["ends"]), told["form_key"])
        except (SetupError, ValueError, KeyError, TypeError):
            return None
