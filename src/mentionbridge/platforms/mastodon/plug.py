"""Mastodon as a platform: its settings, and how an account is made."""

from collections.abc import AsyncIterator
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from mentionbridge.domain.account import Account
from mentionbridge.domain.capabilities import Capabilities, Support
from mentionbridge.domain.errors import SetupError
from mentionbridge.domain.mention import Item
from mentionbridge.platforms.mastodon.api import Api
from mentionbridge.platforms.mastodon.listener import Listener
from mentionbridge.platforms.mastodon.platform import MastodonPlatform
from mentionbridge.platforms.mastodon.replies import Replies
from mentionbridge.platforms.mastodon.search import Search
from mentionbridge.platforms.mastodon.server import KEY_LIFE, Server
from mentionbridge.platforms.mastodon.sign_in import SignIn
from mentionbridge.platforms.mastodon.timeline import BATCH, Timeline
from mentionbridge.platforms.mastodon.token import Token, keep
from mentionbridge.platforms.mastodon.wire import READ, Reader
from mentionbridge.platforms.plug import Asgi, Options, SigningIn, Tools
from mentionbridge.ports.vault import Vault

CAPABILITIES = Capabilities(
    support=Support.EXPERIMENTAL,
    key_life=KEY_LIFE,
    max_length=Server().room,
    private_messages=True,
    follows_threads=True,
    edits=True,
    retracts=True,
    shows_newest=True,
    fetch_batch=BATCH,
)


class PlatformOptions(Options):
    """`[platforms.mastodon]` has no options: every account names its own server."""


class AccountOptions(Options):
    """An account's options on a server of the fediverse."""

    server: str = Field(description="The address of the account's server, such as https://social.example.")
    token: SecretStr | None = Field(
        None, description="An access token made on the server; unset, `mentionbridge connect mastodon` gets one."
    )
    visibility: Literal["public", "unlisted", "private"] = Field(
        "unlisted", description="How widely our public replies are shown at most; never more than the post answered."
    )

    stream: bool = Field(
        True, description="Whether the server's stream is listened to, so that a post is read as soon as it is there."
    )

    search: list[str] = Field(
        default_factory=list,
        max_length=10,
        description='Hashtags (#acme) and words by which posts are found that do not call on us, such as ["#acme"].',
    )

    @field_validator("search")
    @classmethod
    def _terms(cls, terms: list[str]) -> list[str]:
        if any(not term.strip("# ") for term in terms):
            raise ValueError("each entry is a hashtag such as #acme, or words such as acme broadband")
        return [term.strip() for term in terms]

    @field_validator("server")
    @classmethod
    def _address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise ValueError("write an address like https://social.example")
        return url.rstrip("/")


class MastodonPlug:
    """The fediverse, by Mastodon's API."""

    name = "mastodon"
    label = "Mastodon"
    capabilities = CAPABILITIES
    platform_options: type[Options] = PlatformOptions
    account_options: type[Options] = AccountOptions

    def start(self, options: PlatformOptions, tools: Tools) -> "MastodonNetwork":
        """Make the platform; accounts share nothing, and each may be on another server."""
        return MastodonNetwork(tools)

    def read(self, payload: object, us: str = "") -> Item:
        """Read one notification, status or event of a stream as the account `us` (name@domain) is sent it."""
        domain = us.partition("@")[2]
        return Reader(us, domain, domain).read(payload)


class MastodonNetwork:
    """The factory of accounts."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def connect(self, account: Account, options: AccountOptions, vault: Vault) -> MastodonPlatform:
        """Make one account's platform."""
        configured = options.token.get_secret_value() if options.token else ""
        return self._platform(options, Token(configured, options.server, vault))

    async def sign_in(self, who: SigningIn) -> None:
        """Walk a person through the server's sign-in; a token that the config holds is not replaced."""
        if who.spare:
            raise SetupError("Tokens of the fediverse do not end; there is no second sign-in.")
        if who.options.token is not None:
            who.operator.tell("The config holds this account's token; take it out to sign in here instead.")
        else:
            await self._sign_in(who, who.options)

    async def _sign_in(self, who: SigningIn, options: AccountOptions) -> None:
        http = self._tools.http(options.server)
        try:
            token = await SignIn(http, options.server, self._tools.clock).token(who)
        finally:
            await http.aclose()
        platform = self._platform(options, Token(token, options.server, who.vault))
        try:
            who.must_be_the_same(await platform.probe())
        finally:
            await platform.aclose()
        if not await keep(who.vault, options.server, token):
            raise SetupError("There is no place to keep the sign-in; is the key file missing?")

    def _platform(self, options: AccountOptions, token: Token) -> MastodonPlatform:
        clock = self._tools.clock
        api = Api(self._tools.http(options.server), token, clock)
        timeline = Timeline(api, clock)
        replies = Replies(api, timeline, clock, READ[options.visibility])
        listener = Listener(self._tools.http, token, options.server, clock, wanted=options.stream)
        host = urlsplit(options.server).netloc.lower()
        search = Search(api, clock, options.search)
        return MastodonPlatform(api, timeline, search, replies, listener, host, CAPABILITIES)

    def hook(self, account: Account, options: AccountOptions) -> None:
        """Mastodon does not push in a way a server can use."""

    def pages(self) -> Asgi | None:
        """Mastodon has its own pages."""
        return None

    def story(self, account: Account) -> AsyncIterator[str] | None:
        """Real people tell the stories here."""
        return None

    async def aclose(self) -> None:
        """Nothing is shared."""


plug = MastodonPlug()
