"""A private word leaves in public only by a person's release, and only in the words released."""

from typing import Any

import pytest

from fakes.tale import LATE, Tale
from mentionbridge.domain.errors import NotAllowed
from mentionbridge.domain.mention import Surface
from mentionbridge.pipeline.message import message
from mentionbridge.pipeline.say import Saying
from mentionbridge.pipeline.steer import approve, edit

KIM = "Kim via desk"
SECRET = "my order is AC-4711-88"
ANSWER = "Order AC-4711-88 is with the driver now."
both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])


async def whispered(told: Tale) -> str:
    """A public complaint whose writer tells a number in private."""
    post = await told.says("sam", LATE)
    await told.whispers("sam", SECRET)
    return await told.id_of(post)


def saying(ticket_id: str, once: str = "k-1", **facts: Any) -> Saying:
    return Saying("acme", ticket_id, facts.pop("text", ANSWER), KIM, once, Surface.PUBLIC, **facts)


def said(told: Tale) -> list[str]:
    return [intent.text for intent in told.paper.printed.values() if "AC-4711-88" in intent.text]


@both
async def test_released_words_go_out_and_say_who_released_them(told: Tale) -> None:
    ticket_id = await whispered(told)
    with pytest.raises(NotAllowed) as refused:
        await message(told.bridge, saying(ticket_id))
    assert refused.value.code == "tells_private"
    reply = await message(told.bridge, saying(ticket_id, release="she asked for it in writing"))
    assert reply.released == "she asked for it in writing"
    await told.works()
    assert said(told) == [ANSWER]
    ((reason, actor),) = await told.rows("SELECT reason, actor FROM entries WHERE kind = 'released'")
    assert (reason, actor) == ("private words, she asked for it in writing", KIM)


async def test_a_release_is_for_one_answer(told: Tale) -> None:
    ticket_id = await whispered(told)
    await message(told.bridge, saying(ticket_id, release="she asked for it"))
    with pytest.raises(NotAllowed):
        await message(told.bridge, saying(ticket_id, "k-2", text=f"{ANSWER} Truly."))


async def test_other_words_need_another_release(told: Tale) -> None:
    ticket_id = await whispered(told)
    reply = await message(told.bridge, saying(ticket_id, release="she asked for it"))
    await edit(told.bridge, "acme", reply.id, f"{ANSWER} And so is AC-4711-88.", KIM)
    await approve(told.bridge, "acme", reply.id, KIM)
    await told.works()
    assert said(told) == []
    ((state, released),) = await told.rows(f"SELECT state, released FROM replies WHERE id = '{reply.id}'")
    assert (state, released) == ("refused", None)


async def test_a_release_answers_no_private_message_in_public(told: Tale) -> None:
    whisper = await told.whispers("sam", f"{LATE}, {SECRET}")
    ticket_id = await told.id_of(whisper)
    (mention_id,) = (await told.rows("SELECT id FROM mentions"))[0]
    with pytest.raises(NotAllowed) as refused:
        await message(told.bridge, saying(ticket_id, release="she asked for it", in_reply_to=mention_id))
    assert refused.value.code == "said_in_private"


async def test_what_tells_nothing_private_needs_no_release_and_keeps_none(told: Tale) -> None:
    ticket_id = await whispered(told)
    reply = await message(told.bridge, saying(ticket_id, text="It is with the driver now.", release="to be sure"))
    assert reply.released is None
