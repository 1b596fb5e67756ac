"""The HTTP door wired to one app, with or without the worker in the same process."""

import asyncio
import secrets
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager, nullcontext
from functools import partial
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.server import HANDLED_SIGNALS

from mentionbridge.bootstrap.gauges import metrics
from mentionbridge.bootstrap.wiring import App
from mentionbridge.domain.account import Account
from mentionbridge.domain.errors import SetupError
from mentionbridge.domain.reply import Reply
from mentionbridge.net.pictures import reencode
from mentionbridge.net.signing import new_secret
from mentionbridge.pipeline import call, form, incident, know, message, promise, steer, verify, visit
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.change import change
from mentionbridge.pipeline.forget import forget
from mentionbridge.pipeline.hand_off import invitations, revoke
from mentionbridge.pipeline.merge import merge
from mentionbridge.pipeline.note import note
from mentionbridge.pipeline.preview import preview
from mentionbridge.pipeline.records import record_checks
from mentionbridge.pipeline.relabel import relabel
from mentionbridge.pipeline.retract import retract, to_retract
from mentionbridge.pipeline.rights import rights
from mentionbridge.pipeline.split import split
from mentionbridge.pipeline.tap import tap
from mentionbridge.pipeline.tasks import finish_task
from mentionbridge.pipeline.try_endpoint import try_endpoint
from mentionbridge.pipeline.undo import undo
from mentionbridge.pipeline.unite import unite
from mentionbridge.platforms import named
from mentionbridge.ports.platform import Hook
from mentionbridge.store.endpoints import StoredSubscriptions
from mentionbridge.store.group_writer import GroupWriter
from mentionbridge.store.idempotency import StoredIdempotency
from mentionbridge.store.migrate import require_head
from mentionbridge.store.pull import StoredFeed
from mentionbridge.store.reading import StoredDesk
from mentionbridge.store.tokens import RememberedTokens
from mentionbridge.web.app import create_app
from mentionbridge.web.door import Door, FormRoom, Limits
from mentionbridge.worker.loop import Worker

_BACKLOG = 2048


