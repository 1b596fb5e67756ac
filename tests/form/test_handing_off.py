"""Which way into private is offered, how far it leads, and what follows a dead end."""

from dataclasses import replace
from typing import Any

import pytest

from fakes.clock import START
from fakes.form_world import FormWorld
from fakes.people import ACME, post, store_post
from mentionbridge.domain.capabilities import Capabilities
from mentionbridge.domain.handoff import HandoffState, Way
from mentionbridge.domain.mention import Visibility
from mentionbridge.domain.reply import Link, Purpose, ReplyState
from mentionbridge.pipeline.hand_off import end_overdue, invite, offered, said_in_private
from mentionbridge.rules.handoff import Roads, best, leads
from mentionbridge.store import tables as t


@pytest.mark.parametrize(
    ("roads", "tried", "way"),
    [
        (Roads(True, True, True), (), Way.FORM),
        (Roads(False, True, True), (), Way.NETWORK),
        (Roads(False, False, True), (), Way.MESSAGE),
        (Roads(True, True, True), (Way.FORM,), Way.NETWORK),
        (Roads(True, False, False), (Way.FORM,), None),
        (Roads(), (), None),
    ],
)
def test_the_best_way_that_was_not_tried(roads: Roads, tried: tuple[Way, ...], way: Way | None) -> None:
    assert best(roads, tried) is way


def test_a_funnel_goes_forward_and_out_of_a_dead_end_only_by_somebody() -> None:
    s = HandoffState
    assert leads(s.OFFERED, s.DETAILS_RECEIVED) and leads(s.DEAD_END, s.OPENED)
    assert not leads(s.VERIFIED, s.OPENED) and not leads(s.DETAILS_RECEIVED, s.DEAD_END)
    assert not leads(s.PREPARED, s.DEAD_END) and not leads(s.DEAD_END, s.OFFERED)


async def test_the_token_is_the_same_after_a_lost_database_and_another_for_another_post(place: FormWorld) -> None:
    async with place.world.store.reading() as uow:
        same = uow.handoffs.token("acme", "demo\np-1", 1)
        others = [uow.handoffs.token(*each) for each in (("acme", "demo\np-2", 1), ("b", "demo\np-1", 1))]
    assert same == place.token and len(same) == 40 and same not in others


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_dead_end_is_offered_another_way_once_and_a_person_lets_it_out(place: FormWorld) -> None:
    place.world.clock.forward(15 * 86_400)
    assert await end_overdue(place.bridge) == 1
    assert (await place.funnel()).state == "dead_end"
    (another,) = [row for row in await place.rows(t.replies) if row.purpose == "handoff"]
    assert (another.state, another.kind) == ("awaiting_approval", "hand_off")
    assert "your parcel" in another.text and "private message" in another.text
    assert another.links[0][2] == "https://demo.example/messages"
    assert await end_overdue(place.bridge) == 0
    ways = [row.way for row in await place.rows(t.handoffs)]
    assert ways == ["form", "network"]


async def test_without_a_form_the_link_is_the_networks_own_and_a_message_fills_the_funnel(place: FormWorld) -> None:
    acme = replace(place.bridge.brands["acme"], form=None)
    bridge: Any = replace(place.bridge, brands={"acme": acme})
    async with place.world.store.writing() as uow:
        await uow.connection.execute(t.handoffs.delete())  # type: ignore[attr-defined]
        mention = await store_post(uow, post())
        ticket = await uow.tickets.get("acme", place.handoff.ticket_id)
        assert ticket is not None
        invitation = invite(bridge, uow, bridge.at("acme", ACME.id), mention, ticket)
        assert (invitation.handoff.way, invitation.url) == (Way.NETWORK, "https://demo.example/messages")
        sent = replace(place.reply, links=(Link(0, 1, invitation.url),), sent_at=START, state=ReplyState.SENT)
        assert await offered(bridge, uow, sent, START) == {}
        change = t.replies.update().values(links=[[0, 1, invitation.url]], sent_at=START)
        await uow.connection.execute(change)  # type: ignore[attr-defined]
        private = await store_post(uow, post("dm-1", "here is my number", visibility=Visibility.DIRECT))
        await said_in_private(bridge, uow, ticket, private, START)
    found = await place.funnel()
    assert (found.way, found.state, found.offered_at) == ("network", "details_received", START)


async def test_a_network_that_only_takes_messages_from_us_gets_one(place: FormWorld) -> None:
    platform: Any = place.bridge.at("acme", ACME.id).platform
    platform.capabilities, platform.private_link = Capabilities(private_messages=True), lambda: None
    place.world.clock.forward(15 * 86_400)
    await end_overdue(place.bridge)
    (another,) = [row for row in await place.rows(t.replies) if row.purpose == Purpose.HANDOFF]
    assert (another.surface, another.visibility, another.links) == ("private", "direct", [])
