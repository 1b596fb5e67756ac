"""Search keeps one contract on both databases: what is found, in which order, and what a story no longer says."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakes.clock import START
from fakes.people import ACME, ACME_TWO, OTHER, SAM, post, reply_for, store_post, ticket_for
from fakes.world import World
from mentionbridge.domain.account import Account
from mentionbridge.domain.mention import Mention, Surface, Visibility
from mentionbridge.domain.ticket import Entry
from mentionbridge.kit.cursor import BadCursor
from mentionbridge.ports.desk import Hit, Slice
from mentionbridge.ports.store import UnitOfWork
from mentionbridge.store import tables as t
from mentionbridge.store.reading import StoredDesk
from mentionbridge.text.plain import clean
from mentionbridge.text.words import words


async def tell(world: World, number: int, *lines: str, account: Account = ACME) -> list[Mention]:
    """Open ticket `number` of a person of its own with these lines."""
    async with world.store.writing() as uow:
        return await told(uow, number, lines, account)


async def told(uow: UnitOfWork, number: int, lines: Sequence[str], account: Account = ACME) -> list[Mention]:
    said: list[Mention] = []
    for line in lines:
        a_post = post(f"p-{number}-{len(said)}", line, author=replace(SAM, external_id=f"u-{number}"))
        mention = await store_post(uow, a_post, account)
        if not said:
            await uow.tickets.open(ticket_for(mention, ticket(number)))
        await uow.mentions.join(account.brand_id, mention.id, ticket(number))
        await uow.tickets.add_entry(await entry(uow, mention, number, mention_id=mention.id))
        said.append(mention)
    return said


async def entry(uow: UnitOfWork, mention: Mention, number: int, **about: str) -> Entry:
    sequence = await uow.tickets.next_sequence(mention.brand_id, ticket(number))
    id_ = f"ent_{number}_{sequence}"
    return Entry(mention.brand_id, id_, ticket(number), sequence, "mention", Surface.PUBLIC, START, START, **about)


def ticket(number: int) -> str:
    return f"tkt_{number:03}"


async def search(world: World, asked: str, brands: Sequence[str] = ("acme",), **filters: str) -> Slice[Hit]:
    return await StoredDesk(world.store).search(brands, asked, filters, None, 50)


async def found(world: World, asked: str, brands: Sequence[str] = ("acme",), **filters: str) -> list[int]:
    hits = (await search(world, asked, brands, **filters)).items
    return [int(hit.ticket["id"].removeprefix("tkt_")) for hit in hits]


SAID = [
    "My parcel is three days late and nobody answers",
    "The swing in Park Street is broken; my daughter fell",
    "Une crème brûlée à l'ÉGLISE, très déçue… C'EST NUL",
    "Die Straße war gesperrt, Paket Nr. 4711-A weg",
    "配送が遅いです。荷物はどこですか",
    "พัสดุมาช้ามาก",
    "where is my order? mail me: sam@example.org, +49 151 000",
    "late again, my train: three of three days",
]
CASES: list[tuple[str, list[int]]] = [
    ("parcel", [0]),
    ("PARCEL late", [0]),
    ("late parcel", [0]),
    ("late", [7, 0]),
    ("parcel swing", []),
    ('"three days"', [7, 0]),
    ('"three days late"', [0]),
    ('"days three"', []),
    ("“three days late”", [0]),
    ('"three days', [7, 0]),
    ("par*", [1, 0]),
    ("parc", []),
    ("p*", []),
    ('"my par"*', [0]),
    ("eglise", [2]),
    ("ÉGLISE", [2]),
    ("creme brulee", [2]),
    ("decu*", [2]),
    ("l'eglise", [2]),
    ("strasse", [3]),
    ("STRASSE", [3]),
    ("4711-a", [3]),
    ("4711", [3]),
    ("配送", [4]),
    ("荷物 配送", [4]),
    ("送配", []),
    ("พัสดุ", [5]),
    ("sam@example.org", [6]),
    ("example.com", []),
    ("", []),
    ("   ", []),
    ("!!! ??? ***", []),
    ("*", []),
    ('"', []),
    ("parcel !!!", [0]),
]
NO_OPERATOR = [
    "-parcel",
    "^parcel",
    "parcel & !late",
    "(parcel",
    "parcel <-> late",
    "parcel:*",
    "'parcel'",
    "parcel\\",
    "%parcel%",
]
"""What means something to one of the databases, and to us the plain words in it."""
OPERATORS = [
    *NO_OPERATOR,
    "NOT",
    "parcel OR swing",
    "parcel NOT late",
    "NEAR(parcel late)",
    "body:parcel",
    "parcel | swing",
    "'); DROP TABLE tickets; --",
    "· ·",
]


async def test_one_contract(world: World) -> None:
    for number, line in enumerate(SAID):
        await tell(world, number, line)
    got = {asked: await found(world, asked) for asked, _ in CASES}
    assert got == dict(CASES)
    operators = {asked: await found(world, asked) for asked in OPERATORS}
    assert operators == {asked: [0] if asked in NO_OPERATOR else [] for asked in OPERATORS}


@pytest.fixture
async def two_stories(world: World) -> World:
    await tell(world, 1, "my parcel is late")
    await tell(world, 2, "the swing is broken")
    return world


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=40) | st.text("parcel late\"*()&|!:<>'\\-^%·{}[]+~,;@ \t", max_size=30))
async def test_any_text_is_a_query(two_stories: World, asked: str) -> None:
    assert {*await found(two_stories, asked)} <= {1, 2}
    quoted = asked.replace('"', " ")
    assert await found(two_stories, f'parcel {quoted} "swing"') == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(min_size=1, max_size=60))
async def test_whatever_was_said_is_found_by_itself(world: World, said: str) -> None:
    async with world.store.writing() as uow:
        await uow.connection.execute(sa.delete(t.search))  # type: ignore[attr-defined]
        known = await uow.mentions.by_external_id("acme", "demo", "p-1-0")
        if known is None:
            (known,) = await told(uow, 1, ["nothing yet"])
        version = str(int(known.edit_version or 0) + 1)
        assert await uow.mentions.edit(known, post("p-1-0", clean(said), edit_version=version), START)
    assert await found(world, '"' + said.replace('"', " ") + '"') == ([1] if words(clean(said)) else [])


@pytest.mark.parametrize("copied", ["par\x00cel", "par\u200bcel", "par\u00adcel", "\u202eparcel\u202c"])
async def test_what_hides_between_copied_letters_hides_no_story(world: World, copied: str) -> None:
    await tell(world, 1, clean(f"my {copied} is late"))
    assert await found(world, copied) == [1]


async def test_all_words_may_stand_in_different_lines_but_a_phrase_in_one(world: World) -> None:
    await tell(world, 1, "my parcel is late", "and the driver was rude")
    assert await found(world, "parcel rude") == [1]
    assert await found(world, '"late and"') == []
    assert await found(world, '"rude my"') == []
    assert await found(world, '"driver was"') == [1]


async def test_a_story_follows_its_words(world: World) -> None:
    first, second = await tell(world, 1, "my parcel is late", "the driver was rude")
    async with world.store.writing() as uow:
        await uow.mentions.edit(first, post("p-1-0", "my letter is late", edit_version="2"), START)
    assert (await found(world, "parcel"), await found(world, "letter rude")) == ([], [1])
    async with world.store.writing() as uow:
        await uow.mentions.delete(second, START)
    assert (await found(world, "driver"), await found(world, "letter")) == ([], [1])
    async with world.store.writing() as uow:
        edited = await uow.mentions.get("acme", first.id)
        assert edited is not None
        await uow.mentions.delete(edited, START)
    assert await found(world, "letter") == []
    async with world.store.reading() as uow:
        left = await uow.connection.execute(sa.select(sa.func.count()).select_from(t.search))  # type: ignore[attr-defined]
        assert left.scalar_one() == 0


async def test_our_own_words_count_once_they_are_said(world: World) -> None:
    (mention,) = await tell(world, 1, "my parcel is late")
    async with world.store.writing() as uow:
        ours = reply_for(ticket_for(mention, ticket(1)), mention, text="A courier called Bob is on the way.")
        await uow.replies.add(ours, ours.purpose)
    assert await found(world, "courier") == []
    async with world.store.writing() as uow:
        await uow.tickets.add_entry(await entry(uow, mention, 1, reply_id=ours.id))
    assert await found(world, "courier parcel") == [1]


async def test_the_line_shown_is_the_one_that_holds_most(world: World) -> None:
    long = "so " * 60 + "and then my PARCÉL\nnever came, " + "really " * 60
    await tell(world, 1, "parcel", long, "thank you for nothing")
    (hit,) = (await search(world, "parcel never nothing")).items
    assert hit.line is not None
    assert (hit.line.entry_id, hit.line.surface) == ("ent_1_2", "public")
    assert hit.line.text.startswith("…so so") and "my PARCÉL never came" in hit.line.text
    assert len(hit.line.text) <= 165 and hit.line.text.endswith("…")


async def test_a_page_ends_where_the_next_begins(world: World) -> None:
    for number in range(1, 8):
        await tell(world, number, "late", "late again", account=OTHER if number % 3 == 0 else ACME)
    desk, brands = StoredDesk(world.store), ["acme", "borealis"]
    shown, cursor = [], None
    while not shown or cursor:
        part = await desk.search(brands, "late", {}, cursor, 2)
        shown, cursor = [*shown, *(hit.ticket["id"] for hit in part.items)], part.cursor
    assert shown == [ticket(number) for number in range(7, 0, -1)]
    first = await desk.search(brands, "late", {}, None, 2)
    for asked, filters in (("late again", {}), ("lat*", {}), ("late", {"state": "new"})):
        with pytest.raises(BadCursor):
            await desk.search(brands, asked, filters, first.cursor, 2)


async def test_filters_and_brands_narrow(world: World) -> None:
    await tell(world, 1, "late")
    await tell(world, 2, "late", account=ACME_TWO)
    await tell(world, 3, "late", account=OTHER)
    assert await found(world, "late") == [2, 1]
    assert await found(world, "late", account_id=ACME_TWO.id) == [2]
    assert await found(world, "late", state="closed") == []
    for name in ("team", "assignee_id", "topic", "place", "tag", "customer_id"):
        assert await found(world, "late", **{name: "no such"}) == [], name
    assert await found(world, "late", brands=["borealis"]) == [3]
    assert await found(world, "late", brands=[]) == []
    with pytest.raises(ValueError, match="no index"):
        await found(world, "late", mood="bad")


async def test_private_words_are_found_and_shown_as_such(world: World) -> None:
    async with world.store.writing() as uow:
        mention = await store_post(uow, post("p-1-0", "my number is 0151", visibility=Visibility.DIRECT))
        await uow.tickets.open(ticket_for(mention, ticket(1)))
        line = replace(await entry(uow, mention, 1, mention_id=mention.id), surface=Surface.PRIVATE)
        await uow.tickets.add_entry(line)
    (hit,) = (await search(world, "0151")).items
    assert hit.line is not None and hit.line.surface is Surface.PRIVATE


async def test_a_very_long_story_is_searched_by_its_newest_words(world: World) -> None:
    await tell(world, 1, "oldest " + "x " * 15_000, "y " * 900 + "newest")
    assert await found(world, "newest") == [1]
    assert await found(world, "x") == [1]
    await tell(world, 2, "hidden", "z " * 16_000)
    assert (await found(world, "hidden"), await found(world, "z")) == ([], [2])
