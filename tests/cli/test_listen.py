"""The feed in a terminal: from now or from a place, as lines or as JSON, through a restart of the bridge."""

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Cli
from fakes.running import Running, demo_settings, eventually, free_port, running


async def listened(bridge: Running, *arguments: str) -> list[str]:
    command = [sys.executable, "-m", "mentionbridge", "listen", "--url", bridge.url, "--for-seconds", "6"]
    token = bridge.http.headers["authorization"].removeprefix("Bearer ")
    done = await asyncio.to_thread(
        subprocess.run, [*command, "--token", token, *arguments], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


async def test_the_feed_is_told_in_a_terminal(tmp_path: Path) -> None:
    async with running(demo_settings(f"sqlite:///{tmp_path}/a.sqlite", tmp_path)) as bridge:
        await bridge.plays("POST", "people/sam/posts", text="@acme my broadband has been down since Tuesday")

        async def said() -> Any:
            return [e for e in (await bridge.reads("events", limit=200))["items"] if e["type"] == "reply.sent"]

        await eventually(said, what="the answer")
        lines, told, fresh = await asyncio.gather(
            listened(bridge, "--after", "0"),
            listened(bridge, "--after", "0", "--types", "ticket.opened", "--types", "reply.sent", "--json"),
            listened(bridge, "--types", "ticket.opened"),
        )
        opened = next(line for line in lines if "ticket.opened" in line)
        assert re.fullmatch(
            r"\d\d:\d\d:\d\d    ticket.opened        @sam tkt_…\w{5} “@acme my broadband has .*” .*", opened
        )
        assert [json.loads(line)["type"] for line in told] == ["ticket.opened", "reply.sent"]
        assert fresh == [], "from now on"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "A token is needed"),
        (("--token", "mb_x", "--types", "ticket.exploded"), "There is no event type 'ticket.exploded'"),
    ],
)
def test_wrong_use_says_what_to_change(cli: Cli, arguments: tuple[str, ...], says: str) -> None:
    ran = cli("listen", *arguments)
    assert (ran.code, says in ran.err) == (2, True)


def test_a_bridge_that_is_not_there_is_waited_for(cli: Cli) -> None:
    ran = cli(
        "listen", "--url", f"http://127.0.0.1:{free_port()}", "--token", "mb_x", "--for-seconds", "2", "--after", "0"
    )
    assert (ran.code, ran.out) == (0, "")
    assert "could not be reached" in ran.err and "trying again" in ran.err


async def test_a_token_that_may_not_read_is_told_so(tmp_path: Path, cli: Cli) -> None:
    async with running(demo_settings(f"sqlite:///{tmp_path}/a.sqlite", tmp_path)) as bridge:
        command = [sys.executable, "-m", "mentionbridge", "listen", "--url", bridge.url, "--token", "mb_" + "x" * 32]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    assert (done.returncode, "This token is unknown or was revoked" in done.stderr) == (2, True)
