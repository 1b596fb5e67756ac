"""Where a browser comes back to after a sign-in: one address of this machine, open while one person signs in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from mentionbridge.domain.errors import LoginNeeded, SetupError
from mentionbridge.net.codes import code_in, query_of

HOST = "127.0.0.1"
PATH = "/callback"
PATIENCE = 600.0
"""Seconds a person may take to sign in."""

_DONE = "You are signed in. Close this page and go back to the terminal."
_NOT_DONE = "This did not sign you in. Go back to the terminal."


def address(port: int) -> str:
    """Return the address to register with the network; it must match to the letter."""
    return f"http://{HOST}:{port}{PATH}"


class CallBack:
    """Waits for the browser; whoever comes with another state is sent away and changes nothing."""

    def __init__(self, state: str) -> None:
        self._state = state
        self._code: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def code(self, patience: float = PATIENCE) -> str:
        """Return the code the browser brought; raises LoginNeeded when the person said no, SetupError after long."""
        try:
            return await asyncio.wait_for(self._code, patience)
        except TimeoutError:
            raise SetupError(
                "Nobody came back from the network. Try again; with --paste when the browser is on another machine."
            ) from None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        with suppress(OSError, ValueError, asyncio.IncompleteReadError):
            async with asyncio.timeout(10):
                line = await reader.readline()
                while (await reader.readline()).strip():
                    pass
                status, words = self._heard(line.decode("ascii", "replace").split(" "))
                writer.write(_page(status, words))
                await writer.drain()
        writer.close()

    def _heard(self, line: list[str]) -> tuple[str, str]:
        if len(line) != 3 or line[0] != "GET" or line[1].partition("?")[0] != PATH:
            return "404 Not Found", _NOT_DONE
        try:
            code = code_in(query_of(line[1]), self._state)
        except SetupError:
            return "400 Bad Request", _NOT_DONE
        except LoginNeeded as refusal:
            if not self._code.done():
                self._code.set_exception(refusal)
            return "200 OK", _NOT_DONE
        if not self._code.done():
            self._code.set_result(code)
        return "200 OK", _DONE


@asynccontextmanager
async def waiting(port: int, state: str) -> AsyncIterator[CallBack]:
    """Listen on this machine only, until the block is left."""
    back = CallBack(state)
    try:
        server = await asyncio.start_server(back.serve, HOST, port)
    except OSError:
        raise SetupError(f"Port {port} of this machine is taken; choose another with --port, or use --paste.") from None
    try:
        yield back
    finally:
        server.close()


def _page(status: str, words: str) -> bytes:
    # The address holds the code: nothing may keep it or pass it on.
    head = (
        f"HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {len(words)}\r\n"
        "cache-control: no-store\r\nreferrer-policy: no-referrer\r\nconnection: close\r\n\r\n"
    )
    return (head + words).encode()
