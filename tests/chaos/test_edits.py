"""Posts change and vanish between our steps, and news of it comes late, twice or in the wrong order."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from fakes.chaos_driver import Life, begun
from fakes.chaos_outside import FOLLOW_UP
from fakes.databases import fresh_database
from fakes.demo_town import ACME
from fakes.people import post as a_post
from mentionbridge.domain.mention import Origin, Post
from mentionbridge.pipeline.take_in import Arrival, take_in
from mentionbridge.platforms.demo import wire
from mentionbridge.ports.store import Queue

CALM = "@acme my broadband is back, thank you all"


@pytest.fixture
async def life(quick_folder: Path) -> AsyncIterator[Life]:
    async with begun(fresh_database("sqlite", quick_folder), quick_folder) as alive:
        yield alive


async def judged(life: Life) -> str:
    """A complaint with its answer queued; nobody has told us anything newer."""
    complaint = await life.outside.complains()
    await life.hear()
    await life.serve(Queue.HOOK)
    await life.serve(Queue.JUDGE)
    return complaint


async def edits(life: Life, post_id: str, text: str) -> None:
    await life.outside.town.plays("PATCH", f"people/sam/posts/{post_id}", text=text)


async def deletes(life: Life, post_id: str) -> None:
    await life.outside.town.plays("DELETE", f"people/sam/posts/{post_id}")


async def told(life: Life, type_: str) -> int:
    return int(await life.one(f"SELECT count(*) FROM events WHERE type = '{type_}'"))


async def test_a_post_deleted_before_the_send_is_not_answered_although_nobody_told_us(life: Life) -> None:
    complaint = await judged(life)
    await deletes(life, complaint)
    await life.serve(Queue.SEND)
    assert life.outside.ours() == []
    assert await life.rows("SELECT state, reason FROM replies") == [("refused", "target_gone: the post is gone")]
    await life.until_quiet()
    assert await life.rows("SELECT text, redacted, deleted_at IS NULL FROM mentions") == [("", 1, 0)]


async def test_a_deletion_told_between_our_last_look_and_the_claim_wins(life: Life) -> None:
    complaint = await judged(life)
    await deletes(life, complaint)
    ((_, body),) = life.outside.owed()
    await withdrawn_meanwhile(life, body)
    assert life.outside.ours() == []
    assert await life.rows("SELECT state FROM replies") == [("cancelled",)]


@pytest.mark.parametrize("is_told", [True, False], ids=["told", "found out"])
async def test_whoever_deletes_and_says_it_again_is_answered_once(life: Life, is_told: bool) -> None:
    complaint = await judged(life)
    await deletes(life, complaint)
    if is_told:
        await life.hear()
        await life.serve(Queue.HOOK)
    else:
        await life.serve(Queue.SEND)
    again = await life.outside.says("sam", "@acme my broadband has been down since Tuesday, nobody answers")
    await life.until_quiet()
    assert (len(life.outside.ours()), len(life.outside.answers_to(again))) == (1, 1)
    assert await life.one("SELECT count(*) FROM tickets") == 1


async def withdrawn_meanwhile(life: Life, body: bytes) -> None:
    """Another worker follows the deletion while ours holds the reply and has been told that it may be said."""
    async with life.bridge.store.writing() as uow:
        (lease,) = await uow.claims.take(Queue.SEND, 1, 30)
    async with life.bridge.store.reading() as uow:
        reply = await uow.replies.get("acme", lease.id)
        health = await uow.accounts.health("acme", "acme")
    assert reply is not None
    async with life.bridge.store.writing() as uow:
        arrivals = [Arrival(ACME, health, item) for item in wire.read_events(body)]
        await take_in(uow, arrivals, origin=Origin.HOOK, now=life.now)
    async with life.bridge.store.writing() as uow:
        assert not await uow.replies.claim_sending(reply, lease, life.now)


async def test_an_edit_told_before_the_send_brings_the_answer_back_to_a_person(life: Life) -> None:
    complaint = await judged(life)
    await edits(life, complaint, CALM)
    await life.until_quiet()
    assert life.outside.ours() == []
    assert await life.rows("SELECT state, reason FROM replies") == [("awaiting_approval", "the post was edited")]
    assert await told(life, "mention.edited") == 1


async def test_a_deletion_after_the_answer_takes_the_words_everywhere(life: Life) -> None:
    complaint = await judged(life)
    await life.until_quiet()
    await deletes(life, complaint)
    await life.until_quiet()
    assert await life.rows("SELECT text, raw, redacted FROM mentions") == [("", None, 1)]
    assert await life.one("SELECT count(*) FROM media") == 0
    assert await life.rows("SELECT state FROM replies") == [("sent",)]
    assert await told(life, "mention.deleted") == 1
    async with life.bridge.store.reading() as uow:
        events = await uow.events.after(0, 100)
        rendered = [await uow.events.render(event) for event in events if event.mention_id]
    assert all(words["mention"].get("redacted") and "text" not in words["mention"] for words in rendered)


async def test_a_deletion_nobody_tells_us_of_is_followed_also_where_there_is_no_ticket(life: Life) -> None:
    praise = await life.outside.says("sam", "@acme what a lovely day, thanks for the great service")
    await life.until_quiet()
    assert await life.one("SELECT count(*) FROM tickets") == 0
    await deletes(life, praise)
    life.outside.told = life.outside.network.seq
    life.outside.clock.forward(timedelta(hours=24).total_seconds())
    await life.until_quiet()
    assert await life.rows("SELECT text, redacted FROM mentions") == [("", 1)]


@pytest.mark.parametrize("origin", [Origin.PUSH, Origin.REPLAY])
async def test_what_no_network_showed_us_is_not_looked_for_there(life: Life, origin: Origin) -> None:
    pushed = a_post("pushed-1", "@acme my broadband is down and nobody answers", created_at=life.now)
    async with life.bridge.store.writing() as uow:
        health = await uow.accounts.health("acme", "acme")
        await take_in(uow, [Arrival(ACME, health, pushed)], origin=origin, now=life.now)
    for _ in range(4):
        await life.until_quiet()
        life.outside.clock.forward(3600)
    assert await life.one("SELECT text FROM mentions") == pushed.text, (
        "a network that never had it cannot say it is gone"
    )


async def late(life: Life, post_id: str) -> Post:
    """The post as the network shows it now, for a telling that will arrive late."""
    found = await life.bridge.connected["acme", "acme"].platform.fetch([_Ref(post_id)])
    seen = found[post_id]
    assert isinstance(seen, Post)
    return seen


class _Ref:
    def __init__(self, external_id: str) -> None:
        self.external_id = external_id


async def hears(life: Life, post: Post, origin: Origin = Origin.HOOK) -> None:
    async with life.bridge.store.writing() as uow:
        health = await uow.accounts.health("acme", "acme")
        await take_in(uow, [Arrival(ACME, health, post)], origin=origin, now=life.now)


@pytest.mark.parametrize("origin", [Origin.HOOK, Origin.POLL])
@pytest.mark.parametrize("edited_before", [False, True], ids=["the original", "an earlier edit"])
async def test_an_old_version_told_late_does_not_bring_old_words_back(
    life: Life, edited_before: bool, origin: Origin
) -> None:
    complaint = await judged(life)
    if edited_before:
        await edits(life, complaint, "@acme my broadband is down, and my name is Sam Rivera")
    old = await late(life, complaint)
    await edits(life, complaint, FOLLOW_UP)
    await life.until_quiet()
    assert await life.one("SELECT text FROM mentions") == FOLLOW_UP
    before = await told(life, "mention.edited")
    await hears(life, old, origin)
    await life.until_quiet()
    assert await life.one("SELECT text FROM mentions") == FOLLOW_UP
    assert await told(life, "mention.edited") == before


async def test_a_second_edit_told_by_webhook_arrives(life: Life) -> None:
    complaint = await judged(life)
    await edits(life, complaint, FOLLOW_UP)
    await life.until_quiet()
    await edits(life, complaint, CALM)
    await life.until_quiet()
    assert await life.one("SELECT text FROM mentions") == CALM
    assert await told(life, "mention.edited") == 2


async def test_words_told_after_their_deletion_stay_gone(life: Life) -> None:
    complaint = await judged(life)
    old = await late(life, complaint)
    await deletes(life, complaint)
    await life.until_quiet()
    await hears(life, old)
    await life.until_quiet()
    assert await life.rows("SELECT text, redacted FROM mentions") == [("", 1)]
    assert await told(life, "mention.received") == 1


async def test_a_post_first_told_after_its_deletion_leaves_no_words(life: Life) -> None:
    complaint = await life.outside.complains()
    old = await late(life, complaint)
    await deletes(life, complaint)
    await life.until_quiet()
    await hears(life, old)
    await life.until_quiet()
    life.outside.clock.forward(180)
    await life.until_quiet()
    assert life.outside.ours() == []
    assert await life.rows("SELECT text, redacted FROM mentions") == [("", 1)]
