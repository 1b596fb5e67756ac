"""A load from raw sockets on loopback: the client must cost less than what it measures."""

import asyncio
import time
from collections.abc import Callable, Sequence
from statistics import median

HOST = "127.0.0.1"


async def rate(port: int, requests: Sequence[bytes], connections: int, must_hold: bytes) -> float:
    """Send every request once over `connections` keep-alive connections; returns requests a second.

    Raises RuntimeError at an answer that is an error or does not hold `must_hold`.
    """
    waiting = iter(requests)
    began = time.perf_counter()
    await asyncio.gather(*(_one(port, waiting, must_hold) for _ in range(connections)))
    return len(requests) / (time.perf_counter() - began)


async def _one(port: int, waiting: "object", must_hold: bytes) -> None:
    reader, writer = await asyncio.open_connection(HOST, port)
    for request in waiting:  # type: ignore[attr-defined]
        writer.write(request)
        await _answer(reader, must_hold)
    writer.close()


async def _answer(reader: asyncio.StreamReader, must_hold: bytes) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    body = await reader.readexactly(length)
    if status >= 300 or must_hold not in body:
        raise RuntimeError(f"{status}: {body[:200]!r}")


def post(path: str, body: bytes, **headers: str) -> bytes:
    """Write one POST request."""
    lines = [f"POST {path} HTTP/1.1", f"host: {HOST}", "content-type: application/json", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def rounds(measures: dict[str, Callable[[], float]], times: int) -> dict[str, list[float]]:
    """Take turns, so that a noisy minute hits every candidate alike."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(times):
        for name, measure in measures.items():
            found[name].append(measure())
    return found


def table(found: dict[str, list[float]], baseline: str, unit: str) -> None:
    """Print medians and, for each round, the ratio to the baseline: its median and range."""
    print(f"| what | median {unit} | ratio to {baseline} |\n|---|---:|---|")
    for name, values in found.items():
        ratios = sorted(value / base for value, base in zip(values, found[baseline], strict=True))
        print(f"| {name} | {median(values):,.0f} | {median(ratios):.2f} [{ratios[0]:.2f}–{ratios[-1]:.2f}] |")
