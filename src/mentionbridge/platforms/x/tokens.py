"""X's counter for tokens: an authorization code or a refresh token in, a grant out."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlencode

from mentionbridge.domain.errors import LoginNeeded, NoAnswer, PlatformDown
from mentionbridge.kit.clock import Clock
from mentionbridge.net.client import Answer, Http
from mentionbridge.net.grants import Grant
from mentionbridge.net.outcome import check_read, reading

_FORM = "application/x-www-form-urlencoded"
_SPENT = "X no longer takes this account's refresh token; run `mentionbridge connect x` to sign it in again."
_NO_CODE = (
    "X did not take the code: it lives 30 seconds, and client_id, client_secret and the app's call-back address must"
    " be those of this app. Try again."
)
_USUAL_LIFE = 7200


@dataclass(frozen=True, slots=True)
class Client:
    """The developer app that signs us in; without a secret it is a public one."""

    id: str
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Trades for one app."""

    http: Http
    client: Client
    clock: Clock

    async def renewed(self, refresh: str) -> Grant:
        """Trade a refresh token in; raises LoginNeeded when it is spent."""
        return self._grant(await self._ask({"grant_type": "refresh_token", "refresh_token": refresh}, _SPENT))

    async def granted(self, code: str, verifier: str, redirect: str) -> tuple[Grant, frozenset[str]]:
        """Trade an authorization code in; the rights that came with it are told apart."""
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier, "redirect_uri": redirect}
        answer = await self._ask(form, _NO_CODE)
        grant, rights = self._grant(answer), answer.json().get("scope")
        return grant, frozenset(rights.split()) if isinstance(rights, str) else frozenset()

    async def _ask(self, form: Mapping[str, str], refused: str) -> Answer:
        headers = {"content-type": _FORM}
        if self.client.secret is None:
            form = {**form, "client_id": self.client.id}
        else:
            both = f"{self.client.id}:{self.client.secret}".encode()
            headers["authorization"] = f"Basic {b64encode(both).decode()}"
        with reading():
            body = urlencode(form).encode()
            answer = await self.http.request("POST", "/2/oauth2/token", headers=headers, content=body)
        if answer.status in (400, 401):
            raise LoginNeeded(refused)
        check_read(answer, self.clock.now())
        return answer

    def _grant(self, answer: Answer) -> Grant:
        try:
            told = answer.json()
            access, refresh, life = told["access_token"], told["refresh_token"], told.get("expires_in", _USUAL_LIFE)
            if not (isinstance(access, str) and isinstance(refresh, str) and isinstance(life, int)):
                raise TypeError
            return Grant(access, refresh, self.clock.now() + timedelta(seconds=life))
        except (NoAnswer, KeyError, TypeError, AttributeError, OverflowError):
            raise PlatformDown("X's answer to a sign-in makes no sense; does the app have offline.access?") from None
