"""The demo network as a platform: inside this process, or anywhere at `url`."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

from pydantic import Field, HttpUrl, SecretStr, model_validator
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from mentionbridge.domain.account import Account
from mentionbridge.domain.capabilities import Capabilities, Support
from mentionbridge.domain.errors import SetupError
from mentionbridge.domain.mention import Item
from mentionbridge.net.client import Http, in_process
from mentionbridge.platforms.demo import app, credentials, wire
from mentionbridge.platforms.demo.acts import MAX_LENGTH, LiveNetwork
from mentionbridge.platforms.demo.hook import DemoHook
from mentionbridge.platforms.demo.journal import Disk, Memory, check_free
from mentionbridge.platforms.demo.network import HANDLE, is_handle
from mentionbridge.platforms.demo.platform import DemoPlatform
from mentionbridge.platforms.demo.push import Pusher, Webhook
from mentionbridge.platforms.demo.story import play
from mentionbridge.platforms.plug import Asgi, Options, Tools
from mentionbridge.ports.vault import Vault

CAPABILITIES = Capabilities(
    support=Support.SUPPORTED,
    hooks=True,
    accepts_push=True,
    key_life=timedelta.max,
    max_length=MAX_LENGTH,
    private_messages=True,
    follows_threads=True,
    edits=True,
    real=False,
    hosts=True,
    retracts=True,
    default_poll_seconds=1.0,
    fetch_batch=40,
)
KEYLESS = replace(CAPABILITIES, key_life=None)


class PlatformOptions(Options):
    """`[platforms.demo]`."""

    url: HttpUrl | None = Field(None, description="Where the network runs, when it runs by itself.")
    keys: bool = Field(True, description="Whether the network knows a repeated send by its key.")
    push: bool = Field(True, description="Whether the network also pushes by webhook.")
    secret: SecretStr | None = Field(None, description="What tokens and signatures are made from.")

    @model_validator(mode="after")
    def _shared_secret(self) -> "PlatformOptions":
        if self.url and not self.secret:
            raise ValueError("a demo network at `url` needs the `secret` it was started with")
        return self


class AccountOptions(Options):
    """An account's options on the demo network."""

    handle: str | None = Field(None, pattern=f"^{HANDLE}$", description="Who we are there; the account's id if unset.")
    name: str | None = Field(None, max_length=60, description="The name people see.")
    webhook_secret: SecretStr | None = Field(None, description="Signs the webhook; derived from `secret` if unset.")


class DemoPlug:
    """A small social network of our own, where nothing said reaches a real person."""

    name = "demo"
    label = "Demo network"
    capabilities = CAPABILITIES
    platform_options: type[Options] = PlatformOptions
    account_options: type[Options] = AccountOptions

    def start(self, options: PlatformOptions, tools: Tools) -> "DemoNetwork":
        """Make the network, or find it at its address."""
        return DemoNetwork(options, tools)

    def read(self, payload: object) -> Item:
        """Read one post or webhook event as the network sends it."""
        return wire.read(payload)


class DemoNetwork:
    """The network as this process uses it. Accounts speak to it over HTTP also when it is in the same process."""

    def __init__(self, options: PlatformOptions, tools: Tools) -> None:
        self._tools = tools
        self._url = str(options.url).rstrip("/") if options.url else None
        self._keys = options.keys
        self._secret = options.secret.get_secret_value() if options.secret else secrets.token_hex(32)
        self._address = self._url or f"{tools.public_url.rstrip('/')}/p/demo"
        self._webhooks: dict[str, Webhook] = {}
        self._live = LiveNetwork(tools.clock, self._journal, keys=options.keys)
        webhook = self._webhooks.get if options.push else lambda _: None
        self._pusher = Pusher(self._live, tools.http(tools.public_url), tools.clock, self._address, webhook)
        self._live.listeners.append(self._pusher.wake)
        self._app: ASGIApp = (
            _Elsewhere(self._url) if self._url else app.build(self._live, self._pusher, self._secret, self._address)
        )

    def connect(self, account: Account, options: AccountOptions, vault: Vault) -> DemoPlatform:
        """Make the account's platform; its handle is kept for it."""
        handle = self._know(account, options)
        token = credentials.token(self._secret, handle)
        return DemoPlatform(self._http(), token, handle, self._address, self._tools.clock, self._able())

    def hook(self, account: Account, options: AccountOptions) -> DemoHook:
        """Return how the account's webhook calls are told from others."""
        return DemoHook(self._webhooks[self._know(account, options)].secret)

    def pages(self) -> Asgi:
        """Return the network's pages and API; of a network elsewhere, the way there."""
        return self._app

    def story(self, account: Account, speed: float = 1.0) -> AsyncIterator[str]:
        """Play a day of life on it; `speed` 2 is twice as fast."""
        handle = next((known for known, hook in self._webhooks.items() if hook.account_id == account.id), account.id)
        return play(self._http(), handle, speed=speed)

    async def aclose(self) -> None:
        """Stop pushing and let go of the journal."""
        await self._pusher.aclose()
        self._live.close()

    def _http(self) -> Http:
        if self._url:
            return self._tools.http(self._url)
        return Http("http://demo.network", clock=self._tools.clock, transport=in_process(self._app))

    def _journal(self) -> Memory | Disk:
        if self._tools.data_dir is None:
            return Memory()
        if self._tools.looking:
            check_free(self._tools.data_dir)
            return Memory()
        return Disk(self._tools.data_dir)

    def _able(self) -> Capabilities:
        return CAPABILITIES if self._keys else KEYLESS

    def _know(self, account: Account, options: AccountOptions) -> str:
        handle = (options.handle or account.id).lower()
        if not is_handle(handle):
            raise SetupError(
                f"The demo account {account.id!r} needs a `handle` of a-z, 0-9, - and _ in its options, "
                "because its id cannot be one."
            )
        given = options.webhook_secret.get_secret_value() if options.webhook_secret else None
        self._webhooks[handle] = Webhook(account.id, given or credentials.webhook_secret(self._secret, handle))
        self._live.expect(handle, options.name or "")
        return handle


class _Elsewhere:
    """Sends visitors on to a network that runs by itself."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = Request(scope)
            path = scope["path"].removeprefix(scope.get("root_path", ""))
            query = f"?{request.url.query}" if request.url.query else ""
            await RedirectResponse(f"{self._url}{path}{query}", 307)(scope, receive, send)


plug = DemoPlug()
