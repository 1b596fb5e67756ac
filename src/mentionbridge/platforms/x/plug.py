"""X as a platform: its settings, and how an account is made."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator

from mentionbridge.domain.account import Account
from mentionbridge.domain.capabilities import Capabilities, Support
from mentionbridge.domain.errors import SetupError
from mentionbridge.domain.mention import Item
from mentionbridge.platforms.plug import Asgi, Options, SigningIn, Tools
from mentionbridge.platforms.x.api import Api
from mentionbridge.platforms.x.hook import XHook
from mentionbridge.platforms.x.listener import Listener
from mentionbridge.platforms.x.messages import Messages
from mentionbridge.platforms.x.platform import XPlatform
from mentionbridge.platforms.x.prices import PRICES, Bill
from mentionbridge.platforms.x.replies import PublicReplies
from mentionbridge.platforms.x.sign_in import SignIn
from mentionbridge.platforms.x.timeline import BATCH, REACH, Timeline
from mentionbridge.platforms.x.tokens import Client, Tokens
from mentionbridge.platforms.x.webhooks import Replays, Webhooks
from mentionbridge.platforms.x.weight import MAX_WEIGHT
from mentionbridge.platforms.x.wire import Reader
from mentionbridge.ports.vault import Vault

CAPABILITIES = Capabilities(
    support=Support.EXPERIMENTAL,
    hooks=True,
    max_length=MAX_WEIGHT,
    private_messages=True,
    follows_threads=True,
    edits=True,
    may_train=False,
    default_poll_seconds=60.0,
    fetch_batch=BATCH,
    reach=REACH,
    costs=True,
    retracts=True,
    shows_newest=True,
)
SITE = "https://x.com"


class PlatformOptions(Options):
    """`[platforms.x]`: the developer app all accounts sign in through."""

    client_id: str = Field(min_length=1, description="The app's OAuth 2.0 client id.")
    client_secret: SecretStr | None = Field(None, description="The app's client secret, for a confidential client.")
    consumer_secret: SecretStr | None = Field(None, description="The app's API key secret, which signs webhooks.")
    bearer_token: SecretStr | None = Field(None, description="The app's bearer token, which registers the webhook.")
    api_url: str = Field("https://api.x.com", pattern="^https?://", description="Where the API is.")
    field_names: Literal["tweet", "post"] = Field("tweet", description="How the API names a post in its fields.")
    prices: dict[str, Annotated[Decimal, Field(ge=0)]] = Field(
        {}, description=f"US dollars a call costs where that is not X's list price: {', '.join(PRICES)}."
    )

    @field_validator("prices")
    @classmethod
    def _are_known(cls, prices: dict[str, Decimal]) -> dict[str, Decimal]:
        if unknown := sorted(set(prices) - set(PRICES)):
            raise ValueError(f"{', '.join(unknown)} has no price; these have: {', '.join(PRICES)}")
        return prices


class AccountOptions(Options):
    """An account's options on X."""

    refresh_token: SecretStr | None = Field(
        None, description="The refresh token of a sign-in made elsewhere; unset, `mentionbridge connect x` signs in."
    )
    spare_refresh_token: SecretStr | None = Field(None, description="The refresh token of a second, unused sign-in.")
    search: str | None = Field(None, max_length=512, description="A search for posts that do not tag us.")
    stream: bool = Field(
        False,
        description="Whether the filtered stream is listened to, with the app's bearer_token; one account an app can.",
    )
    messages: bool = Field(True, description="Whether direct messages are read and answered.")


class XPlug:
    """The network."""

    name = "x"
    label = "X"
    capabilities = CAPABILITIES
    platform_options: type[Options] = PlatformOptions
    account_options: type[Options] = AccountOptions

    def start(self, options: PlatformOptions, tools: Tools) -> "XNetwork":
        """Make the platform."""
        return XNetwork(options, tools)

    def read(self, payload: object, us: str = "") -> Item:
        """Read one post as the network sends it, as seen by the account with the id `us`."""
        return Reader(us, SITE).read(payload)


class XNetwork:
    """The factory of accounts."""

    def __init__(self, options: PlatformOptions, tools: Tools) -> None:
        self._options = options
        self._tools = tools

    def connect(self, account: Account, options: AccountOptions, vault: Vault) -> XPlatform:
        """Make one account's platform."""
        clock, tokens = self._tools.clock, self._tokens()
        bill, spare = Bill(clock, self._options.prices), _plain(options.spare_refresh_token)
        api = Api(tokens.http, tokens.renewed, _plain(options.refresh_token), vault, clock, bill, spare)
        timeline = Timeline(api, self._options.field_names, options.search)
        replies = PublicReplies(api, timeline, clock, self._options.field_names)
        messages = Messages(api, clock, wanted=options.messages)
        listener, replays = self._listener(options, bill), self._replays(account)
        return XPlatform(api, timeline, replies, messages, listener, replays, SITE, CAPABILITIES)

    def _replays(self, account: Account) -> Replays | None:
        """What was pushed in vain can be had again where a webhook is taken and the app's token is known."""
        shared = self._options
        if not (shared.consumer_secret and shared.bearer_token):
            return None
        return Replays(Webhooks(self._tools.http(shared.api_url), _plain(shared.bearer_token)), self._hook_url(account))

    def _hook_url(self, account: Account) -> str:
        return f"{self._tools.public_url.rstrip('/')}/hooks/x/{account.id}"

    def _listener(self, options: AccountOptions, bill: Bill) -> Listener | None:
        shared, clock = self._options, self._tools.clock
        if not options.stream:
            return None
        if not shared.bearer_token:
            raise SetupError("stream = true on X needs platforms.x.bearer_token, the app's own token.")
        http, bearer = self._tools.http(shared.api_url), _plain(shared.bearer_token)
        return Listener(http, bearer, clock, bill, prefix=shared.field_names, search=options.search)

    async def sign_in(self, who: SigningIn) -> None:
        """Walk a person through X's sign-in, and set the webhook up where the app's secrets are known."""
        tokens, shared = self._tokens(), self._options
        bearer = _plain(shared.bearer_token)
        webhooks = Webhooks(tokens.http, bearer) if bearer else None
        url = self._hook_url(who.account) if shared.consumer_secret else None
        try:
            walk = SignIn(tokens, SITE, webhooks, url).walk
            await walk(who, _plain(who.options.refresh_token), messages=who.options.messages)
        finally:
            await tokens.http.aclose()

    def _tokens(self) -> Tokens:
        shared = self._options
        secret = shared.client_secret.get_secret_value() if shared.client_secret else None
        return Tokens(self._tools.http(shared.api_url), Client(shared.client_id, secret), self._tools.clock)

    def hook(self, account: Account, options: AccountOptions) -> XHook | None:
        """Return how X pushes, where the app's secret is known."""
        secret = self._options.consumer_secret
        return XHook(secret.get_secret_value(), Reader("", SITE)) if secret else None

    def pages(self) -> Asgi | None:
        """X has its own pages."""
        return None

    def story(self, account: Account) -> AsyncIterator[str] | None:
        """Real people tell the stories here."""
        return None

    async def aclose(self) -> None:
        """Nothing is shared."""


def _plain(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


plug = XPlug()
