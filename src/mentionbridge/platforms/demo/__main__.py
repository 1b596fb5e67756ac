"""Runs the demo network by itself: `python -m mentionbridge.platforms.demo --port 8090 --data DIR`."""

import argparse
import asyncio
import json
import secrets
import socket
import sys
from pathlib import Path

import uvicorn

from mentionbridge.kit.clock import SystemClock
from mentionbridge.net.client import Http
from mentionbridge.platforms.demo import app, credentials
from mentionbridge.platforms.demo.acts import LiveNetwork
from mentionbridge.platforms.demo.journal import Disk, Memory
from mentionbridge.platforms.demo.push import Pusher, Webhook


def main() -> None:
    """Serve until stopped; the first line on stdout is JSON with the address and the secret."""
    given = _arguments()
    listener = socket.create_server(("127.0.0.1", given.port))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    sys.stdout.write(json.dumps({"ready": True, "url": url, "secret": given.secret}) + "\n")
    sys.stdout.flush()
    asyncio.run(_serve(given, listener, url))


async def _serve(given: argparse.Namespace, listener: socket.socket, url: str) -> None:
    clock = SystemClock()
    live = LiveNetwork(clock, lambda: Disk(given.data) if given.data else Memory(), keys=given.keys)
    pusher = _pusher(given, live, clock, url)
    live.listeners.append(pusher.wake)
    config = uvicorn.Config(app.build(live, pusher, given.secret, url), log_level="warning", access_log=False)
    try:
        await uvicorn.Server(config).serve(sockets=[listener])
    finally:
        await pusher.aclose()
        live.close()


def _pusher(given: argparse.Namespace, live: LiveNetwork, clock: SystemClock, url: str) -> Pusher:
    """Push every business's news to the bridge, whose account is named like the handle."""

    def webhook(handle: str) -> Webhook | None:
        return Webhook(handle, credentials.webhook_secret(given.secret, handle)) if given.webhook else None

    return Pusher(live, Http(given.webhook or url, clock=clock), clock, url, webhook)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m mentionbridge.platforms.demo", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--data", type=Path, help="folder the network is kept in; in memory when left out")
    parser.add_argument("--no-keys", dest="keys", action="store_false", help="be a network without idempotency keys")
    parser.add_argument("--webhook", metavar="URL", help="address of the bridge to push to")
    parser.add_argument("--secret", default=secrets.token_hex(16), help="what tokens and signatures are made from")
    return parser.parse_args()


if __name__ == "__main__":
    main()
