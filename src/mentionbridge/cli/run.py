"""`serve`, `web`, `work` and `demo`: the commands that stay."""

import asyncio
import contextlib
import gc
import signal
import tempfile
from collections.abc import AsyncIterator
from importlib.resources import files
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

import typer

from mentionbridge.bootstrap import App, opened
from mentionbridge.bootstrap.doors import Server, server
from mentionbridge.cli.common import ConfigOption, log, note, run, settings_from
from mentionbridge.cli.teller import tell_events, tell_story
from mentionbridge.domain.errors import SetupError
from mentionbridge.ports.access import ALL_BRANDS, Scope
from mentionbridge.settings import Settings, load

PortOption = Annotated[int | None, typer.Option(help="Listen here instead of server.port; 0 takes a free one.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(serve)
    app.command("web")(web_only)
    app.command()(work)
    app.command()(demo)


def serve(config: ConfigOption = None, port: PortOption = None) -> None:
    """Run web and worker in one process: the embedded default.

    Example: mentionbridge serve --config config.toml
    """
    run(_serve(settings_from(config, **_server(port)), with_worker=True))


def web_only(config: ConfigOption = None, port: PortOption = None) -> None:
    """Run the HTTP half alone, for replicas on PostgreSQL.

    Example: mentionbridge web --config config.toml
    """
    run(_serve(settings_from(config, **_server(port)), with_worker=False))


def work(config: ConfigOption = None) -> None:
    """Run the worker half alone, for replicas on PostgreSQL.

    Example: mentionbridge work --config config.toml
    """
    run(_work(settings_from(config)))


def demo(
    port: Annotated[int, typer.Option(help="Listen here.")] = 8000,
    host: Annotated[str, typer.Option(help="Bind here; other than loopback needs demo.public = true.")] = "127.0.0.1",
    data: Annotated[
        Path | None, typer.Option(help="Keep the demo's data here; a fresh folder each time if unset.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Another demo config.")] = None,
    for_seconds: Annotated[float | None, typer.Option(help="Stop by itself after this many seconds.")] = None,
) -> None:
    """Run the bridge on a built-in social network with a day of life in it, and tell each event in a line.

    Example: mentionbridge demo --port 8000
    """
    with contextlib.ExitStack() as stack:
        folder = data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mentionbridge-demo-")))
        settings = _demo_settings(config, folder, host, port)
        log("console", "warning")
        run(_demo(settings, for_seconds))


def _server(port: int | None) -> dict[str, dict[str, int]]:
    return {} if port is None else {"server": {"port": port}}


def _demo_settings(config: Path | None, folder: Path, host: str, port: int) -> Settings:
    shipped = Path(str(files("mentionbridge") / "demo.toml"))
    settings = load(
        config or shipped,
        database={"url": f"sqlite:///{folder / 'demo.sqlite'}"},
        server={"host": host, "port": port, "public_url": f"http://{_reachable(host)}:{port}"},
    )
    if not settings.demo.public and not _is_loopback(host):
        raise SetupError(
            f"The demo has no sign-in, so it will not listen on {host}; set demo.public = true if you mean it."
        )
    return settings


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _reachable(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host  # noqa: S104


async def _serve(settings: Settings, *, with_worker: bool) -> None:
    async with opened(settings) as app:
        web = server(app, with_worker=with_worker)
        rest_memory()
        await web.serve()


def rest_memory() -> None:
    """Take what stays for the life of the process out of the garbage collector's rounds."""
    gc.collect()
    gc.freeze()


async def _work(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with opened(settings) as app:
        worker = app.worker()
        await worker.start()
        await stop.wait()
        await worker.stop()


async def _demo(settings: Settings, for_seconds: float | None) -> None:
    async with opened(settings) as app:
        web = server(app, with_worker=True)
        async with _telling(app, web, for_seconds):
            await web.serve()


@contextlib.asynccontextmanager
async def _telling(app: App, web: Server, for_seconds: float | None) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(_tell(app, web))]
    if for_seconds is not None:
        tasks.append(asyncio.create_task(_stop_after(web, for_seconds)))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _stop_after(web: Server, seconds: float) -> None:
    await asyncio.sleep(seconds)
    web.should_exit = True


async def _tell(app: App, web: Server) -> None:
    await web.up.wait()
    public = app.settings.server.public_url
    note("")
    for name in app.pages:
        note(f"  The social network   {public}/p/{name}/      write a complaint to see what happens")
    accounts = [account_id for _, account_id in app.bridge.connected]
    token, _ = await app.tokens.create("for trying out", list(Scope), [ALL_BRANDS], accounts, app.bridge.clock.now())
    note(f"  The team's console   {public}/console      sign in with {token}")
    note(f"  The bridge's API     {public}/docs         takes the same token for everything")
    note(f"  Its database         {app.settings.database.url}      as MENTIONBRIDGE__DATABASE__URL for other commands")
    note("  Stop with Ctrl-C. What follows is one line an event.\n")
    try:
        await asyncio.gather(tell_events(app), tell_story(app))
    except Exception as error:
        note(f"  the story stopped: {type(error).__name__}: {error}")
        raise
