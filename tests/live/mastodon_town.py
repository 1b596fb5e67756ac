"""A Mastodon to talk to on this machine: `mastodon_mock`, which speaks the API, and people who act through it."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from fakes.running import free_port
from live.real_desks import environment_for

REQUIREMENTS = Path(__file__).parent / "mastodon" / "requirements.txt"
PEOPLE = ("acme", "sam", "kim")
_STARTS_WITHIN = 60.0


@dataclass
class Person:
    """Somebody with an account, acting through the API."""

    name: str
    http: httpx.Client

    @property
    def token(self) -> str:
        return token_of(self.name)

    def say(self, text: str, to: dict[str, Any] | None = None, visibility: str = "public") -> dict[str, Any]:
        """Write a status."""
        body = {"status": text, "in_reply_to_id": to and to["id"], "visibility": visibility}
        said: dict[str, Any] = self._call("POST", "/api/v1/statuses", json=body)
        return said

    def below(self, status: dict[str, Any]) -> list[dict[str, Any]]:
        """Return what was said below a status."""
        around = self._call("GET", f"/api/v1/statuses/{status['id']}/context")
        return [each for each in around["descendants"] if each["in_reply_to_id"] == status["id"]]

    def heard(self) -> list[dict[str, Any]]:
        """Return the statuses that call on this person, newest first."""
        told = self._call("GET", "/api/v1/notifications", params={"types[]": "mention"})
        return [each["status"] for each in told]

    def _call(self, verb: str, path: str, **what: Any) -> Any:
        answer = self.http.request(verb, path, headers={"authorization": f"Bearer {self.token}"}, **what)
        assert answer.status_code == 200, f"{verb} {path}: {answer.status_code} {answer.text}"
        return answer.json()


@dataclass
class MastodonTown:
    """The running server and its people."""

    url: str
    http: httpx.Client

    def person(self, name: str) -> Person:
        return Person(name, self.http)


def token_of(name: str) -> str:
    return f"invented-token-of-{name}"


@contextmanager
def running() -> Iterator[MastodonTown]:
    """Start the server with its people, and stop it."""
    python = environment_for(REQUIREMENTS, "mastodon") / "bin" / "python"
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="mentionbridge-mastodon-") as folder:
        config = Path(folder) / "town.toml"
        config.write_text("".join(_seed(name) for name in PEOPLE))
        place = ("--host", "127.0.0.1", "--port", str(port), "--domain", f"127.0.0.1:{port}")
        command = [str(python), "-m", "mastodon_mock", "serve", "--config", str(config), "--in-memory", *place]
        with (Path(folder) / "server.log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}") as http:
                _wait(http, process, Path(folder) / "server.log")
                yield MastodonTown(f"http://127.0.0.1:{port}", http)
        finally:
            process.terminate()
            process.wait(20)


def _seed(name: str) -> str:
    bot = "true" if name == PEOPLE[0] else "false"
    return f'[[seed.accounts]]\nusername = "{name}"\nbot = {bot}\naccess_token = "{token_of(name)}"\n'


def _wait(http: httpx.Client, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < until and process.poll() is None:
        try:
            if http.get("/api/v2/instance").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    pytest.fail(f"mastodon_mock did not start:\n{log.read_text()[-2000:]}")
