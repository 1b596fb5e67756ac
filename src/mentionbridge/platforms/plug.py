"""The shape of a platform's folder: what `plug` in its `__init__.py` must offer."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, model_validator

from mentionbridge.domain.account import Account, Identity
from mentionbridge.domain.capabilities import Capabilities
from mentionbridge.domain.errors import SetupError
from mentionbridge.kit.clock import Clock
from mentionbridge.net.client import Http
from mentionbridge.ports.platform import Hook, Platform
from mentionbridge.ports.vault import Vault
from mentionbridge.settings import secrets_from_files

Asgi = Callable[[Any, Any, Any], Awaitable[None]]


class Options(BaseModel):
    """Base of a plug's own settings (`[platforms.NAME]` and an account's `options`): unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _secrets_from_files(cls, data: Any) -> Any:
        return secrets_from_files(data, set(cls.model_fields))


@dataclass(frozen=True, slots=True)
class Tools:
    """What a plug is handed: it makes no client, reads no clock and opens no file of its own accord.

    `http(base_url)` returns a client for one destination. While somebody is only `looking`, nothing may be made or
    changed in `data_dir`.
    """

    clock: Clock
    http: Callable[[str], Http]
    public_url: str
    data_dir: Path | None = None
    looking: bool = False


class Plug(Protocol):
    """One platform."""

    name: str
    label: str
    capabilities: Capabilities
    platform_options: type[Options]
    account_options: type[Options]

    def start(self, options: Any, tools: Tools) -> "Network":
        """Make the platform's shared part from its validated `[platforms.NAME]` options. Opens no connection."""


class Network(Protocol):
    """A platform as this process uses it: the factory of its accounts, and its own pages if any."""

    def connect(self, account: Account, options: Any, vault: Vault) -> Platform:
        """Make one account's platform from its validated options. Opens no connection."""

    def hook(self, account: Account, options: Any) -> Hook | None:
        """Return how this account's network pushes to us, or None."""

    def pages(self) -> Asgi | None:
        """Return an app to mount at `/p/{name}`, or None."""

    def story(self, account: Account) -> "AsyncIterator[str] | None":
        """Play a written day of life on a network that is our own, a line an act; None elsewhere."""

    async def aclose(self) -> None:
        """Let go of whatever the platform holds."""


class Operator(Protocol):
    """The person at the terminal; nothing secret is told them."""

    redirect: str

    def tell(self, sentence: str) -> None:
        """Tell them how far we are, or what is missing."""

    def secret(self) -> str:
        """Make a secret nobody can guess."""

    async def code(self, address: str, state: str) -> str:
        """Have them open `address`; return the authorization code that came back to `redirect` with `state`."""


@dataclass(frozen=True, slots=True)
class SigningIn:
    """One account on its way to be signed in; `network_id` is who it was until now, if it ever was anybody."""

    account: Account
    options: Any
    vault: Vault
    operator: Operator
    network_id: str | None = None
    handle: str | None = None
    spare: bool = False

    def must_be_the_same(self, identity: Identity) -> None:
        """Raise SetupError when somebody else is signed in than before: one's history is not continued as another."""
        if self.network_id not in (None, identity.external_id):
            raise SetupError(
                f"You signed in as @{identity.handle}, but {self.account.id} is @{self.handle or self.network_id}."
                " Sign in as that account, or give the new one its own section in the config. Nothing was changed."
            )


@runtime_checkable
class SignsIn(Protocol):
    """A network whose sign-in we can walk a person through; the others are checked with what the config holds."""

    async def sign_in(self, who: SigningIn) -> None:
        """Sign the account in and keep that in its vault; tells the operator what is missing."""
