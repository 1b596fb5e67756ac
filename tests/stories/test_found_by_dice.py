"""What `test_any_story` once found, each told by itself."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fakes.tale import LATE, Tale
from mentionbridge.domain.errors import NotAllowed
from mentionbridge.domain.mention import Post, Surface, Visibility
from mentionbridge.domain.ticket import TicketState
from mentionbridge.pipeline.change import change
from mentionbridge.pipeline.forget import forget
from mentionbridge.pipeline.know import join_customers
from mentionbridge.pipeline.merge import merge
from mentionbridge.pipeline.message import message
from mentionbridge.pipeline.note import note
from mentionbridge.pipeline.promise import promise
from mentionbridge.pipeline.say import Saying
from mentionbridge.pipeline.split import split
from mentionbridge.store.reading import StoredDesk

both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
KIM = "Kim via desk"


async def leaves(told: Tale, who: str) -> None:
    query = f"SELECT customer_id FROM authors WHERE external_id = 'u-{who}'"
    ((customer_id,),) = await told.rows(query)
    await forget(told.bridge, "acme", customer_id, KIM)


async def waiting(told: Tale, post: Post) -> int:
    ticket_id = await told.id_of(post)
    return len(await told.rows(f"SELECT id FROM waits WHERE ticket_id = '{ticket_id}' AND ended_at IS NULL"))


async def test_nobody_waits_in_the_story_of_a_customer_who_left(told: Tale) -> None:
    await told.says("sam", LATE)
    await leaves(told, "sam")
    assert await told.rows('SELECT "end" FROM waits') == [("unanswered",)]


@both
async def test_who_leaves_takes_their_words_along_from_a_ticket_they_were_merged_into(told: Tale) -> None:
    sam, ann = await told.says("sam", LATE), await told.says("ann", f"{LATE} marmalade")
    hers = await told.id_of(ann)
    await note(told.bridge, "acme", hers, "she fears for the marmalade", KIM)
    await note(told.bridge, "acme", await told.id_of(sam), "his is fine", KIM)
    await promise(told.bridge, "acme", hers, "new marmalade", told.clock.now() + timedelta(days=1), KIM)
    await merge(told.bridge, "acme", hers, await told.id_of(sam), KIM, "one household")
    await leaves(told, "ann")
    assert (await StoredDesk(told.store).search(["acme"], "marmalade", {}, None, 5)).items == []
    assert await told.rows("SELECT text FROM entries WHERE text IS NOT NULL") == [("his is fine",)]
    assert await told.rows("SELECT what FROM commitments") == [("",)]
    assert len((await StoredDesk(told.store).search(["acme"], "parcel", {}, None, 5)).items) == 1, "his words stay"


async def test_an_edit_in_a_story_that_is_over_makes_nobody_wait(told: Tale) -> None:
    said = await told.says("sam", LATE)
    await change(told.bridge, "acme", await told.id_of(said), {"state": TicketState.SOLVED}, KIM)
    await told.hears(replace(said, text=f"{LATE}, really", edit_version="2"))
    await told.works()
    assert await waiting(told, said) == 0


@both
@pytest.mark.parametrize("other", ["a story of its own", "no story yet", "another name"])
async def test_what_a_person_whispered_outside_of_the_story_is_not_said_in_it(told: Tale, other: str) -> None:
    said = await told.says("sam", LATE)
    if other == "a story of its own":
        whispered = await told.whispers("sam", "my number is 70005550199", id="dm-1")
        lines = await told.rows("SELECT id FROM entries WHERE mention_id IS NOT NULL ORDER BY sequence DESC")
        await split(told.bridge, "acme", await told.id_of(whispered), [lines[0][0]], KIM, "about the number")
    elif other == "no story yet":
        whisper = told.post("sam", "my number is 70005550199", thread_id="dm-sam", visibility=Visibility.DIRECT)
        await told.hears(whisper)
    else:
        await told.whispers("ann", "my parcel is late, my number is 70005550199", id="dm-1")
        sam, ann = [row[0] for row in await told.rows("SELECT customer_id FROM authors ORDER BY external_id DESC")]
        await join_customers(told.bridge, "acme", ann, sam, KIM, "one household")
    leak = Saying("acme", await told.id_of(said), "Is it 70005550199?", KIM, "k-1", Surface.PUBLIC)
    with pytest.raises(NotAllowed, match="said in private"):
        await message(told.bridge, leak)
