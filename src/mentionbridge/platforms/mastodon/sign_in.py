"""Signing an account of the fediverse in: an app of our own on its server, and an authorization code."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from mentionbridge.domain.errors import LoginNeeded, SetupError
from mentionbridge.kit.clock import Clock
from mentionbridge.net.client import Http
from mentionbridge.net.outcome import check_read, reading
from mentionbridge.platforms.mastodon.shapes import an_object, text
from mentionbridge.platforms.plug import SigningIn

RIGHTS = {"read": "mentions cannot be read", "write:statuses": "nothing can be answered"}
"""The rights we ask for, and what is missing without each."""

_SCOPE = " ".join(RIGHTS)


class SignIn:
    """Walks one person through, on one server."""

    def __init__(self, http: Http, server: str, clock: Clock) -> None:
        self._http = http
        self._server = server
        self._clock = clock

    async def token(self, who: SigningIn) -> str:
        """Return a token of whoever signs in; tells which rights it lacks."""
        operator, state = who.operator, who.operator.secret()
        app = await self._register(operator.redirect)
        asked = {"response_type": "code", "redirect_uri": operator.redirect, "scope": _SCOPE, "state": state}
        query = urlencode({**asked, "client_id": app["client_id"]})
        code = await operator.code(f"{self._server}/oauth/authorize?{query}", state)
        form = {**app, "grant_type": "authorization_code", "code": code, "redirect_uri": operator.redirect}
        told = await self._post("/oauth/token", {**form, "scope": _SCOPE})
        token, given = text(told.get("access_token")), (text(told.get("scope")) or "").split()
        if not token:
            raise LoginNeeded("The server gave no token for the code; start again.")
        for right, without in RIGHTS.items():
            if given and right not in given and right.partition(":")[0] not in given:
                operator.tell(f"Missing: the right {right}; {without}. Sign in again and allow it.")
        return token

    async def _register(self, redirect: str) -> dict[str, str]:
        told = await self._post(
            "/api/v1/apps", {"client_name": "mentionbridge", "redirect_uris": redirect, "scopes": _SCOPE}
        )
        number, secret = text(told.get("client_id")), text(told.get("client_secret"))
        if not number or not secret:
            raise SetupError(f"{self._server} registered no app; does it speak Mastodon's API?")
        return {"client_id": number, "client_secret": secret}

    async def _post(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        with reading():
            answer = await self._http.request("POST", path, json=body)
        if answer.status in (400, 401, 403, 422):
            raise LoginNeeded(f"The server did not sign us in (it answered {answer.status}); start again.")
        check_read(answer, self._clock.now())
        with reading():
            return an_object(answer.json())
