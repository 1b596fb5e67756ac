"""A real Chromium, driven by a small Node program (`live/pages`), and a site on loopback to look at."""

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from fakes.running import free_port
from live.node_packages import installed

HERE = Path(__file__).parent / "pages"
NAMES = ("chromium", "chromium-browser", "google-chrome")
SERIOUS = ("serious", "critical")


@dataclass
class Chromium:
    """One browser; `begin` opens a fresh window without cookies."""

    child: subprocess.Popen[str]

    async def does(self, act: str, **told: Any) -> dict[str, Any]:
        """Do one thing; fails the test when the browser cannot."""
        answer = await asyncio.to_thread(self._ask, {"act": act, **told})
        assert answer.pop("ok"), f"{act} {told}: {answer['error']}"
        return answer

    def _ask(self, command: dict[str, Any]) -> dict[str, Any]:
        assert self.child.stdin is not None and self.child.stdout is not None
        self.child.stdin.write(json.dumps(command) + "\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        assert line, "the browser is gone"
        return dict(json.loads(line))

    async def begin(self, width: int, height: int, *, lang: str = "en-GB", script: bool = True) -> None:
        await self.does("begin", width=width, height=height, lang=lang, script=script)

    async def text(self) -> str:
        return str((await self.does("text"))["text"])

    async def serious(self) -> list[dict[str, Any]]:
        """Return what axe-core calls serious or critical on this page."""
        told = await self.does("axe")
        assert told["passes"] > 5, "axe looked at nothing"
        return [each for each in told["violations"] if each["impact"] in SERIOUS]


@contextmanager
def chromium() -> Iterator[Chromium]:
    """Start a browser and end it."""
    found = os.environ.get("MENTIONBRIDGE_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        pytest.fail("The live tests need Chromium (Debian's package `chromium`) on the PATH.")
    folder = installed(HERE)
    command = ["node", "browser.mjs", found]
    child = subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Chromium(child)
    finally:
        assert child.stdin is not None and child.stdout is not None
        child.stdin.close()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait(10)
        child.stdout.close()


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    """Serve an app on loopback; yields its address."""
    port = free_port()
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(20):
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving
