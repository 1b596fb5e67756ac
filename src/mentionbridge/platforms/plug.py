"""The shape of a platform's folder: what `plug` in its `__init__.py` must offer."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, model_validator

from mentionbridge.domain.account import Account
from mentionbridge.domain.capabilities import Capabilities
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
