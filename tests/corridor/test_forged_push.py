"""A push may come before the network's own word, and may be wrong: the network outranks it, and nothing is lost."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes.chaos_driver import Life, begun
from fakes.chaos_outside import COMPLAINT
from fakes.demo_town import ACME
from fakes.people import post as a_post
from mentionbridge.domain.account import Mode
from mentionbridge.domain.errors import NotAllowed
from mentionbridge.domain.mention import Author, Origin, Visibility
from mentionbridge.pipeline.steer import approve
from mentionbridge.pipeline.take_in import Arrival, take_in
from mentionbridge.pipeline.take_over import DISOWNED
from mentionbridge.ports.store import Queue

MALLORY = Author("u-999", "mallory", "Mallory")
SHOWN = "SELECT a.handle, m.text, m.origin IN ('poll', 'hook') FROM mentions m JOIN authors a ON a.id = m.author_id"


@pytest.fixture
async def life(database_url: str, tmp_path: Path) -> AsyncIterator[Life]:
    async with begun(database_url, tmp_path) as alive:
        yield alive


async def push(life: Life, external_id: str, text: str, **facts: Any) -> None:
    async with life.bridge.store.writing() as uow:
        known = await uow.accounts.health("acme", "acme")
        plain = {"author": MALLORY, "thread_id": external_id, "created_at": life.now}
        told = a_post(external_id, text, **{**plain, **facts})
        await take_in(uow, [Arrival(ACME, known, told)], origin=Origin.PUSH, now=life.now)


async def sam(life: Life) -> Author:
    state = life.outside.network
    person = state.person("sam")
    assert person is not None
    return Author(person.id, "sam")


async def judged(life: Life) -> None:
    await life.serve(Queue.JUDGE)


async def test_without_a_ticket_the_network_decides_everything(life: Life) -> None:
    real = await life.outside.complains()
    forged = {"thread_id": "x-1", "visibility": Visibility.DIRECT, "addressed": ("u-5",)}
    await push(life, real, "WIN a FREE phone!!! Click http://prizes.example/1", **forged)
    await judged(life)
    assert await life.one("SELECT count(*) FROM tickets") == 0
    await life.until_quiet()
    assert [(handle, text, bool(vouched)) for handle, text, vouched in await life.rows(SHOWN)] == [
        ("sam", COMPLAINT, True)
    ]
    assert await life.rows("SELECT thread_id, visibility FROM mentions") == [(real, "public")]
    assert len(life.outside.answers_to(real)) == 1
    assert await life.one("SELECT count(*) FROM media") == 1


LABELS = "SELECT handle, name, followers, is_bot FROM authors WHERE external_id = '{}'"


async def labels(life: Life, external_id: str) -> list[tuple[Any, ...]]:
    return [
        (handle, name, followers, bool(bot))
        for handle, name, followers, bot in await life.rows(LABELS.format(external_id))
    ]


async def test_a_push_changes_nobody_whom_the_network_has_shown_us(life: Life) -> None:
    await life.outside.complains()
    await life.until_quiet()
    real = await sam(life)
    shown = await labels(life, real.external_id)
    await push(life, "x-7", "@acme hello", author=Author(real.external_id, "spammer", "Spam", 9_999_999, is_bot=True))
    assert await labels(life, real.external_id) == shown
    again = await life.outside.complains()
    await life.until_quiet()
    assert await labels(life, real.external_id) == shown
    assert await life.one(f"SELECT count(*) FROM mentions WHERE external_id = '{again}' AND state = 'judged'") == 1


async def test_what_was_pushed_of_somebody_holds_until_the_network_shows_them(life: Life) -> None:
    complaint = await life.outside.complains()
    real = await sam(life)
    forged = Author(real.external_id, "spammer", "Spam", 9_999_999, is_bot=True)
    await push(life, "x-7", "@acme hello", author=replace(forged, handle="first"))
    await push(life, "x-8", "@acme hello", author=forged)
    assert await labels(life, real.external_id) == [("spammer", "Spam", 9_999_999, True)]
    await life.until_quiet()
    ((handle, name, _, is_bot),) = await labels(life, real.external_id)
    assert (handle, name == "Spam", is_bot) == ("sam", False, False)
    assert len(life.outside.answers_to(complaint)) == 1


async def test_a_forged_author_with_a_ticket_leaves_a_line_and_the_real_post_has_its_own_story(life: Life) -> None:
    real = await life.outside.complains()
    await push(life, real, "@acme my router caught fire, I want my money back")
    await judged(life)
    ((forged_ticket,),) = await life.rows("SELECT id FROM tickets")
    await life.until_quiet()
    assert await life.rows(f"SELECT kind, surface, reason FROM entries WHERE ticket_id = '{forged_ticket}'") == [
        ("disowned", "internal", DISOWNED)
    ]
    states = await life.rows(f"SELECT state FROM replies WHERE ticket_id = '{forged_ticket}'")
    assert {state for (state,) in states} <= {"cancelled"}
    ((kept, reason),) = await life.rows("SELECT body, reason FROM inbox WHERE state = 'unreadable'")
    assert (json.loads(bytes(kept))["author"]["handle"], reason) == ("mallory", DISOWNED)
    ((handle, text, vouched),) = await life.rows(SHOWN)
    assert (handle, text, bool(vouched)) == ("sam", COMPLAINT, True)
    teller = "SELECT t.id, a.handle FROM tickets t JOIN authors a ON a.id = t.author_id"
    ((ticket_id, author),) = await life.rows(f"{teller} JOIN mentions m ON m.ticket_id = t.id")
    assert ticket_id != forged_ticket and author == "sam"
    assert len(life.outside.ours()) == len(life.outside.answers_to(real)) == 1


async def test_what_was_answered_below_the_post_is_not_answered_again_in_the_real_story(life: Life) -> None:
    thread = await life.outside.says("sam", "@acme what a lovely day")
    await life.until_quiet()
    real = await life.outside.says("sam", COMPLAINT, parent=thread)
    other = "@acme the worst company ever, your parcel never arrived and nobody answers"
    await push(life, real, other, author=await sam(life), thread_id="x-elsewhere")
    await judged(life)
    await life.serve(Queue.SEND)
    assert len(life.outside.answers_to(real)) == 1
    await life.until_quiet()
    assert await life.one(f"SELECT thread_id FROM mentions WHERE external_id = '{real}'") == thread
    assert await life.one("SELECT count(*) FROM tickets") == 2
    assert len(life.outside.ours()) == 1


async def test_a_true_push_goes_on_as_one_story_that_the_network_now_vouches_for(life: Life) -> None:
    real = await life.outside.complains()
    await push(life, real, COMPLAINT, author=await sam(life))
    await judged(life)
    assert await life.one("SELECT count(*) FROM rechecks") == 0
    await life.until_quiet()
    ((handle, _, vouched),) = await life.rows(SHOWN)
    assert (handle, bool(vouched)) == ("sam", True)
    assert await life.one("SELECT count(*) FROM rechecks") == 1
    assert await life.one("SELECT count(*) FROM tickets") == 1
    assert await life.one("SELECT count(*) FROM verdicts") == 1, "nothing to judge again"
    assert len(life.outside.ours()) == 1


async def test_other_words_of_the_same_story_are_taken_over_and_their_answer_reviewed(life: Life) -> None:
    real = await life.outside.complains()
    await push(life, real, "@acme my parcel is broken and nobody answers", author=await sam(life))
    await judged(life)
    assert await life.rows("SELECT state FROM replies") == [("queued",)]
    await life.hear()
    await life.serve(Queue.HOOK)
    assert await life.rows("SELECT state FROM replies") == [("awaiting_approval",)]
    await life.until_quiet()
    assert [text for _, text, _ in await life.rows(SHOWN)] == [COMPLAINT]
    assert await life.one("SELECT count(*) FROM tickets") == 1
    assert life.outside.ours() == []


async def test_a_push_after_the_networks_word_changes_nothing(life: Life) -> None:
    real = await life.outside.complains()
    await life.hear()
    await life.serve(Queue.HOOK)
    await push(life, real, "something else", thread_id="x-1")
    ((handle, text, vouched),) = await life.rows(SHOWN)
    assert (handle, text, bool(vouched)) == ("sam", COMPLAINT, True)


async def test_a_pushed_edit_without_a_version_is_seen_by_who_approves(life: Life) -> None:
    here = life.bridge.connected["acme", "acme"]
    careful = replace(here, account=replace(here.account, mode=Mode.APPROVE))
    life.bridge = replace(life.bridge, connected={("acme", "acme"): careful})
    await push(life, "h-1", COMPLAINT)
    await judged(life)
    ((reply_id, state),) = await life.rows("SELECT id, state FROM replies")
    assert state == "awaiting_approval"
    await push(life, "h-1", "@acme sorry, all is well again")
    with pytest.raises(NotAllowed, match="edited after this reply was written"):
        await approve(life.bridge, "acme", reply_id, "Kim")
