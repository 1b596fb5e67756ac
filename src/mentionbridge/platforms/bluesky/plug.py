"""Bluesky as a platform: its settings, and how an account is made."""

from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from mentionbridge.domain.account import Account
from mentionbridge.domain.capabilities import Capabilities, Support
from mentionbridge.domain.mention import Item
from mentionbridge.platforms.bluesky.platform import BlueskyPlatform
from mentionbridge.platforms.bluesky.replies import MAX_LENGTH
from mentionbridge.platforms.bluesky.session import Login, Sessions
from mentionbridge.platforms.bluesky.timeline import BATCH
from mentionbridge.platforms.bluesky.wire import Reader
from mentionbridge.platforms.plug import Asgi, Options, Tools
from mentionbridge.ports.vault import Vault

CAPABILITIES = Capabilities(
    support=Support.SUPPORTED,
    key_life=timedelta.max,
    private_keyed=False,
    max_length=MAX_LENGTH,
    private_messages=True,
    follows_threads=True,
    retracts=True,
    shows_newest=True,
    fetch_batch=BATCH,
)
APP = "https://bsky.app"
SERVICE = "https://bsky.social"


class PlatformOptions(Options):
    """`[platforms.bluesky]` has no options: every account names its own server."""


class AccountOptions(Options):
    """An account's options on Bluesky."""

    identifier: str = Field(min_length=3, description="The account's handle, DID or e-mail address.")
    app_password: SecretStr = Field(description="An app password, best with access to direct messages.")
    service: str = Field(SERVICE, description="The server to sign in at.")
    app_url: str = Field(APP, description="Where people read the network; links lead there.")

    @field_validator("service", "app_url")
    @classmethod
    def _address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise ValueError("write an address like https://bsky.social")
        return url.rstrip("/")


class BlueskyPlug:
    """The AT Protocol network."""

    name = "bluesky"
    label = "Bluesky"
    capabilities = CAPABILITIES
    platform_options: type[Options] = PlatformOptions
    account_options: type[Options] = AccountOptions

    def start(self, options: PlatformOptions, tools: Tools) -> "BlueskyNetwork":
        """Make the platform; accounts share nothing."""
        return BlueskyNetwork(tools)

    def read(self, payload: object, us: str = "") -> Item:
        """Read one notification or post as the network sends it, as seen by the account with the DID `us`."""
        return Reader(us, APP, SERVICE).read(payload)


class BlueskyNetwork:
    """The factory of accounts."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def connect(self, account: Account, options: AccountOptions, vault: Vault) -> BlueskyPlatform:
        """Make one account's platform."""
        login = Login(options.identifier.removeprefix("@"), options.app_password.get_secret_value(), options.service)
        sessions = Sessions(login, self._tools.http, vault, self._tools.clock)
        return BlueskyPlatform(sessions, login.identifier, options.app_url, self._tools.clock, CAPABILITIES)

    def hook(self, account: Account, options: AccountOptions) -> None:
        """Bluesky does not push."""

    def pages(self) -> Asgi | None:
        """Bluesky has its own pages."""
        return None

    def story(self, account: Account) -> AsyncIterator[str] | None:
        """Real people tell the stories here."""
        return None

    async def aclose(self) -> None:
        """Nothing is shared."""


plug = BlueskyPlug()
