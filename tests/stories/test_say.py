"""Whom a person's words go to: whoever said what they answer, on that surface, also after two people's tickets met."""

from datetime import timedelta
from typing import Any

import pytest

from fakes.tale import LATE, Tale
from mentionbridge.domain.errors import NotAllowed
from mentionbridge.domain.mention import Post, Surface
from mentionbridge.domain.reply import Reply
from mentionbridge.pipeline.merge import merge
from mentionbridge.pipeline.message import message
from mentionbridge.pipeline.promise import promise
from mentionbridge.pipeline.say import Saying
from mentionbridge.pipeline.take_in import withdraw
from mentionbridge.pipeline.undo import undo

KIM = "Kim via desk"
WORDS = "It is on its way."


@pytest.fixture
async def met(told: Tale) -> tuple[Tale, str, Post, Post]:
    """Sam and Ann had a ticket each; Kim merged Ann's into Sam's, and Sam spoke last."""
    sam, ann = await told.says("sam", LATE), await told.says("ann", LATE)
    await merge(told.bridge, "acme", await told.id_of(ann), await told.id_of(sam), KIM, "one household")
    sams = await told.says("sam", "@acme still nothing", thread_id=sam.thread_id, parent_id=sam.external_id)
    return told, await told.id_of(sam), sams, ann


async def says(told: Tale, ticket_id: str, once: str = "1", **facts: Any) -> Reply:
    return await message(told.bridge, Saying("acme", ticket_id, WORDS, KIM, once, **facts))


async def mention_of(told: Tale, post: Post) -> str:
    async with told.store.reading() as uow:
        mention = await uow.mentions.by_external_id("acme", "paper", post.external_id)
    assert mention is not None
    return mention.id


async def test_words_go_to_whoever_spoke_last(met: tuple[Tale, str, Post, Post]) -> None:
    told, ticket_id, sams, ann = met
    reply = await says(told, ticket_id)
    assert reply.mention_id == await mention_of(told, sams)
    await told.works()
    await told.says("ann", "@acme and mine?", thread_id=ann.thread_id, parent_id=ann.external_id)
    await says(told, ticket_id, "2")
    await told.works()
    assert told.printed[-2:] == [("sam", "public"), ("ann", "public")]


async def test_words_go_to_whose_post_is_named(met: tuple[Tale, str, Post, Post]) -> None:
    told, ticket_id, _, ann = met
    reply = await says(told, ticket_id, in_reply_to=await mention_of(told, ann))
    async with told.store.reading() as uow:
        (author,) = [each for each in [await uow.mentions.get("acme", reply.mention_id)] if each]
    assert (author.author.handle, reply.author_id) == ("ann", author.author_id)
    await told.works()
    assert told.printed[-1] == ("ann", "public")


async def test_a_private_answer_to_a_named_post_reaches_its_author_alone(met: tuple[Tale, str, Post, Post]) -> None:
    told, ticket_id, _, ann = met
    await says(told, ticket_id, in_reply_to=await mention_of(told, ann), surface=Surface.PRIVATE)
    await told.works()
    assert told.printed[-1] == ("ann", "private")


async def test_the_same_saying_again_is_the_first_one_whoever_spoke_since(
    met: tuple[Tale, str, Post, Post],
) -> None:
    told, ticket_id, _, ann = met
    first = await says(told, ticket_id)
    await told.says("ann", "@acme and mine?", thread_id=ann.thread_id, parent_id=ann.external_id)
    assert (await says(told, ticket_id)).id == first.id


async def test_an_answer_goes_back_with_the_post_it_answers(met: tuple[Tale, str, Post, Post]) -> None:
    told, ticket_id, _, ann = met
    reply = await says(told, ticket_id, in_reply_to=await mention_of(told, ann))
    await undo(told.bridge, "acme", ticket_id, None, KIM)
    async with told.store.reading() as uow:
        back = await uow.replies.get("acme", reply.id)
    assert back is not None and back.ticket_id == await told.id_of(ann) != ticket_id


async def test_posts_that_cannot_be_answered_so_are_refused(met: tuple[Tale, str, Post, Post]) -> None:
    told, ticket_id, _, ann = met
    elsewhere = await told.says("eve", LATE)
    whispered = await told.whispers("sam", "my order is 12345678")
    refused = {
        "not_its_post": {"in_reply_to": await mention_of(told, elsewhere)},
        "said_in_private": {"in_reply_to": await mention_of(told, whispered), "surface": Surface.PUBLIC},
    }
    for code, facts in refused.items():
        with pytest.raises(NotAllowed) as why:
            await says(told, ticket_id, code, **facts)
        assert why.value.code == code
    named = await mention_of(told, ann)
    async with told.store.writing() as uow:
        mention = await uow.mentions.get("acme", named)
        assert mention is not None
        await withdraw(uow, mention, told.clock.now())
    with pytest.raises(NotAllowed) as why:
        await says(told, ticket_id, in_reply_to=named)
    assert why.value.code == "nobody_to_answer"


async def test_a_word_is_given_to_whoever_was_told(met: tuple[Tale, str, Post, Post]) -> None:
    told, ticket_id, _, ann = met
    reply = await says(told, ticket_id, in_reply_to=await mention_of(told, ann))
    tomorrow = told.clock.now() + timedelta(days=1)
    made = await promise(told.bridge, "acme", ticket_id, "a call", tomorrow, KIM, reply_id=reply.id)
    assert made.author_id == reply.author_id
