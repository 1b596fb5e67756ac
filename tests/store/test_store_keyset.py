"""Lists by keyset: a cursor is for one list with its filters, brands are merged in order, and indexes serve it all."""

from collections.abc import Mapping

import pytest

from fakes.people import ACME, ACME_TWO, OTHER, post, store_post, story
from fakes.world import World
from mentionbridge.kit.cursor import BadCursor, binding, encode
from mentionbridge.store import endpoints, reading
from mentionbridge.store.keyset import Keyset
from mentionbridge.store.reading import StoredDesk

KEYSETS = [each for module in (reading, endpoints) for each in vars(module).values() if isinstance(each, Keyset)]


@pytest.mark.parametrize("keyset", KEYSETS, ids=[keyset.name for keyset in KEYSETS])
def test_every_filter_has_its_index(keyset: Keyset) -> None:
    table = keyset.table
    keys = [list(index.columns.keys()) for index in table.indexes if index.dialect_options["sqlite"]["where"] is None]
    keys += [list(each.columns.keys()) for each in table.constraints if hasattr(each, "columns")]
    for name in keyset.filters or {"id"}:
        served = [key for key in keys if key[0] == "brand_id" and name in key]
        assert any({*key[1 : key.index(name)]} <= keyset.filters for key in served), f"{keyset.name} by {name}"


@pytest.mark.parametrize("filters", [{}, {"account_id": ACME.id, "author_id": "x"}, {"account_id": ACME_TWO.id}])
async def test_a_cursor_is_for_the_filters_it_was_made_with(world: World, filters: Mapping[str, str]) -> None:
    desk, mine = StoredDesk(world.store), {"account_id": ACME.id}
    async with world.store.writing() as uow:
        for number in range(3):
            await store_post(uow, post(f"p-{number}"))
    first = await desk.mentions(["acme"], mine, None, 2)
    assert len((await desk.mentions(["acme"], mine, first.cursor, 2)).items) == 1
    with pytest.raises(BadCursor):
        await desk.mentions(["acme"], filters, first.cursor, 2)
    with pytest.raises(BadCursor):
        await desk.replies(["acme"], {}, first.cursor, 2)


@pytest.mark.parametrize("key", ["\x00", "é", "mnt_\n", 7])
async def test_a_forged_key_is_refused(world: World, key: str | int) -> None:
    with pytest.raises(BadCursor):
        await StoredDesk(world.store).mentions(["acme"], {}, encode(binding("mentions", {}), key), 2)


@pytest.mark.parametrize("key", [2**63, -(2**70), 10**30])
async def test_a_forged_number_is_refused(world: World, key: int) -> None:
    async with world.store.writing() as uow:
        ticket_id = (await story(uow)).ticket_id
    cursor = encode(binding("timeline", {"ticket_id": ticket_id}), key)
    with pytest.raises(BadCursor):
        await StoredDesk(world.store).timeline(["acme"], ticket_id, cursor, 2)


async def test_several_brands_are_one_list_in_one_order(world: World) -> None:
    desk = StoredDesk(world.store)
    async with world.store.writing() as uow:
        for number in range(9):
            await store_post(uow, post(f"p-{number}"), OTHER if number % 3 else ACME)
    shown, cursor = [], None
    while not shown or cursor:
        part = await desk.mentions(["acme", "borealis", "none"], {}, cursor, 2)
        shown, cursor = [*shown, *part.items], part.cursor
    assert [view.mention.external_id for view in shown] == [f"p-{number}" for number in range(8, -1, -1)]
