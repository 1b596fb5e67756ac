"""Merge, split and undo: everything is somewhere once, and goes back to exactly where it was."""

from typing import Any

import pytest

from fakes.tale import BILLED, LATE, STILL, Tale
from mentionbridge.domain.errors import NotAllowed, NotFound, Stale
from mentionbridge.domain.mention import Surface
from mentionbridge.domain.ticket import Priority, TicketState
from mentionbridge.pipeline.change import change
from mentionbridge.pipeline.merge import HELD, merge
from mentionbridge.pipeline.note import note
from mentionbridge.pipeline.say import Saying, say
from mentionbridge.pipeline.split import split
from mentionbridge.pipeline.steer import approve
from mentionbridge.pipeline.undo import undo

both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
KIM = "Kim via desk"


async def where(told: Tale) -> dict[str, Any]:
    """Return where everything lies: mentions, replies, what they say in the timeline, bindings, clocks."""
    mentions = await told.rows("SELECT id, ticket_id FROM mentions ORDER BY id")
    replies = await told.rows("SELECT id, ticket_id, state FROM replies ORDER BY id")
    lines = await told.rows(
        "SELECT id, ticket_id FROM entries WHERE kind NOT IN ('merged', 'unmerged', 'split', 'unsplit') ORDER BY id"
    )
    stories = await told.rows("SELECT author_id, thread_id, ticket_id FROM stories ORDER BY thread_id, author_id")
    waits = await told.rows("SELECT id, ticket_id, ended_at FROM waits ORDER BY id")
    facts = "id, state, priority, surface, occurred_at, merged_into, closed_at, solved_at, last_said_at, author_id"
    tickets = await told.rows(f"SELECT {facts}, priority_reasons FROM tickets ORDER BY id")
    return {"m": mentions, "r": replies, "l": lines, "s": stories, "w": waits, "t": tickets}


async def two_stories(told: Tale) -> tuple[str, str]:
    """Sam tells of a parcel and of a bill."""
    parcel, bill = await told.says("sam", LATE, id="p-parcel"), await told.says("sam", BILLED, id="p-bill")
    return await told.id_of(parcel), await told.id_of(bill)


@both
async def test_a_merge_moves_everything_and_undo_brings_exactly_that_back(told: Tale) -> None:
    parcel, bill = await two_stories(told)
    await told.whispers("sam", "my order is 12345678, please look")
    await note(told.bridge, "acme", bill, "called him, no answer", KIM)
    before = await where(told)
    act = await merge(told.bridge, "acme", bill, parcel, KIM, "one outage")
    source, target = await told.ticket(bill), await told.ticket(parcel)
    assert (source.state, source.merged_into) == (TicketState.CLOSED, parcel)
    assert target.state is TicketState.NEW
    for table in ("mentions", "replies", "stories", "waits"):
        assert set(await told.rows(f"SELECT ticket_id FROM {table}")) == {(parcel,)}, table
    assert await told.rows(f"SELECT kind FROM entries WHERE ticket_id = '{bill}'") == [("merged",)]
    assert (await told.events(bill))[-1] == (await told.events(parcel))[-1] == "ticket.merged"
    assert (await undo(told.bridge, "acme", parcel, act.id, KIM)).id == act.id
    assert await where(told) == before
    assert (await told.events(bill))[-1] == (await told.events(parcel))[-1] == "ticket.unmerged"


@both
async def test_a_split_gives_posts_a_ticket_of_their_own_and_undo_takes_it_back(told: Tale) -> None:
    first = await told.says("sam", LATE, id="p-1")
    ticket_id = await told.id_of(first)
    second = await told.says("sam", STILL, id="p-2", thread_id="p-1", parent_id="p-1")
    third = await told.says("sam", "@acme my parcel is late and now wet, terrible", id="p-3")
    assert await told.id_of(second) == await told.id_of(third) == ticket_id
    before = await where(told)
    line = await line_of(told, "p-3")
    act = await split(told.bridge, "acme", ticket_id, [line], KIM, "another parcel")
    assert await told.id_of(third) == act.target_id != ticket_id
    assert await told.id_of(second) == ticket_id
    assert await told.rows("SELECT ticket_id FROM stories WHERE thread_id = 'p-3'") == [(act.target_id,)]
    assert (await told.events(act.target_id)) == ["ticket.opened", "ticket.split"]
    assert (await told.ticket(act.target_id)).surface is Surface.PUBLIC
    await undo(told.bridge, "acme", ticket_id, None, KIM)
    after = await where(told)
    assert {name: after[name] for name in "mrlsw"} == {name: before[name] for name in "mrlsw"}
    assert after["t"][0] == before["t"][0]
    assert (await told.ticket(act.target_id)).merged_into == ticket_id


