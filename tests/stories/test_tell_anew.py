"""Whoever was told a time hears of another one, once a person has approved the words."""

from datetime import timedelta

from fakes.tale import LATE, Tale
from mentionbridge.domain.reply import Reply, ReplyState
from mentionbridge.pipeline.message import message
from mentionbridge.pipeline.promise import move, promise
from mentionbridge.pipeline.say import Saying
from mentionbridge.pipeline.steer import approve

KIM = "Kim via desk"
DAY = timedelta(days=1)


async def drafts(told: Tale, ticket_id: str) -> list[Reply]:
    async with told.store.reading() as uow:
        found = [each for each in await uow.replies.of_ticket("acme", ticket_id) if each.reason]
    return sorted(found, key=lambda reply: reply.id)


async def test_whoever_was_told_gets_a_draft_and_only_the_newest(told: Tale) -> None:
    ticket_id = await told.id_of(await told.says("sam", LATE))
    answer = await message(told.bridge, Saying("acme", ticket_id, "It is with you tomorrow.", KIM, "1"))
    await told.works()
    made = await promise(
        told.bridge, "acme", ticket_id, "a new parcel", told.clock.now() + DAY, KIM, reply_id=answer.id
    )
    for days in (2, 3):
        await move(told.bridge, "acme", made.id, told.clock.now() + days * DAY, KIM, "the van broke down")
    await told.works()
    first, second = await drafts(told, ticket_id)
    assert (first.state, second.state) == (ReplyState.CANCELLED, ReplyState.AWAITING_APPROVAL)
    assert (second.mention_id, second.author_id, second.surface) == (answer.mention_id, answer.author_id, "public")
    assert "a new parcel" in second.text and "25.11.2026" in second.text
    assert len(told.printed) == 2, "nothing is sent by itself"
    await approve(told.bridge, "acme", second.id, KIM)
    await told.works()
    assert told.printed[2:] == [("sam", "public")]


async def test_who_was_told_nothing_hears_nothing(told: Tale) -> None:
    ticket_id = await told.id_of(await told.says("sam", LATE))
    made = await promise(told.bridge, "acme", ticket_id, "a new parcel", told.clock.now() + DAY, KIM)
    await move(told.bridge, "acme", made.id, told.clock.now() + 2 * DAY, KIM, "the van broke down")
    assert await drafts(told, ticket_id) == []
