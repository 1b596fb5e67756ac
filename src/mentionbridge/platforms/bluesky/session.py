"""Who we are signed in as. A session is kept in the vault and renewed by one worker at a time.

Signing in is limited to 30 times in 5 minutes and 300 times a day, so it happens only when nothing else helps.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from mentionbridge.domain.account import Allowance
from mentionbridge.domain.errors import LoginNeeded, NoAnswer, PlatformDown
from mentionbridge.kit.clock import Clock
from mentionbridge.net.client import Answer, Http
from mentionbridge.net.outcome import Meaning, check_read, meaning, reading
from mentionbridge.platforms.bluesky import errors
from mentionbridge.ports.vault import Vault

CLAIM = timedelta(seconds=30)
"""How long a worker may take to renew before another one does it; longer than a request."""

HOLD_OFF = timedelta(minutes=10)
"""How long a refused sign-in is not tried again with the same password: 300 a day are all there are."""

_LOOK_AGAIN = 0.25
_LOOKS = int(CLAIM.total_seconds() / _LOOK_AGAIN) + 8


@dataclass(frozen=True, slots=True)
class Login:
    """What signs us in."""

    identifier: str
    password: str = field(repr=False)
    service: str

    def mark(self) -> str:
        """Tell these credentials from others without being them."""
        return sha256("\0".join((self.service, self.identifier, self.password)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in account and the server its data lies on."""

    did: str
    handle: str
    pds: str
    access: str = field(repr=False)
    refresh: str = field(repr=False)

    @property
    def bearer(self) -> Mapping[str, str]:
        """Return the header of an ordinary call."""
        return {"authorization": f"Bearer {self.access}"}


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the vault holds: the session, who is renewing it, or why signing in was refused."""

    mark: str
    session: Session | None = None
    claimed_until: datetime | None = None
    refused_until: datetime | None = None
    why: str = ""

    def claimed(self, now: datetime) -> bool:
        return self.claimed_until is not None and now < self.claimed_until

    def refused(self, now: datetime) -> bool:
        return self.refused_until is not None and now < self.refused_until

    def dump(self) -> str:
        times = {"claimed_until": _iso(self.claimed_until), "refused_until": _iso(self.refused_until)}
        session = asdict(self.session) if self.session else None
        return json.dumps({"mark": self.mark, "why": self.why, "session": session, **times})

    @classmethod
    def load(cls, secret: str | None, mark: str) -> "_Kept":
        """Read what was kept; of other credentials, or garbage, nothing is kept."""
        try:
            found = json.loads(secret or "null")
            if found is None or found["mark"] != mark:
                return cls(mark)
            session = Session(**found["session"]) if found["session"] else None
            return cls(mark, session, _time(found["claimed_until"]), _time(found["refused_until"]), found["why"])
        except (ValueError, TypeError, KeyError):
            return cls(mark)


class Sessions:
    """Hands out the session, and a fresh one when the old has run out."""

    def __init__(
        self,
        login: Login,
        http: Callable[[str], Http],
        vault: Vault,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._login = login
        self._make_http = http
        self._vault = vault
        self._clock = clock
        self._sleep = sleep
        self._https: dict[str, Http] = {}
        self._lock = asyncio.Lock()
        self._session: Session | None = None

    @property
    def last(self) -> Session | None:
        """The session we used last, if this process had one."""
        return self._session

    def http(self, url: str) -> Http:
        """Return the client of one destination."""
        if url not in self._https:
            self._https[url] = self._make_http(url)
        return self._https[url]

    def allowance(self) -> Allowance | None:
        """Return the tightest limit any of the servers has told of."""
        told = filter(None, (http.allowance() for http in self._https.values()))
        return min(told, key=lambda each: each.left / each.limit, default=None)

    async def current(self) -> Session:
        """Return a session that may have run out; signs in when there is none."""
        return self._session or await self.renew(None)

    async def renew(self, used: Session | None) -> Session:
        """Return a session other than `used`: one that somebody else has renewed meanwhile, or a fresh one."""
        async with self._lock:
            if self._session and not _same(self._session, used):
                return self._session
            self._session = await self._renew(used)
            return self._session

    async def aclose(self) -> None:
        """Let go of connections."""
        for http in self._https.values():
            await http.aclose()

    async def _renew(self, used: Session | None) -> Session:
        mark = self._login.mark()
        for _ in range(_LOOKS):
            secret, version = await self._vault.read()
            kept, now = _Kept.load(secret, mark), self._clock.now()
            if kept.session and not _same(kept.session, used):
                return kept.session
            if kept.refused(now):
                raise LoginNeeded(kept.why)
            if kept.claimed(now):
                await self._sleep(_LOOK_AGAIN)
                continue
            claim = _Kept(mark, kept.session, claimed_until=now + CLAIM)
            if await self._vault.swap(claim.dump(), version):
                return await self._renew_as_claimed(kept, version + 1)
            if secret is None and version == 0:
                # Nothing can be kept before the account has a row (doctor, first probe).
                return await self._fresh(used)
        raise PlatformDown("our session at Bluesky is being renewed by another worker, which takes too long")

    async def _renew_as_claimed(self, kept: _Kept, version: int) -> Session:
        """Renew while others wait. If we die here, the next one signs in: our claim ends by itself."""
        settled = kept
        try:
            fresh = await self._fresh(kept.session)
            settled = _Kept(kept.mark, fresh)
            return fresh
        except LoginNeeded as refusal:
            settled = _Kept(kept.mark, None, refused_until=self._clock.now() + HOLD_OFF, why=str(refusal))
            raise
        finally:
            await self._vault.swap(settled.dump(), version)

    async def _fresh(self, old: Session | None) -> Session:
        return (await self._refresh(old) if old else None) or await self._sign_in()

    async def _refresh(self, old: Session) -> Session | None:
        """Trade the refresh token in; None when it is spent."""
        headers = {"authorization": f"Bearer {old.refresh}"}
        answer = await self._post(old.pds, "com.atproto.server.refreshSession", headers=headers)
        if 400 <= answer.status < 500 and meaning(answer.status, code=errors.name(answer)) is not Meaning.RATE_LIMITED:
            return None
        return self._read(answer)

    async def _sign_in(self) -> Session:
        body = {"identifier": self._login.identifier, "password": self._login.password}
        answer = await self._post(self._login.service, "com.atproto.server.createSession", json=body)
        return self._read(answer)

    async def _post(self, host: str, method: str, **what: Any) -> Answer:
        with reading():
            return await self.http(host).request("POST", f"/xrpc/{method}", **what)

    def _read(self, answer: Answer) -> Session:
        try:
            check_read(answer, self._clock.now(), overlay=errors.MEANINGS, code=errors.name(answer))
        except LoginNeeded:
            raise LoginNeeded(errors.login_sentence(answer)) from None
        return read_session(answer, self._login.service)


def read_session(answer: Answer, service: str) -> Session:
    """Read a session; raises LoginNeeded for an account that is not active, PlatformDown for what makes no sense."""
    try:
        body = answer.json()
        if body.get("active") is False:
            raise LoginNeeded(errors.SENTENCES.get(body.get("status"), "This account is not active at Bluesky."))
        texts = [body["did"], body["handle"], body["accessJwt"], body["refreshJwt"]]
        if not all(isinstance(text, str) and text for text in texts):
            raise TypeError
    except (NoAnswer, AttributeError, KeyError, TypeError):
        raise PlatformDown("Bluesky's answer to a sign-in makes no sense") from None
    did, handle, access, refresh = texts
    return Session(did, handle, _home(body.get("didDoc"), service), access, refresh)


def _home(document: Any, service: str) -> str:
    """Return the server the account's data lies on; never one that would carry our token in the clear."""
    services = document.get("service") if isinstance(document, dict) else None
    for one in services if isinstance(services, list) else []:
        url = one.get("serviceEndpoint") if isinstance(one, dict) else None
        if isinstance(url, str) and str(one.get("id", "")).endswith("#atproto_pds"):
            scheme = urlsplit(url).scheme
            if scheme == "https" or (scheme == "http" and urlsplit(service).scheme == "http"):
                return url.rstrip("/")
    return service


def _same(one: Session, other: Session | None) -> bool:
    return other is not None and one.access == other.access


def _iso(time: datetime | None) -> str | None:
    return time.isoformat() if time else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
