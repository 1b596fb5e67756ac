"""Any other network as a platform: its settings, and how an account is made."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from mentionbridge.domain.account import Account, Identity
from mentionbridge.domain.capabilities import Capabilities, Support
from mentionbridge.domain.errors import SetupError
from mentionbridge.domain.mention import Item
from mentionbridge.net.signing import sign
from mentionbridge.platforms.plug import Asgi, Options, Tools
from mentionbridge.platforms.push import wire
from mentionbridge.platforms.push.platform import Mailbox, PushPlatform, able
from mentionbridge.ports.vault import Vault

CAPABILITIES = Capabilities(
    support=Support.SUPPORTED,
    polls=False,
    accepts_push=True,
    max_length=1000,
    needs_tag=False,
    default_poll_seconds=300.0,
)


class PlatformOptions(Options):
    """`[platforms.push]` has no options: every account names its own addresses."""


class AccountOptions(Options):
    """An account's options on a network that only you know."""

    handle: str = Field(min_length=1, max_length=128, description="Our account's name on the network.")
    id: str | None = Field(None, max_length=256, description="Its id there, when that is something else.")
    reply_url: str | None = Field(None, description="Where our words are handed over; none: a person posts them.")
    secret: SecretStr | None = Field(None, description="Signs what we hand over (`whsec_…`, as Standard Webhooks).")
    honours_key: bool = Field(False, description="True when the same Idempotency-Key never posts twice.")
    lookup_url: str | None = Field(None, description="Where `?key=` tells what was posted under a key.")
    private: bool = Field(False, description="True when private messages are delivered too.")
    private_link: str | None = Field(None, description="Where a customer writes to us in private.")
    max_length: int = Field(1000, ge=20, le=10_000, description="How long our words may be, in characters.")

    @field_validator("reply_url", "lookup_url", "private_link")
    @classmethod
    def _address(cls, url: str | None) -> str | None:
        if url is not None and (urlsplit(url).scheme not in ("https", "http") or not urlsplit(url).hostname):
            raise ValueError("write an address like https://forum.example/replies")
        return url

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.reply_url is None and (self.lookup_url or self.honours_key or self.private):
            raise ValueError("`lookup_url`, `honours_key` and `private` need a `reply_url`")
        if self.reply_url is not None:
            self._check_secret()
        if self.lookup_url and urlsplit(self.lookup_url)[:2] != urlsplit(str(self.reply_url))[:2]:
            raise ValueError("`lookup_url` must be on the same server as `reply_url`")
        return self

    def _check_secret(self) -> None:
        if self.secret is None:
            raise ValueError("a `reply_url` needs a `secret`: whsec_ and base64 of 32 random bytes")
        try:
            sign("check", datetime.fromtimestamp(0, UTC), b"", [self.secret.get_secret_value()])
        except SetupError:
            raise ValueError("`secret` must be whsec_ and the base64 of random bytes") from None


class PushPlug:
    """Any other network."""

    name = "push"
    label = "Any other network, by push"
    capabilities = CAPABILITIES
    platform_options: type[Options] = PlatformOptions
    account_options: type[Options] = AccountOptions

    def start(self, options: PlatformOptions, tools: Tools) -> "PushNetwork":
        """Make the platform; accounts share nothing."""
        return PushNetwork(tools)

    def read(self, payload: Any) -> Item:
        """Read one post in the shape `/v1/mentions` takes."""
        return wire.read(payload)


class PushNetwork:
    """The factory of accounts."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def connect(self, account: Account, options: AccountOptions, vault: Vault) -> PushPlatform:
        """Make one account's platform."""
        us = Identity(options.id or options.handle, options.handle.removeprefix("@"))
        can = able(
            options.honours_key, options.private, options.max_length, options.reply_url is not None, CAPABILITIES
        )
        return PushPlatform(us, self._mailbox(options), options.private_link, self._tools.clock, can)

    def hook(self, account: Account, options: AccountOptions) -> None:
        """Posts come in over `/v1/mentions`."""

    def pages(self) -> Asgi | None:
        """It has its own pages."""
        return None

    def story(self, account: Account) -> AsyncIterator[str] | None:
        """Real people tell the stories there."""
        return None

    async def aclose(self) -> None:
        """Nothing is shared."""

    def _mailbox(self, options: AccountOptions) -> Mailbox | None:
        if options.reply_url is None or options.secret is None:
            return None
        parts = urlsplit(options.reply_url)
        http = self._tools.http(f"{parts.scheme}://{parts.netloc}")
        return Mailbox(http, options.reply_url, options.secret.get_secret_value(), options.lookup_url)


plug = PushPlug()