class Server(uvicorn.Server):
    """A uvicorn server that holds its address before anything begins; `alive` is what lives as long as it serves."""

    def __init__(
        self,
        config: uvicorn.Config,
        alive: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
        closing: asyncio.Event | None = None,
    ) -> None:
        super().__init__(config)
        self._closing = closing or asyncio.Event()
        self.up = asyncio.Event()
        self._alive = alive
        self._held = AsyncExitStack()

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until told to stop; raises SetupError, with nothing begun, when the address is taken."""
        async with self._held:
            listening = sockets or listen(self.config.host, self.config.port)
            for each in listening:
                self._held.callback(each.close)
            await super().serve(listening)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await self._held.enter_async_context(self._alive())
        await super().startup(sockets)
        self.up.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # uvicorn waits for every answer to end, and a stream ends only when it is told to.
        self._closing.set()
        await super().shutdown(sockets)
        # Here, and not when `serve` is left: until then a second signal does not kill us.
        await self._held.aclose()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on a signal, and nothing more: uvicorn would raise it again, and kill us before we let go of all."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, _heard) for number in HANDLED_SIGNALS}
        try:
            with super().capture_signals():
                yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def listen(host: str, port: int) -> list[socket.socket]:
    """Take every address the host stands for; raises SetupError when one is not ours to take."""
    taken: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, address in dict.fromkeys((each[0], each[4][:2]) for each in found):
            taken.append(socket.create_server(address, family=family, backlog=_BACKLOG))
    except OSError as error:
        for each in taken:
            each.close()
        why = (error.strerror or type(error).__name__).partition(" (while")[0]
        raise SetupError(
            f"Cannot listen on {host}:{port} ({why}); stop what does so, or choose another port."
        ) from error
    return taken


def _heard(number: int, frame: object) -> None:
    """The server has stopped because of it already."""


def server(app: App, *, with_worker: bool) -> Server:
    """Make the server of one process; `serve()` runs it until it is told to stop, then finishes what it holds."""
    section = app.settings.server
    writer, worker = GroupWriter(app.store), app.worker() if with_worker else None
    door = _door(app, writer, worker)
    config = uvicorn.Config(
        create_app(door),
        host=section.host,
        port=section.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(section.trusted_proxies),
        forwarded_allow_ips=list(section.trusted_proxies) or None,
        timeout_graceful_shutdown=max(1, int(app.settings.worker.grace_seconds)),
        lifespan="off",
    )
    return Server(config, partial(_alive, app, writer, worker), door.closing)


def web_app(app: App) -> FastAPI:
    """Make the HTTP door alone: what it offers, without anything behind it running."""
    return create_app(_door(app, GroupWriter(app.store), None))


@asynccontextmanager
async def _alive(app: App, writer: GroupWriter, worker: Worker | None) -> AsyncIterator[None]:
    # Posts may be pushed before any worker has run.
    async with app.store.writing() as uow:
        for connected in app.bridge.connected.values():
            await uow.accounts.ensure(connected.account, app.bridge.clock.now())
    if worker is not None:
        await worker.start()
    try:
        yield
    finally:
        await writer.aclose()
        if worker is not None:
            await worker.stop()


def _door(app: App, writer: GroupWriter, worker: Worker | None) -> Door:
    bridge = app.bridge
    return Door(
        desk=StoredDesk(app.store),
        feed=StoredFeed(app.store),
        writer=writer,
        tokens=RememberedTokens(app.tokens, bridge.clock),
        idempotency=StoredIdempotency(app.engine, app.sealer),
        subscriptions=StoredSubscriptions(app.engine, bridge.ids, app.sealer, new_secret),
        clock=bridge.clock,
        observer=bridge.observer,
        accounts={key: connected.account for key, connected in bridge.connected.items()},
        brand_ids=tuple(bridge.brands),
        hook_of=lambda platform, account_id: _hook_of(bridge, platform, account_id),
        accepts_push=lambda account: named(account.platform).capabilities.accepts_push,
        **use_cases(bridge),
        wake=worker.wake if worker is not None else _nobody,
        ready=lambda: _ready(app),
        metrics=partial(metrics, app),
        metrics_token=app.settings.server.metrics_token,
        pages=app.pages,
        sealing=app.sealer,
        secure=app.settings.server.public_url.startswith("https://"),
        desks={desk.name: desk for desk in bridge.desks.values()},
        limits=Limits(requests_per_minute=app.settings.server.requests_per_minute),
    )


def use_cases(bridge: Bridge) -> dict[str, Any]:
    """What the door may ask of the bridge, by the names the door calls it."""
    return {
        "pause": partial(steer.pause, bridge),
        "resume": partial(steer.resume, bridge),
        "approve": partial(steer.approve, bridge),
        "reject": partial(steer.reject, bridge),
        "edit": partial(steer.edit, bridge),
        "settle": partial(_settle, bridge),
        "retract": partial(retract, bridge),
        "to_retract": partial(to_retract, bridge),
        "change_customer": partial(know.change_customer, bridge),
        "join_customers": partial(know.join_customers, bridge),
        "separate_customers": partial(know.separate_customers, bridge),
        "forget": partial(forget, bridge),
        "change_ticket": partial(change, bridge),
        "note": partial(note, bridge),
        "merge": partial(merge, bridge),
        "split": partial(split, bridge),
        "undo": partial(undo, bridge),
        "message": partial(message.message, bridge),
        "claim_mirror": partial(message.claim_mirror, bridge),
        "mirrors_of": partial(message.mirrors_of, bridge),
        "finish_task": partial(finish_task, bridge),
        "declare": partial(incident.declare, bridge),
        "change_incident": partial(incident.change, bridge),
        "broadcast": partial(incident.broadcast, bridge),
        "attempt_call": partial(call.attempt, bridge),
        "promise": partial(promise.promise, bridge),
        "keep_promise": partial(promise.keep, bridge),
        "move_promise": partial(promise.move, bridge),
        "relabel": partial(relabel, bridge),
        "rights": partial(rights, bridge),
        "preview": partial(preview, bridge),
        "try_out": partial(try_endpoint, bridge),
        "may_tell": bridge.courier.refuses,
        "brands": bridge.brands,
        "forms": form_room(bridge),
        "invitations": partial(invitations, bridge),
        "record_checks": partial(record_checks, bridge),
        "revoke": partial(revoke, bridge),
        "capabilities_of": lambda account: bridge.at(account.brand_id, account.id).platform.capabilities,
    }


def form_room(bridge: Bridge) -> FormRoom:
    """What the private form may ask of the bridge."""
    return FormRoom(
        find=partial(visit.find, bridge),
        opened=partial(form.opened, bridge),
        look=partial(form.look, bridge),
        write=partial(form.write, bridge, reencode),
        ask=partial(verify.ask, bridge),
        ask_second=partial(verify.ask_second, bridge, secrets.token_urlsafe),
        confirm=partial(verify.confirm, bridge),
        unite=partial(unite, bridge),
        tap=partial(tap, bridge),
        lapse_renamed=partial(verify.lapse_renamed, bridge),
        handles_of=partial(form.handles_of, bridge),
        secure=bridge.public_url.startswith("https://"),
    )


def _nobody() -> None:
    """The worker lives in another process; its next tick finds what is due."""


async def _settle(bridge: Bridge, brand: str, reply: str, sent: bool, external_id: str | None, actor: str) -> Reply:
    return await steer.settle_by_hand(bridge, brand, reply, sent=sent, external_id=external_id, actor=actor)


def _hook_of(bridge: Bridge, platform: str, account_id: str) -> tuple[Account, Hook] | None:
    for connected in bridge.connected.values():
        account = connected.account
        if account.id == account_id and account.platform == platform and connected.hook is not None:
            return account, connected.hook
    return None


async def _ready(app: App) -> Sequence[str]:
    try:
        async with asyncio.timeout(5):
            await require_head(app.settings.database.url)
    except SetupError as error:
        return [str(error)]
    except Exception as error:
        return [f"The database does not answer ({type(error).__name__})."]
    return []
