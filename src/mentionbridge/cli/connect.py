"""`connect`: signs an account in, with the browser of this machine or of another one."""

import asyncio
import getpass
import secrets
import sys
from typing import Annotated

import typer

from mentionbridge.bootstrap import opened
from mentionbridge.bootstrap.joining import account_on, join
from mentionbridge.cli.common import ConfigOption, run, settings_from
from mentionbridge.net.call_back import address, waiting
from mentionbridge.net.codes import code_in, query_of
from mentionbridge.settings import Settings

PORT = 8721


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(connect)


def connect(
    platform: Annotated[str, typer.Argument(metavar="PLATFORM", help="Its network, such as x, mastodon or bluesky.")],
    account: Annotated[str | None, typer.Argument(metavar="[ACCOUNT]", help="Which, if there are several.")] = None,
    config: ConfigOption = None,
    paste: Annotated[
        bool, typer.Option("--paste", help="The browser is on another machine: paste the address it ends at.")
    ] = False,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where the browser comes back to.")] = PORT,
    spare: Annotated[bool, typer.Option("--spare", help="Keep this as the second sign-in (X).")] = False,
) -> None:
    """Sign an account in at its network, and say what is missing there.

    Example: mentionbridge connect x acme-x --paste
    """
    run(_connect(settings_from(config), platform, account, Terminal(port, paste=paste), spare=spare))


async def _connect(settings: Settings, platform: str, name: str | None, terminal: "Terminal", *, spare: bool) -> None:
    async with opened(settings) as app:
        connected = account_on(app, platform, name)
        identity = await join(app, connected, terminal, spare=spare)
    done = "has a spare sign-in and is" if spare else "is signed in as"
    terminal.tell(f"{connected.account.id} {done} @{identity.handle}.")
    for hint in identity.hints:
        terminal.tell(f"Missing: {hint}")


class Terminal:
    """The person at the terminal: reads an address, opens it in a browser, and comes back."""

    def __init__(self, port: int, *, paste: bool) -> None:
        self.redirect = address(port)
        self._port = port
        self._paste = paste

    def tell(self, sentence: str) -> None:
        """Print a sentence."""
        typer.echo(sentence)

    def secret(self) -> str:
        """Make a secret nobody can guess."""
        return secrets.token_urlsafe(48)

    async def code(self, address: str, state: str) -> str:
        """Have them sign in, and return the code."""
        self.tell(f"Open this in a browser that is signed in as the account:\n\n  {address}\n")
        if self._paste:
            self.tell(
                "It ends at a page that cannot be shown. Paste that page's address here, at once: it lives 30 seconds."
            )
            return code_in(query_of(await asyncio.to_thread(_pasted)), state)
        async with waiting(self._port, state) as back:
            self.tell("Waiting for the browser to come back …")
            return await back.code()


def _pasted() -> str:
    # What is pasted holds a code: it is not shown, and lies in no history.
    return getpass.getpass("Address: ") if sys.stdin.isatty() else sys.stdin.readline()