async def line_of(told: Tale, post_id: str) -> str:
    query = "SELECT e.id FROM entries e JOIN mentions m ON m.id = e.mention_id WHERE m.external_id = '{}'"
    ((line,),) = await told.rows(query.format(post_id))
    return str(line)


async def test_an_answer_goes_with_the_post_it_answers(told: Tale) -> None:
    first = await told.says("sam", LATE, id="p-1")
    ticket_id = await told.id_of(first)
    await told.says("sam", "@acme my parcel is late and now wet, terrible", id="p-2")
    act = await split(told.bridge, "acme", ticket_id, [await line_of(told, "p-1")], KIM, "the first is another matter")
    assert await told.rows("SELECT ticket_id FROM replies") == [(act.target_id,)]
    assert await told.rows("SELECT ticket_id FROM entries WHERE kind = 'reply'") == [(act.target_id,)]


async def test_what_is_said_between_merge_and_undo_goes_where_it_belongs(told: Tale) -> None:
    parcel, bill = await two_stories(told)
    await merge(told.bridge, "acme", bill, parcel, KIM, "one outage")
    more = await told.says("sam", STILL, id="p-more", thread_id="p-bill", parent_id="p-bill")
    own = await told.says("sam", STILL, id="p-own", thread_id="p-parcel", parent_id="p-parcel")
    assert await told.id_of(more) == await told.id_of(own) == parcel
    await undo(told.bridge, "acme", bill, None, KIM)
    assert (await told.id_of(more), await told.id_of(own)) == (bill, parcel)


async def test_undo_leaves_the_targets_own_older_words_in_the_same_thread(told: Tale) -> None:
    old = await told.says("sam", LATE, id="p-1")
    old_id = await told.id_of(old)
    await change(told.bridge, "acme", old_id, {"state": TicketState.SOLVED}, KIM)
    await change(told.bridge, "acme", old_id, {"state": TicketState.CLOSED}, KIM)
    told.clock.forward(8 * 86_400)
    new = await told.says("sam", LATE, id="p-2", thread_id="p-1", parent_id="p-1")
    new_id = await told.id_of(new)
    assert new_id != old_id
    await merge(told.bridge, "acme", new_id, old_id, KIM, "the same after all")
    assert (await told.ticket(old_id)).state is TicketState.OPEN
    late = await told.says("sam", STILL, id="p-3", thread_id="p-1", parent_id="p-2")
    await undo(told.bridge, "acme", old_id, None, KIM)
    assert [await told.id_of(post) for post in (old, new, late)] == [old_id, new_id, new_id]
    assert (await told.ticket(old_id)).state is TicketState.CLOSED


async def test_a_solved_story_that_is_spoken_of_while_merged_comes_back_open(told: Tale) -> None:
    parcel, bill = await two_stories(told)
    await change(told.bridge, "acme", bill, {"state": TicketState.SOLVED}, KIM)
    await merge(told.bridge, "acme", bill, parcel, KIM, "one outage")
    await told.says("sam", STILL, id="p-more", thread_id="p-bill", parent_id="p-bill")
    await undo(told.bridge, "acme", parcel, None, KIM)
    back = await told.ticket(bill)
    assert (back.state, back.solved_at) == (TicketState.OPEN, None)
    assert await told.rows(f"SELECT count(*) FROM waits WHERE ticket_id = '{bill}' AND ended_at IS NULL") == [(1,)]


async def test_the_merged_story_takes_the_earlier_beginning_and_the_higher_priority(told: Tale) -> None:
    parcel, bill = await two_stories(told)
    await change(told.bridge, "acme", parcel, {"priority": Priority.URGENT}, KIM)
    await merge(told.bridge, "acme", parcel, bill, KIM, "one outage")
    first, merged = await told.ticket(parcel), await told.ticket(bill)
    assert (merged.occurred_at, merged.priority, merged.priority_by) == (first.occurred_at, Priority.URGENT, KIM)
    assert merged.priority_reasons[-1] == f"taken over from {parcel}"


