"""Signing an account of X in: the authorization code with PKCE, the rights, and the webhook."""

from urllib.parse import urlencode

from mentionbridge.domain.account import Identity
from mentionbridge.domain.errors import LoginNeeded, PlatformDown, SetupError
from mentionbridge.net.codes import Secrets
from mentionbridge.net.grants import Grant
from mentionbridge.net.oauth import keep_sign_in
from mentionbridge.net.outcome import check_read, reading
from mentionbridge.platforms.plug import SigningIn
from mentionbridge.platforms.x import wire
from mentionbridge.platforms.x.shapes import an_object
from mentionbridge.platforms.x.tokens import Tokens
from mentionbridge.platforms.x.webhooks import MESSAGES, POSTS, Webhooks, unfit

WITHOUT = {
    "tweet.read": "mentions cannot be read",
    "users.read": "we cannot tell who writes",
    "tweet.write": "nothing can be answered",
    "dm.read": "direct messages cannot be read",
    "dm.write": "direct messages cannot be answered",
    "offline.access": "the sign-in ends after two hours",
}
"""The rights we ask for, and what is missing without each."""


class SignIn:
    """Walks one person through; `webhooks` is None where the app's own token is not known."""

    def __init__(self, tokens: Tokens, site: str, webhooks: Webhooks | None, hook_url: str | None) -> None:
        self._tokens = tokens
        self._site = site
        self._webhooks = webhooks
        self._hook_url = hook_url

    async def walk(self, who: SigningIn, first: str, *, messages: bool) -> None:
        """Sign in, make sure that it is the same account as ever, keep it, and set the webhook up."""
        wanted = [right for right in WITHOUT if messages or not right.startswith("dm.")]
        grant, rights = await self._granted(who, wanted)
        us = await self._us(grant)
        who.must_be_the_same(us)
        if not await keep_sign_in(who.vault, first, grant, self._tokens.clock.now(), spare=who.spare):
            raise SetupError("There is no place to keep the sign-in; is the key file missing?")
        for right in wanted:
            if rights and right not in rights:
                who.operator.tell(
                    f"Missing: the right {right}; {WITHOUT[right]}. Allow it for the app and sign in again."
                )
        if not who.spare:
            await self._push(who, us.external_id, grant.access, (*POSTS, *(MESSAGES if messages else ())))

    async def _granted(self, who: SigningIn, wanted: list[str]) -> tuple[Grant, frozenset[str]]:
        operator = who.operator
        secrets = Secrets(operator.secret(), operator.secret())
        asked = {
            "response_type": "code",
            "client_id": self._tokens.client.id,
            "redirect_uri": operator.redirect,
            "scope": " ".join(wanted),
            "state": secrets.state,
            "code_challenge": secrets.challenge,
            "code_challenge_method": "S256",
        }
        operator.tell(f"The app at X must list {operator.redirect} as a call-back address.")
        code = await operator.code(f"{self._site}/i/oauth2/authorize?{urlencode(asked)}", secrets.state)
        return await self._tokens.granted(code, secrets.verifier, operator.redirect)

    async def _us(self, grant: Grant) -> Identity:
        with reading():
            headers = {"authorization": f"Bearer {grant.access}"}
            answer = await self._tokens.http.request("GET", "/2/users/me", headers=headers)
        if answer.status == 403:
            raise LoginNeeded("X lets this app not read who signed in; does the app have a paid plan and users.read?")
        check_read(answer, self._tokens.clock.now())
        with reading():
            user = wire.read_user(an_object(answer.json()).get("data"))
        if user is None:
            raise PlatformDown("X did not say who signed in")
        return Identity(user.id, user.handle)

    async def _push(self, who: SigningIn, us: str, access: str, events: tuple[str, ...]) -> None:
        if no := self._no_push():
            who.operator.tell(f"No webhook: {no} Mentions are polled.")
        elif self._webhooks and self._hook_url:
            async for sentence in self._webhooks.set_up(self._hook_url, us, access, events):
                who.operator.tell(sentence)

    def _no_push(self) -> str | None:
        if self._hook_url is None:
            return "set platforms.x.consumer_secret, which signs what X pushes."
        if self._webhooks is None:
            return "set platforms.x.bearer_token and connect again, to have it registered."
        return unfit(self._hook_url)
