"""A place without an interface as a platform: its settings, and how an account is made."""

from collections.abc import AsyncIterator
from dataclasses import replace

from pydantic import Field

from mentionbridge.domain.account import Account, Identity
from mentionbridge.domain.capabilities import Capabilities, Support
from mentionbridge.domain.mention import Item
from mentionbridge.platforms.manual import wire
from mentionbridge.platforms.manual.platform import ManualPlatform
from mentionbridge.platforms.plug import Asgi, Options, Tools
from mentionbridge.ports.vault import Vault

CAPABILITIES = Capabilities(
    support=Support.SUPPORTED,
    polls=False,
    accepts_push=True,
    replies=False,
    max_length=2000,
    needs_tag=False,
    default_poll_seconds=300.0,
)


class PlatformOptions(Options):
    """`[platforms.manual]` has no options."""


class AccountOptions(Options):
    """An account's options at a place without an interface."""

    handle: str = Field(min_length=1, max_length=128, description="The name we answer under there.")
    private_link: str | None = Field(
        None, pattern="^https?://", description="Where a customer writes to us in private; our own form, say."
    )
    max_length: int = Field(2000, ge=20, le=10_000, description="How long an answer may be, in characters.")


class ManualPlug:
    """Any place a person reads."""

    name = "manual"
    label = "By hand"
    capabilities = CAPABILITIES
    platform_options: type[Options] = PlatformOptions
    account_options: type[Options] = AccountOptions

    def start(self, options: PlatformOptions, tools: Tools) -> "ManualNetwork":
        """Make the platform; there is nothing to talk to."""
        return ManualNetwork()

    def read(self, payload: object) -> Item:
        """Read one post as it was pasted."""
        return wire.read(payload)


class ManualNetwork:
    """The factory of accounts."""

    def connect(self, account: Account, options: AccountOptions, vault: Vault) -> ManualPlatform:
        """Make one account's platform."""
        handle = options.handle.removeprefix("@")
        able = replace(CAPABILITIES, max_length=options.max_length)
        return ManualPlatform(Identity(handle, handle), options.private_link, able)

    def hook(self, account: Account, options: AccountOptions) -> None:
        """Nothing pushes there."""

    def pages(self) -> Asgi | None:
        """The place has its own pages."""
        return None

    def story(self, account: Account) -> AsyncIterator[str] | None:
        """Real people tell the stories there."""
        return None

    async def aclose(self) -> None:
        """Nothing is shared."""


plug = ManualPlug()
