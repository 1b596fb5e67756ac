"""Words that may be out already stay as they are until their fate is known."""

import pytest

from fakes.people import connect, post, story
from fakes.world import World
from mentionbridge.domain.reply import Reply, ReplyState
from mentionbridge.pipeline.take_in import take_edit
from mentionbridge.ports.store import Queue


async def repeated(world: World) -> Reply:
    """A reply whose first request may have left, queued again under the same key."""
    async with world.store.writing() as uow:
        await connect(uow)
        reply = await story(uow)
        (lease,) = await uow.claims.take(Queue.SEND, 1, 30)
        assert await uow.replies.claim_sending(reply, lease, world.clock.now())
        sending = await uow.replies.get("acme", reply.id)
        assert sending is not None
        unknown = await uow.replies.move(sending, ReplyState.UNKNOWN, world.clock.now(), lease_token=None)
        return await uow.replies.move(unknown, ReplyState.QUEUED, world.clock.now())


@pytest.mark.parametrize("left", [True, False])
async def test_an_edit_of_the_post_takes_back_only_what_cannot_be_out(world: World, left: bool) -> None:
    if left:
        reply = await repeated(world)
    else:
        async with world.store.writing() as uow:
            await connect(uow)
            reply = await story(uow)
    assert reply.may_be_out is left
    async with world.store.writing() as uow:
        mention = await uow.mentions.get("acme", reply.mention_id)
        assert mention is not None
        edited = post(mention.external_id, "@acme it has arrived, thank you", edit_version="2")
        await take_edit(uow, mention, edited, world.clock.now())
        after = await uow.replies.get("acme", reply.id)
    assert after is not None
    assert after.state is (ReplyState.QUEUED if left else ReplyState.AWAITING_APPROVAL)
    assert after.text == reply.text