async def test_a_fact_a_person_changed_since_is_not_set_back(told: Tale) -> None:
    parcel, bill = await two_stories(told)
    await change(told.bridge, "acme", parcel, {"priority": Priority.URGENT}, KIM)
    await merge(told.bridge, "acme", parcel, bill, KIM, "one outage")
    await change(told.bridge, "acme", bill, {"priority": Priority.LOW}, "Robin via desk")
    await undo(told.bridge, "acme", bill, None, KIM)
    assert (await told.ticket(bill)).priority is Priority.LOW


@pytest.mark.parametrize(("said", "waits"), [(True, 1), (False, 1)])
async def test_of_two_queued_acknowledgements_one_waits_for_a_person_and_undo_lets_it_go(
    told: Tale, said: bool, waits: int
) -> None:
    posts = [told.post("sam", LATE, id="p-1"), told.post("sam", BILLED, id="p-2")]
    await told.hears(*posts)
    await told.judges()
    one, two = [await told.id_of(post) for post in posts]
    assert await told.rows("SELECT state FROM replies") == [("queued",), ("queued",)]
    if said:
        await told.speaks(1)
    sent = [row[0] for row in await told.rows("SELECT ticket_id FROM replies WHERE state = 'sent'")]
    source, target = (one, two) if sent != [one] else (two, one)
    await merge(told.bridge, "acme", source, target, KIM, "one outage")
    held = await told.rows(f"SELECT id FROM replies WHERE state = 'awaiting_approval' AND reason = '{HELD}'")
    assert len(held) == waits
    await told.works()
    assert len(told.printed) == 1
    with pytest.raises(NotAllowed, match="has an acknowledgement in this story already"):
        await approve(told.bridge, "acme", held[0][0], KIM)
    await undo(told.bridge, "acme", target, None, KIM)
    await told.works()
    assert len(told.printed) == 2


async def test_after_a_split_the_same_person_hears_no_second_acknowledgement(told: Tale) -> None:
    first = await told.says("sam", LATE, id="p-1")
    ticket_id = await told.id_of(first)
    await told.says("sam", "@acme my parcel is late and now wet, terrible", id="p-2")
    act = await split(told.bridge, "acme", ticket_id, [await line_of(told, "p-2")], KIM, "another parcel")
    more = await told.says("sam", LATE + " at all", id="p-3", thread_id="p-2", parent_id="p-2")
    assert await told.id_of(more) == act.target_id
    assert told.printed == [("sam", "public")]


async def test_a_reply_sent_while_its_ticket_is_merged_is_written_where_its_post_is(told: Tale) -> None:
    posts = [told.post("sam", LATE, id="p-1"), told.post("robin", BILLED, id="p-2")]
    await told.hears(*posts)
    await told.judges()
    one, two = [await told.id_of(post) for post in posts]
    await merge(told.bridge, "acme", one, two, KIM, "one household")
    await told.works()
    assert sorted(told.printed) == [("robin", "public"), ("sam", "public")]
    assert await told.rows("SELECT DISTINCT ticket_id FROM entries WHERE kind = 'reply'") == [(two,)]
    await undo(told.bridge, "acme", one, None, KIM)
    lines = await told.rows("SELECT ticket_id FROM entries WHERE kind = 'reply'")
    assert sorted(lines) == sorted([(one,), (two,)])


async def test_private_words_stay_private_in_every_ticket_of_the_family(told: Tale) -> None:
    first = await told.says("sam", LATE, id="p-1")
    ticket_id = await told.id_of(first)
    await told.whispers("sam", "my door code is forty two blue seven nine", id="dm-1")
    act = await split(told.bridge, "acme", ticket_id, [await line_of(told, "dm-1")], KIM, "about the door")
    assert (await told.ticket(act.target_id)).surface is Surface.PRIVATE
    leak = Saying("acme", ticket_id, "Is it forty two blue seven nine?", KIM, "k-1", Surface.PUBLIC)
    with pytest.raises(NotAllowed, match="said in private"):
        async with told.store.writing() as uow:
            await say(told.bridge, uow, leak, told.clock.now())


