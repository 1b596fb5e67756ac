"""Two people act on the same tickets at once, while the customer speaks: nobody waits in a circle."""

import asyncio
from typing import Any

import pytest

from fakes.tale import BILLED, LATE, STILL, Tale
from mentionbridge.domain.errors import NotAllowed, NotFound, StoreDown
from mentionbridge.pipeline.judge import judge
from mentionbridge.pipeline.merge import merge
from mentionbridge.pipeline.undo import undo
from mentionbridge.ports.store import Queue

KIM, ROBIN = "Kim via desk", "Robin via desk"


async def tried(act: Any) -> bool:
    """Try until the database is free; False when it was not possible any more."""
    for _ in range(50):
        try:
            await act()
        except StoreDown:
            await asyncio.sleep(0.02)
        except (NotAllowed, NotFound):
            return False
        else:
            return True
    raise AssertionError("the database was never free")


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_acts_at_once(told: Tale) -> None:
    one = await told.id_of(await told.says("sam", LATE, id="p-1"))
    two = await told.id_of(await told.says("sam", BILLED, id="p-2"))
    for number in range(4):
        await told.hears(*(told.post("sam", STILL, id=f"m-{number}-{n}", thread_id=f"p-{n}") for n in (1, 2)))
        async with told.store.writing() as uow:
            leases = await uow.claims.take(Queue.JUDGE, 10, 30)
        done = await asyncio.gather(
            tried(lambda: merge(told.bridge, "acme", one, two, KIM, "one story")),
            tried(lambda: merge(told.bridge, "acme", two, one, ROBIN, "one story")),
            *(tried(lambda lease=lease: judge(told.bridge, lease)) for lease in leases),  # type: ignore[misc]
        )
        assert sum(done[:2]) == 1
        undone = await asyncio.gather(
            tried(lambda: undo(told.bridge, "acme", one, None, KIM)),
            tried(lambda: undo(told.bridge, "acme", one, None, ROBIN)),
        )
        assert sum(undone) == 1
        assert await told.rows(
            "SELECT count(*) FROM mentions m JOIN entries e ON e.mention_id = m.id WHERE e.ticket_id <> m.ticket_id"
        ) == [(0,)]
        places = await told.rows("SELECT external_id, ticket_id FROM mentions")
        assert all(ticket_id == (one if post_id.endswith("-1") else two) for post_id, ticket_id in places)
