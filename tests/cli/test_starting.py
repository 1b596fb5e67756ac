"""A server that cannot begin says why in our own words, and gives its address back."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn

from mentionbridge.bootstrap.doors import Server, listen
from mentionbridge.domain.errors import SetupError, StoreDown


async def nothing(scope: object, receive: object, send: object) -> None:
    raise AssertionError("nobody asks")


@asynccontextmanager
async def stillborn() -> AsyncIterator[None]:
    raise StoreDown("the database is locked")
    yield


async def test_what_cannot_begin_raises_its_own_error_and_lets_the_address_go() -> None:
    (taken,) = listen("127.0.0.1", 0)
    host, port = taken.getsockname()
    server = Server(uvicorn.Config(nothing, log_config=None, lifespan="off"), stillborn)
    with pytest.raises(StoreDown, match="the database is locked"):
        await server.serve([taken])
    assert not server.up.is_set()
    socket.create_server((host, port)).close()


def test_a_name_that_is_nobody_s_is_a_sentence() -> None:
    with pytest.raises(SetupError, match=r"^Cannot listen on nobody\.invalid:80 \(.+\); stop what does so"):
        listen("nobody.invalid", 80)


def test_an_address_of_which_a_part_is_taken_is_not_taken_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        both = [(socket.AF_INET, 0, 0, "", ("127.0.0.2", port)), (socket.AF_INET, 0, 0, "", ("127.0.0.1", port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
        with pytest.raises(SetupError):
            listen("both.example", port)
        socket.create_server(("127.0.0.2", port)).close()
