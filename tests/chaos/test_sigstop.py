"""Two real workers on one PostgreSQL; one is stopped past its lease again and again, and wakes up none the wiser."""

import asyncio
import random
import signal
from collections import Counter
from pathlib import Path

import pytest

from fakes.chaos_counts import SEED, share
from fakes.chaos_processes import Process, Town, Wire, bridge, network, rows, wait_until, write_config
from fakes.databases import drop_postgres, fresh_database

PAST_THE_LEASE = 3.0


@pytest.mark.deep
@pytest.mark.parametrize("keys", [True, False], ids=["keys", "no-keys"])
async def test_a_worker_stopped_past_its_lease_never_says_it_again(
    tmp_path: Path, dice: random.Random, keys: bool
) -> None:
    url = fresh_database("postgresql", tmp_path)
    async with network(tmp_path, keys=keys) as town:
        second_wire = Wire(town.wire.upstream)
        server = await asyncio.start_server(second_wire.serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        workers = [
            bridge(tmp_path, "work", write_config(tmp_path, url, town, port=1, name="first")),
            bridge(tmp_path, "work", write_config(tmp_path, url, town, port=1, name="second", wire=port)),
        ]
        try:
            for worker in workers:
                worker.start()
            await wait_until(lambda: rows(url, "SELECT 1 FROM accounts WHERE state = 'active'"), 60, "the first poll")
            complaints, stops = await _stop_and_go(
                town, dict(zip(workers, (town.wire, second_wire), strict=True)), dice
            )
            await wait_until(lambda: _quiet(url, len(complaints)), 120, "quiet")
            answers = Counter([len(await town.answers(post)) for post in complaints])
            print(f"seed {SEED}: {stops} stops past the lease, answers {dict(answers)}")
            assert max(answers) == 1
            if keys:
                assert answers == {1: len(complaints)}
            sent = rows(url, "SELECT count(*) FROM events WHERE type = 'reply.sent'")[0][0]
            assert sent == rows(url, "SELECT count(*) FROM replies WHERE state = 'sent'")[0][0]
            assert rows(url, "SELECT count(*) FROM tickets")[0][0] == len(complaints)
        finally:
            for worker in workers:
                worker.end()
            await second_wire.close()
            server.close()
            await server.wait_closed()
    drop_postgres(url)


async def _stop_and_go(town: Town, workers: dict["Process", Wire], dice: random.Random) -> tuple[list[str], int]:
    """Stop whichever worker asks about a reply's rights, just then or a little later, until its lease is long over."""
    complaints: list[str] = []
    stops = 0
    for number in range(share(24)):
        stopped = asyncio.Event()

        async def stop(worker: Process, stopped: asyncio.Event = stopped) -> None:
            await asyncio.sleep(dice.choice((0, 0, dice.random() / 50)))
            worker.send(signal.SIGSTOP)
            stopped.set()

        for worker, wire in workers.items():
            moment = dice.choice(("after_rights", "before"))
            setattr(wire, moment, lambda worker=worker: stop(worker))
        complaints.append(await town.says(f"person{number}", f"@acme my broadband is down, case {number}"))
        await asyncio.wait_for(stopped.wait(), 60)
        stops += 1
        for wire in workers.values():
            wire.before = wire.after_rights = None
        await asyncio.sleep(PAST_THE_LEASE)
        for worker in workers:
            worker.send(signal.SIGCONT)
    return complaints, stops


def _quiet(url: str, many: int) -> bool:
    busy = rows(
        url,
        "SELECT (SELECT count(*) FROM mentions WHERE due IS NULL AND state = 'judged'), "
        "(SELECT count(*) FROM replies WHERE state IN ('queued', 'sending')), "
        "(SELECT count(*) FROM events WHERE position IS NULL)",
    )[0]
    return tuple(busy) == (many, 0, 0)
