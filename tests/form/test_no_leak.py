"""A secret written in private is planted, and every path that can say something in public tries to say it."""

from typing import Any

import pytest
import sqlalchemy as sa

from fakes.form_world import FormWorld
from fakes.people import ACME
from mentionbridge.domain.errors import NotAllowed
from mentionbridge.domain.mention import Surface
from mentionbridge.domain.reply import ReplyRight, ReplyState, Sent
from mentionbridge.pipeline import steer
from mentionbridge.pipeline.post import post
from mentionbridge.pipeline.say import Saying, say
from mentionbridge.ports.access import Scope
from mentionbridge.ports.store import Queue
from mentionbridge.store import tables as t

SECRET = "the blue gate code is 4471 behind the bakery"
TOLD = [
    f"As you wrote: {SECRET}.",
    "We passed on THE BLUE GATE CODE IS what you gave us.",
    "Is 4471 still right?",
    "the blue\u200b gate code is…",
]


async def plant(place: FormWorld) -> list[str]:
    """Write the secret into the form, and record whatever leaves in public from now on."""
    browser = place.browser()
    await browser.opens()
    await browser.sends(message=SECRET)
    assert browser.status == 200
    said: list[str] = []
    platform: Any = place.bridge.at("acme", ACME.id).platform

    async def send(intent: Any, gate: Any) -> Sent:
        said.append(intent.text)
        return Sent("p-out")

    async def reply_rights(target: Any) -> list[ReplyRight]:
        return [ReplyRight(Surface.PUBLIC, True), ReplyRight(Surface.PRIVATE, True)]

    platform.send, platform.reply_rights = send, reply_rights
    return said


async def works(place: FormWorld) -> None:
    """Send what is due, as a worker would."""
    async with place.world.store.writing() as uow:
        leases = await uow.claims.take(Queue.SEND, 10, 30)
    for lease in leases:
        await post(place.bridge, lease)


async def state(place: FormWorld) -> str:
    (reply,) = [row for row in await place.rows(t.replies) if row.id == place.reply.id]
    return str(reply.state)


async def rewrite(place: FormWorld, text: str, to: ReplyState) -> None:
    async with place.world.engine.writing() as connection:
        due = place.world.clock.now() if to is ReplyState.QUEUED else None
        await connection.execute(sa.update(t.replies).values(text=text, state=to, due=due))


@pytest.mark.parametrize("text", TOLD[:3])
async def test_a_persons_answer_over_the_api_is_refused(place: FormWorld, text: str) -> None:
    said = await plant(place)
    headers = {**await place.site.token(Scope.READ, Scope.REPLY), "idempotency-key": "k"}
    path = f"/v1/tickets/{place.handoff.ticket_id}/messages"
    body = {"text": text, "surface": "public", "seen": 0}
    answer = await place.browser().http.post(path, json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "tells_private")
    assert said == []


@pytest.mark.parametrize("text", TOLD[:3])
async def test_a_desks_answer_is_refused(place: FormWorld, text: str) -> None:
    await plant(place)
    saying = Saying("acme", place.handoff.ticket_id, text, "Kim via desk", "once", Surface.PUBLIC)
    with pytest.raises(NotAllowed) as refused:
        async with place.world.store.writing() as uow:
            await say(place.bridge, uow, saying, place.world.clock.now())
    assert refused.value.code == "tells_private"


@pytest.mark.parametrize("text", TOLD[:3])
async def test_what_waited_in_the_queue_is_looked_at_again_before_it_leaves(place: FormWorld, text: str) -> None:
    said = await plant(place)
    await rewrite(place, text, ReplyState.QUEUED)
    await works(place)
    assert (said, await state(place)) == ([], "refused")


async def test_an_edited_and_approved_draft_is_looked_at_too(place: FormWorld) -> None:
    said = await plant(place)
    await rewrite(place, "We look into it.", ReplyState.AWAITING_APPROVAL)
    try:
        await steer.edit(place.bridge, "acme", place.reply.id, TOLD[0], "Kim")
        await steer.approve(place.bridge, "acme", place.reply.id, "Kim")
    except NotAllowed as refused:
        assert refused.code == "tells_private"
    await works(place)
    assert said == [] and await state(place) != "sent"


async def test_words_without_the_secret_do_leave(place: FormWorld) -> None:
    said = await plant(place)
    await rewrite(place, "We look into it.", ReplyState.QUEUED)
    await works(place)
    assert (said, await state(place)) == (["We look into it."], "sent")


async def test_the_form_itself_shows_it_to_nobody_else(place: FormWorld) -> None:
    await plant(place)
    assert "4471" not in await place.browser().opens()
    assert "4471" not in await place.browser("/c/acme").opens()