@pytest.mark.parametrize(
    ("source", "target", "code"),
    [("parcel", "parcel", "merge_itself"), ("parcel", "bill", "merge_cycle"), ("bill", "other", "merged")],
)
async def test_a_merge_that_makes_no_sense_is_refused(told: Tale, source: str, target: str, code: str) -> None:
    parcel, bill = await two_stories(told)
    other = await told.id_of(await told.says("robin", LATE, id="p-robin"))
    ids = {"parcel": parcel, "bill": bill, "other": other}
    await merge(told.bridge, "acme", bill, parcel, KIM, "one outage")
    before = await where(told)
    with pytest.raises(NotAllowed) as raised:
        await merge(told.bridge, "acme", ids[source], ids[target], KIM, "again")
    assert raised.value.code == code
    assert await where(told) == before


async def test_a_merged_ticket_is_changed_noted_and_split_no_more(told: Tale) -> None:
    parcel, bill = await two_stories(told)
    await merge(told.bridge, "acme", bill, parcel, KIM, "one outage")
    for act in (
        change(told.bridge, "acme", bill, {"state": TicketState.OPEN}, KIM),
        note(told.bridge, "acme", bill, "words", KIM),
        split(told.bridge, "acme", bill, ["ent_1"], KIM, "why"),
    ):
        with pytest.raises(NotAllowed, match=f"was merged into {parcel}") as raised:
            await act
        assert raised.value.code == "merged"


async def test_a_split_of_nothing_of_everything_or_of_what_is_not_there_is_refused(told: Tale) -> None:
    first = await told.says("sam", LATE, id="p-1")
    ticket_id = await told.id_of(first)
    noted = await note(told.bridge, "acme", ticket_id, "called him", KIM)
    whole = await line_of(told, "p-1")
    ((answer,),) = await told.rows("SELECT id FROM entries WHERE kind = 'reply'")
    for lines, code in (
        ([], "split_of_nothing"),
        ([noted.id], "split_of_nothing"),
        ([whole], "split_of_everything"),
        ([answer], "line_stays"),
        (["ent_none"], "not_its_line"),
    ):
        with pytest.raises(NotAllowed) as raised:
            await split(told.bridge, "acme", ticket_id, lines, KIM, "why")
        assert raised.value.code == code
    assert await told.rows("SELECT count(*) FROM tickets") == [(1,)]


async def test_acts_are_undone_newest_first_and_once(told: Tale) -> None:
    parcel, bill = await two_stories(told)
    other = await told.id_of(await told.says("robin", LATE, id="p-robin"))
    before = await where(told)
    first = await merge(told.bridge, "acme", bill, parcel, KIM, "one outage")
    second = await merge(told.bridge, "acme", parcel, other, KIM, "one household")
    for ticket_id, act_id, code in ((bill, first.id, "newer_act"), (bill, None, "newer_act")):
        with pytest.raises(NotAllowed) as raised:
            await undo(told.bridge, "acme", ticket_id, act_id, KIM)
        assert raised.value.code == code
    with pytest.raises(NotFound):
        await undo(told.bridge, "acme", bill, second.id, KIM)
    await undo(told.bridge, "acme", other, None, KIM)
    await undo(told.bridge, "acme", bill, None, KIM)
    assert await where(told) == before
    for act_id, code in ((first.id, "undone"), (None, "nothing_to_undo")):
        with pytest.raises(NotAllowed) as raised:
            await undo(told.bridge, "acme", bill, act_id, KIM)
        assert raised.value.code == code


async def test_a_ticket_of_another_brand_is_not_there(told: Tale) -> None:
    parcel, _ = await two_stories(told)
    for act in (
        merge(told.bridge, "acme", parcel, "tkt_none", KIM, "why"),
        merge(told.bridge, "borealis", parcel, parcel + "x", KIM, "why"),
        undo(told.bridge, "borealis", parcel, None, KIM),
        split(told.bridge, "borealis", parcel, ["ent_1"], KIM, "why"),
    ):
        with pytest.raises(NotFound):
            await act


async def test_whoever_read_an_older_ticket_reads_again(told: Tale) -> None:
    parcel, bill = await two_stories(told)
    seen = (await told.ticket(bill)).sequence
    await note(told.bridge, "acme", bill, "called him", KIM, seen)
    for act in (
        note(told.bridge, "acme", bill, "again", KIM, seen),
        change(told.bridge, "acme", bill, {"state": TicketState.OPEN}, KIM, seen),
        merge(told.bridge, "acme", bill, parcel, KIM, "why", seen),
        split(told.bridge, "acme", bill, ["ent_1"], KIM, "why", seen),
    ):
        with pytest.raises(Stale):
            await act
