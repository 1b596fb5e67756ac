"""The corridor: CPU a mention from poll to acknowledgement and feed, and memory, on the demo network in one process.

The demo network's own work is in the figure. The baseline is a FastAPI request in the same process and run.
"""

import asyncio
import resource
import tempfile
import time
from pathlib import Path

import httpx

from bench.apps import route
from mentionbridge.bootstrap import App, opened
from mentionbridge.settings import load
from mentionbridge.telemetry.logs import configure

MENTIONS = 300
BASELINE_REQUESTS = 1_000


def main() -> None:
    configure("console", "error")
    asyncio.run(_main())


async def _main() -> None:
    import mentionbridge

    demo = Path(mentionbridge.__file__).parent / "demo.toml"
    with tempfile.TemporaryDirectory() as folder:
        settings = load(demo, database={"url": f"sqlite:///{folder}/bench.sqlite"}, platforms={"demo": {"push": False}})
        async with opened(settings) as app:
            baseline = await _request_cost()
            before = _memory()
            cost, seconds = await _corridor_cost(app)
    print("| what | CPU ms | ratio to a FastAPI request |\n|---|---:|---:|")
    print(f"| one FastAPI request, in process | {baseline:.2f} | 1.0 |")
    print(f"| one complaint, poll to acknowledgement and feed | {cost:.2f} | {cost / baseline:.1f} |")
    print(f"\n{MENTIONS} complaints by {MENTIONS} people in {seconds:.1f} s; ", end="")
    print(f"memory {before:.0f} MB before, {_memory():.0f} MB after.")


async def _request_cost() -> float:
    body = {
        "platform": "demo",
        "account": "acme",
        "external_id": "b-1",
        "author": {"external_id": "u-1", "handle": "sam"},
        "text": "hello",
        "created_at": "2026-11-22T09:14:03Z",
        "thread_id": "b-1",
    }
    headers = {"authorization": "Bearer x"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(route), base_url="http://bench") as client:
        began = time.process_time()
        for _ in range(BASELINE_REQUESTS):
            await client.post("/v1/mentions", json={"mentions": [body]}, headers=headers)
        return (time.process_time() - began) / BASELINE_REQUESTS * 1000


async def _corridor_cost(app: App) -> tuple[float, float]:
    worker = app.worker()
    await worker.start()
    transport = httpx.ASGITransport(app.pages["demo"])
    async with httpx.AsyncClient(transport=transport, base_url="http://bench") as people:
        await _until_sent(app, await _say(people, 1, "warm"), 30)
        cpu, wall = time.process_time(), time.perf_counter()
        said = await _say(people, MENTIONS, "sam")
        await _until_sent(app, said + 1, 600)
        spent, seconds = time.process_time() - cpu, time.perf_counter() - wall
    await worker.stop()
    return spent / MENTIONS * 1000, seconds


async def _say(people: httpx.AsyncClient, count: int, who: str) -> int:
    for number in range(count):
        words = {"text": f"@acme my parcel number {number} is late again and nobody answers"}
        (await people.post(f"/api/people/{who}{number}/posts", json=words)).raise_for_status()
    return count


async def _until_sent(app: App, wanted: int, seconds: float) -> None:
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        if app.metrics.replies.labels("demo", "sent")._value.get() >= wanted:
            return
        await asyncio.sleep(0.1)
    raise TimeoutError(f"not everything was answered within {seconds} s")


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
